"""Argo CD as the tests see it: its Applications, what it says of them, and what to read when a wait has failed."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from tests.e2e.cluster import KubectlError, Manifest, find, get, kubectl, wait_for

T = TypeVar("T")

NAMESPACE: Final = "argocd"
APPLICATION: Final = "applications.argoproj.io"
APPLICATION_SET: Final = "applicationsets.argoproj.io"
PROJECT: Final = "appprojects.argoproj.io"
REFRESH: Final = "argocd.argoproj.io/refresh"
REFRESH_SET: Final = "argocd.argoproj.io/application-set-refresh"

SYNC_SECONDS: Final = 240
"""Longest that a commit may take to be synced and healthy. A failed attempt is repeated after 10, 20, 40 seconds."""

PROGRAM_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Application:
    """One Application, by name; every look reads the cluster."""

    name: str

    def get(self) -> Manifest:
        return get(APPLICATION, self.name, NAMESPACE) or {}

    def status(self) -> Manifest:
        return self.get().get("status") or {}

    def health(self) -> str:
        return str((self.status().get("health") or {}).get("status", ""))

    def operation(self) -> Manifest:
        """The sync that runs, or the last one."""
        return self.status().get("operationState") or {}

    def resources(self) -> list[Manifest]:
        """What it manages, as Argo CD lists it."""
        return self.status().get("resources") or []

    def refresh(self) -> None:
        """Asks Argo CD to read the repository now. Its own turn comes every two to three minutes."""
        annotate(APPLICATION, self.name, REFRESH, "normal")

    def failures(self) -> dict[str, str]:
        """What the last sync could not do: its message for each object, by kind and name."""
        results = (self.operation().get("syncResult") or {}).get("resources") or []
        return {f"{r['kind']}/{r['name']}": r.get("message", "") for r in results if r.get("status") == "SyncFailed"}

    def wait_seen(self, commit: str) -> None:
        """Waits until Argo CD has compared the cluster with that commit."""
        self.wait_for(f"has seen commit {commit[:8]}", lambda: self._compared(commit), timeout_seconds=SYNC_SECONDS)

    def wait_synced(self, commit: str = "", *, health: str = "Healthy", timeout_seconds: float = SYNC_SECONDS) -> None:
        """Waits until the commit (or whatever is there) is applied and its objects are of that health."""
        what = f"is synced{f' to commit {commit[:8]}' if commit else ''} and {health}"
        self.wait_for(what, lambda: self.is_synced(commit) and self.health() == health, timeout_seconds=timeout_seconds)

    def is_synced(self, commit: str = "") -> bool:
        """Whether all of the commit is applied. Asks Argo CD to look where it has not seen the commit yet."""
        if commit and not self._compared(commit):
            return False
        status = self.status()
        phase = (status.get("operationState") or {}).get("phase", "Succeeded")  # none where everything was as in Git already
        return (status.get("sync") or {}).get("status") == "Synced" and bool(phase == "Succeeded")

    def _compared(self, commit: str) -> bool:
        found = self.get()
        if not found:
            return False
        if ((found.get("status") or {}).get("sync") or {}).get("revision") == commit:
            return True
        if REFRESH not in (found["metadata"].get("annotations") or {}):
            self.refresh()
        return False

    def wait_failures(self, *expected: str) -> dict[str, str]:
        """Waits until a sync could not write these objects (kind and name), and returns the messages."""

        def probe() -> dict[str, str] | None:
            failures = self.failures()
            return failures if set(expected) <= failures.keys() else None

        return self.wait_for(f"says that it cannot sync {', '.join(expected)}", probe, timeout_seconds=SYNC_SECONDS)

    def wait_gone(self) -> None:
        self.wait_for("is gone", lambda: not self.get(), timeout_seconds=SYNC_SECONDS)

    def wait_for(self, what: str, probe: Callable[[], T | None], *, timeout_seconds: float = 120) -> T:
        return wait_for(f"Application {self.name} {what}", probe, timeout_seconds=timeout_seconds, explain=report)


def annotate(kind: str, name: str, key: str, value: str) -> None:
    kubectl("-n", NAMESPACE, "annotate", kind, name, f"{key}={value}", "--overwrite")


def verdict(program: str, kubeconfig: str, application: str, kind: str, name: str) -> tuple[str, str]:
    """Health and message that Argo CD's own command line shows for one object of an Application.

    The Application itself has only the sum of its objects' health; the messages are in Argo CD's memory, where its program finds them.

    Args:
        program: The command line.
        kubeconfig: File whose current context has Argo CD's namespace: without an API server the program knows it only from there.
        application: Whose object.
        kind: The object's kind.
        name: The object's name.
    """
    said = core(program, kubeconfig, "app", "get", application, "--output", "json")
    resources = json.loads(said)["status"].get("resources") or []
    health = next((r.get("health") or {} for r in resources if (r["kind"], r["name"]) == (kind, name)), {})
    return str(health.get("status", "")), str(health.get("message", ""))


def core(program: str, kubeconfig: str, *arguments: str) -> str:
    """What the command line says of a core install. Its first call there makes the key without which new settings are not taken."""
    command = [program, *arguments, "--core"]
    environment = {**os.environ, "KUBECONFIG": kubeconfig}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PROGRAM_SECONDS, check=False)
    if done.returncode:
        raise KubectlError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def report() -> str:
    """Every Application: what it compares with, what it says of itself, and what its last sync could not do."""
    lines = ["Applications:"]
    for item in find(APPLICATION, NAMESPACE):
        lines += _application(item)
    for item in find(APPLICATION_SET, NAMESPACE):
        conditions = (item.get("status") or {}).get("conditions") or []
        lines += [
            f"  ApplicationSet {item['metadata']['name']}",
            *(f"    {c['type']}={c['status']}: {c.get('message')}" for c in conditions),
        ]
    return "\n".join(lines)


def _application(item: Manifest) -> list[str]:
    status = item.get("status") or {}
    sync, operation = status.get("sync") or {}, status.get("operationState") or {}
    health = (status.get("health") or {}).get("status")
    results = (operation.get("syncResult") or {}).get("resources") or []
    unsynced = [r for r in status.get("resources") or [] if r.get("status") != "Synced" and not r.get("hook")]
    return [
        f"  {item['metadata']['name']}: {sync.get('status')} {str(sync.get('revision'))[:8]}, {health}",
        f"    sync {operation.get('phase')}: {operation.get('message')}",
        *(f"    {c['type']}: {c['message']}" for c in status.get("conditions") or []),
        *(f"    {r['kind']}/{r['name']}: {r.get('status')}" for r in unsynced),
        *(f"    {r['kind']}/{r['name']} {r.get('status')}: {r.get('message')}" for r in results if r.get("status") != "Synced"),
    ]
