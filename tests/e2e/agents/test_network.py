"""What a NetworkPolicy lets through, on a cluster whose network enforces them."""

from typing import Final

import pytest

from tests.e2e.agents.claims import spec
from tests.e2e.agents.conftest import Providers
from tests.e2e.agents.images import Images
from tests.e2e.agents.making import MakeAgent
from tests.e2e.claims import Claim
from tests.e2e.cluster import KubectlError, kubectl
from tests.e2e.settings import Settings
from zerotouch_contract import ports

AGENT_PORT: Final = 8080
CONNECT: Final = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()"
LEARNS_SECONDS: Final = 60
"""Longest that a network takes to learn of a policy."""


def test_a_fenced_agent_is_entered_and_left_by_the_ways_that_it_names(
    ready_agent: MakeAgent, agent_images: Images, providers: Providers, environment: Settings
) -> None:
    if not environment.enforces_network_policies:
        pytest.skip("E2E_NETWORK_POLICIES: not 1, so nobody says that this cluster's network enforces NetworkPolicies")
    other = ready_agent("neighbour", spec(agent_images.python))
    agent = ready_agent("fenced", spec(agent_images.python, llm=providers.llm()))
    assert connects(other, agent, AGENT_PORT)
    assert connects(agent, other, ports.OPS)

    agent.update({"network": {"policy": "restricted"}})
    for what, probe in {
        "takes nothing around the sidecar": lambda: not connects(other, agent, AGENT_PORT),
        "does not call its neighbour": lambda: not connects(agent, other, ports.OPS),
    }.items():
        agent.wait_for(what, probe, timeout_seconds=LEARNS_SECONDS)
    assert connects(other, agent, ports.INGRESS)
    assert connects(other, agent, ports.OPS)
    assert "primary-model" in agent.ask(question="May you call your provider?")["answer"]

    agent.update({"network": {"egress": [{"namespace": agent.namespace.name, "ports": [ports.OPS]}]}})
    agent.wait_for("calls whom it names", lambda: connects(agent, other, ports.OPS), timeout_seconds=LEARNS_SECONDS)
    assert not connects(agent, other, ports.INGRESS)


def connects(caller: Claim, called: Claim, port: int) -> bool:
    """Whether a pod of one claim, from its agent's container, reaches that port of a pod of the other."""
    (pod,) = caller.running()
    (address,) = (found["status"]["podIP"] for found in called.pods())
    try:
        kubectl("-n", caller.namespace.name, "exec", pod, "-c", "agent", "--", "python", "-c", CONNECT, address, str(port))
    except KubectlError as error:
        if "Traceback" not in str(error):
            raise
        return False
    return True
