"""The Service in front of a claim's pods."""

from collections.abc import Sequence

from zerotouch_contract import ports as contract
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.metadata import object_meta, selector


def service(claim: Claim, *, component: str, ports: Sequence[Manifest] = ()) -> Manifest:
    """A ClusterIP Service on port 8080, by default for the container's port `http`, wherever that listens."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": object_meta(claim, component=component),
        "spec": {
            "type": "ClusterIP",
            "selector": selector(claim),
            "ports": list(ports) or [service_port(contract.HTTP, contract.SERVICE, contract.HTTP)],
        },
    }


def service_port(name: str, port: int, target: int | str) -> Manifest:
    """A port of the Service, and the port of the pods that it leads to."""
    return {"name": name, "port": port, "targetPort": target, "protocol": "TCP"}


def service_host(claim: Claim, cluster_domain: str) -> str:
    """The Service's name for clients in any namespace."""
    return f"{claim.name}.{claim.namespace}.svc.{cluster_domain}"
