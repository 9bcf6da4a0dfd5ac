"""What happens to an agent's calls when a provider is away, slow or paid up, and when its key or its models change."""

from typing import Final

import pytest

from tests.e2e.agents.claims import model, provider, spec
from tests.e2e.agents.conftest import Providers
from tests.e2e.agents.images import Images
from tests.e2e.agents.making import MakeAgent
from tests.e2e.claims import Claim, secret
from tests.e2e.cluster import Manifest
from tests.e2e.figures import Figures
from tests.e2e.settings import Settings

ARRIVES_SECONDS: Final = 180
"""A kubelet looks for changed ConfigMaps and Secrets about once a minute."""

TIMEOUT_SECONDS: Final = 5
"""Of a provider that is slow: long enough for one that is well, on a node with much to do."""

COOLDOWN_SECONDS: Final = 3
BUDGET_TOKENS: Final = 2000
TRACE: Final = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.core
def test_the_fallback_answers_while_the_primary_provider_is_down(
    ready_agent: MakeAgent, agent_images: Images, providers: Providers
) -> None:
    models = [model("default", "primary", fallbacks=["spare"]), model("spare", "secondary")]
    agent = ready_agent("falling-back", spec(agent_images.python, llm=providers.llm(models=models)))
    assert "primary-model" in agent.ask(question="who?")["answer"]
    providers.primary.stop()
    try:
        assert "secondary-model" in agent.ask(question="who?")["answer"]
    finally:
        providers.primary.resume()
    agent.wait_for("is answered by the primary again", lambda: "primary-model" in agent.ask(question="who?").get("answer", ""))


def test_a_spent_budget_refuses_and_is_still_spent_after_all_pods_are_new(
    ready_agent: MakeAgent, agent_images: Images, providers: Providers, environment: Settings
) -> None:
    llm = providers.llm(budget={"tokens": BUDGET_TOKENS, "period": "total", "action": "deny"})
    agent = ready_agent("spending", spec(agent_images.python, llm=llm, nats={"url": environment.nats_url}, scaling={"replicas": 2}))
    with providers.primary.behaving("ok", words=BUDGET_TOKENS // 4):
        assert "budget" in agent.wait_for("has spent its budget", lambda: _refusal(agent))
    old = agent.running()
    asked = len(providers.primary.requests())
    agent.namespace.delete("pod", *old)
    agent.wait_for("has only new pods", lambda: len(agent.running()) == 2 and not set(agent.running()) & set(old))
    assert "budget" in str(_refusal(agent))
    assert len(providers.primary.requests()) == asked


def _refusal(agent: Claim) -> str | None:
    """What the agent was told when it called; None when it was answered."""
    error = agent.ask(question="How much is left?").get("error")
    return None if error is None else str(error)


def test_a_new_model_and_a_rotated_key_arrive_in_running_pods(
    ready_agent: MakeAgent, agent_images: Images, providers: Providers, figures: Figures
) -> None:
    agents = providers.primary.namespace
    agents.apply(secret("rotated", {"key": "sk-before"}))
    llm = {"providers": [{**provider("rotating", providers.secondary.url), "secret": {"name": "rotated", "key": "key"}}]}
    agent = ready_agent("changing", spec(agent_images.python, llm={**llm, "models": [model("first", "rotating")], "defaultModel": "first"}))
    assert "rotating-model" in agent.ask(question="which?")["answer"]
    assert _last_key(agent, providers) == "Bearer sk-before"
    pods = {pod["metadata"]["uid"] for pod in agent.pods()}
    newer = {"alias": "default", "targets": [{"provider": "rotating", "model": "newer-model"}]}
    with figures.time("new model and rotated key in the running pod"):
        agents.apply(secret("rotated", {"key": "sk-after"}))
        agent.update({"llm": {"models": [model("first", "rotating"), newer]}})
        for what, probe in (
            ("calls the new model", lambda: "newer-model" in agent.ask(question="which?").get("answer", "")),
            ("uses the new key", lambda: _last_key(agent, providers) == "Bearer sk-after"),
        ):
            agent.wait_for(what, probe, timeout_seconds=ARRIVES_SECONDS)
    assert sorted(agent.status()["models"]) == ["default", "first"]
    assert {pod["metadata"]["uid"] for pod in agent.pods()} == pods
    assert [status["restartCount"] for pod in agent.pods() for status in _containers(pod)] == [0, 0, 0]


def _last_key(agent: Claim, providers: Providers) -> str:
    agent.ask(question="with which key?")
    return str(providers.secondary.requests()[-1]["headers"]["authorization"])


def _containers(pod: Manifest) -> list[Manifest]:
    return [*pod["status"]["initContainerStatuses"], *pod["status"]["containerStatuses"]]


def test_only_a_provider_that_is_to_know_is_told_the_trace(ready_agent: MakeAgent, agent_images: Images, providers: Providers) -> None:
    both = [provider("primary", providers.primary.url), provider("secondary", providers.secondary.url, sendTraceContext=True)]
    models = [model("default", "primary", fallbacks=["spare"]), model("spare", "secondary")]
    agent = ready_agent("traced", spec(agent_images.python, llm={"providers": both, "models": models, "retry": {"attempts": 1}}))
    with providers.primary.behaving("fail"):
        assert "secondary-model" in agent.ask(question="who?", headers={"traceparent": TRACE})["answer"]
    told = {one.name: one.requests()[-1]["headers"].get("traceparent") for one in (providers.primary, providers.secondary)}
    assert told == {"primary": None, "secondary": TRACE}


def test_a_slow_provider_is_left_alone_until_it_is_well(ready_agent: MakeAgent, agent_images: Images, providers: Providers) -> None:
    slow = provider("secondary", providers.secondary.url, timeoutSeconds=TIMEOUT_SECONDS)
    agent = ready_agent(
        "patient",
        spec(
            agent_images.python,
            llm={
                "providers": [slow],
                "models": [model("default", "secondary")],
                "retry": {"attempts": 1},
                "circuitBreaker": {"failures": 2, "windowSeconds": 60, "cooldownSeconds": COOLDOWN_SECONDS},
            },
        ),
    )
    assert "answer" in agent.ask(question="well?")
    with providers.secondary.behaving("slow", delayMilliseconds=3000 * TIMEOUT_SECONDS):
        agent.wait_for("is refused without a call", lambda: _is_spared(agent, providers))
    agent.wait_for("is answered again", lambda: "answer" in agent.ask(question="better?"))


def _is_spared(agent: Claim, providers: Providers) -> bool:
    """Whether a call failed that never reached the provider."""
    before = len(providers.secondary.requests())
    return "error" in agent.ask(question="well?") and len(providers.secondary.requests()) == before
