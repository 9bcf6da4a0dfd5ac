"""The images that these tests run: unmodified programs, and the provider that stands in for the models."""

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.images import build
from tests.e2e.settings import Settings

FOLDER: Final = Path(__file__).parent / "programs"
MOCK_PROVIDER: Final = Path(__file__).parents[2] / "mock_provider.py"


@dataclass(frozen=True, slots=True)
class Images:
    """Tags, built side by side; each is waited for when it is first asked for."""

    builds: dict[str, Future[str]]

    @property
    def python(self) -> str:
        """Programs on five SDKs, and one on none."""
        return self.builds["python"].result()

    @property
    def newer_python(self) -> str:
        """The same, calling itself v2."""
        return self.builds["newer"].result()

    @property
    def node(self) -> str:
        return self.builds["node"].result()

    @property
    def provider(self) -> str:
        return self.builds["provider"].result()


def start_builds(settings: Settings, pool: ThreadPoolExecutor, scratch: Path) -> Images:
    """Begins with what is waited for first."""
    provider = scratch / "mock-provider"
    shutil.copytree(FOLDER / "mock-provider", provider)
    shutil.copy(MOCK_PROVIDER, provider)

    def begin(name: str, folder: Path, *flags: str, after: Future[str] | None = None) -> Future[str]:
        def work() -> str:
            if after:
                after.result()
            return build(settings, f"e2e-{name}", folder, *flags)

        return pool.submit(work)

    first = begin("mock-provider", provider)
    python = begin("python-agents", FOLDER / "python-agents", "--build-arg", "VERSION=v1")
    node = begin("node-agent", FOLDER / "node-agent")
    # The packages that the one has installed are there for the other.
    newer = begin("python-agents", FOLDER / "python-agents", "--build-arg", "VERSION=v2", after=python)
    return Images({"provider": first, "python": python, "node": node, "newer": newer})
