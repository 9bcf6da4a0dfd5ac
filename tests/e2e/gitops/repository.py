"""A git repository that the cluster pulls from: written here, made available by the environment's GIT_SERVE."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from tests.e2e.cluster import Manifest

AUTHOR: Final = {"user.name": "End-to-end tests", "user.email": "tests@example.com", "commit.gpgsign": "false"}


@dataclass(slots=True)
class Repository:
    """One repository with one branch.

    Attributes:
        folder: Its working tree.
        name: What it is called where it is served.
        serve: Shell command; makes HEAD of folder `$1` available as `$2` and prints the URL.
        url: Where the cluster finds it, once it was published.
    """

    folder: Path
    name: str
    serve: str
    url: str = field(default="", init=False)

    def create(self) -> None:
        """An empty first commit, so that the URL is known before the content."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main")
        for key, value in AUTHOR.items():
            self.git("config", key, value)
        self.git("commit", "--quiet", "--allow-empty", "--message=Begin")
        self.publish()

    def write(self, path: str, *manifests: Manifest) -> None:
        """A YAML file of these objects."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump_all(manifests, sort_keys=False))

    def edit(self, path: str, old: str, new: str) -> None:
        """Replaces a text that has to be there."""
        file = self.folder / path
        text = file.read_text()
        if old not in text:
            raise AssertionError(f"{path}: has no {old!r}")
        file.write_text(text.replace(old, new))

    def remove(self, *paths: str) -> None:
        for path in paths:
            (self.folder / path).unlink()

    def commit(self, message: str) -> str:
        """Commits everything, publishes it and returns the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        return self.publish()

    def publish(self) -> str:
        """Makes HEAD what the cluster pulls, and returns its commit."""
        done = subprocess.run(["sh", "-c", self.serve, "sh", str(self.folder), self.name], capture_output=True, text=True, check=False)
        if done.returncode or not done.stdout.strip():
            raise RuntimeError(f"GIT_SERVE `{self.serve}` for {self.name} exited {done.returncode}:\n{done.stdout}{done.stderr}")
        self.url = done.stdout.strip().splitlines()[-1]
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"git {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()
