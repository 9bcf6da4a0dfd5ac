#!/usr/bin/env bash
# Makes .venv with everything that development needs. Wants only Python >= 3.11 and a package index. Says nothing on stdout.
set -euo pipefail
cd "$(dirname "$0")/.."
exec >&2
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "Error: $python is older than 3.11. Set PYTHON to a newer one: make $* PYTHON=python3.12"; exit 1; }
if ! [ -x .venv/bin/python ]; then
    echo "==> making .venv"
    "$python" -m venv .venv ||
        { rm -rf .venv; echo "Error: cannot make .venv. On Debian and Ubuntu, install python3-venv"; exit 1; }
fi

uv_version=$(sed -n 's/^ *"uv==\([0-9.]*\)",.*/\1/p' pyproject.toml)
if ! .venv/bin/uv --version 2>/dev/null | grep -qF " $uv_version"; then
    echo "==> installing uv $uv_version"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
fi
echo "==> installing the locked dependencies"
.venv/bin/uv sync --quiet --frozen --python .venv/bin/python --no-python-downloads
touch .venv/.synced
