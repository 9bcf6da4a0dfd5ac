"""An agent keeps its pods when the number of them passes from the claim to the autoscaler, and back."""

from typing import Final

from tests.e2e.agents.claims import spec
from tests.e2e.agents.images import Images
from tests.e2e.agents.making import MakeAgent
from tests.e2e.claims import Claim
from tests.e2e.cluster import Manifest, condition, kubectl

PODS: Final = 3
MORE_PODS: Final = 4
MOST_PODS: Final = 5

ON_CPU: Final[Manifest] = {"replicas": None, "minReplicas": PODS, "maxReplicas": MOST_PODS}
FIXED: Final[Manifest] = {"replicas": PODS, "minReplicas": None, "maxReplicas": None}

WATCHED_SECONDS: Final = 20
"""Long enough for the autoscaler to look again; it looks every 15 seconds."""


def test_no_pod_ends_when_the_autoscaler_takes_over_or_leaves(ready_agent: MakeAgent, agent_images: Images) -> None:
    agent = ready_agent("handed-over", spec(agent_images.python, scaling={"replicas": PODS}))
    pods = _pods(agent)
    agent.update({"scaling": ON_CPU})
    agent.wait_for("has an autoscaler that can scale it", lambda: _is_able(agent))
    agent.namespace.holds("All pods stay", lambda: _pods(agent) == pods and agent.wanted() == PODS, seconds=WATCHED_SECONDS)
    agent.update({"scaling": FIXED})
    agent.wait_for("has no autoscaler any more", lambda: not _autoscaler(agent))
    agent.wait_ready()
    assert _pods(agent) == pods


def test_a_number_that_somebody_else_wrote_outlasts_the_claims_next_change(ready_agent: MakeAgent, agent_images: Images) -> None:
    agent = ready_agent("scaled-by-others", spec(agent_images.python, scaling={"replicas": PODS}))
    agent.update({"scaling": ON_CPU})
    agent.wait_for("has an autoscaler that can scale it", lambda: _is_able(agent))
    kubectl("-n", agent.namespace.name, "scale", "deployment", agent.name, f"--replicas={MORE_PODS}")
    agent.update({"podAnnotations": {"example.org/changed": "true"}})
    agent.wait_for("runs the change in every pod", lambda: _are_changed(agent), timeout_seconds=240)
    assert agent.wanted() == MORE_PODS


def _pods(agent: Claim) -> set[str]:
    """The identity of each pod that is not about to end."""
    return {pod["metadata"]["uid"] for pod in agent.pods()}


def _are_changed(agent: Claim) -> bool:
    pods = agent.pods()
    changed = [pod for pod in pods if pod["metadata"].get("annotations", {}).get("example.org/changed")]
    return len(changed) == len(pods) == len(agent.running()) == MORE_PODS


def _autoscaler(agent: Claim) -> Manifest:
    return agent.namespace.get("horizontalpodautoscaler", agent.name) or {}


def _is_able(agent: Claim) -> bool:
    """Whether the autoscaler has found the Deployment; without metrics-server it sees no CPU, and leaves the number as it is."""
    return condition(_autoscaler(agent), "AbleToScale").get("status") == "True"
