"""What the tests find on the cluster, or say what is missing."""

import os
from typing import Final

from tests.e2e.apis import APIS
from tests.e2e.cluster import KubectlError, get, is_true, wait_for
from tests.e2e.settings import Settings

FUNCTION: Final = "bizmatters-function-agents"
XRD: Final = "xagentexecutors.platform.bizmatters.io"
HEALTHY_SECONDS: Final = 120


def missing(settings: Settings) -> str:
    """What the tests need and do not find, with the remedy; empty if all is there."""
    if not os.environ.get("KUBECONFIG"):
        return "KUBECONFIG: not set; name the file that leads to the cluster"
    try:
        return _missing_parts(settings)
    except KubectlError as error:
        return f"KUBECONFIG: the cluster does not answer ({error}); see that it runs"


def _missing_parts(settings: Settings) -> str:
    for api in APIS:
        if not get("crd", api.resource):
            return f"CustomResourceDefinition {api.resource}: does not exist; run `make install`"
    if not get("crd", "scaledobjects.keda.sh"):
        return "CustomResourceDefinition scaledobjects.keda.sh: does not exist; install KEDA"
    if not get("service", "nats", settings.nats_namespace):
        return f"Service nats in namespace {settings.nats_namespace}: does not exist; install NATS, or set NATS_NAMESPACE"
    try:
        wait_for(f"Function {FUNCTION} is healthy", _function_is_healthy, timeout_seconds=HEALTHY_SECONDS)
    except AssertionError as error:
        return f"{error}; run `make install`, then see `kubectl describe functions.pkg.crossplane.io {FUNCTION}`"
    return ""


def _function_is_healthy() -> bool:
    return is_true(get("functions.pkg.crossplane.io", FUNCTION), "Healthy")


def explains_pods() -> bool:
    """Whether the platform was installed with the overlay `diagnostics`: then claims say why pods do not start."""
    definition = get("compositeresourcedefinitions", XRD) or {}
    composition = get("compositions", definition["spec"]["defaultCompositionRef"]["name"]) or {}
    steps = composition["spec"]["pipeline"]
    return any((step.get("input") or {}).get("diagnostics", {}).get("pods") for step in steps)
