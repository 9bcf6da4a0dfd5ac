"""Keys: where they go, where they never go, and how they change."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.mock_provider import Mock
from tests.sidecar.models.support import NO_PAUSE, TOKEN, Running, both_surfaces, mocks, model, provider, running
from tests.sidecar.models.test_chain import HELLO
from zerotouch_sidecar.models import service
from zerotouch_sidecar.models.forwarding import to_agent, to_provider
from zerotouch_sidecar.models.keys import KeyFile

KEY = "sk-canary-0123456789"
CHAT = "/openai/v1/chat/completions"
MESSAGES = "/anthropic/v1/messages"
ASK: Any = {"model": "gpt", "max_tokens": 8, "messages": HELLO}


class Secret:
    """A folder as the kubelet mounts a Secret: links through `..data`, which is swapped as a whole."""

    def __init__(self, folder: Path, key: str) -> None:
        self.file = folder / "api-key"
        self._folder = folder
        self._version = 0
        folder.mkdir()
        self.write(key)
        self.file.symlink_to("..data/api-key")

    def write(self, key: str) -> None:
        self._version += 1
        version = self._folder / f"..version-{self._version}"
        version.mkdir()
        (version / "api-key").write_text(key + "\n")
        new = self._folder / "..data_tmp"
        new.symlink_to(version.name)
        os.replace(new, self._folder / "..data")


def keyed(mock: Mock, secret: Secret, **more: Any) -> Any:
    llm = both_surfaces(mock, **more)
    for each in llm["providers"]:
        each["keyFile"] = str(secret.file)
    return llm


def test_each_kind_of_provider_gets_the_key_where_it_wants_it_and_the_agents_own_stays(tmp_path: Path) -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(keyed(mock, Secret(tmp_path / "s", KEY))) as proxy:
            own = {
                "x_api_key": TOKEN,
                "cookie": "a=b",
                "openai_organization": "org-other",
                "openai_project": "proj-other",
                "anthropic_workspace_id": "wrkspc-other",
                "x_agent_request_id": "r",
                "x_custom": "kept",
                "te": "x",
            }
            assert (await proxy.post(CHAT, ASK, **own))[0] == 200
            assert (await proxy.post(MESSAGES, {**ASK, "model": "claude"}, **own))[0] == 200
            openai, anthropic = (request["headers"] for request in mock.requests)
            assert (openai["authorization"], "x-api-key" in openai) == (f"Bearer {KEY}", False)
            assert (anthropic["x-api-key"], "authorization" in anthropic) == (KEY, False)
            assert anthropic["anthropic-version"] == "2023-06-01"
            for headers in (openai, anthropic):
                assert TOKEN not in str(headers)
                assert headers["x-custom"] == "kept"
                assert "other" not in str(headers)
                assert not {"cookie", "x-agent-request-id", "te"} & headers.keys()
                assert headers["accept-encoding"] == "identity"

    asyncio.run(scene())


TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OF_THE_REQUEST = {
    "traceparent": TRACE,
    "tracestate": "vendor=1",
    "baggage": "user.name=ada",
    "b3": "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
    "x-b3-traceid": "80f198ee56343ba864fe8b2a57d3eff7",
    "x-datadog-trace-id": "1",
    "sentry-trace": "771a43a4192642f0b136d5159a501700-1",
    "x-agent-tenant": "acme",
    "x-forwarded-for": "192.0.2.7",
    "x-forwarded-host": "agents.example",
    "forwarded": "for=192.0.2.7",
    "via": "1.1 gateway",
}


@pytest.mark.parametrize("sends_trace", [False, True])
def test_a_provider_learns_nothing_of_the_request_that_the_agent_works_on_but_a_trace_where_that_is_asked_for(sends_trace: bool) -> None:
    async def scene() -> None:
        async with mocks() as [mock]:
            llm = both_surfaces(mock)
            for each in llm["providers"]:
                each["sendTraceContext"] = sends_trace
            async with running(llm) as proxy:
                for path, name in ((CHAT, "gpt"), (MESSAGES, "claude")):
                    assert (await proxy.post(path, {**ASK, "model": name}, **OF_THE_REQUEST))[0] == 200
                    told = mock.requests[-1]["headers"]
                    wanted = {"traceparent", "tracestate"} if sends_trace else set()
                    assert OF_THE_REQUEST.keys() & told.keys() == wanted
                    assert "ada" not in str(told)
                    assert told.get("traceparent", TRACE) == TRACE

    asyncio.run(scene())


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500])
def test_a_key_is_nowhere_in_answers_metrics_information_and_logs(tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def scene() -> None:
        async with mocks() as [mock], running(keyed(mock, Secret(tmp_path / "s", KEY))) as proxy:
            if status == 401:  # providers tell which key they refuse
                mock.behaviour = {"mode": "fail", "status": 401}
            elif status != 200:
                mock.behaviour = {"mode": "fail", "status": status}
            told = [await proxy.post(path, {**ASK, "model": name}) for path, name in ((CHAT, "gpt"), (MESSAGES, "claude"))]
            assert KEY in str(mock.requests), "the search would find it"
            assert KEY not in str(told) + proxy.registry.text() + str(proxy.models.info()) + caplog.text + repr(proxy.models._plan)
            assert {answer[0] for answer in told} == {502 if status == 401 else status}

    asyncio.run(scene())


def test_headers_of_one_connection_do_not_cross() -> None:
    sent = [(b"connection", b"close, X-Hop"), (b"x-hop", b"1"), (b"content-length", b"3"), (b"x-kept", b"1")]
    assert to_provider(sent) == to_agent(sent) == [(b"x-kept", b"1")]
    assert to_agent([(b"set-cookie", b"a"), (b"x-should-retry", b"true"), (b"x-agent-provider", b"b")]) == []


def test_a_new_key_is_used_without_restart_and_at_once_when_the_old_one_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        secret = Secret(tmp_path / "s", KEY)
        async with mocks() as [mock], running(keyed(mock, secret)) as proxy:
            assert (await proxy.post(CHAT, ASK))[0] == 200
            secret.write("sk-new")
            mock.behaviour = {"mode": "fail", "status": 401, "key": KEY}
            assert (await proxy.post(CHAT, ASK))[0] == 200
            keys = [request["headers"]["authorization"].removeprefix("Bearer ") for request in mock.requests]
            assert keys == [KEY, KEY, "sk-new"]

    asyncio.run(scene())


def test_calls_at_once_that_the_old_key_is_refused_all_use_the_new_one(tmp_path: Path) -> None:
    async def scene() -> None:
        secret = Secret(tmp_path / "s", KEY)
        async with mocks() as [mock], running(keyed(mock, secret)) as proxy:
            secret.write("sk-new")
            mock.behaviour = {"mode": "fail", "status": 401, "key": KEY, "delayMilliseconds": 50}
            answers = await asyncio.gather(*(proxy.post(CHAT, ASK) for _ in range(4)))
            assert [status for status, _, _ in answers] == [200] * 4

    asyncio.run(scene())


def test_a_key_file_that_is_away_for_a_moment_leaves_the_key_as_it_was(tmp_path: Path) -> None:
    secret = Secret(tmp_path / "s", KEY)
    key = KeyFile(str(secret.file))
    key.read()
    assert key.value == KEY
    secret.file.unlink()
    key.read()
    assert key.value == KEY
    secret.file.symlink_to("..data/api-key")
    secret.write("sk-new")
    key.read()
    assert key.value == "sk-new"
    assert "sk-new" not in repr(key)


@pytest.mark.parametrize("content", [None, "", " \n", "sk-ключ"], ids=["no file", "empty", "blank", "no ASCII"])
def test_a_missing_key_is_told_by_provider_until_it_is_there(
    tmp_path: Path, content: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(service, "POLL_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    file = tmp_path / "key"
    if content is not None:
        file.write_text(content)

    def told() -> list[str]:
        return [record.message for record in caplog.records if "provider" in record.message]

    async def until_told(proxy: Running, times: int, missing: float) -> None:
        async with asyncio.timeout(30):
            while len(told()) < times:
                await asyncio.sleep(0.01)
        assert proxy.metric("agent_model_key_missing", 'gen_ai_provider_name="openai"') == missing

    async def scene() -> None:
        async with mocks() as [mock]:
            keyed = provider("openai", "openai", mock.url + "/v1", keyFile=str(file))
            open_ = provider("open", "openai", mock.url + "/v1")
            llm = {"providers": [keyed, open_], "models": [model("gpt", "openai/a")], "retry": NO_PAUSE}
            async with running(llm) as proxy:
                following = asyncio.create_task(proxy.models.run())
                await until_told(proxy, 1, missing=1)
                status, _, body = await proxy.post(CHAT, ASK)
                assert (status, body["error"]["code"], mock.requests) == (502, "provider_refused_key", [])
                assert body["error"]["message"].startswith("spec.llm.providers: openai has no key, because its Secret lacks the key")
                assert "put the key there" in body["error"]["message"]
                info: Any = proxy.models.info()
                assert info["keys"] == {"openai": "missing"}
                assert 'gen_ai_provider_name="open"' not in proxy.registry.text()
                file.with_suffix(".new").write_text(KEY)
                file.with_suffix(".new").replace(file)
                await until_told(proxy, 2, missing=0)
                assert (await proxy.post(CHAT, ASK))[0] == 200
                file.with_suffix(".new").write_bytes(b"sk-\xff")  # which is no text
                file.with_suffix(".new").replace(file)
                await until_told(proxy, 3, missing=1)
                following.cancel()
        lacks, has = "a provider has no key: its Secret lacks it, or holds nothing usable", "a provider has its key"
        assert told() == [lacks, has, lacks]

    asyncio.run(scene())


@pytest.mark.parametrize("authorization", ["Bearer other", "Bearer ", "Basic x", "", TOKEN])
def test_who_does_not_show_the_pods_token_is_refused(authorization: str) -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            openai = await proxy.post(CHAT, ASK, authorization=authorization)
            anthropic = await proxy.post(MESSAGES, ASK, authorization=authorization)
            assert (openai[0], openai[2]["error"]["code"]) == (401, "invalid_api_key")
            assert (anthropic[0], anthropic[2]["error"]["type"]) == (401, "authentication_error")
            assert mock.requests == []
            assert (await proxy.post(CHAT, ASK, authorization=authorization, x_api_key=TOKEN))[0] == 200

    asyncio.run(scene())


@pytest.mark.parametrize(
    "body, param",
    [
        (b"", None),
        (b"[]", None),
        (b"{", None),
        (b'{"messages": []}', "model"),
        (b'{"model": 7}', "model"),
        (b'{"model": "gpt", "stream": "yes"}', "stream"),
        (b'{"model": "gpt", "max_tokens": "many"}', "max_tokens"),
        (b'{"model": "gpt", "stream_options": 1}', "stream_options"),
        (b'{"model": "gpt", "messages": ' + b"[" * 100_000, None),
        (b"\xff\xfe", None),
    ],
)
def test_a_body_that_is_none_is_told_and_not_sent(body: bytes, param: str | None) -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            status, _, told = await proxy.post(CHAT, body)
            assert (status, told["error"]["param"], mock.requests) == (400, param, [])

    asyncio.run(scene())


def test_a_response_in_the_background_is_refused_as_nobody_would_count_it() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            ask = {"model": "gpt", "input": "hello"}
            status, _, told = await proxy.post("/openai/v1/responses", {**ask, "background": True})
            assert (status, told["error"]["param"], mock.requests) == (400, "background", [])
            assert (await proxy.post("/openai/v1/responses", {**ask, "background": False}))[0] == 200

    asyncio.run(scene())


def test_what_the_sidecar_does_not_know_of_a_request_reaches_the_provider_as_it_was() -> None:
    async def scene() -> None:
        async with mocks() as [mock], running(both_surfaces(mock)) as proxy:
            odd = {**ASK, "metadata": {"model": "gpt", "π": [1.0, 1e-7, None]}, "seed": 2**60}
            assert (await proxy.post(CHAT, msgspec.json.encode(odd)))[0] == 200
            assert mock.requests[0]["body"] == {**odd, "model": "real-gpt"}

    asyncio.run(scene())
