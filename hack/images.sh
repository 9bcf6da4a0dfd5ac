#!/usr/bin/env bash
# Builds the images of the working tree. Every image is built from a folder under build/images that holds all it needs.
. "$(dirname "$0")/settings.sh"

# python_package FOLDER PACKAGE...: wheels of our packages, and the locked requirements of the last of them.
python_package() {
    local folder=$1
    shift
    mkdir -p "$folder/wheels"
    $bin/uv export --quiet --frozen --no-dev --no-header --no-emit-workspace --package "${!#}" --output-file "$folder/requirements.txt" >/dev/null
    for package in "$@"; do
        $bin/uv build --quiet --wheel --no-create-gitignore --python $bin/python --package "$package" --out-dir "$folder/wheels" >&2
    done
}

# image TAG FOLDER FLAG...: from a folder that was prepared, whose files get one time and the same rights whatever the umask is: a file that
# only its owner can read would be one that the image's user cannot read.
image() {
    local tag=$1 folder=$2
    shift 2
    chmod -R u=rwX,go=rX "$folder"
    find "$folder" -exec env TZ=UTC0 touch -h -t "$stamp" {} +
    say "image $tag"
    run_program "$IMAGE_BUILD" "$tag" "$folder" --build-arg PYTHON_IMAGE="$PYTHON_IMAGE" ${PLATFORM:+"--platform=$PLATFORM"} "$@" >&2
}

# As `touch` takes it on macOS, too.
stamp=$("$python" -c 'import sys, time; print(time.strftime("%Y%m%d%H%M.%S", time.gmtime(int(sys.argv[1]))))' "$SOURCE_DATE_EPOCH")
rm -rf $build/images
mkdir -p $build/images/{function-agents,agent-sidecar,agent-wrapper}

cp functions/function-agents/Dockerfile $build/images/function-agents/
python_package $build/images/function-agents zerotouch-contract zerotouch-function
image "$function_image" $build/images/function-agents "$@"

cp sidecar-image/Dockerfile $build/images/agent-sidecar/
python_package $build/images/agent-sidecar zerotouch-contract zerotouch-sidecar
image "$sidecar_image" $build/images/agent-sidecar "$@"

cp -r wrapper-image/. $build/images/agent-wrapper/
find $build/images/agent-wrapper -name __pycache__ -prune -exec rm -r {} +
hack/compile_wrapper.sh $build/images/agent-wrapper/wrapper
image "$wrapper_image" $build/images/agent-wrapper "$@"
