"""A Configuration package that is deleted takes its API, and with it every claim: to the end, and leaving nothing.

The API is the platform's own under another group and other names, so that the cluster's is not touched.
"""

import copy
import secrets as random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.e2e.claims import secrets, spec
from tests.e2e.cluster import Manifest, apply, find, get, is_true, kubectl, wait_for
from tests.e2e.figures import Figures
from tests.e2e.images import Workload
from tests.e2e.making import MakeNamespace
from tests.e2e.operations.packages import configuration_package
from tests.e2e.operations.platform import Platform
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

pytestmark = pytest.mark.operations

DEFINITION: Final = Path(__file__).parents[3] / "apis" / "agentexecutors" / "definition.yaml"
GROUP: Final = "operations.tests.bizmatters.io"
CLAIMS: Final = f"trialexecutors.{GROUP}"
COMPOSITES: Final = f"xtrialexecutors.{GROUP}"
CONFIGURATIONS: Final = "configurations.pkg.crossplane.io"


def definition(composition: str) -> Manifest:
    """The API as it is, under other names. The composite's kind stays: the function goes by it."""
    found: Manifest = copy.deepcopy(yaml.safe_load(DEFINITION.read_text()))
    spec = found["spec"]
    found["metadata"] = {"name": COMPOSITES}
    spec["group"] = GROUP
    spec["names"] = {"kind": spec["names"]["kind"], "plural": "xtrialexecutors", "singular": "xtrialexecutor"}
    spec["claimNames"] = {"kind": "TrialExecutor", "plural": "trialexecutors", "singular": "trialexecutor"}
    spec["defaultCompositionRef"] = {"name": composition}
    return found


@pytest.fixture
def configuration(platform: Platform, environment: Settings) -> Iterator[str]:
    """A Configuration with that API and a Composition for it, installed."""
    name = f"tests-configuration-{random.token_hex(3)}"
    composition = platform.composition(name=name)
    composition["spec"]["compositeTypeRef"]["apiVersion"] = f"{GROUP}/v1alpha1"
    package = configuration_package(environment, "configuration-agents-tests", name, definition(name), composition)
    install = {"package": package, "skipDependencyResolution": True}
    apply({"apiVersion": "pkg.crossplane.io/v1", "kind": "Configuration", "metadata": {"name": name}, "spec": install})
    wait_for("The Configuration is healthy", lambda: is_true(get(CONFIGURATIONS, name), "Healthy"))
    wait_for("Its API is offered", lambda: is_true(get("compositeresourcedefinitions", COMPOSITES), "Offered"))
    yield name
    kubectl("delete", CONFIGURATIONS, name, "--ignore-not-found", "--wait=false")


def test_a_deleted_configuration_takes_every_claim_and_leaves_nothing(
    configuration: str, make_namespace: MakeNamespace, workload: Workload, queue: Queue, figures: Figures
) -> None:
    namespace = make_namespace()
    namespace.apply(*secrets())
    before = namespace.everything()
    claim = {"apiVersion": f"{GROUP}/v1alpha1", "kind": "TrialExecutor", "metadata": {"name": "trial"}, "spec": spec(workload.v1, queue)}
    namespace.apply(claim)
    namespace.wait_for("The claim is ready", lambda: is_true(namespace.get(CLAIMS, "trial"), "Ready"), timeout_seconds=240)
    with figures.time("Configuration deleted, to nothing left of its API and claims"):
        kubectl("delete", CONFIGURATIONS, configuration, "--wait=false")
        wait_for("The API is gone", lambda: not any(get("crd", name) for name in (CLAIMS, COMPOSITES)), timeout_seconds=300)
        namespace.wait_for("Nothing is left in the namespace", lambda: namespace.everything() <= before)
    wait_for("The Configuration is gone", lambda: not get(CONFIGURATIONS, configuration))
    assert not [c for c in find("compositions") if c["metadata"]["name"] == configuration]
