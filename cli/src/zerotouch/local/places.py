"""What lies elsewhere on this machine than in the pod."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zerotouch.local.ports import HOST, Ports
from zerotouch_contract import paths, ports

IN_QUOTES: Final = re.compile(r'("(?:\\.|[^"\\])*"?)', re.DOTALL)
"""A part of NODE_OPTIONS in which a space separates nothing, and a backslash escapes; it may begin within an option:
https://github.com/nodejs/node/blob/v22.0.0/src/node_options.cc (ParseNodeOptionsEnvVar)."""


@dataclass(frozen=True, slots=True)
class Places:
    """The wrapper, the agent's code if there is any, and the ports."""

    wrapper: Path
    code: Path | None
    ports: Ports

    def moved(self, text: str) -> str:
        """A value of the pod, with this machine's paths and ports."""
        return self._moved(text, lambda folder: folder)

    def moved_node_options(self, text: str) -> str:
        """The same for NODE_OPTIONS, where a folder with a space in its name stands in quotes."""
        parts = IN_QUOTES.split(text)
        return "".join(f'"{self._moved(part[1:], _escaped)}' if part.startswith('"') else self._moved(part, _quoted) for part in parts)

    def _moved(self, text: str, spelled: Callable[[str], str]) -> str:
        text = text.replace(f"{HOST}:{ports.LOCAL_API}", f"{HOST}:{self.ports.local_api}")
        for pod, here in ((paths.WRAPPER, self.wrapper), (paths.AGENT_CODE, self.code)):
            if here is not None:
                text = re.sub(rf"(?<![^\s:=]){pod}(?=[/:\s]|$)", spelled(str(here)).replace("\\", r"\\"), text)
        return text


def _escaped(folder: str) -> str:
    return re.sub(r'(["\\])', r"\\\1", folder)


def _quoted(folder: str) -> str:
    return f'"{_escaped(folder)}"' if re.search('[ "]', folder) else folder
