"""What lies elsewhere on this machine than in the pod."""

import re
from dataclasses import dataclass
from pathlib import Path

from zerotouch.local.ports import HOST, Ports
from zerotouch_contract import paths, ports


@dataclass(frozen=True, slots=True)
class Places:
    """The wrapper, the agent's code if there is any, and the ports."""

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
