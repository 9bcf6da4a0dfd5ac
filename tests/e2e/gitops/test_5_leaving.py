"""Layers are switched off and on, a team leaves, and the platform goes: by what docs/operations.md says, and nothing else."""

from functools import partial
from typing import Final

import pytest

from tests.e2e.cluster import get, kubectl, wait_for
from tests.e2e.figures import Figures
from tests.e2e.gitops.argocd import APPLICATION, NAMESPACE, PROJECT, Application, report
from tests.e2e.gitops.guide import commands, run
from tests.e2e.gitops.platform import LAYERS, Platform, full_kind
from tests.e2e.gitops.team import Team

LAYER_LIST: Final = "platform/kustomization.yaml"
COMPONENTS: Final = ("deployment/crossplane -n crossplane-system", "deployment/keda-operator -n keda", "statefulset/nats -n nats")
FUNCTION: Final = "bizmatters-function-agents"


@pytest.mark.parametrize(("layer", "file"), [("apis", "04-apis.yaml"), ("guardrails", "05-guardrails.yaml")])
def test_a_layer_that_is_switched_off_stays_and_is_taken_over_again(layer: str, file: str, platform: Platform, plain_team: Team) -> None:
    repository, application = platform.repository, Application(layer)
    plain_team.claim.wait_ready()
    before, workload = uids(application), plain_team.claim.uids()
    repository.git("mv", f"platform/{file}", f"platform/{file}.disabled")
    repository.edit(LAYER_LIST, f"- {file}\n", "")
    off = repository.commit(f"Switch {layer} off")
    root = Application("root")
    root.wait_synced(off)
    application.wait_gone()
    assert live(before) == before, "what the layer made stays"
    repository.git("revert", "--no-edit", "HEAD")
    root.wait_synced(repository.publish())
    application.wait_synced()
    assert uids(application) == before
    assert plain_team.claim.uids() == workload
    assert plain_team.claim.is_ready()


def uids(application: Application) -> dict[tuple[str, str, str], str]:
    """Identity of everything that the Application manages."""
    keys = [(full_kind(r), r["name"], r.get("namespace", "")) for r in application.resources()]
    return live(dict.fromkeys(keys, ""))


def live(objects: dict[tuple[str, str, str], str]) -> dict[tuple[str, str, str], str]:
    return {key: (get(*key) or {}).get("metadata", {}).get("uid", "") for key in objects}


def test_a_team_that_leaves_takes_everything_along(team: Team, plain_team: Team, figures: Figures) -> None:
    lines = commands("**When a team leaves**")
    with figures.time("the guide's commands for a team that leaves"):
        for line in lines:
            run(line.replace(" && git push", ""), team.platform.repository.folder)
            if line.startswith("git "):
                team.platform.repository.publish()
                team.platform.refresh_tenants()
    assert [get(kind, name, where) for kind, name, where in left_by(team)] == [None] * len(left_by(team))
    assert plain_team.claim.is_ready()
    plain_team.application.wait_synced()


def left_by(team: Team) -> list[tuple[str, str, str]]:
    return [
        (APPLICATION, team.name, NAMESPACE),
        (APPLICATION, team.tenant.name, NAMESPACE),
        (PROJECT, team.name, NAMESPACE),
        ("namespace", team.namespace.name, ""),
    ]


def test_uninstalling_leaves_the_components_and_nothing_of_the_platform(plain_team: Team, figures: Figures) -> None:
    names = {"deepagents": plain_team.name, "intelligence-deepagents": plain_team.namespace.name}
    with figures.time("the guide's commands to uninstall"):
        for line in commands("## Uninstall", replaced=names):
            run(line)
        run(commands("To delete what a component's chart made")[-1])  # the components are not Argo CD's here
    for kind in ("agentexecutors", "xagentexecutors", "agenttypes", "xagenttypes"):
        assert not kubectl("get", "crd", "-o", "name").count(f"/{kind}."), kind
    assert get("functions.pkg.crossplane.io", FUNCTION) is None
    for policy in ("claims", "jobs"):
        assert get("validatingadmissionpolicy", f"{policy}.guardrails.platform.bizmatters.io") is None
    assert [a for a in ("root", *(layer.name for layer in LAYERS)) if get(APPLICATION, a, NAMESPACE)] == [], report()
    assert get("namespace", plain_team.namespace.name) is None
    for component in COMPONENTS:
        wait_for(f"{component} runs", partial(is_running, component))


def is_running(component: str) -> bool:
    return "1/1" in kubectl("get", *component.split())
