"""Runs the steps of release.yaml, with stand-ins for the programs that they call and for the actions that they use."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
RELEASE: Final = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yaml").read_text())
JOBS: Final = RELEASE["jobs"]
PACKAGES: Final = JOBS["publish"]["strategy"]["matrix"]["package"]

REPOSITORY: Final = "bizmatters/zerotouch-platform"
REGISTRY: Final = "ghcr.io/bizmatters"
VERSION: Final = "v1.2.3"
PROGRAMS: Final = ("docker", "crossplane", "cosign", "gh", "make")
SCRIPTS: Final = ("archives.sh", "base_image.sh")
STEP_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the workflow, in a folder of its own."""

    folder: Path

    @property
    def calls(self) -> list[str]:
        """What was written so far: pushes, tags, signatures and attestations."""
        return (self.folder / "calls").read_text().splitlines()

    def forget_calls(self) -> None:
        (self.folder / "calls").write_text("")

    def digest(self, name: str) -> str | None:
        """What the registry has under a tag."""
        file = self.folder / "store" / REGISTRY / name
        return file.read_text().strip() if file.exists() else None

    def tag(self, name: str, digest: str) -> None:
        file = self.folder / "store" / REGISTRY / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{digest}\n")

    def build(self) -> None:
        """The step that builds the packages; they are left in `packages`, as another job finds them."""
        (step,) = [step for step in JOBS["build"]["steps"] if "make package" in step.get("run", "")]
        assert self._run(step, {}, broken="") == 0

    def publish(self, package: str, *, broken: str = "") -> bool:
        """The steps that publish one package, the push and what follows; False where one failed, which ends the job."""
        context = {"matrix.package": package}
        for step in self._steps(package):
            if "uses" in step:
                call = self._action(step, context)
                if broken and broken in call:
                    return False
                with (self.folder / "calls").open("a") as calls:
                    calls.write(f"{call}\n")
            elif self._run(step, context, broken=broken):
                return False
        return True

    def _steps(self, package: str) -> Iterator[dict[str, Any]]:
        steps = JOBS["publish"]["steps"]
        (first,) = [number for number, step in enumerate(steps) if step.get("id") == "push"]
        for step in steps[first:]:
            if "if" not in step or f"matrix.package == '{package}'" in step["if"]:
                yield step

    def _action(self, step: dict[str, Any], context: dict[str, str]) -> str:
        """What an action is asked for, in one line."""
        with_ = {key: filled(str(value), context) for key, value in step["with"].items()}
        return f"{step['uses'].partition('@')[0]} " + " ".join(f"{key}={value}" for key, value in with_.items())

    def _run(self, step: dict[str, Any], context: dict[str, str], *, broken: str) -> int:
        outputs = self.folder / "outputs"
        outputs.write_text("")
        environment = {
            **os.environ,
            **{name: filled(value, context) for name, value in {**RELEASE["env"], **step.get("env", {})}.items()},
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "STORE": str(self.folder / "store"),
            "CALLS": str(self.folder / "calls"),
            "BROKEN": broken,
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": REPOSITORY,
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(command, cwd=self.folder, env=environment, check=False, timeout=STEP_SECONDS)
        for line in outputs.read_text().splitlines():
            name, _, value = line.partition("=")
            context[f"steps.{step['id']}.outputs.{name}"] = value
        return done.returncode


def filled(text: str, context: dict[str, str]) -> str:
    """The text with GitHub's expressions replaced; one that nothing has set is empty, as there."""
    known = {
        "github.repository_owner": "bizmatters",
        "github.ref_name": VERSION,
        "env.REGISTRY": REGISTRY,
        "env.VERSION": VERSION,
        **context,
    }
    return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: known.get(match[1], ""), text)


def prepared(folder: Path) -> Run:
    """A run with the stand-ins where the steps look for them."""
    for place, names in (("bin", PROGRAMS), ("hack", SCRIPTS)):
        (folder / place).mkdir()
        for name in names:
            (folder / place / name).symlink_to(ROOT / "tests" / "release" / "program.sh")
    (folder / "calls").touch()
    return Run(folder)
