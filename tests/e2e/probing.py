"""Asks a claim's endpoint from a pod beside it, again and again, while a test changes something."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeAlias

from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest

PROBER: Final = Path(__file__).with_name("prober.py").read_text()
Look: TypeAlias = Callable[[], Manifest]
"""What a probe has seen so far: answers by version, the last version, failures."""

CONFINED: Final = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


@contextmanager
def probing(claim: Claim, image: str, *arguments: str) -> Iterator[Look]:
    """Asks while the block runs; gives a look at what was seen so far.

    Args:
        claim: Whose endpoint is asked.
        image: Any image with `python` on PATH.
        arguments: Further arguments of prober.py.
    """
    namespace, name = claim.namespace, f"probe-{claim.name}"
    command = ["python", "-c", PROBER, f"http://{claim.status()['endpoint']}/", *arguments]
    namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name},
            "spec": {
                "automountServiceAccountToken": False,
                "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                "terminationGracePeriodSeconds": 0,
                "containers": [{"name": "prober", "image": image, "command": command, "securityContext": CONFINED}],
            },
        }
    )

    def seen() -> Manifest:
        last_line = namespace.logs(name, "--tail=1")
        found: Manifest = json.loads(last_line or '{"versions": {}, "last": "", "failures": []}')
        return found

    try:
        yield seen
    finally:
        namespace.delete("pod", name)
