"""What these tests take from the environment beside what all end-to-end tests take (../README.md lists it)."""

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

from tests.e2e.gitops.guide import ROOT

VERSION_PROGRAM: Final = ROOT / "hack/version.py"


@dataclass(frozen=True, slots=True)
class GitOps:
    """How to serve repositories, and what was built from this checkout.

    Attributes:
        git_serve: Shell command; makes HEAD of folder `$1` available to the cluster as branch `main` of `$2`, and prints its URL.
        version: Tag of the packages that `make push` pushed from this checkout.
        argocd: Argo CD's command line.
    """

    git_serve: str
    version: str
    argocd: str


def from_environment() -> GitOps:
    return GitOps(
        git_serve=os.environ.get("GIT_SERVE", ""),
        version=os.environ.get("VERSION") or subprocess.check_output([sys.executable, VERSION_PROGRAM], text=True).strip(),
        argocd=os.environ.get("ARGOCD", "argocd"),
    )
