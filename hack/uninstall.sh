#!/usr/bin/env bash
# Takes the API layer off the cluster of KUBECONFIG. Refuses while claims exist, unless FORCE=1.
VERSION=none
. "$(dirname "$0")/settings.sh"
need "$KUBECTL"
[ "${FORCE:-}" = 1 ] && set -- --force
exec $bin/python hack/layer.py uninstall --overlay "$OVERLAY" "$@"
