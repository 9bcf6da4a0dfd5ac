"""What an AgentType's author is told of the autoscaler."""

from typing import Final

import pytest

from tests.composites import agent, condition, created, deployed
from zerotouch_function.composition import Composition, Condition, Status
from zerotouch_function.errors import FunctionError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import Snapshot
from zerotouch_function.registry import compose, refuse

ACTIVE: Final[Manifest] = {"type": "ScalingActive", "status": "True"}
BLIND: Final[Manifest] = {"type": "ScalingActive", "status": "False", "message": "no metrics known"}
ABLE: Final[Manifest] = {"type": "AbleToScale", "status": "True"}
UNABLE: Final[Manifest] = {
    "type": "AbleToScale",
    "status": "False",
    "message": "the HPA controller was unable to update the target scale: no.",
}
NO_TARGET: Final = 'the HPA controller was unable to get the target\'s current scale: deployments.apps "my-agent" not found'


@pytest.mark.parametrize(
    ("conditions", "reason", "message"),
    [
        ([], "Waiting", "Kubernetes has not looked at the pods' CPU yet"),
        ([ABLE, ACTIVE], "Scaling", "Pods scale on their CPU"),
        (
            [ABLE, BLIND],
            "CannotScale",
            "The pods' CPU cannot be read: no metrics known; see that pods run, and metrics-server too",
        ),
        (
            [UNABLE, ACTIVE],
            "CannotScale",
            "The number of pods cannot be changed: the HPA controller was unable to update the target scale: no; "
            "see that no quota or admission policy of the cluster forbids it",
        ),
        ([{**UNABLE, "message": NO_TARGET}], "Waiting", "The autoscaler has not seen Deployment my-agent yet"),
    ],
)
def test_the_scaler_says_whether_it_sees_the_cpu_and_may_scale(conditions: list[Manifest], reason: str, message: str) -> None:
    answer = autoscaled(conditions)
    told = condition(answer, "ScalerReady")
    assert (told.reason, told.message, told.status is Status.TRUE) == (reason, message, reason == "Scaling")
    assert answer.resources["autoscaler"].is_ready == (reason == "Scaling")


def test_an_autoscaler_of_an_earlier_spec_says_nothing_about_the_current_one() -> None:
    answer = autoscaled([ABLE, ACTIVE], earlier={"maxReplicas": 4})
    look = "If this lasts, see why with: kubectl describe xagenttype my-agent-x7k2p"
    message = f"The current spec's HorizontalPodAutoscaler is being written. {look}"
    assert condition(answer, "ScalerReady") == Condition("ScalerReady", Status.FALSE, "Updating", message)
    assert not answer.resources["autoscaler"].is_ready


def test_a_refused_spec_is_told_of_the_autoscaler_that_there_is() -> None:
    observed = {"autoscaler": {**created(agent({"scaling": {"maxReplicas": 3}}))["autoscaler"], "status": {"conditions": [ABLE, ACTIVE]}}}
    spec: Manifest = {"scaling": {"minReplicas": 2, "maxReplicas": 1}}
    with pytest.raises(FunctionError) as error:
        compose(agent(spec), Snapshot(observed), {})
    assert refuse(agent(spec), Snapshot(observed), error.value)[-1].reason == "Scaling"


def autoscaled(conditions: list[Manifest], *, earlier: Manifest | None = None) -> Composition:
    """The answer for a claim that scales on CPU, with these conditions of its autoscaler, which may be of an earlier spec."""
    scaling: Manifest = {"maxReplicas": 3}
    made = created(agent({"scaling": scaling}))
    autoscaler = {**created(agent({"scaling": earlier or scaling}))["autoscaler"], "status": {"conditions": conditions}}
    observed = {**made, "deployment": deployed(made["deployment"]), "autoscaler": autoscaler}
    return compose(agent({"scaling": scaling}), Snapshot(observed), {})


def test_a_claim_that_no_longer_scales_says_so() -> None:
    made = created(agent({"scaling": {"maxReplicas": 3}}))
    fixed = created(agent({"scaling": {"replicas": 2}}))
    failing = {"conditions": [{"type": "ScalingActive", "status": "False", "message": "no metrics known"}]}
    observed = {**fixed, "deployment": deployed(fixed["deployment"], replicas=2), "autoscaler": {**made["autoscaler"], "status": failing}}
    answer = compose(agent({"scaling": {"replicas": 2}}), Snapshot(observed), {})
    told = Condition("ScalerReady", Status.TRUE, "FixedReplicas", "The claim fixes the number of pods")
    assert condition(answer, "ScalerReady") == told
    assert "autoscaler" not in answer.resources
