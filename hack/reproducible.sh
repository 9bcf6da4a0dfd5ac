#!/usr/bin/env bash
# Builds the images and the packages twice, without a cache, and compares every byte: here, and in another folder from a copy whose files have
# another time and, by another umask, other rights. Needs git, a builder of images and the Crossplane CLI.
. "$(dirname "$0")/settings.sh"

# digests FOLDER FILE: builds everything from the sources in FOLDER, and writes the digest of each package, archive and SBOM.
digests() {
    rm -rf "$1/$build/images" "$1/$build"/*.xpkg "$1/$build"/*-image.tar "$1/$build"/*.cdx.json
    "$1/hack/images.sh" "${flags[@]}"
    "$1/hack/package.sh"
    "$1/hack/archives.sh"
    (cd "$1/$build" && sha256sum ./*-image.tar ./*.cdx.json ./*.xpkg) >"$2"
}

read -ra flags <<<"${IMAGE_FLAGS---no-cache}"
results=$(mktemp -d) copy=$(mktemp -d)
trap 'rm -rf "$results" "$copy"' EXIT

umask 022
digests . "$results/here" >&2

# The wrapper's image holds bytecode for each Python that was found: the second build finds the same ones, or ends.
WRAPPER_PYTHONS=$(find "$build/images/agent-wrapper" -name '*.pyc' | sed -E 's/.*\.cpython-3([0-9]+)\.pyc$/3.\1/' | sort -uV | xargs)
export WRAPPER_PYTHONS
say "the wrapper is compiled for Python $WRAPPER_PYTHONS"

umask 077
git ls-files -z --cached --others --exclude-standard --deduplicate | tar --create --null --files-from=- |
    tar --extract --touch --no-same-permissions --no-same-owner --directory="$copy"
ln -s "$PWD/.venv" "$copy/.venv"
digests "$copy" "$results/elsewhere" >&2

cat "$results/here"
diff "$results/here" "$results/elsewhere" >&2 || die "two builds of the same sources differ" \
    "compare what is in $build with what the same commands leave in a copy: a path, a time or a file's rights got into it"
say "two builds gave the same bytes"
