"""Provider keys: variables of the caller's environment become files that only the sidecar reads."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from zerotouch.errors import CommandError

BY_TYPE: Final = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
"""What the providers' own SDKs read."""

PRIVATE: Final = 0o600


def variables(provider: Mapping[str, Any]) -> list[str]:
    """Where a provider's key is looked for, first one first: `my-openai` of type openai has MY_OPENAI_API_KEY and OPENAI_API_KEY."""
    own = re.sub(r"[^A-Z0-9]", "_", str(provider["name"]).upper()) + "_API_KEY"
    general = BY_TYPE.get(provider["type"], own)
    return list(dict.fromkeys((own, general)))


def write(provider: Mapping[str, Any], environment: Mapping[str, str], folder: Path) -> tuple[Path, str]:
    """Puts the provider's key into a file that only this user reads; returns the file and the variable's name.

    Raises:
        CommandError: No variable has it.
    """
    candidates = variables(provider)
    source = next((name for name in candidates if environment.get(name)), None)
    if source is None:
        raise CommandError(
            f'llm.providers: the key of provider "{provider["name"]}" is not in the environment; '
            f"set {' or '.join(candidates)}, or say --mock-models to run without any provider"
        )
    file = folder / str(provider["name"])
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "w") as handle:
        handle.write(environment[source])
    return file, source
