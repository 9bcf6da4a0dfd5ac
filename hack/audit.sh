#!/usr/bin/env bash
# Asks the Python package index which of the images' locked packages have known vulnerabilities; OSV where AUDIT_SERVICE=osv.
# Ends with 1 if there are any, and with 2 if the service cannot be asked: that is no clean bill.
. "$(dirname "$0")/settings.sh"

requirements=$(mktemp) told=$(mktemp)
trap 'rm -f "$requirements" "$told"' EXIT
$bin/uv export --quiet --frozen --no-dev --no-header --no-emit-workspace --package zerotouch-function --package zerotouch-sidecar \
    --output-file "$requirements" >/dev/null
status=0
$bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off --vulnerability-service "${AUDIT_SERVICE:-pypi}" \
    --requirement "$requirements" >"$told" 2>&1 || status=$?
if [ $status != 0 ] && grep -qE 'ConnectionError|ConnectTimeout|ServiceError|Dependency not found on PyPI|Max retries exceeded' "$told"; then
    tail -n 1 "$told" >&2
    echo "Error: the vulnerability service cannot be asked from here, so nothing was audited
       run this where it can be reached, or against another one: make audit AUDIT_SERVICE=osv" >&2
    exit 2
fi
cat "$told"
exit $status
