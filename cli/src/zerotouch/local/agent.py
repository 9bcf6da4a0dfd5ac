"""The agent's process: its command, and the token that it is known by."""

import uuid
from collections.abc import Mapping, Sequence

from zerotouch.errors import CommandError
from zerotouch.local.places import Places
from zerotouch.local.variables import expanded
from zerotouch.local.workload import Workload


def token() -> str:
    """Stands for the pod's UID, by which the sidecar knows its agent."""
    return str(uuid.uuid4())


def command(workload: Workload, given: Sequence[str], places: Places, variables: Mapping[str, str]) -> list[str]:
    """What is started: the caller's command as it is, or the one of the claim's code with the container's variables in it.

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
    return [places.moved(expanded(word, variables)) for word in (*container.get("command", []), *container.get("args", []))]
