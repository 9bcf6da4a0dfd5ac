"""SIGKILL for a container of a pod, as the kernel sends it: from outside, and at once."""

from typing import Final

from tests.e2e.cluster import kubectl
from tests.e2e.namespace import Namespace

SECONDS: Final = 600
"""Longest that a killer waits for its work."""

KILL: Final = """
import os, pathlib, re, signal, sys

for process in pathlib.Path("/proc").glob("[0-9]*"):
    try:
        cgroups, status = (process / "cgroup").read_text(), (process / "status").read_text()
    except OSError:
        continue  # it has just ended
    if sys.argv[1] in cgroups and re.search(r"^NSpid:.*\\t1$", status, re.MULTILINE):
        os.kill(int(process.name), signal.SIGKILL)
        sys.exit()
sys.exit(f"no process of {sys.argv[1]}")
"""
"""Ends the first process of the container with that ID. It is the first of its own namespace, too, where nothing can send it a SIGKILL."""


class Killer:
    """A pod that sees the processes of its node.

    Args:
        namespace: One of pod security `privileged`.
        image: Any image with `python3` on PATH.
        node: Whose containers are killed.
    """

    def __init__(self, namespace: Namespace, image: str, node: str) -> None:
        self._namespace, self._name = namespace, "killer"
        container = {
            "name": "killer",
            "image": image,
            "command": ["python3", "-c", f"import time; time.sleep({SECONDS})"],
            "securityContext": {"privileged": True, "runAsUser": 0},
        }
        spec = {
            "nodeName": node,
            "hostPID": True,
            "automountServiceAccountToken": False,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
        }
        namespace.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": self._name}, "spec": spec})
        namespace.wait_for("The killer runs", self._runs)

    def kill(self, container_id: str) -> None:
        """Returns once the kernel has taken the signal.

        Args:
            container_id: As a pod's status has it: `containerd://` and 64 digits.
        """
        kubectl("-n", self._namespace.name, "exec", self._name, "--", "python3", "-c", KILL, container_id.rpartition("/")[2])

    def delete(self) -> None:
        self._namespace.delete("pod", self._name)

    def _runs(self) -> bool:
        return ((self._namespace.get("pod", self._name) or {}).get("status") or {}).get("phase") == "Running"
