"""Providers over TLS, known by authorities that are rotated while the sidecar runs."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.function.authority import Authority
from tests.mock_provider import Mock
from tests.sidecar.models.support import NO_PAUSE, Running, configured, model, provider, running
from tests.sidecar.models.test_secrets import ASK, CHAT, KEY
from zerotouch_sidecar.models import service

REFUSED: Final = "changed certificate authorities refused, the last ones stay in use"
TAKEN: Final = "a provider is known by other certificate authorities"


class Secured:
    """A provider with a certificate of its own, and the file of the authority that signed it."""

    def __init__(self, folder: Path) -> None:
        self.mock = Mock()
        self.ca_file = folder / "ca" / "ca.crt"
        self._folder = folder
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca_file.parent.mkdir()

    @classmethod
    @asynccontextmanager
    async def served(cls, folder: Path) -> AsyncIterator["Secured"]:
        """One that answers, and whose file has the authority that it shows."""
        secured = cls(folder)
        secured.trusted(secured.rotated())
        await secured.mock.start(tls=secured._tls)
        try:
            yield secured
        finally:
            await secured.mock.stop()

    def rotated(self) -> bytes:
        """Shows new clients a certificate of another authority, which is returned."""
        authority = Authority.new()
        authority.write_server(self._folder)
        self._tls.load_cert_chain(self._folder / "tls.crt", self._folder / "tls.key")
        return authority.certificate_pem

    def trusted(self, content: bytes) -> None:
        """Replaces the file."""
        new = self.ca_file.with_suffix(".new")
        new.write_bytes(content)
        new.replace(self.ca_file)

    def llm(self, **more: Any) -> Any:
        url = f"https://127.0.0.1:{self.mock.port}/v1"
        (self._folder / "key").write_text(KEY)
        own = provider("own", "openai-compatible", url, caFile=str(self.ca_file), keyFile=str(self._folder / "key"), concurrency=1)
        return {"providers": [own], "models": [model("gpt", "own/a")], "retry": NO_PAUSE, **more}


@asynccontextmanager
async def followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Secured, Running]]:
    """A provider over TLS behind a proxy that follows its files."""
    monkeypatch.setattr(service, "POLL_SECONDS", 0.01)
    async with Secured.served(folder) as secured, running(secured.llm()) as proxy, asyncio.TaskGroup() as tasks:
        following = tasks.create_task(proxy.models.run())
        yield secured, proxy
        following.cancel()


async def until_told(caplog: pytest.LogCaptureFixture, message: str, times: int = 1) -> None:
    async with asyncio.timeout(30):
        while [record.message for record in caplog.records].count(message) < times:
            await asyncio.sleep(0.01)


def test_a_rotated_authority_is_taken_up_without_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scene() -> None:
        async with followed(tmp_path, monkeypatch) as (secured, proxy):
            assert (await proxy.post(CHAT, ASK))[0] == 200
            secured.trusted(secured.rotated())
            await until_told(caplog, TAKEN)
            assert (await proxy.post(CHAT, ASK))[0] == 200
            assert {request["headers"]["authorization"] for request in secured.mock.requests} == {f"Bearer {KEY}"}
            await proxy.models.tidy()
            assert proxy.models._old == []
            secured.trusted(secured.rotated())
            await until_told(caplog, TAKEN, 2)
            assert (await proxy.post(CHAT, ASK))[0] == 200

    asyncio.run(scene())


def test_a_call_under_way_ends_by_the_authority_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scene() -> None:
        async with followed(tmp_path, monkeypatch) as (secured, proxy):
            secured.mock.behaviour = {"mode": "slow", "delayMilliseconds": 500, "times": 1}
            call = asyncio.create_task(proxy.post(CHAT, ASK))
            while not secured.mock.requests:
                await asyncio.sleep(0.005)
            secured.trusted(secured.rotated())
            await until_told(caplog, TAKEN)
            await proxy.models.tidy()
            assert (await proxy.post(CHAT, ASK))[0] == 200
            assert (await call)[0] == 200
            assert len(secured.mock.requests) == 2

    asyncio.run(scene())


def test_the_bound_of_calls_holds_over_a_rotation(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Secured.served(tmp_path) as secured, running(secured.llm()) as proxy:
            before = proxy.models._plan.providers["own"]
            proxy.models._connect_anew("own")
            after = proxy.models._plan.providers["own"]
            assert after is not before
            assert (after.slots, after.key) == (before.slots, before.key)

    asyncio.run(scene())


def test_a_file_that_holds_no_authority_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scene() -> None:
        async with followed(tmp_path, monkeypatch) as (secured, proxy):
            good = secured.ca_file.read_bytes()
            secured.trusted(b"nothing of the kind")
            await until_told(caplog, REFUSED)
            assert (await proxy.post(CHAT, ASK))[0] == 200
            proxy.models.configure(configured(secured.llm(budget={"tokens": 10**6})))
            assert (await proxy.post(CHAT, ASK))[0] == 200
            secured.ca_file.unlink()
            secured.trusted(good)
            await until_told(caplog, TAKEN)
            assert (await proxy.post(CHAT, ASK))[0] == 200
            assert [record.message for record in caplog.records].count(REFUSED) == 1

    asyncio.run(scene())


def test_a_file_that_was_written_again_with_the_same_authority_changes_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Secured.served(tmp_path) as secured, running(secured.llm()) as proxy:
            authorities = proxy.models._plan.providers["own"].authorities
            secured.trusted(secured.ca_file.read_bytes())
            assert not authorities.read()
            secured.trusted(secured.rotated())
            assert [authorities.read(), authorities.read()] == [True, False]

    asyncio.run(scene())
