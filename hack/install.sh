#!/usr/bin/env bash
# Puts the API layer onto the cluster of KUBECONFIG, with the packages and images that were pushed.
. "$(dirname "$0")/settings.sh"
need "$KUBECTL"
exec $bin/python hack/layer.py install --overlay "$OVERLAY" --function "$function_image" --sidecar "$sidecar_image" --wrapper "$wrapper_image"
