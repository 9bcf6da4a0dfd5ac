#!/usr/bin/env bash
# Writes build/*.xpkg: the function with its image inside, and the Configuration for each Crossplane. The same sources on the
# same base image give the same bytes.
. "$(dirname "$0")/settings.sh"
need "$KUBECTL"
need "$CROSSPLANE" "install the Crossplane CLI $CROSSPLANE_CLI_VERSION, or set CROSSPLANE to its path"

# Crossplane takes packages by their full name, and a Composition calls its function by the name that Crossplane gives a dependency: the
# repository as a DNS label (https://github.com/crossplane/crossplane-runtime/blob/main/pkg/xpkg/name.go, ToDNSLabel; the same in v1.20).
[[ ${REGISTRY%%/*} == *[.:]* ]] || die "REGISTRY: $REGISTRY names no host" "write it in full, such as docker.io/$REGISTRY"
repository=${function_image#*/}
repository=${repository%:*}
function_name=$(LC_ALL=C sed 's/[^a-z0-9.\/:-]//g; y|./:|---|; s/^-*//; s/-*$//' <<<"${repository:0:63}")

roots=$build/packages
rm -rf "$roots"
mkdir -p "$roots/no-examples"

# xpkg NAME FOLDER FLAG...: one package.
xpkg() {
    say "package $REGISTRY/$1:$VERSION"
    "$CROSSPLANE" xpkg build --package-root="$2" --examples-root="$roots/no-examples" --package-file="$build/$1.xpkg" "${@:3}" >&2
}

run_program "$IMAGE_SAVE" "$function_image" "$build/function-agents-image.tar" >&2
"$python" hack/reproducible_image.py "$build/function-agents-image.tar"
xpkg function-agents functions/function-agents/package --embed-runtime-image-tarball="$build/function-agents-image.tar"

# A Configuration takes the function that was built with it: a release or newer, a development build exactly.
case $VERSION in *-*) wanted="=$VERSION" ;; *) wanted=">=$VERSION" ;; esac
# configuration NAME KUSTOMIZATION
configuration() {
    mkdir -p "$roots/$1"
    "$KUBECTL" kustomize "$2" | sed "/function: ghcr.io\/bizmatters\/function-agents$/{
        s|ghcr.io/bizmatters|$REGISTRY|
        n
        s|version: .*|version: '$wanted'|
    }
    s|ghcr.io/bizmatters/agent-sidecar:.*|$sidecar_image|
    s|ghcr.io/bizmatters/agent-wrapper:.*|$wrapper_image|
    s|ghcr.io/bizmatters/configuration-agents|$REGISTRY/configuration-agents|
    s|name: bizmatters-function-agents$|name: $function_name|" >"$roots/$1/package.yaml"
    grep -qF "version: '$wanted'" "$roots/$1/package.yaml" || die "package metadata in $2 has no dependency on function-agents"
    grep -q "^ *name: $function_name$" "$roots/$1/package.yaml" || die "no Composition in $2 calls $function_name"
    xpkg "$1" "$roots/$1"
}
configuration configuration-agents package
configuration configuration-agents-crossplane-v1 package/crossplane-v1
