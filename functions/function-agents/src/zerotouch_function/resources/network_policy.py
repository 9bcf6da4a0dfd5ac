"""The NetworkPolicy around a claim's pods."""

from collections.abc import Iterable, Sequence
from typing import Final

from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, without_empty
from zerotouch_function.resources.metadata import object_meta, selector

DNS_PORT: Final = 53

NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
"""Label with its own name that Kubernetes puts on every namespace."""


def network_policy(claim: Claim, *, component: str, ingress_ports: Sequence[int], egress: Iterable[Manifest]) -> Manifest:
    """Pods take connections on those ports only, and make none but to DNS and by the egress rules."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": object_meta(claim, component=component),
        "spec": {
            "podSelector": {"matchLabels": selector(claim)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": _tcp(ingress_ports)}],
            "egress": [{"ports": [{"protocol": protocol, "port": DNS_PORT} for protocol in ("UDP", "TCP")]}, *egress],
        },
    }


def to_anywhere(ports: Sequence[int]) -> Manifest:
    """Connections to those TCP ports, wherever they are."""
    return {"ports": _tcp(ports)}


def to_namespace(namespace: str, ports: Sequence[int]) -> Manifest:
    """Connections to those TCP ports of a namespace's pods; to every port where none is given."""
    peer = {"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: namespace}}}
    return {"to": [peer], **without_empty({"ports": _tcp(ports)})}


def to_addresses(cidr: str, ports: Sequence[int]) -> Manifest:
    """The same for a range of addresses."""
    return {"to": [{"ipBlock": {"cidr": cidr}}], **without_empty({"ports": _tcp(ports)})}


def _tcp(ports: Sequence[int]) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]
