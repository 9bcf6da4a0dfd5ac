"""A cluster as the tests see it: thin typed helpers over the `kubectl` program, and waiting that says what it saw when it gives up."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias, TypeVar

Manifest: TypeAlias = dict[str, Any]
"""One Kubernetes object, or a part of one, in the shape of its YAML."""

T = TypeVar("T")

OBJECTS: Final = "objects.kubernetes.crossplane.io"

POLL_SECONDS: Final = 0.5
"""Between two looks at a condition."""

COMMAND_SECONDS: Final = 60
"""Longest that a kubectl command may take, unless it is told to wait for something."""


class KubectlError(Exception):
    """A kubectl command failed; the message is what it said."""


def kubectl(*arguments: str, stdin: str = "", timeout_seconds: float = COMMAND_SECONDS) -> str:
    """Runs kubectl and returns its output."""
    done = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, timeout=timeout_seconds, check=False)
    if done.returncode:
        raise KubectlError(f"kubectl {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def apply(*manifests: Manifest) -> None:
    """Creates or updates objects, each in the namespace that it names."""
    text = "\n---\n".join(json.dumps(manifest) for manifest in manifests)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)


def get(kind: str, name: str, namespace: str = "") -> Manifest | None:
    """The object, or None where there is none."""
    text = kubectl(*_in(namespace), "get", kind, name, "--ignore-not-found", "-o", "json")
    found: Manifest | None = json.loads(text) if text.strip() else None
    return found


def find(kind: str, namespace: str = "", selector: str = "") -> list[Manifest]:
    """All objects of the kind, or those with the labels."""
    text = kubectl(*_in(namespace), "get", kind, *(["-l", selector] if selector else []), "-o", "json")
    items: list[Manifest] = json.loads(text)["items"]
    return items


def serves(resource: str) -> bool:
    """Whether the API server knows the resource, such as `objects.kubernetes.crossplane.io`."""
    return get("crd", resource) is not None


def wrapped(composite: str) -> list[Manifest]:
    """The provider-kubernetes Objects of a composite resource; none where the cluster has no such kind."""
    return find(OBJECTS, selector=f"crossplane.io/composite={composite}") if serves(OBJECTS) else []


@contextmanager
def port_forward(namespace: str, target: str, port: int) -> Iterator[int]:
    """A local port that leads to the target's port (`svc/nats`, `pod/x`) while the block runs."""
    command = ["kubectl", *_in(namespace), "port-forward", target, f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if "Forwarding from" not in line:
                raise KubectlError(f"{' '.join(command)}: {line.strip()}")
            yield int(line.split(" -> ")[0].rpartition(":")[2])
        finally:
            process.terminate()


def wait_for(what: str, probe: Callable[[], T | None], *, timeout_seconds: float = 120, explain: Callable[[], str] = lambda: "") -> T:
    """Looks until the probe answers something true, and returns it.

    Args:
        what: What is waited for, as the beginning of a sentence.
        probe: Answers None, False or nothing while it is not so. A failed kubectl command counts as not yet.
        timeout_seconds: When to give up.
        explain: What to add to the failure.
    """
    end = time.monotonic() + timeout_seconds
    last_error = ""
    while time.monotonic() < end:
        try:
            if found := probe():
                return found
        except (KubectlError, subprocess.TimeoutExpired, OSError) as error:
            last_error = f"\nLast error: {error}"
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"{what}: not so after {timeout_seconds:.0f} s{last_error}\n{explain()}")


def holds(what: str, probe: Callable[[], bool], *, seconds: float, explain: Callable[[], str] = lambda: "") -> None:
    """Fails if the probe answers False once within that time."""
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        if not probe():
            raise AssertionError(f"{what}: no longer so after {elapsed:.0f} s\n{explain()}")
        time.sleep(POLL_SECONDS)


def condition(manifest: Manifest | None, kind: str) -> Manifest:
    """The condition of that type in an object's status; empty where there is none."""
    conditions = ((manifest or {}).get("status") or {}).get("conditions") or []
    return next((c for c in conditions if c.get("type") == kind), {})


def is_true(manifest: Manifest | None, kind: str) -> bool:
    return condition(manifest, kind).get("status") == "True"


def _in(namespace: str) -> list[str]:
    return ["-n", namespace] if namespace else []
