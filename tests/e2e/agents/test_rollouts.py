"""An agent keeps answering while its image, its sidecar or its wrapper changes, and while one of its containers ends or is killed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Final

import pytest

from tests.e2e.agents.claims import spec
from tests.e2e.agents.compositions import OwnComposition, derived_image
from tests.e2e.agents.images import Images
from tests.e2e.agents.making import MakeAgent, MakeKiller
from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest, kubectl
from tests.e2e.figures import Figures
from tests.e2e.probing import probing
from tests.e2e.settings import Settings

REQUESTS: Final = 20
"""Answers that a probe has to see before and after a change."""

PODS: Final = 2


def test_an_update_under_load_fails_no_request(ready_agent: MakeAgent, agent_images: Images, figures: Figures) -> None:
    agent = ready_agent("updated", spec(agent_images.python, scaling={"replicas": PODS}))
    with probing(agent, agent_images.python) as seen:
        agent.wait_for("answers as v1", lambda: seen()["versions"].get("v1", 0) >= REQUESTS)
        with figures.time("update of an agent's image, two pods, to Ready"):
            agent.update({"agent": {"image": agent_images.newer_python}})
            agent.wait_ready()
        agent.wait_for("has ended its old pods", lambda: len(agent.namespace.find("pods", f"app={agent.name}")) == PODS)
        answered = seen()["versions"].get("v2", 0)
        agent.wait_for("answers as v2", lambda: seen()["last"] == "v2" and seen()["versions"]["v2"] >= answered + REQUESTS)
        assert seen()["failures"] == []


@pytest.mark.operations
@pytest.mark.parametrize("part", ["sidecar", "wrapper"])
def test_an_upgrade_rolls_pods_one_by_one_and_fails_no_request(
    part: str,
    own_composition: OwnComposition,
    ready_agent: MakeAgent,
    agent_images: Images,
    environment: Settings,
    figures: Figures,
    tmp_path: Path,
) -> None:
    newer = derived_image(environment, own_composition.image(part), tmp_path, "LABEL release=newer")
    agent = ready_agent(f"upgraded-{part}", spec(agent_images.python, scaling={"replicas": PODS}, **own_composition.chosen()))
    counts: set[tuple[int, int]] = set()
    with probing(agent, agent_images.python) as seen:
        agent.wait_for("answers", lambda: sum(seen()["versions"].values()) >= REQUESTS)
        with figures.time(f"upgrade of the {part}, two pods, to Ready"):
            own_composition.use(part, newer)
            agent.wait_for("runs it in every pod", lambda: _runs(agent, part, newer, counts), timeout_seconds=240)
        answered = sum(seen()["versions"].values())
        agent.wait_for("goes on answering", lambda: sum(seen()["versions"].values()) >= answered + REQUESTS)
        assert seen()["failures"] == []
    assert min(ready for ready, _ in counts) >= PODS
    assert max(pods for _, pods in counts) <= PODS + 1


def _runs(agent: Claim, part: str, image: str, counts: set[tuple[int, int]]) -> bool:
    """Whether all pods run that image; notes how many are ready, and how many are not about to end."""
    pods = agent.pods()
    counts.add((len(agent.running()), len(pods)))
    images = {container["image"] for pod in pods for container in pod["spec"]["initContainers"] if container["name"] == part}
    return images == {image} and len(pods) == PODS and len(agent.running()) == PODS and agent.is_ready()


@pytest.mark.parametrize(("container", "signal"), [("agent", "SIGINT"), ("sidecar", "SIGTERM")])
def test_a_container_that_ends_comes_back_and_the_other_pod_serves(
    container: str, signal: str, ready_agent: MakeAgent, agent_images: Images, figures: Figures
) -> None:
    agent = ready_agent(f"ended-{container}", spec(agent_images.python, scaling={"replicas": PODS}))
    victim = agent.running()[0]
    with _serving_on(agent, victim, agent_images), figures.time(f"ended {container} to ready again"):
        _run_in(agent, victim, container, f"import os, signal; os.kill(1, signal.{signal})")
        _wait_until_back(agent, victim, container)


@pytest.mark.parametrize("container", ["agent", "sidecar"])
def test_a_container_that_is_killed_comes_back_and_the_other_pod_serves(
    container: str, ready_agent: MakeAgent, make_killer: MakeKiller, agent_images: Images, figures: Figures
) -> None:
    agent = ready_agent(f"killed-{container}", spec(agent_images.python, scaling={"replicas": PODS}))
    victim = agent.running()[0]
    killer = make_killer(agent_images.python, node=(agent.namespace.get("pod", victim) or {})["spec"]["nodeName"])
    with _serving_on(agent, victim, agent_images), figures.time(f"killed {container} to ready again"):
        killer.kill(_status(agent, victim, container)["containerID"])
        _wait_until_back(agent, victim, container)
    assert _status(agent, victim, container)["lastState"]["terminated"]["exitCode"] == 128 + SIGKILL


@contextmanager
def _serving_on(agent: Claim, victim: str, images: Images) -> Iterator[None]:
    """The agent answers before and after the block, no request hangs, and the pod stays the same."""
    with probing(agent, images.python) as seen:
        agent.wait_for("answers", lambda: sum(seen()["versions"].values()) >= REQUESTS)
        yield
        answered = sum(seen()["versions"].values())
        agent.wait_for("goes on answering", lambda: sum(seen()["versions"].values()) >= answered + REQUESTS)
        assert not [failure for failure in seen()["failures"] if "timed out" in failure], "a request hung"
    assert victim in agent.running()


def _wait_until_back(agent: Claim, pod: str, container: str) -> None:
    agent.wait_for("has its container back", lambda: _restarts(agent, pod, container) == 1 and len(agent.running()) == PODS)


def _run_in(agent: Claim, pod: str, container: str, program: str) -> None:
    kubectl("-n", agent.namespace.name, "exec", pod, "-c", container, "--", "python3", "-c", program)


def _restarts(agent: Claim, pod: str, container: str) -> int:
    return int(_status(agent, pod, container).get("restartCount", 0))


def _status(agent: Claim, pod: str, container: str) -> Manifest:
    status = (agent.namespace.get("pod", pod) or {"status": {}})["status"]
    every = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    return next((one for one in every if one["name"] == container), {})
