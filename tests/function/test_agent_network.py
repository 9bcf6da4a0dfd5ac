"""The NetworkPolicy around an AgentType's pods."""

import pytest

from tests.composites import agent, created
from tests.refused_agents import PROVIDER
from zerotouch_function.errors import FunctionError
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose


def test_a_restricted_pod_reaches_dns_its_providers_and_what_the_claim_names() -> None:
    provider = {**PROVIDER, "baseUrl": "http://vllm.models.svc:8000/v1"}
    spec = {
        "llm": {"providers": [provider]},
        "nats": {"url": "nats://a:4223,nats://b"},
        "network": {"policy": "restricted", "egress": [{"cidr": "10.0.0.0/8", "ports": [5432]}, {"namespace": "data"}]},
    }
    rules = created(agent(spec))["network-policy"]["spec"]
    assert rules["ingress"] == [{"ports": [{"protocol": "TCP", "port": 18080}, {"protocol": "TCP", "port": 18090}]}]
    assert rules["egress"] == [
        {"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
        {"ports": [{"protocol": "TCP", "port": port} for port in (4222, 4223, 8000)]},
        {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"protocol": "TCP", "port": 5432}]},
        {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}]},
    ]


@pytest.mark.parametrize(
    ("cidr", "remedy"),
    [
        (":::/64", "write address/bits, such as"),
        ("1:2/128", "write address/bits, such as"),
        ("fd00::g/8", "write address/bits, such as"),
        ("10.20.30.40/16", "write 10.20.0.0/16 for the range, or 10.20.30.40/32"),
        ("fd00:20::1/64", "write fd00:20::/64 for the range, or fd00:20::1/128"),
        ("::ffff:a14:0/112", "write it as IPv4"),
    ],
)
def test_a_range_that_is_none_leaves_no_agent_unfenced(cidr: str, remedy: str) -> None:
    """The API server would refuse the NetworkPolicy, and Crossplane would write the pods all the same."""
    network = {"policy": "restricted", "egress": [{"cidr": cidr}]}
    with pytest.raises(FunctionError, match=rf"^spec\.network\.egress.*; {remedy}"):
        compose(agent({"network": network}), NOTHING, {})


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "10.20.30.40/32", "fd00:20::/64", "::/0", "fd00::1/128"])
def test_a_range_may_be_one_address_or_all_of_them(cidr: str) -> None:
    (_, rule) = created(agent({"network": {"policy": "restricted", "egress": [{"cidr": cidr}]}}))["network-policy"]["spec"]["egress"]
    assert rule == {"to": [{"ipBlock": {"cidr": cidr}}]}
