#!/usr/bin/env bash
# Prints the image that all images are built from, with a digest: its own, or else the one that the registry has for its tag now. Needs
# docker buildx.
. "$(dirname "$0")/settings.sh"

case $PYTHON_IMAGE in
*$'\n'*) die "the Dockerfiles are built from different images: ${PYTHON_IMAGE//$'\n'/, }" "name the same one in each" ;;
*@sha256:*) echo "$PYTHON_IMAGE" ;;
*)
    digest=$(docker buildx imagetools inspect "$PYTHON_IMAGE" --format '{{.Manifest.Digest}}')
    echo "$PYTHON_IMAGE@$digest"
    ;;
esac
