"""Where each team has an account of its own, with credentials: the service works in its account, and other teams see none of it."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
from nats.js.errors import NotFoundError

from tests.integration.accounts import Operator
from tests.integration.conftest import CONSUMER, PASSWORD, STREAM, Bench, eventually
from tests.integration.servers import free_port, nats_server, redis_server


class Accounts:
    """A server with two teams' accounts, and a bench in the first one."""

    def __init__(self, folder: Path) -> None:
        operator = Operator()
        self.ours, theirs = operator.account("deepagents"), operator.account("others")
        self.theirs = theirs.credentials(folder / "theirs.creds")
        self.monitoring = free_port()
        configuration = folder / "nats.conf"
        configuration.write_text(json.dumps({**operator.configuration(), "http": f"127.0.0.1:{self.monitoring}"}))
        self.bench = Bench(nats_server(folder / "nats", "--config", str(configuration)), redis_server(folder, PASSWORD))
        self.bench.environment["NATS_CREDS_FILE"] = str(self.ours.credentials(folder / "ours.creds"))

    def lag(self, account: str) -> list[int]:
        """What KEDA reads of our consumer in that account, one number for each place where it is found."""
        query = f"http://127.0.0.1:{self.monitoring}/jsz?acc={account}&consumers=true&config=true"
        details = json.load(urllib.request.urlopen(query, timeout=10)).get("account_details") or []
        streams = [stream for detail in details for stream in detail.get("stream_detail") or [] if stream["name"] == STREAM]
        consumers = [consumer for stream in streams for consumer in stream.get("consumer_detail") or [] if consumer["name"] == CONSUMER]
        return [consumer["num_pending"] + consumer["num_ack_pending"] for consumer in consumers]


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[Accounts]:
    made = Accounts(tmp_path)
    made.bench.queue.start()
    made.bench.store.start()
    yield made
    made.bench.stop()


def test_the_service_works_with_its_credentials(accounts: Accounts) -> None:
    accounts.bench.make_stream()
    service = accounts.bench.service()
    accounts.bench.publish({"id": "42", "text": "queues make pods"})
    eventually(lambda: service.get("/results/42")[0] == 200)
    eventually(lambda: accounts.bench.waiting() == 0)


def test_another_team_sees_nothing_of_it(accounts: Accounts) -> None:
    accounts.bench.make_stream()

    async def look() -> None:
        async with await nats.connect(accounts.bench.environment["NATS_URL"], user_credentials=str(accounts.theirs)) as client:
            with pytest.raises(NotFoundError):
                await client.jetstream().stream_info(STREAM)

    asyncio.run(look())


def test_keda_finds_the_queue_by_the_accounts_public_id(accounts: Accounts) -> None:
    accounts.bench.make_stream()
    accounts.bench.publish({"id": "1", "text": "a"}, {"id": "2", "text": "b"})
    assert accounts.lag(accounts.ours.id) == [2]
    assert accounts.lag("$G") == []
