"""Budgets over TLS, on NATS servers whose authority is rotated, that go away, and that are three."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.servers import free_port
from tests.function.authority import Authority
from tests.sidecar.loops import run
from tests.sidecar.models.nats import Nats
from tests.sidecar.models.support import Running, mocks, running
from tests.sidecar.models.test_budget import CALL, answered, budgeted
from tests.sidecar.models.test_credentials import RECORD, changed, keep
from zerotouch_sidecar.models.budget import nats_store
from zerotouch_sidecar.models.budget.nats_store import BUCKET, NatsPlace, NatsStore
from zerotouch_sidecar.models.budget.store import StoreAwayError


def rotated(folder: Path, authority: Authority) -> Path:
    """The files of a server, signed by an authority, and the authority's own certificate."""
    authority.write_server(folder)
    return folder / "ca.crt"


def configured(folder: Path, **more: Any) -> Path:
    """A server's configuration with TLS."""
    folder.mkdir(exist_ok=True)
    tls = {"cert_file": str(folder.parent / "tls.crt"), "key_file": str(folder.parent / "tls.key")}
    (folder / "server.json").write_text(json.dumps({"tls": tls, **more}))
    return folder / "server.json"


def over_tls(*servers: Nats) -> str:
    return ",".join(server.url.replace("nats://", "tls://") for server in servers)


def test_a_server_is_known_by_the_authority_in_the_file_and_by_no_other(tmp_path: Path) -> None:
    ca_file, other = rotated(tmp_path, Authority.new()), tmp_path / "other.crt"
    other.write_bytes(Authority.new().certificate_pem)

    async def work() -> None:
        server = Nats(tmp_path)
        await server.start(configuration=configured(tmp_path / "server"))
        store, stranger = (
            NatsStore(NatsPlace(over_tls(server), ca_file=str(ca_file)), "k"),
            NatsStore(NatsPlace(over_tls(server), ca_file=str(other)), "k"),
        )
        try:
            with pytest.raises((StoreAwayError, TimeoutError)):
                await asyncio.wait_for(stranger.change(keep), 0.5)
            assert (await changed(store)).record == RECORD
        finally:
            await stranger.close()
            await store.close()
            await server.stop()

    run(work())


def test_a_rotated_authority_is_taken_up_without_a_restart(tmp_path: Path) -> None:
    ca_file = rotated(tmp_path, Authority.new())

    async def work() -> None:
        server, configuration = Nats(tmp_path), configured(tmp_path / "server")
        await server.start(configuration=configuration)
        store = NatsStore(NatsPlace(over_tls(server), ca_file=str(ca_file)), "k")
        try:
            await changed(store)
            await server.stop()
            rotated(tmp_path, Authority.new())
            await server.start(configuration=configuration)
            assert (await changed(store)).record == RECORD
        finally:
            await store.close()
            await server.stop()

    run(work())


def test_an_authority_that_comes_after_the_first_attempts_is_taken_up_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_store, "ATTEMPT_SECONDS", 0.5)
    ca_file, authority = tmp_path / "mounted.crt", Authority.new()
    rotated(tmp_path, authority)
    ca_file.write_bytes(Authority.new().certificate_pem)

    async def work() -> None:
        server = Nats(tmp_path)
        await server.start(configuration=configured(tmp_path / "server"))
        store = NatsStore(NatsPlace(over_tls(server), ca_file=str(ca_file)), "k")
        try:
            with pytest.raises(StoreAwayError):
                await store.change(keep)
            ca_file.write_bytes(authority.certificate_pem)
            async with asyncio.timeout(30):
                assert (await changed(store)).record == RECORD
        finally:
            await store.close()
            await server.stop()

    run(work())


def test_a_connection_that_the_library_gave_up_is_made_again(tmp_path: Path) -> None:
    async def work() -> None:
        server = Nats(tmp_path)
        await server.start()
        store = NatsStore(NatsPlace(server.url), "k")
        try:
            await changed(store)
            assert store._client is not None
            await store._client.close()  # as after "user authentication expired"
            assert (await changed(store)).record == RECORD
        finally:
            await store.close()
            await server.stop()

    run(work())


def test_a_list_of_servers_may_end_with_a_comma_and_leave_schemes_out(tmp_path: Path) -> None:
    async def work() -> None:
        server = Nats(tmp_path)
        await server.start()
        away, here = f"nats://127.0.0.1:{free_port()}", server.url.removeprefix("nats://")
        store = NatsStore(NatsPlace(f"{away},{here},"), "k")
        try:
            assert (await changed(store)).record == RECORD
        finally:
            await store.close()
            await server.stop()

    run(work())


def test_rotated_files_that_do_not_hold_leave_a_connection_that_works(tmp_path: Path) -> None:
    ca_file = rotated(tmp_path, Authority.new())

    async def work() -> None:
        server = Nats(tmp_path)
        await server.start(configuration=configured(tmp_path / "server"))
        store = NatsStore(NatsPlace(over_tls(server), ca_file=str(ca_file)), "k")
        try:
            await changed(store)
            ca_file.write_text("no certificate")
            for _ in range(3):
                assert (await store.change(keep)).record == RECORD
        finally:
            await store.close()
            await server.stop()

    run(work())


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[list[Nats]]:
    """Three servers with JetStream."""
    routes = [f"nats-route://127.0.0.1:{free_port()}" for _ in range(3)]
    async with AsyncExitStack() as started:
        servers: list[Nats] = []
        for number, route in enumerate(routes):
            own = {"name": "budgets", "listen": route.removeprefix("nats-route://"), "routes": routes}
            configuration = configured(folder / f"n{number}", server_name=f"n{number}", cluster=own)
            server = Nats(folder / f"n{number}")
            started.push_async_callback(server.stop)
            await server.start(configuration=configuration)
            servers.append(server)
        yield servers


def test_the_bucket_is_on_as_many_servers_as_the_agent_wants_that_wants_most(tmp_path: Path) -> None:
    ca_file = rotated(tmp_path, Authority.new())

    async def work() -> None:
        async with asyncio.timeout(120), cluster(tmp_path) as servers:
            for replicas, most in ((1, 1), (3, 3), (1, 3)):
                store = NatsStore(NatsPlace(over_tls(*servers), ca_file=str(ca_file), replicas=replicas), f"agent-{replicas}")
                assert (await changed(store)).record == RECORD
                assert store._client is not None
                config = (await store._client.jetstream().stream_info(f"KV_{BUCKET}")).config
                assert config.num_replicas == most
                await store.close()

    run(work())


async def served(proxy: Running, count: int) -> None:
    """Waits until so many calls were answered; while servers elect a leader, the store is away."""
    while count:
        if await answered(proxy):
            count -= 1
        else:
            await asyncio.sleep(0.05)


def test_a_budget_holds_over_tls_while_one_of_three_servers_goes_away(tmp_path: Path) -> None:
    ca_file = rotated(tmp_path, Authority.new())

    async def work() -> None:
        async with asyncio.timeout(120), mocks() as [mock], cluster(tmp_path) as servers:
            nats = {"url": over_tls(*servers), "caFile": str(ca_file), "replicas": 3}
            async with running(budgeted(mock, 20 * CALL), nats=nats) as proxy:
                await served(proxy, 12)
                store: Any = proxy.models._accounts.budget._store  # type: ignore[union-attr]  # there is one
                (connected,) = [each for each in servers if str(each.port) in store._client.connected_url.netloc]
                await connected.stop()
                await served(proxy, 8)
                assert not await answered(proxy)
                assert len(mock.requests) == 20

    asyncio.run(work())
