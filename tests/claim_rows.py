"""Rows of the tables of claims that must be refused, and of odd ones that must not.

The API server, the offline check and the function are held to the same tables. Rows whose message starts with a field path are
rules of the XRD, and `message` is the rule's full message, the same from every checker. In the other rows a bound of the schema is
broken: `message` is a part of what the API server says, other checkers word it their own way, and only `field` is common to all.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

Spec: TypeAlias = dict[str, object]

MINIMAL_SPEC: Final[Spec] = {
    "image": "ghcr.io/org/service:v1.0.0",
    "natsStreamName": "ORDERS",
    "natsConsumerGroup": "order-workers",
}
"""The least an AgentExecutor can say."""

MINIMAL_SPECS: Final[dict[str, Spec]] = {
    "AgentExecutor": MINIMAL_SPEC,
    "AgentType": {"agent": {"image": "ghcr.io/org/agent:v1.0.0"}},
}
"""The least that a claim of each kind can say."""


@dataclass(frozen=True, slots=True)
class RefusedClaim:
    """A claim that breaks one rule."""

    reason: str
    """Why it is refused; names the test."""
    spec: Spec
    """What differs from the minimal spec, key by key; None leaves the field out."""
    field: str
    """Path that the refusal names."""
    message: str
    """What the refusal says."""
    name: str = "my-service"
    """The claim's own name."""
    root_rule: bool = False
    """True if the rule is at the schema's root, where Crossplane before 2.2 loses it."""
    kind: str = "AgentExecutor"
    """The claim's kind."""

    @property
    def has_own_message(self) -> bool:
        """True if a rule of the XRD refuses it, with a message of ours."""
        return self.message.startswith(("spec.", "metadata."))


@dataclass(frozen=True, slots=True)
class AcceptedClaim:
    """A claim that looks wrong, or is at the edge of a bound, and is right."""

    reason: str
    """Why it is accepted; names the test."""
    spec: Spec
    """What differs from the minimal spec, key by key; None leaves the field out."""
    name: str = "my-service"
    """The claim's own name."""
    kind: str = "AgentExecutor"
    """The claim's kind."""


def claim(case: RefusedClaim | AcceptedClaim) -> dict[str, object]:
    """The whole claim of a row, without a namespace."""
    merged = {**MINIMAL_SPECS[case.kind], **case.spec}
    return {
        "apiVersion": "platform.bizmatters.io/v1alpha1",
        "kind": case.kind,
        "metadata": {"name": case.name},
        "spec": {key: value for key, value in merged.items() if value is not None},
    }


def variables(*names: str) -> list[Spec]:
    return [{"name": name, "value": "x"} for name in names]


def memory_of(container: str) -> Spec:
    return {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "containerName": container}}}


def amount(resource: str, divisor: object) -> Spec:
    return {"name": "AMOUNT", "valueFrom": {"resourceFieldRef": {"resource": resource, "divisor": divisor}}}


def volume(**fields: object) -> Spec:
    return {"name": "data", "mountPath": "/data", "emptyDir": {}, **fields}


def settings(count: int) -> dict[str, str]:
    return {f"key-{number}": "x" for number in range(count)}
