"""sidecar.json: what holds, what does not and what is said of it, and its reading again."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.sidecar.loops import run
from tests.sidecar.processes import minimal, write
from zerotouch_sidecar.config.load import Loaded, load, parse
from zerotouch_sidecar.config.pod import Pod, read_pod
from zerotouch_sidecar.config.schema import schema
from zerotouch_sidecar.config.watch import Watch
from zerotouch_sidecar.errors import ConfigurationError, StartError
from zerotouch_sidecar.metrics import Registry

PROVIDER = {"name": "openai", "type": "openai", "keyFile": "/var/run/zerotouch/providers/openai/api-key"}
MODEL = {"alias": "default", "targets": [{"provider": "openai", "model": "gpt-5-mini"}]}

FULL: dict[str, Any] = {
    "schemaVersion": 1,
    "agent": {
        "name": "researcher",
        "namespace": "ns",
        "port": 8080,
        "readinessPath": "/ready",
        "card": {"name": "r", "description": "d", "version": "1.0.0", "url": "http://researcher.ns.svc.cluster.local:8080", "skills": []},
    },
    "wrapper": {"mode": "initContainer", "failurePolicy": "Fail"},
    "ingress": {"maxRequestBytes": 0, "maxHeaderBytes": 65536, "idleTimeoutSeconds": 600, "maxConnections": 1024, "drainSeconds": 30},
    "llm": {
        "providers": [
            {
                **PROVIDER,
                "baseUrl": "https://api.openai.com/v1",
                "caFile": "",
                "headers": {"x": "y"},
                "sendTraceContext": False,
                "timeoutSeconds": 120,
                "concurrency": 0,
                "speaks": [],
            }
        ],
        "models": [
            {
                "alias": "default",
                "targets": [{"provider": "openai", "model": "gpt-5-mini", "weight": 1}],
                "fallbacks": ["cheap"],
                "price": {
                    "inputUsdPerMillionTokens": "0.25",
                    "outputUsdPerMillionTokens": "2.00",
                    "cachedUsdPerMillionTokens": "0.025",
                    "cacheWriteUsdPerMillionTokens": "0.3125",
                    "longCacheWriteUsdPerMillionTokens": "0.50",
                },
            },
            {"alias": "cheap", "targets": [{"provider": "openai", "model": "gpt-5-nano"}], "fallbacks": [], "price": None},
        ],
        "defaultModel": "default",
        "retry": {"attempts": 2, "initialBackoffMilliseconds": 200, "maxBackoffMilliseconds": 5000},
        "circuitBreaker": {"failures": 5, "windowSeconds": 30, "cooldownSeconds": 30},
        "rateLimit": {"requestsPerMinute": 0, "tokensPerMinute": 0},
        "budget": {"tokens": 1000, "usd": "0", "period": "day", "action": "degrade", "degradeTo": "cheap"},
    },
    "nats": {"url": "nats://nats.nats.svc:4222", "credentialsFile": "", "caFile": "", "replicas": 1},
    "observability": {"logLevel": "info", "tracing": {"endpoint": "", "sampleRatio": 0.0}},
}


@dataclass(frozen=True)
class Case:
    said: str
    document: dict[str, Any]
    in_schema: bool = False
    """Whether the schema too refuses it: what one field alone can say."""


def llm(**more: Any) -> dict[str, Any]:
    return minimal(8080, llm={"providers": [PROVIDER], "models": [MODEL], **more})


def model(**more: Any) -> dict[str, Any]:
    return llm(models=[{**MODEL, **more}])


REFUSED = [
    Case("schemaVersion: Invalid enum value 2", {**minimal(8080), "schemaVersion": 2}, in_schema=True),
    Case("agent.port: Expected `int` <= 65535", minimal(70000), in_schema=True),
    Case("agent.readinessPath: Expected `str` matching", {**minimal(1), "agent": {"name": "a", "readinessPath": "ready"}}, in_schema=True),
    Case("ingress.maxConnection: is not a field", minimal(1, ingress={"maxConnection": 3}), in_schema=True),
    Case("llm.providers[0].key: is not a field", llm(providers=[{**PROVIDER, "key": "sk-1"}]), in_schema=True),
    Case("llm.models[0].targets: Expected `array` of length >= 1", model(targets=[]), in_schema=True),
    Case(
        "llm.models[0].targets[0].weight: Expected `int` >= 0",
        model(targets=[{"provider": "openai", "model": "m", "weight": -1}]),
        in_schema=True,
    ),
    Case("llm.budget.usd: Expected `str` matching", llm(budget={"usd": "-1"}), in_schema=True),
    Case("observability.logLevel: Invalid enum value 'loud'", minimal(1, observability={"logLevel": "loud"}), in_schema=True),
    Case("wrapper.failurePolicy: is Fail, and mode is none", minimal(1, wrapper={"mode": "none", "failurePolicy": "Fail"})),
    Case("observability.tracing.endpoint: is no http or https URL", minimal(1, observability={"tracing": {"endpoint": "collector:4318"}})),
    Case("observability.tracing.endpoint: is no http or https URL", minimal(1, observability={"tracing": {"endpoint": "http://otel:a"}})),
    Case("llm.providers[0].baseUrl: is no http or https URL", llm(providers=[{**PROVIDER, "baseUrl": "https://[::1"}])),
    Case("llm.providers[0].baseUrl: is no http or https URL", llm(providers=[{**PROVIDER, "baseUrl": "api.openai.com"}])),
    Case("llm.providers[0].headers.'a b': is no HTTP header", llm(providers=[{**PROVIDER, "headers": {"a b": "c"}}])),
    Case("llm.providers[0].headers.'a': is no HTTP header", llm(providers=[{**PROVIDER, "headers": {"a": "b\r\nc: d"}}])),
    Case("llm.providers[1].name: openai is there twice", llm(providers=[PROVIDER, PROVIDER])),
    Case("llm.models[1].alias: default is there twice", llm(models=[MODEL, MODEL])),
    Case("llm.models[0].targets[0].provider: no provider other; known: openai", model(targets=[{"provider": "other", "model": "m"}])),
    Case("llm.models[0].fallbacks[0]: no alias cheap; known: default", model(fallbacks=["cheap"])),
    Case("llm.models[0].fallbacks[0]: default falls back to itself", model(fallbacks=["default"])),
    Case("llm.defaultModel: no alias best; known: default", llm(defaultModel="best")),
    Case("llm.budget: bounds neither tokens nor usd", llm(budget={"tokens": 0})),
    Case("llm.budget.degradeTo: no alias (empty); known: default", llm(budget={"tokens": 1, "action": "degrade"})),
    Case("llm.budget.degradeTo: has no meaning with action deny", llm(budget={"tokens": 1, "degradeTo": "default"})),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.said)
def test_what_does_not_hold_is_told_with_its_field(case: Case) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(json.dumps(case.document).encode())
    assert str(caught.value).startswith(case.said)
    assert (jsonschema.Draft202012Validator(schema()).is_valid(case.document)) is not case.in_schema


@pytest.mark.parametrize("document", [minimal(8080), FULL, llm()], ids=["minimal", "full", "models"])
def test_what_holds_is_taken_by_the_published_schema_too(document: dict[str, Any]) -> None:
    parse(json.dumps(document).encode())
    jsonschema.Draft202012Validator(schema()).validate(document)


def test_every_field_is_set_in_the_full_example_and_has_bounds_in_the_schema() -> None:
    def check(definition: dict[str, Any], value: Any, path: str) -> None:
        if "$ref" in definition:
            definition = published["$defs"][definition["$ref"].rpartition("/")[2]]
        for choice in definition.get("anyOf", []):
            if choice != {"type": "null"}:
                check(choice, value, path)
        if definition.get("type") == "object" and "properties" in definition:
            assert definition["additionalProperties"] is False, path
            assert set(definition["properties"]) == set(value), path
            for name, inner in definition["properties"].items():
                check(inner, value[name], f"{path}.{name}")
        elif definition.get("type") == "array" and "$ref" in definition.get("items", {}):
            assert "maxItems" in definition, path
            check(definition["items"], value[0], path)
        elif definition.get("type") in ("integer", "number"):
            assert "maximum" in definition, path
        elif definition.get("type") == "string":
            assert "maxLength" in definition or "enum" in definition, path

    published = schema()
    check(published, FULL, "")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"schemaVersion":1,"schemaVersion":1}'])
def test_no_bytes_are_read_as_something_else(data: bytes) -> None:
    with pytest.raises(ConfigurationError):
        parse(data)


class Applied:
    """What a sidecar was told to use."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.error: BaseException | None = None

    async def __call__(self, loaded: Loaded) -> None:
        if self.error is not None:
            raise self.error
        self.names.append(loaded.configuration.agent.name)


def named(name: str) -> dict[str, Any]:
    return {"schemaVersion": 1, "agent": {"name": name}}


def test_a_change_is_taken_once_and_a_bad_one_leaves_the_last_good_one(tmp_path: Path) -> None:
    path, applied, registry = tmp_path / "sidecar.json", Applied(), Registry()
    write(path, named("a"))

    async def work() -> None:
        watch = Watch(path, load(path), applied, registry)
        await watch.look()
        write(path, named("b"))
        for _ in range(3):
            await watch.look()
        write(path, "{")
        for _ in range(3):
            await watch.look()
        assert watch.error.startswith("sidecar.json: is not JSON")
        path.unlink()
        await watch.look()
        assert "cannot be read" in watch.error
        write(path, named("b"))
        await watch.look()
        assert watch.error == ""
        assert watch.current.configuration.agent.name == "b"

    run(work())
    assert applied.names == ["b", "b"]
    assert 'agent_config_reloads_total{result="taken"} 2' in registry.text()
    assert 'agent_config_reloads_total{result="refused"} 2' in registry.text()


@pytest.mark.parametrize(
    "error", [ConfigurationError("llm", "cannot be made"), RuntimeError("a plugin's mistake"), ImportError("no module"), SystemExit(1)]
)
def test_whatever_goes_wrong_in_taking_a_change_the_sidecar_goes_on(tmp_path: Path, error: BaseException) -> None:
    path, applied, registry = tmp_path / "sidecar.json", Applied(), Registry()
    write(path, named("a"))

    async def work() -> None:
        watch = Watch(path, load(path), applied, registry, look_seconds=0.001)
        looking = asyncio.ensure_future(watch.run())
        applied.error = error
        write(path, named("b"))
        while not watch.error:
            await asyncio.sleep(0.001)
        assert watch.current.configuration.agent.name == "a"
        applied.error = None
        write(path, named("c"))
        while applied.names != ["c"]:
            await asyncio.sleep(0.001)
        looking.cancel()

    run(work())
    assert "agent_config_valid 1" in registry.text().splitlines()


def test_a_link_that_is_swapped_as_the_kubelet_does_is_followed(tmp_path: Path) -> None:
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        write(tmp_path / version / "sidecar.json", named(version))
    (tmp_path / "..data").symlink_to("1")
    (tmp_path / "sidecar.json").symlink_to("..data/sidecar.json")
    applied = Applied()

    async def work() -> None:
        watch = Watch(tmp_path / "sidecar.json", load(tmp_path / "sidecar.json"), applied, Registry())
        (tmp_path / "..new").symlink_to("2")
        (tmp_path / "..new").replace(tmp_path / "..data")
        await watch.look()

    run(work())
    assert applied.names == ["2"]


MADE_WITH = {"POD_AGENT_PORT": "8080", "POD_READINESS_PATH": "", "POD_WRAPPER_FAILURE_POLICY": "Ignore"}


def test_a_pod_keeps_the_port_and_probe_that_it_was_made_with(tmp_path: Path) -> None:
    path, applied = tmp_path / "sidecar.json", Applied()
    write(path, named("a"))

    async def work() -> Loaded:
        watch = Watch(path, load(path, read_pod(MADE_WITH)), applied, Registry())
        later = {**minimal(9000, wrapper={"failurePolicy": "Fail"}), "agent": {"name": "b", "port": 9000, "readinessPath": "/ready"}}
        write(path, later)
        await watch.look()
        return watch.current

    configuration = run(work()).configuration
    assert applied.names == ["b"]
    agent, wrapper = configuration.agent, configuration.wrapper
    assert (agent.port, agent.readiness_path, wrapper.failure_policy) == (8080, "", "Ignore")


def test_a_pod_whose_template_says_nothing_is_as_the_file_says() -> None:
    assert read_pod({"POD_NAME": "a-1"}) == Pod()
    assert Pod().of(parse(json.dumps(FULL).encode())) == parse(json.dumps(FULL).encode())


def test_a_port_that_is_none_stops_the_start() -> None:
    with pytest.raises(StartError, match="POD_AGENT_PORT"):
        read_pod({"POD_AGENT_PORT": "http"})
