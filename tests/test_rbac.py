"""Whoever composes may do exactly what compositions need."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given

from tests.composites import agent, composite, wrapped
from tests.fuzz.requests import composites
from tests.rights import CROSSPLANE, NOBODY, Rights, granted, provider, rendered
from zerotouch import documents, render
from zerotouch_contract import api
from zerotouch_function import modes, resources
from zerotouch_function.manifest import Manifest
from zerotouch_function.modes import DIRECT, OBJECT_API, OBJECT_KIND, OBJECTS
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose

ROOT: Final = Path(__file__).parents[1]
LAYER: Final = ROOT / "platform/04-apis"
WITH_PROVIDER: Final = LAYER / "overlays/crossplane-v1"
BUILDERS: Final = Path(resources.__path__[0])
PACKAGE: Final = BUILDERS.parent

MANAGE: Final = {"get", "list", "watch", "create", "update", "patch", "delete"}
"""Crossplane and provider-kubernetes apply, watch and delete what they compose."""

READ: Final = {"get", "list", "watch"}
PROVIDER: Final = "provider"

Kind = tuple[str, str]
"""API version and kind."""


@dataclass(frozen=True)
class Variant:
    """A kustomization of the layer.

    Attributes:
        holder: Who gets rights from it: Crossplane, the provider, or nobody before another folder gives them.
        composes: Whether it grants what is composed.
        reads_pods: Whether it grants what diagnostics look at.
        mode: How its APIs compose unless a claim says otherwise; empty for rights without APIs.
    """

    folder: str
    holder: str
    composes: bool = True
    reads_pods: bool = False
    mode: str = ""


VARIANTS: Final = (
    Variant("base", NOBODY, composes=False, mode=DIRECT),
    Variant(".", CROSSPLANE, mode=DIRECT),
    Variant("overlays/diagnostics", CROSSPLANE, reads_pods=True, mode=DIRECT),
    Variant("overlays/crossplane-v1", PROVIDER, mode=OBJECTS),
    Variant("rbac/workloads", NOBODY),
    Variant("rbac/direct", CROSSPLANE),
    Variant("rbac/objects", PROVIDER),
    Variant("rbac/diagnostics", CROSSPLANE, composes=False, reads_pods=True),
)


def written(module: Path) -> set[Kind]:
    """Every whole object that a module writes: a dictionary with metadata and a kind."""
    dictionaries = [node for node in ast.walk(ast.parse(module.read_text())) if isinstance(node, ast.Dict)]
    fields = [{ast.unparse(key): value for key, value in zip(d.keys, d.values, strict=True) if key} for d in dictionaries]
    return {(ast.unparse(f["'apiVersion'"]), ast.unparse(f["'kind'"])) for f in fields if {"'kind'", "'metadata'"} <= f.keys()}


def built() -> set[Kind]:
    """Every kind that the builders can make. They name it in words, so that a reader finds it."""
    found = {kind for module in BUILDERS.glob("*.py") for kind in written(module)}
    return {(ast.literal_eval(version), ast.literal_eval(kind)) for version, kind in found}


def kinds_of(manifests: Iterable[Manifest], mode: str) -> set[Kind]:
    """What is applied; in mode `objects` what is inside, for the rights to Objects come with the provider."""
    made = list(manifests)
    if mode == OBJECTS:
        assert {(m["apiVersion"], m["kind"]) for m in made} == {(OBJECT_API, OBJECT_KIND)}
        made = [m["spec"]["forProvider"]["manifest"] for m in made]
    return {(m["apiVersion"], m["kind"]) for m in made}


def released(xr: Manifest, mode: str) -> Iterator[Manifest]:
    """Everything of a release: first its migrations, then, when they have succeeded, the rest."""
    first = {key: resource.manifest for key, resource in compose(xr, NOTHING, {"mode": mode}).resources.items()}
    observed = {key: succeeded(manifest, mode) for key, manifest in first.items()}
    later = compose(xr, Snapshot(observed), {"mode": mode}).resources
    yield from first.values()
    yield from (resource.manifest for resource in later.values())


def succeeded(manifest: Manifest, mode: str) -> Manifest:
    """The object as a Job that has succeeded, which every other kind reads as nothing."""
    status = {"conditions": [{"type": "Complete", "status": "True"}]}
    if mode == OBJECTS:
        return wrapped(manifest, {**manifest["spec"]["forProvider"]["manifest"], "status": status})
    return {**manifest, "status": status}


@pytest.fixture(scope="module")
def composed() -> dict[str, set[Kind]]:
    """What claims become, by mode: every example, which are the golden cases too, and any other claim that the APIs accept."""
    found: dict[str, set[Kind]] = {DIRECT: set(), OBJECTS: set()}

    @given(composites)
    def add_any(xr: Manifest) -> None:
        for mode, kinds in found.items():
            kinds.update(kinds_of(released(xr, mode), mode))

    add_any()
    examples = [render.composite_of(claim) for claim in render.claims(documents.read([str(ROOT / "examples")]))]
    for mode, kinds in found.items():
        for xr in examples:
            kinds.update(kinds_of(released(xr, mode), mode))
    return found


def required(xr: Manifest, *, reads_pods: bool) -> set[Kind]:
    """What the function looks at beside its own objects. To composites Crossplane has rights from its own rbac-manager."""
    function_input = {"diagnostics": {"pods": True}} if reads_pods else {}
    selectors = compose(xr, NOTHING, function_input).requirements.values()
    return {(s.api_version, s.kind) for s in selectors if not s.api_version.startswith(f"{api.GROUP}/")}


def with_verbs(kinds: Iterable[Kind], verbs: set[str]) -> Rights:
    return {resource_of(*kind): verbs for kind in kinds}


def resource_of(api_version: str, kind: str) -> tuple[str, str]:
    name = kind.lower()
    return api_version.rpartition("/")[0], f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"


@pytest.mark.parametrize("mode", [DIRECT, OBJECTS])
def test_claims_become_every_kind_that_has_a_builder_and_no_other(composed: dict[str, set[Kind]], mode: str) -> None:
    assert composed[mode] == built()


def test_whole_objects_are_written_by_builders_and_by_the_mode_that_wraps_them() -> None:
    others = {module for module in PACKAGE.rglob("*.py") if module.parent != BUILDERS and written(module)}
    assert others == {Path(str(modes.__file__))}


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.folder)
def test_a_variant_grants_what_is_composed_or_looked_at_and_nothing_else(variant: Variant, composed: dict[str, set[Kind]]) -> None:
    holder = provider(WITH_PROVIDER) if variant.holder == PROVIDER else variant.holder
    manages = with_verbs(composed[variant.mode or DIRECT], MANAGE) if variant.composes else {}
    reads = with_verbs(required(composite(), reads_pods=True), READ) if variant.reads_pods else {}
    want = {**manages, **reads}
    assert granted(LAYER / variant.folder) == ({holder: want} if want else {})


def test_every_kustomization_of_the_layer_is_a_variant() -> None:
    folders = {path.parent.relative_to(LAYER) for path in LAYER.rglob("kustomization.yaml")}
    assert folders == {Path(variant.folder) for variant in VARIANTS}


@pytest.mark.parametrize("folder", ["05-guardrails", "07-observability"])
def test_no_other_layer_gives_rights_to_those_who_compose(folder: str) -> None:
    assert not {CROSSPLANE, provider(WITH_PROVIDER)} & granted(ROOT / "platform" / folder).keys()


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v.mode], ids=lambda variant: variant.folder)
def test_claims_compose_by_default_as_the_variant_grants_it(variant: Variant) -> None:
    made = rendered(LAYER / variant.folder)
    defaults = {m["spec"]["defaultCompositionRef"]["name"] for m in made if m["kind"] == "CompositeResourceDefinition"}
    inputs: list[Any] = [m["spec"]["pipeline"][0]["input"] for m in made if m["metadata"]["name"] in defaults]
    assert {(i["mode"], "diagnostics" in i) for i in inputs} == {(variant.mode, variant.reads_pods)}
    assert len(inputs) == len(defaults)


@pytest.mark.parametrize(("reads_pods", "want"), [(False, set()), (True, {("v1", "Pod")})], ids=["off", "on"])
@example(composite())
@example(agent())
@given(composites)
def test_diagnostics_look_at_pods_and_nothing_is_looked_at_without_them(reads_pods: bool, want: set[Kind], xr: Manifest) -> None:
    assert required(xr, reads_pods=reads_pods) == want
