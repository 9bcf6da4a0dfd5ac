#!/usr/bin/env bash
# Builds the images and the packages twice, without a cache, and compares every byte. Needs a builder of images and the
# Crossplane CLI.
. "$(dirname "$0")/settings.sh"

# digests FILE: builds everything and writes the digest of each package.
digests() {
    rm -rf "$build/images" "$build"/*.xpkg "$build"/*.cdx.json
    IMAGE_FLAGS=${IMAGE_FLAGS---no-cache} make package >&2
    hack/archives.sh
    (cd "$build" && sha256sum ./*-image.tar ./*.cdx.json ./*.xpkg) >"$1"
}

first=$(mktemp) second=$(mktemp)
trap 'rm -f "$first" "$second"' EXIT
digests "$first"
digests "$second"
cat "$first"
diff "$first" "$second" >&2 || die "two builds of the same sources differ"
say "two builds gave the same bytes"
