"""A provider's key: nowhere inside an agent, and waited for where it is not there yet."""

import json
import secrets as random
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.agents.claims import model, provider, spec
from tests.e2e.agents.conftest import Providers
from tests.e2e.agents.images import Images
from tests.e2e.agents.making import MakeAgent
from tests.e2e.claims import secret
from tests.e2e.cluster import Manifest, kubectl

SEARCH: Final = Path(__file__).with_name("key_search.py").read_text()
SEARCH_SECONDS: Final = 120
MISSING: Final = "references non-existent secret key: key"
"""What the kubelet says of a pod whose volume names a key that its Secret does not have."""


@pytest.mark.core
def test_a_providers_key_is_nowhere_in_the_agent(ready_agent: MakeAgent, agent_images: Images, providers: Providers) -> None:
    canary = f"canary-{random.token_hex(16)}"
    fields = spec(agent_images.python, llm=providers.llm(), card={"name": "Keyless", "description": canary})
    fields["agent"]["env"] = [{"name": "CANARY", "value": canary}]
    agent = ready_agent("keyless", fields)
    assert "error" not in agent.ask(question="Is the key in use?")
    (pod,) = agent.running()
    in_agent = ["-n", agent.namespace.name, "exec", "-i", pod, "-c", "agent", "--"]
    kubectl(*in_agent, "sh", "-c", "cat > /tmp/canary", stdin=canary)
    wanted = json.dumps({"canary": canary, **providers.keys})
    found: Manifest = json.loads(kubectl(*in_agent, "python", "-c", SEARCH, stdin=wanted, timeout_seconds=SEARCH_SECONDS))
    kinds = {"environment", "/proc/1/environ", "/tmp/canary", "network http://127.0.0.1:18080/.well-known/agent-card.json"}
    assert kinds <= set(found["canary"]), "the search does not find what is there"
    assert {name: found[name] for name in providers.keys} == {name: [] for name in providers.keys}
    logged = agent.namespace.logs(pod, "--all-containers")
    assert not [name for name, key in providers.keys.items() if key in logged]


def test_a_pod_waits_for_the_one_key_that_it_needs(make_agent: MakeAgent, agent_images: Images, providers: Providers) -> None:
    agents = providers.primary.namespace
    agents.apply(secret("late", {"another": "sk-of-somebody-else"}))
    late = {**provider("late", providers.primary.url), "secret": {"name": "late", "key": "key"}}
    agent = make_agent("waiting", spec(agent_images.python, llm={"providers": [late], "models": [model("default", "late")]}))
    agent.wait_for("is told which key is missing", lambda: any(MISSING in event.get("message", "") for event in agents.find("events")))
    assert agent.condition("WorkloadReady")["status"] == "False"
    agents.apply(secret("late", {"another": "sk-of-somebody-else", "key": "sk-late"}))
    agent.wait_ready()
    assert "error" not in agent.ask(question="Did it come?")
    assert providers.primary.requests()[-1]["headers"]["authorization"] == "Bearer sk-late"
