"""What the function makes of the Composition's input. Crossplane checks it against no schema, so the function does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.composites import composite
from zerotouch_function.errors import InputError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose

SCHEMA: Final = yaml.safe_load(Path("functions/function-agents/package/input/agents.fn.platform.bizmatters.io_inputs.yaml").read_text())[
    "spec"
]["versions"][0]["schema"]["openAPIV3Schema"]
KUBERNETES_OWN: Final = ("apiVersion", "kind", "metadata")


def wrong_values(schema: Manifest) -> Iterator[Any]:
    """Values that break one bound of the schema each, however deep: whole, with the way there."""
    texts = [f"{number}" for number in range(33)]
    if "enum" in schema or "pattern" in schema:
        yield "-"
    if "maxLength" in schema:
        yield "a" * (schema["maxLength"] + 1)
    if schema.get("minLength"):
        yield ""
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    if "maxProperties" in schema:
        yield dict.fromkeys(texts[: schema["maxProperties"] + 1], "a")
    if "maxItems" in schema:
        yield [{"key": text} if "properties" in schema["items"] else text for text in texts[: schema["maxItems"] + 1]]
    if schema.get("x-kubernetes-list-type") == "set":
        yield ["a", "a"]
    for name, child in schema.get("properties", {}).items():
        yield from ({name: value} for value in wrong_values(child))
    for key, one in (("items", lambda value: [value]), ("additionalProperties", lambda value: {"a": value})):
        if key in schema:
            yield from map(one, wrong_values(schema[key]))


WRONG: Final = [
    {name: wrong} for name, field in SCHEMA["properties"].items() if name not in KUBERNETES_OWN for wrong in wrong_values(field)
]


def test_the_function_refuses_what_the_inputs_schema_refuses() -> None:
    accepted = []
    for wrong in WRONG:
        try:
            compose(composite(), NOTHING, wrong)
        except InputError:
            continue
        accepted.append(wrong)
    assert accepted == []
    assert len(WRONG) > 30


@pytest.mark.parametrize("domain", ["cluster.local.", ".local", "a..b", "Cluster.local", "a b"])
def test_a_cluster_domain_has_no_dots_at_its_ends(domain: str) -> None:
    with pytest.raises(InputError, match=r"^input\.defaults\.clusterDomain: .*write a domain, such as cluster\.local$"):
        compose(composite(), NOTHING, {"defaults": {"clusterDomain": domain}})


def test_a_size_whose_request_is_above_its_limit_is_the_compositions_fault() -> None:
    """In whatever size a claim asks for."""
    sizes = {"large": {"limits": {"cpu": "500m"}}}
    with pytest.raises(
        InputError, match=r"^input\.defaults\.sizes\.large\.requests\.cpu: 1000m is more than the limit 500m; raise input\."
    ):
        compose(composite(), NOTHING, {"defaults": {"sizes": sizes}})
