"""The environment of the agent's process: what its container would have, as the kubelet makes it."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from zerotouch.errors import CommandError
from zerotouch.local import keys
from zerotouch.local.places import Places
from zerotouch.local.ports import HOST
from zerotouch.local.workload import Workload
from zerotouch_contract.environment import NODE_OPTIONS, PYTHONPATH
from zerotouch_function.apis.agenttype.proxies import CLAIMED, NO_PROXY, PROXIES, without_pod
from zerotouch_function.fields.quantity import amount
from zerotouch_function.manifest import Manifest, part

ADDS_TO: Final = {PYTHONPATH: ":", NODE_OPTIONS: " "}
"""Variables that go before the caller's own: the wrapper's, and where the agent finds its modules."""

REFERENCE: Final = re.compile(r"\$(?:\$|\(([^)]*)\))")
"""`$(NAME)`, and `$$` for a plain `$`."""

KEY: Final = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")
"""One label or annotation of the pod, as a `fieldPath` names it."""

CLAIMS_NAME: Final = {ours: name for name, ours in CLAIMED.items()}
"""What the claim calls the variables that its pods have under another name."""


def without_keys(workload: Workload, own: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without provider keys."""
    secret = {name for provider in workload.configuration["llm"]["providers"] for name in keys.variables(provider)}
    return {name: value for name, value in own.items() if name not in secret}


def of_container(workload: Workload, own: Mapping[str, str], places: Places, agent_token: str) -> dict[str, str]:
    """What the container has of its own.

    Args:
        workload: The agent.
        own: The caller's environment. What the container takes from Secrets and ConfigMaps is taken from here, under the variable's name.
        places: What lies elsewhere.
        agent_token: What stands for the pod's UID.

    Raises:
        CommandError: A variable that the pod would wait for is not in the caller's environment.
    """
    made: dict[str, str] = {}
    for entry in workload.container.get("env", []):
        source = entry.get("valueFrom")
        name = CLAIMS_NAME.get(entry["name"], entry["name"])
        value = _taken(name, source, own, workload, agent_token) if source else expanded(str(entry.get("value", "")), made)
        if value is not None:
            made[entry["name"]] = places.moved_node_options(value) if name == NODE_OPTIONS else places.moved(value)
    return made


def of_agent(workload: Workload, own: Mapping[str, str], container: Mapping[str, str]) -> dict[str, str]:
    """All of the agent's environment: the caller's, and on it the container's."""
    before = without_keys(workload, own)
    added = {name: f"{container[name]}{mark}{own[name]}" for name, mark in ADDS_TO.items() if name in container and own.get(name)}
    return _past_proxies({**before, **container, **added})


def expanded(text: str, known: Mapping[str, str]) -> str:
    """The text with `$(NAME)` replaced where the name is known, and `$$` by `$`."""
    return REFERENCE.sub(lambda found: "$" if found[1] is None else known.get(found[1], found[0]), text)


def _past_proxies(environment: dict[str, str]) -> dict[str, str]:
    """Where a proxy is set, here or in the claim: with this machine's own addresses, such as the sidecar's, left out of it."""
    if not any(value for name, value in environment.items() if name.lower() in PROXIES):
        return environment
    own = {name: environment[name] for name in NO_PROXY if environment.get(name)}
    return environment | {name: without_pod(own.get(name) or next(iter(own.values()), "")) for name in NO_PROXY}


def _taken(name: str, source: Mapping[str, Any], own: Mapping[str, str], workload: Workload, agent_token: str) -> str | None:
    if "fieldRef" in source:
        known = _field(source["fieldRef"]["fieldPath"], workload, agent_token)
        return known or own.get(name, known)
    if "resourceFieldRef" in source:
        return _resource(source["resourceFieldRef"], workload) or own.get(name)
    kind, reference = ("Secret", source["secretKeyRef"]) if "secretKeyRef" in source else ("ConfigMap", source["configMapKeyRef"])
    if name not in own and not reference.get("optional"):
        raise CommandError(
            f"spec.agent.env: {name} comes from {kind} {reference['name']}; set {name} in your environment, or mark it optional: true"
        )
    return own.get(name)


def _field(path: str, workload: Workload, agent_token: str) -> str | None:
    """What is known of the pod; None for what only a cluster says, such as its node."""
    if found := KEY.fullmatch(path):
        return str(part(workload.template, "metadata", found[1]).get(found[2], ""))
    known = {
        "metadata.name": f"{workload.name}-local",
        "metadata.namespace": workload.namespace,
        "metadata.uid": agent_token,
        "spec.serviceAccountName": str(workload.template["spec"].get("serviceAccountName", "default")),
        "status.podIP": HOST,
        "status.podIPs": HOST,
    }
    return known.get(path)


def _resource(reference: Mapping[str, Any], workload: Workload) -> str | None:
    """A request or limit in the unit that is asked for, rounded up; None where the container has none of it."""
    wanted, (kind, _, resource) = reference.get("containerName", workload.container["name"]), reference["resource"].partition(".")
    spec = workload.template["spec"]
    container: Manifest = next((one for one in (*spec["containers"], *spec.get("initContainers", [])) if one["name"] == wanted), {})
    quantity, divisor = part(container, "resources", kind).get(resource), str(reference.get("divisor", 1))
    if quantity is None:
        return None
    return str(math.ceil(amount(str(quantity)) / (amount(divisor) or 1)))
