"""The offline check of claims says what the API server says: the same table is put to both."""

import copy
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.accepted_claims import ACCEPTED_CLAIMS
from tests.claim_rows import MINIMAL_SPEC, AcceptedClaim, RefusedClaim, claim
from tests.refused_agents import ACCEPTED_AGENTS, REFUSED_AGENTS
from tests.refused_claims import MISSPELT_CLAIMS, REFUSED_CLAIMS
from zerotouch.schema import Schema, claim_schema, validate, with_defaults

APIS: Final = Path(__file__).parents[2] / "apis"
MINIMAL: Final[dict[str, Any]] = claim(AcceptedClaim("minimal", {}))


@cache
def definition(kind: str = "AgentExecutor") -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((APIS / f"{kind.lower()}s" / "definition.yaml").read_text())
    return parsed


@cache
def schema(kind: str = "AgentExecutor") -> Schema:
    return claim_schema(definition(kind))


def reason(case: RefusedClaim | AcceptedClaim) -> str:
    return case.reason


@pytest.mark.parametrize("case", [*REFUSED_CLAIMS, *REFUSED_AGENTS], ids=reason)
def test_a_refused_claim_is_told_its_field_and_the_rules_own_message(case: RefusedClaim) -> None:
    problems = validate(schema(case.kind), claim(case))
    assert [problem.path for problem in problems] == [case.field]
    if case.has_own_message:
        assert problems[0].message == case.message


@pytest.mark.parametrize("case", MISSPELT_CLAIMS, ids=reason)
def test_a_field_that_does_not_exist_is_refused(case: RefusedClaim) -> None:
    assert [problem.path for problem in validate(schema(case.kind), claim(case))] == [case.field]


@pytest.mark.parametrize("case", [*ACCEPTED_CLAIMS, *ACCEPTED_AGENTS], ids=reason)
def test_an_odd_but_right_claim_is_accepted(case: AcceptedClaim) -> None:
    assert validate(schema(case.kind), claim(case)) == []


def test_defaults_are_filled_in_at_every_depth_and_the_claim_itself_stays_as_it_is() -> None:
    before = copy.deepcopy(MINIMAL)
    spec = with_defaults(schema(), MINIMAL)["spec"]
    assert spec["size"] == "medium"
    assert spec["scaling"] == {"minReplicas": 1, "maxReplicas": 10, "lagThreshold": 5, "cooldownSeconds": 300}
    assert spec["compositeDeletePolicy"] == "Background"
    assert before == MINIMAL


SENTENCES: Final = [
    ({"natsStream": "A"}, 'spec.natsStream: there is no such field; did you mean "natsStreamName"?'),
    ({"size": "Medium"}, 'spec.size: must be one of "small", "medium", "large", not "Medium"; did you mean "medium"?'),
    ({"port": "8080"}, 'spec.port: must be a whole number, not the string "8080"; remove the quotes'),
    ({"args": [4]}, "spec.args[0]: must be a string, not the number 4; quote it"),
    ({"image": None}, 'spec.image: is missing; add it, for example "ghcr.io/org/service:v1.0.0"'),
    (
        {"env": [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        "spec.env[0]: a variable has either value or valueFrom; remove one of the two",
    ),
]


@pytest.mark.parametrize(("spec", "sentence"), SENTENCES)
def test_a_problem_reads_as_one_sentence_that_says_where_what_and_what_to_do(spec: dict[str, Any], sentence: str) -> None:
    assert [str(problem) for problem in validate(schema(), claim(RefusedClaim("", spec, "", "")))] == [sentence]


WRAPPERS: Final = [
    ({"kind": "AgentExecutors"}, "kind"),
    ({"apiVersion": "platform.bizmatters.io/v1"}, "apiVersion"),
    ({"metadata": None}, "metadata"),
    ({"metadata": {}}, "metadata.name"),
    ({"metadata": {"name": "a" * 64}}, "metadata.name"),
    ({"metadata": {"name": "a", "label": {}}}, "metadata.label"),
    ({"metadata": {"name": "a", "labels": {"team": 1}}}, "metadata.labels.team"),
    ({"metadata": {"name": "a", "labels": {"team": "a b"}}}, "metadata.labels.team"),
    ({"metadata": {"name": "a", "annotations": {"a b": ""}}}, "metadata.annotations"),
    ({"metadata": {"name": "a", "labels": {"Example.com/team": "a"}}}, "metadata.labels"),
    ({"specs": {}}, "specs"),
    ({"spec": []}, "spec"),
    ({"spec": {**MINIMAL_SPEC, "compositionRef": {}}}, "spec.compositionRef.name"),
    ({"spec": {**MINIMAL_SPEC, "claimRef": {}}}, "spec.claimRef"),
]


@pytest.mark.parametrize(("fields", "path"), WRAPPERS)
def test_what_stands_around_the_claims_own_fields_is_checked_too(fields: dict[str, Any], path: str) -> None:
    assert [problem.path for problem in validate(schema(), {**MINIMAL, **fields})] == [path]


def test_the_prefix_of_an_annotation_may_be_in_upper_case_as_for_the_api_server() -> None:
    assert validate(schema(), {**MINIMAL, "metadata": {"name": "a", "annotations": {"Example.com/Team": "a"}}}) == []


def test_a_claim_without_a_spec_is_refused() -> None:
    assert [str(problem) for problem in validate(schema(), {**MINIMAL, "spec": None})] == ["spec: is missing; add it"]


def test_crossplanes_fields_are_accepted_where_crossplane_has_them() -> None:
    machinery = {"compositionRef": {"name": "agent-executor-composition-objects"}, "compositionUpdatePolicy": "Manual"}
    asked = {**MINIMAL, "spec": {**MINIMAL_SPEC, **machinery}}
    assert validate(schema(), asked) == []
