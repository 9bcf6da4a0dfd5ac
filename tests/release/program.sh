#!/usr/bin/env bash
# Stands in for each program that a release calls, by the name that it is called under. The registry is a folder: a file for each tag has the
# digest, `indexes` those of images for several architectures. CALLS gets a line for each call that writes; a call with BROKEN in it fails.
set -euo pipefail
call="${0##*/}${*:+ $*}"
if [ -n "$BROKEN" ] && [[ $call == *"$BROKEN"* ]]; then
    echo "ERROR: unexpected status: 503 Service Unavailable" >&2
    exit 1
fi

digest() { cat "$@" | sha256sum | sed 's/^\([0-9a-f]*\).*/sha256:\1/'; }
index() { digest "$@" | tee -a "$STORE/indexes"; }

# put NAME: gives the tag the digest of stdin.
put() {
    mkdir -p "$STORE/$(dirname "$1")"
    cat >"$STORE/$1"
}

# create FLAG... --tag NAME SOURCE...: one source stays what it is where it is an index, or no index is preferred.
create() {
    local is_copy='' name
    [ "$1" != --prefer-index=false ] || { is_copy=1; shift; }
    name=$2
    shift 2
    for source in "$@"; do
        if [[ $source == *@* ]]; then echo "${source#*@}"; else cat "$STORE/$source"; fi
    done >"$STORE/sources"
    if [ $# = 1 ] && { [ "$is_copy" ] || grep -qxFf "$STORE/sources" "$STORE/indexes"; }; then
        put "$name" <"$STORE/sources"
    else
        index "$STORE/sources" | put "$name"
    fi
}

mkdir -p "$STORE"
case $call in
'docker buildx imagetools inspect '*)
    [ -e "$STORE/$4" ] || { echo "ERROR: $4: not found" >&2; exit 1; }
    cat "$STORE/$4"
    exit
    ;;
'docker buildx imagetools create '*) create "${@:4}" ;;
'docker load --input '*) digest "$3" >"$STORE/loaded" ;;
'docker tag '*) put "local/$3" <"$STORE/loaded" ;;
'docker push '*) put "$2" <"$STORE/local/$2" ;;
'crossplane xpkg push -f '*)
    IFS=, read -ra files <<<"$4"
    if [ ${#files[@]} = 1 ]; then digest "${files[@]}"; else index "${files[@]}"; fi | put "$5"
    ;;
'make package'*)
    mkdir -p build
    echo "function $IMAGE_BUILD" >build/function-agents.xpkg
    echo "$IMAGE_BUILD" >build/platform
    for name in configuration-agents configuration-agents-crossplane-v1; do echo "$name" >"build/$name.xpkg"; done
    call="$call with $PYTHON_IMAGE"
    ;;
'archives.sh')
    for name in agent-sidecar agent-wrapper; do cat build/platform <(echo "$name") >"build/$name-image.tar"; done
    for name in function-agents agent-sidecar; do echo "$name" >"build/$name.cdx.json"; done
    ;;
'base_image.sh')
    echo "python:3.13-slim@sha256:$(printf '5%.0s' {1..64})"
    exit
    ;;
esac
echo "$call" >>"$CALLS"
