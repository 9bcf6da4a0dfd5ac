#!/usr/bin/env bash
# Makes the local cluster: kind, a registry beside it, NATS, Crossplane and KEDA as bootstrap/components has them, and
# the platform itself. Safe to run again: what is there stays.
#
#   .devcontainer/setup-kind.sh            all of it
#   .devcontainer/setup-kind.sh cluster    without the platform, for `tilt up`
#   .devcontainer/setup-kind.sh delete     removes cluster and registry
set -euo pipefail
cd "$(dirname "$0")/.."

name=zerotouch
container=$name-registry
# One name for here, the nodes and Crossplane's pod, which pulls packages itself. Crossplane speaks plain HTTP to names that end in .local.
registry=$container.local:5000

die() { echo "Error: $1" >&2; exit 1; }
say() { echo "==> $1" >&2; }
for program in docker kind kubectl helm crossplane; do
    command -v "$program" >/dev/null || die "$program is not on PATH: open the folder in its dev container, or install it"
done

make_registry() {
    docker inspect "$container" >/dev/null 2>&1 ||
        docker run --detach --restart=always --name "$container" --publish 127.0.0.1:5000:5000 docker.io/library/registry:3
    grep -qF "${registry%:*}" /etc/hosts || echo "127.0.0.1 ${registry%:*}" | sudo tee --append /etc/hosts >/dev/null
}

make_cluster() {
    kind get clusters | grep -qx "$name" || kind create cluster --name "$name" --wait 3m
    docker network connect --alias "${registry%:*}" kind "$container" 2>/dev/null || true # it is there already
    local node folder=/etc/containerd/certs.d/$registry
    for node in $(kind get nodes --name "$name"); do
        docker exec "$node" mkdir -p "$folder"
        printf '[host."http://%s"]\n' "$registry" | docker exec --interactive "$node" cp /dev/stdin "$folder/hosts.toml"
    done
    kind export kubeconfig --name "$name"
}

# chart NAME: one of the platform's components, with its own values.
chart() {
    local file=bootstrap/components/$1.yaml repository chart version namespace
    repository=$(field "$file" repoURL)
    chart=$(field "$file" chart)
    version=$(field "$file" targetRevision)
    namespace=$(sed -n '/^  destination:/,/^  [a-z]*:$/s/^    namespace: //p' "$file")
    say "$chart $version"
    helm upgrade --install "$chart" "$chart" --repo "$repository" --version "$version" --namespace "$namespace" --create-namespace \
        --values "bootstrap/components/$1.values.yaml" --wait --timeout 5m
}

# field FILE KEY: the first such line of a component's Application, which is that of the chart.
field() { sed -n "s/^[ -]*$2: //p" "$1" | head -1; }

case ${1:-all} in
delete)
    kind delete cluster --name "$name"
    docker rm --force "$container" >/dev/null
    exit
    ;;
all | cluster) ;;
*) die "$1: say nothing, cluster or delete" ;;
esac

make_registry
make_cluster
chart 01-nats
chart 02-crossplane
chart 03-keda
if [ "${1:-all}" = all ]; then
    REGISTRY=$registry make install
fi
say "kubectl talks to the cluster kind-$name; tilt up rebuilds the function at each change"
