#!/usr/bin/env bash
# Puts bytecode beside the wrapper's Python files. An agent may not write there, and compiling takes most of what the wrapper costs a start.
#
#   hack/compile_wrapper.sh FOLDER [PYTHON...]
#
# FOLDER holds the wrapper, PYTHON are interpreters. Without any: one for each version of WRAPPER_PYTHONS, out of PATH or pyenv.
. "$(dirname "$0")/settings.sh"

folder=$1
shift
supported="3.8 3.9 3.10 3.11 3.12 3.13 3.14"

# interpreter VERSION: one that starts; pyenv puts a program on PATH for versions that are not chosen, too.
interpreter() {
    local python
    for python in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1".*/bin/"python$1"; do
        if "$python" -c '' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

pythons=("$@") missing=()
for version in $([ $# -gt 0 ] || echo "${WRAPPER_PYTHONS:-$supported}"); do
    if python=$(interpreter "$version"); then
        pythons+=("$python")
    elif [ -n "$WRAPPER_PYTHONS" ]; then
        die "no Python $version is here, and WRAPPER_PYTHONS names it" "install it, or leave it out: agents with that version then start slower"
    else
        missing+=("$version")
    fi
done
for python in "${pythons[@]}"; do
    # The volume's files are as old as the pod, so bytecode must not ask for their time. Messages name a file as agents see it.
    "$python" -I -m compileall -q -f -d /zerotouch/python --invalidation-mode unchecked-hash "$folder/python"
done
[ ${#missing[@]} = 0 ] || say "wrapper: no Python ${missing[*]} here to compile for"
