"""docs/sidecar-api.md tells the truth."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sidecar.loops import LOOPBACK, run, serving
from tests.sidecar.processes import minimal
from zerotouch_sidecar.config.load import Loaded, parse
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.options import parse_options
from zerotouch_sidecar.plugins.hooks import Exchange, Hooks, Outcome
from zerotouch_sidecar.sidecar import Sidecar

TEXT: Final = (Path(__file__).parents[2] / "docs/sidecar-api.md").read_text()
EXAMPLES: Final = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def example(name: str) -> Any:
    """What an example of the page defines."""
    (source,) = [source for source in EXAMPLES if name in source]
    defined: dict[str, Any] = {}
    exec(compile(source, "docs/sidecar-api.md", "exec"), defined)
    return defined[name]


def whole() -> Sidecar:
    options = parse_options(["--host", LOOPBACK], {"AGENT_TOKEN": "t"})
    return Sidecar(options, Loaded(parse(json.dumps(minimal(8080)).encode()), "digest"))


def test_the_page_lists_every_metric_and_its_labels() -> None:
    async def work() -> dict[str, tuple[str, ...]]:
        return {name: metric.labels for name, metric in whole().registry._metrics.items()}

    real = run(work())
    section = TEXT.partition("## Ops")[2].partition("## Configuration")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `") and not line.startswith("| `GET")]
    told = {name: row[2] for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert told.keys() == real.keys()
    shared = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "agent_model_alias")
    for name, labels in real.items():
        said = told[name] + (" ".join(f"`{each}`" for each in shared) if "the same four" in told[name] else "")
        assert all(f"`{label}`" in said for label in labels), name


def test_the_pages_hook_does_what_it_says() -> None:
    hook = example("Tenant")()

    async def work() -> None:
        hooks = Hooks([("tenant", hook)], Registry())
        refused = await hooks.before(Exchange("ingress", "1", "GET", "/", "127.0.0.1", []))
        assert refused is not None
        assert refused.status == 403
        assert await hooks.before(Exchange("ingress", "1", "GET", "/", "127.0.0.1", [(b"x-tenant", b"a")])) is None
        assert await hooks.before(Exchange("models", "1", "POST", "/", "127.0.0.1", [])) is None
        await hooks.after(Exchange("models", "1", "POST", "/", "127.0.0.1", []), Outcome(200, True, 0.1))

    run(work())
    assert hook.answered == 1


def test_the_pages_provider_calls_its_service_as_it_says() -> None:
    from zerotouch_sidecar.http.limits import Timeouts
    from zerotouch_sidecar.http.upstream import Upstream
    from zerotouch_sidecar.models.call import read_call
    from zerotouch_sidecar.models.providers.base import Setup
    from zerotouch_sidecar.models.surfaces import CHAT

    seen: list[tuple[bytes, bytes | None]] = []

    async def service(request: Request, responder: Responder) -> None:
        seen.append((request.target, request.header(b"api-key")))
        await responder.send(200, [], b"{}")

    async def work() -> None:
        async with serving(service) as server:
            url = f"http://{LOOPBACK}:{server.port}"
            provider = example("my_cloud")(Setup("mine", url, {}, Timeouts(), lambda: "secret", Upstream))
            answer = await provider.send(read_call(CHAT, [], b'{"model": "a", "messages": []}'), "m")
            await answer.read(100)
            answer.close()
            await provider.close()

    run(work())
    assert seen == [(b"/openai/chat/completions?api-version=2025-01-01", b"secret")]


@pytest.mark.parametrize("option", ["--config", "--state", "--host", "--ingress-port", "--local-port", "--ops-port"])
def test_the_page_names_every_option(option: str) -> None:
    assert option in TEXT
