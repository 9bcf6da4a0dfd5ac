"""What these tests find on the cluster, or say what is missing or in the way."""

import os
import shutil
from typing import Final

from tests.e2e.cluster import KubectlError, get
from tests.e2e.gitops.argocd import APPLICATION, NAMESPACE
from tests.e2e.gitops.platform import TEAMS
from tests.e2e.gitops.settings import GitOps
from tests.e2e.settings import Settings

NEEDED: Final = {
    "applications.argoproj.io": "Argo CD",
    "functions.pkg.crossplane.io": "Crossplane",
    "scaledobjects.keda.sh": "KEDA",
    "externalsecrets.external-secrets.io": "External Secrets",
}
"""What an API server serves when a component is there."""

DEFINITION: Final = "xagentexecutors.platform.bizmatters.io"


def missing(settings: Settings, gitops: GitOps) -> str:
    """What is not as these tests need it, with the remedy; empty if all is."""
    if not os.environ.get("KUBECONFIG"):
        return "KUBECONFIG: not set; name the file that leads to the cluster"
    if not gitops.git_serve:
        return "GIT_SERVE: not set; give a command that makes a repository available to the cluster (tests/e2e/README.md)"
    for program in (gitops.argocd, os.environ.get("HELM", "helm")):
        if not shutil.which(program):
            return f"{program}: not on PATH; install it, or name it with ARGOCD or HELM"
    try:
        return _missing_parts(settings)
    except KubectlError as error:
        return f"KUBECONFIG: the cluster does not answer ({error}); see that it runs"


def _missing_parts(settings: Settings) -> str:
    for crd, component in NEEDED.items():
        if not get("crd", crd):
            return f"CustomResourceDefinition {crd}: does not exist; install {component}"
    if not get("service", "nats", settings.nats_namespace):
        return f"Service nats in namespace {settings.nats_namespace}: does not exist; install NATS, or set NATS_NAMESPACE"
    if get("crd", DEFINITION):
        return f"CustomResourceDefinition {DEFINITION}: exists already, and the tests install it by Argo CD; run `make uninstall`"
    for name in ("root", *TEAMS):
        if get(APPLICATION, name, NAMESPACE):
            return f"Application {name}: exists already, and the tests would delete it; give them a cluster of their own"
    return ""
