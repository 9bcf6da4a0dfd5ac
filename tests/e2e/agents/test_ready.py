"""A minimal claim: an image, and nothing else."""

import pytest

from tests.e2e.agents.claims import spec
from tests.e2e.agents.images import Images
from tests.e2e.agents.making import MakeAgent
from tests.e2e.cluster import kubectl


@pytest.mark.core
def test_a_claim_that_names_an_image_becomes_ready_in_a_restricted_namespace(ready_agent: MakeAgent, agent_images: Images) -> None:
    agent = ready_agent("minimal", {"agent": {"image": agent_images.python}})
    assert agent.status()["endpoint"] == f"minimal.{agent.namespace.name}.svc.cluster.local:8080"
    assert all(agent.uids().values()), agent.uids()
    assert agent_images.python in kubectl("-n", agent.namespace.name, "get", "agenttypes", "minimal")
    (pod,) = agent.running()
    assert agent.ask() == {"program": "plain", "hostname": pod, "version": "v1"}


def test_what_a_claim_has_made_goes_with_it(ready_agent: MakeAgent, agent_images: Images) -> None:
    agent = ready_agent("leaving", spec(agent_images.python))
    agent.delete()
    agent.namespace.wait_for("All of its objects are gone", lambda: not any(agent.uids().values()))
