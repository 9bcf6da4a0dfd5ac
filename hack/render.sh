#!/usr/bin/env bash
# Renders one claim with the official Crossplane CLI and the function of the working tree: render.sh CLAIM.yaml
# MODE=direct|objects chooses the Composition. CLI >= 2.3 needs CROSSPLANE_CORE, a core binary; older ones render in process.
VERSION=none
. "$(dirname "$0")/settings.sh"
claim=${1:?usage: render.sh CLAIM.yaml}
need "$CROSSPLANE" "install the Crossplane CLI $CROSSPLANE_CLI_VERSION, or set CROSSPLANE to its path"
case ${MODE:-direct} in
direct) composition=composition ;;
objects) composition=composition-objects ;;
*) die "MODE is ${MODE}" "direct or objects" ;;
esac

folder=$(mktemp -d)
function_pid=
trap 'if [ "$function_pid" ]; then kill "$function_pid" 2>/dev/null; wait "$function_pid" 2>/dev/null || true; fi; rm -rf "$folder"' EXIT

$bin/zerotouch render --xr "$claim" >"$folder/xr.yaml"
kind=$(sed -n 's/^kind: *//p' "$folder/xr.yaml" | head -1)
definition=$(grep -lx "    kind: $kind" apis/*/definition.yaml) || die "no API in apis/ has kind $kind"

read -r port metrics_port < <($bin/python -c '
import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in free))')
$bin/function-agents --insecure --address "127.0.0.1:$port" --metrics-address "127.0.0.1:$metrics_port" >"$folder/function.log" 2>&1 &
function_pid=$!
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    kill -0 "$function_pid" 2>/dev/null || { cat "$folder/function.log" >&2; die "the function did not start"; }
    sleep 0.1
done

cat >"$folder/functions.yaml" <<FUNCTIONS
apiVersion: pkg.crossplane.io/v1
kind: Function
metadata:
  name: bizmatters-function-agents
  annotations:
    render.crossplane.io/runtime: Development
    render.crossplane.io/runtime-development-target: 127.0.0.1:$port
spec:
  package: ghcr.io/bizmatters/function-agents:v0.0.0
FUNCTIONS

flags=(--xrd="$definition")
help=$("$CROSSPLANE" render --help 2>&1 || true)
if grep -q -- --crossplane-binary <<<"$help"; then
    [ -z "${CROSSPLANE_CORE:-}" ] || flags+=(--crossplane-binary="$CROSSPLANE_CORE")
fi
grep -q -- --xrd <<<"$help" || flags=()
"$CROSSPLANE" render "$folder/xr.yaml" "$(dirname "$definition")/$composition.yaml" "$folder/functions.yaml" "${flags[@]}" ${RENDER_FLAGS:-}
