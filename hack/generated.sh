#!/usr/bin/env bash
# Runs every generator, hack/generate_*.py: each writes its files, or with --check says which are not current.
set -euo pipefail
cd "$(dirname "$0")/.."
for generator in hack/generate_*.py; do
    [ -e "$generator" ] || continue
    .venv/bin/python "$generator" "$@"
done
