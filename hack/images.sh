#!/usr/bin/env bash
# Builds the images of the working tree. Every image is built from a folder under build/images that holds all it needs.
. "$(dirname "$0")/settings.sh"

folder=$build/images/function-agents
rm -rf "$folder"
mkdir -p "$folder/wheels"
cp functions/function-agents/Dockerfile "$folder/"
$bin/uv export --quiet --frozen --no-dev --no-header --no-emit-workspace --package zerotouch-function \
    --output-file "$folder/requirements.txt" >/dev/null
for package in zerotouch-contract zerotouch-function; do
    $bin/uv build --quiet --wheel --no-create-gitignore --python $bin/python --package "$package" --out-dir "$folder/wheels" >&2
done
find "$folder" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

say "image $function_image"
run_program "$IMAGE_BUILD" "$function_image" "$folder" "$@" >&2

folder=$build/images/agent-wrapper
rm -rf "$folder"
mkdir -p "$folder"
cp wrapper-image/Dockerfile "$folder/"
git ls-files -z --cached --others --exclude-standard wrapper-image/wrapper | xargs -0 cp --parents -t "$folder"
mv "$folder/wrapper-image/wrapper" "$folder/wrapper"
rmdir "$folder/wrapper-image"
find "$folder" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

say "image $wrapper_image"
run_program "$IMAGE_BUILD" "$wrapper_image" "$folder" "$@" >&2
