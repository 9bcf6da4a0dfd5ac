"""What docs/operations.md says of one server that becomes three is what real servers do: it deletes the streams that it has."""

from pathlib import Path

from tests.bootstrap.test_nats_accounts import DELETES, GUIDE, eventually, running
from zerotouch_sidecar.models.budget.nats_store import BUCKET


def test_a_server_that_becomes_one_of_three_deletes_its_streams(tmp_path: Path) -> None:
    with running(tmp_path, 1) as (alone,):
        assert alone.streams(new="TASKS") == ["TASKS"]
    stored = tmp_path / "nats-0/jetstream/$G/streams"
    assert [stream.name for stream in stored.iterdir()] == ["TASKS"]
    with running(tmp_path, 3) as servers:
        assert servers[0].streams() == []
        eventually(lambda: not list(stored.iterdir()))
    assert DELETES in (tmp_path / "nats-0.log").read_text()
    assert DELETES in GUIDE.partition("## NATS")[2].partition("### ")[0]


def test_the_guide_names_the_stream_that_agents_make_again() -> None:
    assert f"`KV_{BUCKET}`" in GUIDE
