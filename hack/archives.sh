#!/usr/bin/env bash
# Writes build/<image>-image.tar for the images of agents' pods, as `make images` left them: what a release pushes. The same sources on
# the same base image give the same bytes.
. "$(dirname "$0")/settings.sh"

for image in "$sidecar_image" "$wrapper_image"; do
    name=${image##*/}
    file=$build/${name%%:*}-image.tar
    run_program "$IMAGE_SAVE" "$image" "$file" >&2
    python3 hack/reproducible_image.py "$file"
done
