"""What a namespace looks like, as text: the first thing to read when a wait has failed."""

from collections.abc import Callable, Iterable
from typing import Final

from tests.e2e.apis import APIS
from tests.e2e.cluster import KubectlError, Manifest, find

EVENTS: Final = 25
"""How many of the newest events a report shows."""


def report(namespace: str) -> str:
    """Claims with their conditions, scalers, Deployments, pods and the newest events."""
    sections: list[tuple[str, str, Callable[[Manifest], Iterable[str]]]] = [
        *(("Claims", api.resource, _conditions) for api in APIS),
        *(("Composite resources", api.composite, _conditions) for api in APIS),
        ("Scalers", "scaledobjects", _conditions),
        ("Deployments", "deployments", _replicas),
        ("Pods", "pods", _containers),
    ]
    lines = [f"Namespace {namespace}"]
    for title, kind, describe in sections:
        lines += [f"{title}:", *_each(kind, namespace, describe)]
    return "\n".join([*lines, "Events:", *_events(namespace)])


def _each(kind: str, namespace: str, describe: Callable[[Manifest], Iterable[str]]) -> list[str]:
    try:
        found = [item for item in find(kind, namespace) if _belongs(item, namespace)]
    except KubectlError as error:
        return [f"  {error}"]
    lines: list[str] = []
    for item in found:
        lines += [f"  {item['metadata']['name']}{_deleted(item)}", *(f"    {text}" for text in describe(item))]
    return lines


def _belongs(item: Manifest, namespace: str) -> bool:
    """Composite resources are cluster-scoped; the claim's namespace is in their claimRef."""
    owner = item["metadata"].get("namespace") or ((item.get("spec") or {}).get("claimRef") or {}).get("namespace")
    return bool(owner == namespace)


def _deleted(item: Manifest) -> str:
    return " (being deleted)" if item["metadata"].get("deletionTimestamp") else ""


def _conditions(item: Manifest) -> list[str]:
    conditions = (item.get("status") or {}).get("conditions") or []
    return [f"{c['type']}={c['status']} {c.get('reason', '')}: {c.get('message', '')}" for c in conditions]


def _replicas(item: Manifest) -> list[str]:
    status = item.get("status") or {}
    counts = ", ".join(f"{name} {status.get(name, 0)}" for name in ("replicas", "updatedReplicas", "availableReplicas"))
    return [f"wants {item['spec'].get('replicas')}, {counts}", *_conditions(item)]


def _containers(item: Manifest) -> list[str]:
    status = item.get("status") or {}
    statuses = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return [str(status.get("phase")), *(f"{s['name']} ready={s['ready']} restarts={s['restartCount']} {s['state']}" for s in statuses)]


def _events(namespace: str) -> list[str]:
    try:
        events = find("events", namespace)
    except KubectlError as error:
        return [f"  {error}"]
    events.sort(key=lambda e: str(e.get("lastTimestamp") or e.get("eventTime") or e["metadata"]["creationTimestamp"]))
    return [f"  {e['involvedObject'].get('name')} {e.get('reason')}: {e.get('message')}" for e in events[-EVENTS:]]
