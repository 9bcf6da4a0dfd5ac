"""Which variables the service reads."""

import pytest

from agent_executor.settings import Settings, from_environment

PLATFORM = {
    "NATS_URL": "nats://a:4222,nats://b:4222",
    "NATS_STREAM_NAME": "AGENT_EXECUTION",
    "NATS_CONSUMER_GROUP": "agent-executor-workers",
    "DRAGONFLY_HOST": "dragonfly",
    "DRAGONFLY_PORT": "6379",
    "DRAGONFLY_PASSWORD": "secret",
}


def test_the_platforms_variables_are_enough() -> None:
    assert from_environment(PLATFORM) == Settings(
        nats_servers=("nats://a:4222", "nats://b:4222"),
        stream="AGENT_EXECUTION",
        consumer="agent-executor-workers",
        nats_credentials_file="",
        nats_authority_file="",
        dragonfly_host="dragonfly",
        dragonfly_port=6379,
        dragonfly_password="secret",
        port=8080,
    )


@pytest.mark.parametrize("name", sorted(PLATFORM))
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        from_environment({key: value for key, value in PLATFORM.items() if key != name})
