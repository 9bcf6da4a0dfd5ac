"""The commands, as a person or a pipeline runs them."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.composites import deployed, scaling
from zerotouch.main import main

MINIMAL: Final = "examples/claims/agentexecutor-minimal.yaml"
AGENT: Final = {
    **yaml.safe_load(Path("examples/claims/agenttype-code.yaml").read_text()),
    "metadata": {"name": "my-service", "namespace": "intelligence-agents"},
}
NAMESPACE: Final = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "intelligence-agents"}}


def zerotouch(*arguments: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def claim(**spec: Any) -> str:
    manifest = yaml.safe_load(Path(MINIMAL).read_text())
    return yaml.safe_dump({**manifest, "spec": {**manifest["spec"], **spec}})


def test_a_claim_is_rendered_as_yaml_and_nothing_else() -> None:
    done = zerotouch("render", MINIMAL)
    assert (done.exit_code, done.stderr) == (0, "")
    assert [m["kind"] for m in yaml.safe_load_all(done.stdout)] == ["ServiceAccount", "Deployment", "Service", "ScaledObject"]


def test_the_same_claim_from_standard_input_renders_the_same() -> None:
    assert zerotouch("render", "-", stdin=Path(MINIMAL).read_text()).stdout == zerotouch("render", MINIMAL).stdout


def test_a_number_as_a_key_is_rendered_as_text() -> None:
    done = zerotouch("render", "-", stdin=f"{claim()}  podAnnotations:\n    8080: one\n    two: two\n")
    assert done.exit_code == 0, done.stderr
    assert "'8080': one" in done.stdout


def test_a_folder_renders_all_its_claims() -> None:
    names = {m["metadata"]["name"] for m in yaml.safe_load_all(zerotouch("render", "examples/claims").stdout) if m["kind"] == "Service"}
    executors = {"my-service", "research-worker", "nginx", "nightly-reports", "billing-agent"}
    assert names == executors | {"researcher", "assistant", "summarizer", "greeter", "analyst"}


WRONG: Final = [
    ({"size": "huge"}, 'Error: spec.size: must be one of "small", "medium", "large"'),
    ({"natsStream": "X"}, 'Error: spec.natsStream: there is no such field; did you mean "natsStreamName"?'),
    ({"natsStreamName": "a.b"}, "Error: spec.natsStreamName: a JetStream name has no spaces, dots"),
    ({"scaling": {"minReplicas": 20}}, "Error: spec.scaling.minReplicas: must not be above spec.scaling.maxReplicas"),
    ({"resources": {"requests": {"cpu": "64"}}}, "Error: spec.resources.requests.cpu: 64 is more than the limit 2000m"),
]


@pytest.mark.parametrize("command", ["render", "validate"])
@pytest.mark.parametrize(("spec", "message"), WRONG, ids=[message[7:50] for _, message in WRONG])
def test_a_wrong_claim_ends_with_1_and_says_where(command: str, spec: dict[str, Any], message: str) -> None:
    done = zerotouch(command, "-", stdin=claim(**spec))
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(message)
    assert "in AgentExecutor intelligence-agents/my-service in standard input" in done.stderr


def test_what_is_no_claim_is_told_which_kinds_are() -> None:
    done = zerotouch("render", "-", stdin=yaml.safe_dump(NAMESPACE))
    assert (done.exit_code, done.stderr) == (
        1,
        "Error: CLAIM: no claim of the platform was found; give a file or folder with one of these kinds: AgentExecutor, AgentType\n",
    )


def test_a_file_that_is_not_there_is_named() -> None:
    done = zerotouch("render", "nowhere.yaml")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: nowhere.yaml: cannot be read")


def test_the_composite_is_what_crossplane_would_make() -> None:
    (xr,) = yaml.safe_load_all(zerotouch("render", "--xr", MINIMAL).stdout)
    assert (xr["kind"], xr["metadata"]["name"][:-6]) == ("XAgentExecutor", "my-service")
    assert xr["spec"]["claimRef"] == {
        "apiVersion": "platform.bizmatters.io/v1alpha1",
        "kind": "AgentExecutor",
        "name": "my-service",
        "namespace": "intelligence-agents",
    }
    assert xr["spec"]["scaling"] == {"minReplicas": 1, "maxReplicas": 10, "lagThreshold": 5, "cooldownSeconds": 300}


def test_what_is_observed_decides_what_is_ready(tmp_path: Path) -> None:
    (first,) = json.loads(zerotouch("render", "--output", "json", MINIMAL).stdout)
    manifests = {key: resource["manifest"] for key, resource in first["resources"].items()}
    observed = {**manifests, "deployment": deployed(manifests["deployment"]), "scaled-object": scaling(manifests["scaled-object"])}
    for key, manifest in observed.items():
        annotations = {**manifest["metadata"].get("annotations", {}), "crossplane.io/composition-resource-name": key}
        manifest["metadata"] = {**manifest["metadata"], "annotations": annotations}
    file = tmp_path / "observed.yaml"
    file.write_text("\n---\n".join(map(json.dumps, observed.values())))
    (later,) = json.loads(zerotouch("render", "--output", "json", "--observed", str(file), MINIMAL).stdout)
    assert not any(resource["ready"] for resource in first["resources"].values())
    assert all(resource["ready"] for resource in later["resources"].values())
    assert {condition["type"]: condition["status"] for condition in later["conditions"]} == dict.fromkeys(
        ("SpecValid", "WorkloadReady", "ScalerReady"), "True"
    )
    assert later["status"]["replicas"] == 1


def test_observed_objects_go_with_one_claim(tmp_path: Path) -> None:
    done = zerotouch("render", "--observed", MINIMAL, "examples/claims")
    assert (done.exit_code, done.stderr) == (1, "Error: --observed: goes with one claim, and 10 were given; render them one by one\n")


def named(**fields: Any) -> str:
    return yaml.safe_dump({**yaml.safe_load(claim()), **fields})


STRAYS: Final = [
    (named(kind="AgentExecuter"), 'kind: platform.bizmatters.io has no kind "AgentExecuter"; did you mean "AgentExecutor"?'),
    (named(kind="Database"), 'kind: platform.bizmatters.io has no kind "Database"; write one of AgentExecutor, AgentType'),
    (named(kind=["AgentExecutor"]), "kind: must be the name of a kind; write one of AgentExecutor, AgentType"),
    (
        named(apiVersion="platform.bizmatter.io/v1alpha1"),
        'apiVersion: AgentExecutor is not of "platform.bizmatter.io"; write platform.bizmatters.io/v1alpha1',
    ),
    (named(apiVersion="v1alpha1"), 'apiVersion: AgentExecutor is not of "v1alpha1"; write platform.bizmatters.io/v1alpha1'),
    (named(apiVersion=None), "apiVersion: is missing; write platform.bizmatters.io/v1alpha1"),
    (yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(claim(size="huge"))]}), "spec.size: must be one of"),
    (f"{claim()}---\n{claim()}", "metadata.name: the same AgentExecutor is in standard input already; remove one of them"),
    (
        f"{claim()}---\n{yaml.safe_dump(AGENT)}",
        'metadata.name: "my-service" is the name of an AgentExecutor in namespace intelligence-agents already, in standard input; '
        "give one of them another name",
    ),
]


@pytest.mark.parametrize(("text", "message"), STRAYS, ids=[message[:60] for _, message in STRAYS])
def test_no_claim_is_passed_over_in_silence(text: str, message: str) -> None:
    done = zerotouch("validate", "-", stdin=text)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {message}")
    assert ", 1 wrong, 0 to look at" in done.stderr


def test_a_composite_is_no_stray() -> None:
    composite = zerotouch("render", "--xr", MINIMAL).stdout
    assert zerotouch("validate", "-", stdin=f"{claim()}---\n{composite}").stderr == "1 checked, 0 wrong, 0 to look at\n"


def test_another_projects_kind_of_the_name_is_a_warning() -> None:
    done = zerotouch("validate", "-", stdin=f"{claim()}---\n{named(apiVersion='example.com/v1')}")
    assert done.exit_code == 0
    assert done.stderr.startswith(
        'Warning: apiVersion: AgentExecutor of "example.com" is not the platform\'s; if it is meant to be, write '
    )


def test_one_claim_for_each_of_two_environments_is_a_warning(tmp_path: Path) -> None:
    for name in ("prod", "test"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "claim.yaml").write_text(claim())
    done = zerotouch("validate", str(tmp_path))
    assert done.exit_code == 0
    assert done.stderr.startswith(f"Warning: metadata.name: the same AgentExecutor is in {tmp_path}/prod/claim.yaml already; remove one")


MALFORMED: Final = [
    (claim().replace("metadata:", "metadata: [a]\nstatus:"), "Error: metadata: must be an object, not a list"),
    (claim().replace("kind: AgentExecutor", "kind: [AgentExecutor]"), "Error: kind: must be the name of a kind"),
    (f"{claim()}---\napiVersion: v1\nkind: Namespace\nmetadata: [x]\n", 'Warning: metadata.name: "" is not of the form'),
    (f"{claim()}  size: &size\n    small: *size\n", "Error: standard input: line"),
]


@pytest.mark.parametrize(("text", "message"), MALFORMED, ids=[message for _, message in MALFORMED])
def test_what_is_malformed_is_told_and_not_crashed_over(text: str, message: str) -> None:
    done = zerotouch("validate", "-", stdin=text)
    assert done.stderr.startswith(message)
    assert isinstance(done.exception, SystemExit | None)


def test_good_claims_are_counted() -> None:
    done = zerotouch("validate", "examples/claims")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "10 checked, 0 wrong, 0 to look at\n")


def test_a_namespace_that_breaks_the_convention_is_a_warning() -> None:
    done = zerotouch("validate", "-", stdin=f"{claim()}---\n{yaml.safe_dump(NAMESPACE)}")
    assert done.exit_code == 0
    assert 'Warning: metadata.labels.layer: should be "intelligence", the name\'s own layer; add the label' in done.stderr
    assert done.stderr.endswith("1 checked, 0 wrong, 2 to look at\n")


def test_a_program_reads_the_findings_as_json() -> None:
    done = zerotouch("validate", "--output", "json", "-", stdin=claim(size="huge"))
    report = json.loads(done.stdout)
    assert (done.exit_code, report["checked"], len(report["problems"])) == (1, 1, 1)
    assert report["problems"][0]["message"].startswith("spec.size: ")


@pytest.mark.parametrize("mode", ["direct", "objects"])
def test_every_example_is_valid_in_both_modes(mode: str) -> None:
    assert zerotouch("validate", "--mode", mode, "examples/claims").exit_code == 0
