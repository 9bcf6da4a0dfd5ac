"""The Service in front of a claim's pods."""

from zerotouch_contract import ports
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.metadata import object_meta, selector


def service(claim: Claim, *, component: str) -> Manifest:
    """A ClusterIP Service on port 8080, wherever the container listens."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(claim, component=component),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(claim),
            "ports": [{"name": ports.HTTP, "port": ports.SERVICE, "targetPort": ports.HTTP, "protocol": "TCP"}],
        },
    }


def service_host(claim: Claim, cluster_domain: str) -> str:
    """The Service's name for clients in any namespace."""
    return f"{claim.name}.{claim.namespace}.svc.{cluster_domain}"
