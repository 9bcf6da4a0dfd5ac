"""`zerotouch run`: from documents to processes."""

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import rich_click as click

from zerotouch.documents import Document
from zerotouch.errors import CommandError
from zerotouch.local import agent, code, configuration, ports, programs, session, signals, variables
from zerotouch.local.configuration import Local
from zerotouch.local.lines import is_worth_telling
from zerotouch.local.places import Places
from zerotouch.local.ports import HOST, Ports
from zerotouch.local.session import Step, Telling
from zerotouch.local.summary import Summary
from zerotouch.local.workload import Workload, workload
from zerotouch_contract import environment as names
from zerotouch_contract import paths, routes


@dataclass(frozen=True, slots=True)
class Options:
    """What the user said beside the claim."""

    command: Sequence[str]
    mocks_models: bool
    port: int | None
    code: str | None
    is_verbose: bool


def run(documents: Sequence[Document], options: Options) -> int:
    """Runs the one agent among the documents; returns the exit code.

    Raises:
        CommandError: It cannot be run here, or something that it needs ended.
    """
    found = workload(documents)
    signals.leave_in_order()
    with ExitStack() as held:
        try:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix=f"zerotouch-{found.name}-")))
            turn = held.enter_context(ports.take_turn())
            chosen = ports.choose(options.port, found.configuration["agent"]["port"])
            helpers, step, tell = _prepared(found, options, chosen, folder)
        except OSError as error:
            raise CommandError(f"TMPDIR: cannot be written to ({error.strerror}); make room there, or set it to another folder") from None

        def started() -> None:
            turn.close()
            click.echo(tell.started(), err=True)

        telling = Telling(started, lambda: click.echo(tell.ready(), err=True), (lambda _: True) if options.is_verbose else is_worth_telling)
        return asyncio.run(session.run(helpers, step, ops_port=chosen.ops, folder=folder, telling=telling))


def _prepared(found: Workload, options: Options, chosen: Ports, folder: Path) -> tuple[list[Step], Step, Summary]:
    """The helpers, the agent, and what is told of them; their files are in the folder."""
    files = code.folder(found.code, options.code, folder / "code", is_started=not options.command)
    places = Places(programs.wrapper(), files, chosen)
    token = agent.token()
    container = variables.of_container(found, os.environ, places, token)
    command = agent.command(found, options.command, places, container)
    local = configuration.localise(
        found.configuration, ports=chosen, environment=os.environ, folder=_made(folder / "keys"), mocks_models=options.mocks_models
    )
    helpers = _helpers(found, local, chosen, folder, {**variables.without_keys(found, os.environ), names.AGENT_TOKEN: token})
    step = Step("agent", command, variables.of_agent(found, os.environ, container))
    return helpers, step, Summary(found, local, chosen, command, options.mocks_models)


def _helpers(found: Workload, local: Local, chosen: Ports, folder: Path, environment: Mapping[str, str]) -> list[Step]:
    """What starts before the agent."""
    file = _made(folder / "config") / paths.SIDECAR_CONFIG_KEY
    file.write_text(json.dumps(local.content, indent=2))
    steps = []
    if local.has_nats:
        store = str(_made(folder / "nats"))
        command = [programs.nats_server(), "--jetstream", "--store_dir", store, "--addr", HOST, "--port", str(chosen.nats)]
        steps.append(Step("nats", command, environment, chosen.nats))
    command = [*programs.sidecar(), "--config", str(file), "--state", str(_made(folder / "state")), *_listeners(chosen)]
    return [*steps, Step("sidecar", command, {**environment, names.POD_NAME: f"{found.name}-local"}, chosen.ops, routes.HEALTHZ)]


def _listeners(chosen: Ports) -> list[str]:
    flags = {"--host": HOST, "--ingress-port": chosen.ingress, "--local-port": chosen.local_api, "--ops-port": chosen.ops}
    return [str(word) for pair in flags.items() for word in pair]


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder
