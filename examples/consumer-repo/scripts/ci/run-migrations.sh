#!/bin/sh
# The platform runs this before each new pod, in the service's own image and with its environment (init container run-migrations).
set -eu
cd "$(dirname "$0")/../.."
exec python -m agent_executor.migrate migrations
