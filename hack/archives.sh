#!/usr/bin/env bash
# Writes what a release has beside the packages of `make package`, which comes first: build/<image>-image.tar for the images of agents' pods,
# and build/<image>.cdx.json, the SBOM of each image with packages. The same sources on the same base image give the same bytes.
. "$(dirname "$0")/settings.sh"

for image in "$sidecar_image" "$wrapper_image"; do
    name=${image##*/}
    file=$build/${name%%:*}-image.tar
    run_program "$IMAGE_SAVE" "$image" "$file" >&2
    "$python" hack/reproducible_image.py "$file"
done

sbom() { $bin/python hack/sbom.py "$1" "$build/$2-image.tar" "$build/$2.cdx.json"; }
sbom zerotouch-function function-agents
sbom zerotouch-sidecar agent-sidecar
