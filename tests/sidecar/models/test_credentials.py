"""A budget is shared through NATS servers that ask who one is, as nsc sets them up."""

import asyncio
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from tests.sidecar.loops import run
from tests.sidecar.models.nats import Nats
from zerotouch_sidecar.models.amounts import NOTHING
from zerotouch_sidecar.models.budget.credentials import Credentials, NoCredentialsError
from zerotouch_sidecar.models.budget.ledger import Change, Ledger
from zerotouch_sidecar.models.budget.nats_store import NatsPlace, NatsStore
from zerotouch_sidecar.models.budget.record import Record
from zerotouch_sidecar.models.budget.store import StoreAwayError

RECORD = Record("id", "period")
ACCOUNTS = Path(__file__).parents[3] / "examples/consumer-repo/tests/integration/accounts.py"


def accounts() -> ModuleType:
    """The example's operator and accounts."""
    spec = importlib.util.spec_from_file_location("example_accounts", ACCOUNTS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def keep(_: Record | None) -> Change:
    return Change(RECORD, Ledger(limit=NOTHING, period="period"))


def test_a_server_with_accounts_takes_the_credentials_and_nobody_without(tmp_path: Path) -> None:
    operator = accounts().Operator()
    credentials = operator.account("team").credentials(tmp_path / "nats.creds")
    configuration = tmp_path / "server.json"
    configuration.write_text(json.dumps(operator.configuration()))

    async def work() -> None:
        server = Nats(tmp_path)
        await server.start(configuration=configuration)
        try:
            stranger, store = NatsStore(NatsPlace(server.url), "key"), NatsStore(NatsPlace(server.url, str(credentials)), "key")
            with pytest.raises((StoreAwayError, TimeoutError)):
                await asyncio.wait_for(stranger.change(keep), 0.3)
            assert (await changed(store)).record == RECORD
            await stranger.close()
            await store.close()
        finally:
            await server.stop()

    run(work())


async def changed(store: NatsStore) -> Change:
    """On a busy machine the first attempts may take longer than the store waits."""
    while True:
        try:
            return await store.change(keep)
        except StoreAwayError:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("content", ["", "-----BEGIN NATS USER JWT-----\n", None])
def test_a_file_that_holds_none_is_an_error(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "nats.creds").write_text(content)
    with pytest.raises((NoCredentialsError, FileNotFoundError)):  # the one kind of error after which the library goes on trying
        Credentials(str(tmp_path / "nats.creds")).token()
