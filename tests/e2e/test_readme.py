"""What the README does on a cluster, done: its files and commands, in a namespace and on a stream of the test's own."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e import images
from tests.e2e.claims import Claim
from tests.e2e.cluster import is_true, kubectl
from tests.e2e.making import MakeNamespace, MakeQueue
from tests.e2e.settings import Settings

ROOT: Final = Path(__file__).parents[2]
IMAGES: Final = Path(__file__).parent / "images"
CLAIM: Final = ROOT / "examples/claims/agentexecutor-nginx.yaml"
JOB: Final = ROOT / "examples/streams/create-stream-job.yaml"

CREATE: Final = (
    "kubectl apply -f examples/namespaces/services-web.yaml",
    "kubectl apply -f examples/streams/create-stream-job.yaml",
    "kubectl apply -f examples/claims/agentexecutor-nginx.yaml",
)
LOOK: Final = (
    "kubectl -n services-web get agentexecutor",
    "kubectl -n services-web describe agentexecutor nginx",
)
"""The README's commands; tests/test_docs.py holds them to it."""


@pytest.mark.core
def test_the_readmes_commands_bring_up_the_example(
    environment: Settings, make_namespace: MakeNamespace, make_queue: MakeQueue, tmp_path: Path
) -> None:
    if environment.builds_public_images:
        images.build_as(environment, yaml.safe_load(CLAIM.read_text())["spec"]["image"], IMAGES / "nginx")
        images.build_nats_box(environment, tmp_path)
    namespace, queue = make_namespace(pod_security="baseline"), make_queue()
    queue.delete()  # its name is free again, and it is cleaned up in the end
    here = _replacer({"services-web": namespace.name, "NGINX_STREAM": queue.stream, "nginx.>": f"{queue.stream}.>"})
    for command in CREATE:
        kubectl("apply", "-f", "-", stdin=here((ROOT / command.split()[-1]).read_text()))
    claim = Claim(namespace, "nginx")
    namespace.wait_for("The Job ends", lambda: is_true(namespace.get("job", "create-nginx-stream"), "Complete"))
    claim.wait_ready()
    table, described = (kubectl(*here(command).split()[1:]) for command in LOOK)
    assert table.split()[:7] == ["NAME", "IMAGE", "REPLICAS", "SYNCED", "READY", "CONNECTION-SECRET", "AGE"]
    assert f"Pods scale on stream {queue.stream}, consumer nginx-workers" in described
    _run_again(namespace.name, here)
    namespace.wait_for("The Job ends a second time", lambda: is_true(namespace.get("job", "create-nginx-stream"), "Complete"))


def _run_again(namespace: str, here: Callable[[str], str]) -> None:
    kubectl("-n", namespace, "delete", "job", "create-nginx-stream")
    kubectl("apply", "-f", "-", stdin=here(JOB.read_text()))


def _replacer(names: dict[str, str]) -> Callable[[str], str]:
    def replace(text: str) -> str:
        for theirs, ours in names.items():
            text = text.replace(theirs, ours)
        return text

    return replace
