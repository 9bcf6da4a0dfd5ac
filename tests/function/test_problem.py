"""An error names the smallest part that is wrong, says what is wrong with it, and what to write."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.composites import composite
from zerotouch_function.errors import FunctionError
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose


@dataclass(frozen=True)
class Case:
    reason: str
    spec: dict[str, Any]
    want: str


CASES = [
    Case("another type", {"port": "8080"}, "spec.port: is text; write a whole number from 1 to 65535"),
    Case("a fraction", {"port": 80.5}, "spec.port: is a number; write a whole number from 1 to 65535"),
    Case("out of range", {"scaling": {"lagThreshold": 0}}, "spec.scaling.lagThreshold: is 0; write a whole number from 1 to 1000000"),
    Case("nothing", {"probes": None}, "spec.probes: is null; write an object"),
    Case("no truth value", {"probes": {"enabled": 1}}, "spec.probes.enabled: is a whole number; write true or false"),
    Case("another choice", {"size": "huge"}, 'spec.size: is "huge"; write "small", "medium" or "large"'),
    Case("no choice at all", {"size": 3}, "spec.size: is a whole number; write text"),
    Case("a field of no object", {"probes": {"path": "/"}}, "spec.probes.path: is unknown; remove it, or write"),
    Case("a field too few", {"env": [{"name": "A"}, {"value": "b"}]}, "spec.env[1].name: is missing; set it"),
    Case("an entry of a map", {"podLabels": {"team": "a", "tier": "a b"}}, 'spec.podLabels.tier: is "a b"; write letters, digits,'),
    Case("a key of a map", {"podLabels": {"a b": "c"}}, 'spec.podLabels.a b: is "a b"; write a key such as'),
    Case("a long list", {"args": ["-v"] * 65}, "spec.args: has 65 entries; write at most 64"),
    Case("a short list", {"migrations": {"command": []}}, "spec.migrations.command: has 0 entries; write at least 1"),
    Case("a long text", {"args": ["a" * 4097]}, "spec.args[0]: has 4097 characters; write at most 4096"),
    Case("a line break at the end", {"image": "nginx\n"}, 'spec.image: is "nginx\n"; write registry/path:tag or'),
    Case("a quantity of another kind", {"resources": {"limits": {"cpu": True}}}, "spec.resources.limits.cpu: is a truth value"),
    Case("a negative quantity", {"resources": {"limits": {"cpu": -1}}}, "spec.resources.limits.cpu: is -1; write a whole number from 0"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.reason)
def test_an_error_names_the_part_and_the_remedy(case: Case) -> None:
    with pytest.raises(FunctionError) as refused:
        compose(composite(case.spec), NOTHING, {})
    assert str(refused.value).startswith(case.want)


def test_a_quantity_without_quotes_is_the_text_that_it_looks_like() -> None:
    manifest = (
        compose(composite({"resources": {"limits": {"cpu": 3, "memory": 5_000_000_000}}}), NOTHING, {}).resources["deployment"].manifest
    )
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"cpu": "3", "memory": "5000000000"}
