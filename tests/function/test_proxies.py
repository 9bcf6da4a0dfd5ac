"""What an agent's proxy leaves out: its own sidecar, whatever the claim sets (apis/agenttype/proxies.py)."""

from typing import Final

import pytest

from tests.composites import agent
from tests.refused_agents import MODEL, PROVIDER
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose

PROXY: Final = {"name": "HTTP_PROXY", "value": "http://proxy:3128"}
SETTINGS: Final = {"configMapKeyRef": {"name": "proxies", "key": "left-out"}}
LEFT_OUT: Final = {"name": "NO_PROXY", "value": ".corp"}


def environment(variables: list[Manifest]) -> list[Manifest]:
    """The environment of the agent's container."""
    llm = {"providers": [PROVIDER], "models": [MODEL]}
    made = compose(agent({"llm": llm, "agent": {"image": "x", "env": variables}}), NOTHING, {}).resources["deployment"].manifest
    (found,) = (one["env"] for one in made["spec"]["template"]["spec"]["containers"] if one["name"] == "agent")
    return list(found)


def claimed(*variables: Manifest) -> list[Manifest]:
    """What becomes of a claim's variables there."""
    return environment(list(variables))[len(environment([])) :]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"])
@pytest.mark.parametrize("source", [{"value": "http://proxy:3128"}, {"valueFrom": SETTINGS}], ids=["value", "valueFrom"])
def test_a_proxy_of_the_claim_is_not_asked_for_the_sidecar(name: str, source: Manifest) -> None:
    proxy = {"name": name, **source}
    left_out = "127.0.0.1,localhost"
    assert claimed(proxy) == [proxy, {"name": "NO_PROXY", "value": left_out}, {"name": "no_proxy", "value": left_out}]


@pytest.mark.parametrize(
    "own, want",
    [
        ([("NO_PROXY", ".corp")], [("NO_PROXY", ".corp,127.0.0.1,localhost"), ("no_proxy", "$(NO_PROXY)")]),
        ([("no_proxy", ".corp")], [("no_proxy", ".corp,127.0.0.1,localhost"), ("NO_PROXY", "$(no_proxy)")]),
        ([("NO_PROXY", "a"), ("no_proxy", "b")], [("NO_PROXY", "a,127.0.0.1,localhost"), ("no_proxy", "b,127.0.0.1,localhost")]),
        ([("NO_PROXY", "")], [("NO_PROXY", "127.0.0.1,localhost"), ("no_proxy", "$(NO_PROXY)")]),
        ([("NO_PROXY", "localhost, a")], [("NO_PROXY", "localhost, a,127.0.0.1"), ("no_proxy", "$(NO_PROXY)")]),
        ([("NO_PROXY", "*")], [("NO_PROXY", "*"), ("no_proxy", "$(NO_PROXY)")]),
        ([("no_proxy", "127.0.0.1, localhost"), ("NO_PROXY", "*")], [("no_proxy", "127.0.0.1, localhost"), ("NO_PROXY", "*")]),
    ],
    ids=["upper", "lower", "both", "empty", "one of them", "everything", "all of them"],
)
def test_what_the_claim_leaves_out_of_its_proxy_stays_left_out(own: list[tuple[str, str]], want: list[tuple[str, str]]) -> None:
    def listed(variables: list[tuple[str, str]]) -> list[Manifest]:
        return [{"name": name, "value": value} for name, value in variables]

    assert claimed(*listed(own), PROXY, {"name": "LAST"})[: len(own)] == listed(want)[: len(own)]
    assert sorted(map(str, claimed(*listed(own), PROXY))) == sorted(map(str, [*listed(want), PROXY]))


def test_a_value_from_elsewhere_is_added_to_by_the_kubelet() -> None:
    more = {"name": "NO_PROXY", "value": "$(AGENT_NO_PROXY),127.0.0.1,localhost"}
    source = {"name": "AGENT_NO_PROXY", "valueFrom": SETTINGS}
    assert claimed({"name": "NO_PROXY", "valueFrom": SETTINGS}, PROXY) == [
        source,
        more,
        PROXY,
        {"name": "no_proxy", "value": "$(NO_PROXY)"},
    ]
    both = claimed(PROXY, {"name": "NO_PROXY", "valueFrom": SETTINGS}, {"name": "no_proxy", "valueFrom": SETTINGS})
    own = {"name": "no_proxy", "value": "$(AGENT_no_proxy),127.0.0.1,localhost"}
    assert both == [PROXY, source, more, {"name": "AGENT_no_proxy", "valueFrom": SETTINGS}, own]


@pytest.mark.parametrize("variables", [[], [LEFT_OUT], [LEFT_OUT, {"name": "HTTP_PROXY", "value": ""}, {"name": "https_proxy"}]])
def test_without_a_proxy_the_claims_variables_are_as_they_were(variables: list[Manifest]) -> None:
    assert claimed(*variables) == variables
