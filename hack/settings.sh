# What the scripts here take from the environment, with defaults. Sourced, at the root of the repository.
# Programs that differ between machines are strings for `sh -c`; their arguments arrive as "$1", "$2", ...
# tests/e2e reads the same names.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
set -a
. ./versions.env
set +a

bin=.venv/bin
python=$bin/python # the `python3` of PATH may be too old
[ -x $python ] || python=${PYTHON:-python3}
dockerfiles=({functions/function-agents,sidecar-image,wrapper-image}/Dockerfile)
: "${REGISTRY:=ghcr.io/bizmatters}"        # where packages are pushed to: host, and path if any
: "${VERSION:=$("$python" hack/version.py)}" # their tag: the release, or a hash of the sources, PLATFORM and PYTHON_IMAGE
: "${OVERLAY:=direct}"                     # direct, crossplane-v1 or diagnostics
: "${KUBECTL:=kubectl}"
: "${CROSSPLANE:=crossplane}"              # the Crossplane CLI
: "${PYTHON_IMAGE:=$(sed -n 's/^FROM \(.*\) AS python$/\1/p' "${dockerfiles[@]}" | sort -u)}" # what the images are built from, if not the Dockerfiles' base
: "${WRAPPER_PYTHONS:=}"                   # versions ("3.8 3.9") that the agents' wrapper must be compiled for; empty: those that are here
: "${PLATFORM:=}"                         # what the nodes are, such as linux/amd64, for the builder's --platform; empty: what the builder is
: "${IMAGE_BUILD:=docker build -t \"\$@\"}"                # $1 tag, $2 folder, then flags of the builder
: "${IMAGE_SAVE:=docker save -o \"\$2\" \"\$1\"}"          # $1 tag, $2 file to write, a docker archive
: "${IMAGE_LOAD:=docker push \"\$1\"}"                    # $1 tag; makes an image available to the cluster
: "${XPKG_PUSH:=\"\$CROSSPLANE\" xpkg push -f \"\$1\" \"\$2\"}" # $1 file, $2 name with tag
# No file of an image is later than the last change to its sources (2025 where there is no commit).
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct -- apis functions package hack sidecar-image uv.lock wrapper-image 2>/dev/null || true)}"
: "${SOURCE_DATE_EPOCH:=1735689600}"
export SOURCE_DATE_EPOCH PYTHON_IMAGE REGISTRY VERSION OVERLAY KUBECTL CROSSPLANE

build=build
function_image="$REGISTRY/function-agents:$VERSION"
sidecar_image="$REGISTRY/agent-sidecar:$VERSION"
wrapper_image="$REGISTRY/agent-wrapper:$VERSION"

say() { echo "==> $*" >&2; }
die() { echo "Error: $1${2:+
       $2}" >&2; exit 1; }
need() { command -v "$1" >/dev/null || die "$1 is not on PATH" "${2:-install it, or set the variable that names it (make help)}"; }

# run_program STRING ARGUMENT...: a program of the environment, with its arguments.
run_program() {
    local program=$1
    shift
    sh -c "$program" sh "$@"
}
