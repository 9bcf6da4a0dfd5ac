"""The agent's process: its command, and the environment that its container would have."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zerotouch.errors import CommandError
from zerotouch.local import keys
from zerotouch.local.ports import HOST, Ports
from zerotouch.local.workload import Workload
from zerotouch_contract import paths, ports

ADDS_TO: Final = {"PYTHONPATH": ":", "NODE_OPTIONS": " "}
"""Variables that go before the caller's own: the wrapper's, and where the agent finds its modules."""


@dataclass(frozen=True, slots=True)
class Places:
    """What lies elsewhere here than in the pod."""

    wrapper: Path
    code: Path | None
    ports: Ports

    def moved(self, text: str) -> str:
        """A value of the pod, with this machine's paths and ports."""
        text = text.replace(f"{HOST}:{ports.LOCAL_API}", f"{HOST}:{self.ports.local_api}")
        for pod, here in ((paths.WRAPPER, self.wrapper), (paths.AGENT_CODE, self.code)):
            if here is not None:
                text = re.sub(rf"(?<![^\s:=]){pod}(?=[/:\s]|$)", str(here).replace("\\", r"\\"), text)
        return text


def token() -> str:
    """Stands for the pod's UID, by which the sidecar knows its agent."""
    return str(uuid.uuid4())


def command(workload: Workload, given: Sequence[str], places: Places) -> list[str]:
    """What is started: the caller's command, or the one of the claim's code.

    Raises:
        CommandError: The claim names an image, and no command was given.
    """
    if given:
        return list(given)
    if workload.code is None:
        raise CommandError(
            "COMMAND: the claim names an image, which run does not start; say how the agent is started on this machine: "
            "zerotouch run CLAIM -- python my_agent.py"
        )
    container = workload.container
    return [places.moved(word) for word in (*container.get("command", []), *container.get("args", []))]


def environment(workload: Workload, own: Mapping[str, str], places: Places, agent_token: str) -> dict[str, str]:
    """The caller's environment without provider keys, and on it what the claim's container has.

    Args:
        workload: The agent.
        own: The caller's environment. What the container takes from Secrets and ConfigMaps is taken from here, under the variable's name.
        places: What lies elsewhere.
        agent_token: What stands for the pod's UID.
    """
    secret = {name for provider in workload.configuration["llm"]["providers"] for name in keys.variables(provider)}
    made = {name: value for name, value in own.items() if name not in secret}
    for entry in workload.container.get("env", []):
        name = entry["name"]
        value = _value(entry, own, workload, agent_token)
        if value is None:
            continue
        value = places.moved(value)
        made[name] = f"{value}{ADDS_TO[name]}{own[name]}" if name in ADDS_TO and own.get(name) else value
    return made


def _value(entry: Mapping[str, Any], own: Mapping[str, str], workload: Workload, agent_token: str) -> str | None:
    if "valueFrom" not in entry:
        return str(entry.get("value", ""))
    field = entry["valueFrom"].get("fieldRef", {}).get("fieldPath", "")
    fields = {"metadata.uid": agent_token, "metadata.name": f"{workload.name}-local", "metadata.namespace": workload.namespace}
    return fields.get(field, own.get(entry["name"]))
