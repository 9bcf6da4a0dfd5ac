#!/usr/bin/env bash
# Pushes the packages and images of the working tree.
. "$(dirname "$0")/settings.sh"

for name in function-agents configuration-agents configuration-agents-crossplane-v1; do
    say "push $REGISTRY/$name:$VERSION"
    run_program "$XPKG_PUSH" "$build/$name.xpkg" "$REGISTRY/$name:$VERSION" >&2
done
for image in "$sidecar_image" "$wrapper_image"; do
    say "push $image"
    run_program "$IMAGE_LOAD" "$image" >&2
done
