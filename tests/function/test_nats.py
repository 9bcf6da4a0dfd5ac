"""Lists of NATS servers: read once, for the rules, the scaler and the fence."""

import pytest

from tests.composites import agent, composite
from zerotouch_function.errors import FunctionError
from zerotouch_function.fields.nats import Server, servers
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose

READ = [
    ("nats://n1:4222,n2:5222", [Server("n1", 4222), Server("n2", 5222)]),
    ("nats://n1,n2,tls://n3", [Server("n1", 4222), Server("n2", 4222), Server("n3", 4222)]),
    ("tls://[fd00::1]:5222,[fd00::2]:6222,[fd00::3]", [Server("fd00::1", 5222), Server("fd00::2", 6222), Server("fd00::3", 4222)]),
    ("nats://10.0.0.1:5222,10.0.0.2:6222,10.0.0.3", [Server("10.0.0.1", 5222), Server("10.0.0.2", 6222), Server("10.0.0.3", 4222)]),
    ("nats://user:word@n1:5222,token@n2,user:word@n3:6222", [Server("n1", 5222), Server("n2", 4222), Server("n3", 6222)]),
    ("localhost:5222", [Server("localhost", 5222)]),
    ("nats://n1:,n2:", [Server("n1", 4222), Server("n2", 4222)]),
    ("nats://n1:5222,,n2:6222,", [Server("n1", 5222), Server("n2", 6222)]),
    ("nats://n1:5222/,n2:6222/path", [Server("n1", 5222), Server("n2", 6222)]),
    ("ws://n1,wss://n2,wss://n3:8443/nats", [Server("n1", 80), Server("n2", 443), Server("n3", 8443)]),
]
"""Lists, and what NATS's clients make of them."""


@pytest.mark.parametrize(("urls", "want"), READ)
def test_a_list_of_servers_is_read_as_clients_read_it(urls: str, want: list[Server]) -> None:
    assert list(servers(urls)) == want


def test_an_empty_list_has_no_server() -> None:
    assert servers("") == ()


@pytest.mark.parametrize(("urls", "want"), [case for case in READ if case[0].startswith(("nats://", "tls://"))])
def test_a_restricted_pod_reaches_the_port_of_every_server(urls: str, want: list[Server]) -> None:
    fenced = compose(agent({"nats": {"url": urls}, "network": {"policy": "restricted"}}), NOTHING, {}).resources["network-policy"]
    _, to_servers = fenced.manifest["spec"]["egress"]
    assert [rule["port"] for rule in to_servers["ports"]] == sorted({server.port for server in want})


@pytest.mark.parametrize(
    ("urls", "endpoint"),
    [
        ("nats://nats,other:5222", "nats-headless.ns.svc.cluster.local:8222"),
        ("nats://user:word@nats.queues:5222,other", "nats-headless.queues.svc.cluster.local:8222"),
        ("tls://nats-headless.queues.svc.example.org.", "nats-headless.queues.svc.example.org:8222"),
        ("tls://nats.example.com:4222,b.example.com", "nats.example.com:8222"),
        ("nats://10.0.0.1:4222,10.0.0.2:4222", "10.0.0.1:8222"),
        ("nats://[fd00::1]:4222,[fd00::2]", "[fd00::1]:8222"),
    ],
)
def test_the_scaler_asks_the_first_server(urls: str, endpoint: str) -> None:
    scaler = compose(composite({"natsUrl": urls}), NOTHING, {}).resources["scaled-object"].manifest
    assert scaler["spec"]["triggers"][0]["metadata"]["natsServerMonitoringEndpoint"] == endpoint


@pytest.mark.parametrize("later", ["n2:70000", "n2:0", "n2:port", ":5222", "[fd00::2", "nats:n2:5222"])
def test_a_later_server_that_leads_nowhere_is_refused(later: str) -> None:
    for xr, field in (
        (agent({"nats": {"url": f"nats://n1,{later}"}}), "spec.nats.url"),
        (composite({"natsUrl": f"tls://n1,{later}"}), "spec.natsUrl"),
    ):
        with pytest.raises(FunctionError, match="leads nowhere") as caught:
            compose(xr, NOTHING, {})
        assert caught.value.field == field
