"""The function refuses what the API server refuses, for it may be asked about claims that are older than a rule."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import yaml
from msgspec.structs import fields

from tests.accepted_claims import ACCEPTED_CLAIMS
from tests.claim_rows import MINIMAL_SPEC, AcceptedClaim, RefusedClaim, claim
from tests.composites import MINIMAL_AGENT, agent, composite
from tests.refused_agents import ACCEPTED_AGENTS, REFUSED_AGENTS
from tests.refused_claims import REFUSED_CLAIMS
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.composition import Condition, Status
from zerotouch_function.errors import FunctionError, InputError
from zerotouch_function.fields.base import Fields
from zerotouch_function.fields.quantity import amount
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING
from zerotouch_function.registry import compose, refuse

MODELS: Final = [
    pytest.param("agentexecutors", AgentExecutorSpec, MINIMAL_SPEC, id="AgentExecutor"),
    pytest.param("agenttypes", AgentTypeSpec, MINIMAL_AGENT, id="AgentType"),
]
EVERY_API: Final = pytest.mark.parametrize(("plural", "model", "minimal"), MODELS)
OPTIONAL: Final = ("spec.card", "spec.llm.budget")
"""Objects that a claim may do without: the defaults below them are filled in where the object is."""


def spec_schema(plural: str) -> dict[str, Any]:
    definition = yaml.safe_load(Path(f"apis/{plural}/definition.yaml").read_text())
    found: dict[str, Any] = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return found


def xr_of(case: RefusedClaim | AcceptedClaim) -> Manifest:
    spec: Any = claim(case)["spec"]
    xr = composite(name=case.name) if case.kind == "AgentExecutor" else agent(name=case.name)
    return {**xr, "spec": {**spec, "claimRef": xr["spec"]["claimRef"]}}


@pytest.mark.parametrize("case", [*REFUSED_CLAIMS, *REFUSED_AGENTS], ids=lambda case: case.reason)
def test_the_function_refuses_what_the_schema_refuses(case: RefusedClaim) -> None:
    with pytest.raises(FunctionError) as refused:
        compose(xr_of(case), NOTHING, {})
    assert refused.value.field in names(case)


def names(case: RefusedClaim) -> set[str]:
    """How the function may name the field: as the API server does, as the list that it is in, or with the key that is wrong there."""
    value: Any = claim(case)
    for part in re.findall(r"[^.\[\]]+", case.field):
        value = value[int(part)] if isinstance(value, list) else value.get(part, {})
    keys = value if isinstance(value, dict) else ()
    return {case.field, case.field.partition("[")[0], *(f"{case.field}.{key}" for key in keys)}


@pytest.mark.parametrize("case", [*ACCEPTED_CLAIMS, *ACCEPTED_AGENTS], ids=lambda case: case.reason)
def test_the_function_composes_what_the_schema_accepts(case: AcceptedClaim) -> None:
    assert compose(xr_of(case), NOTHING, {}).resources


def schema_leaves(schema: dict[str, Any], path: str = "spec") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field below the schema, objects of fields themselves too."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", child
        yield from schema_leaves(child.get("items", child), f"{path}.{name}")


@EVERY_API
def test_the_model_has_the_fields_of_the_schema(plural: str, model: type[Fields], minimal: Manifest) -> None:
    assert sorted(path for path, _ in model_leaves(model)) == sorted(path for path, _ in schema_leaves(spec_schema(plural)))


def model_leaves(model: type[Fields], path: str = "spec") -> Iterator[tuple[str, type[Fields] | None]]:
    for field in fields(model):
        inner = next((part for part in parts_of(field.type) if isinstance(part, type) and issubclass(part, Fields)), None)
        yield f"{path}.{field.encode_name}", inner
        if inner is not None:
            yield from model_leaves(inner, f"{path}.{field.encode_name}")


def parts_of(annotation: Any) -> Iterator[Any]:
    """The annotation and everything that it is made of."""
    yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from parts_of(part)


@EVERY_API
def test_the_model_has_the_defaults_of_the_schema(plural: str, model: type[Fields], minimal: Manifest) -> None:
    ours = json.loads(msgspec.json.encode(msgspec.convert(minimal, model)))
    schema = spec_schema(plural)
    assert dict(defaults(schema)) == {path: at(ours, path) for path, _ in defaults(schema)}


def defaults(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, child in schema_leaves(schema):
        if "default" in child and child["default"] != {} and not path.startswith(OPTIONAL):
            yield path, child["default"]


def at(spec: Any, path: str) -> Any:
    for part in path.split(".")[1:]:
        spec = spec[part]
    return spec


def test_a_composite_without_a_claim_is_told_to_use_one() -> None:
    xr = composite()
    del xr["spec"]["claimRef"]
    with pytest.raises(
        FunctionError, match=r"^spec.claimRef: XAgentExecutor my-service-x7k2p has no claim; create the claim \(kind AgentExecutor\)"
    ):
        compose(xr, NOTHING, {})


def test_an_unknown_kind_is_told_which_are_known() -> None:
    xr = {**composite(), "kind": "XToaster"}
    with pytest.raises(FunctionError, match=r"kind: .*XToaster.* use one of XAgentExecutor, XAgentType") as refused:
        compose(xr, NOTHING, {})
    assert refuse(xr, NOTHING, refused.value) == (Condition("SpecValid", Status.FALSE, "UnknownKind", str(refused.value)),)


@pytest.mark.parametrize("name,namespace", [("default", "team"), ("kubernetes", "default")])
def test_a_name_that_kubernetes_has_given_is_refused(name: str, namespace: str) -> None:
    with pytest.raises(FunctionError, match=rf'^metadata.name: "{name}" is the name of a \w+ that Kubernetes itself keeps in '):
        compose(agent(name=name, namespace=namespace), NOTHING, {})
    assert compose(agent(name="kubernetes", namespace="team"), NOTHING, {})


@pytest.mark.parametrize(
    "quantity,value",
    [
        ("524288Ki", 2**29),
        ("0.5Gi", 2**29),
        ("512Mi", 2**29),
        ("1Ti", 2**40),
        ("2Pi", 2**51),
        ("1Ei", 2**60),
        ("1000k", 10**6),
        ("2M", 2 * 10**6),
        ("7", 7),
    ],
)
def test_a_quantity_may_have_any_suffix(quantity: str, value: int) -> None:
    assert amount(quantity) == value


def test_memory_in_ki_is_composed() -> None:
    assert compose(composite({"resources": {"requests": {"memory": "524288Ki"}, "limits": {"memory": "512Mi"}}}), NOTHING, {})


def test_a_request_above_its_limit_names_both() -> None:
    with pytest.raises(FunctionError, match=r"spec.resources.requests.cpu: 3 is more than the limit 2000m"):
        compose(composite({"resources": {"requests": {"cpu": 3}}}), NOTHING, {})


def test_a_wrong_input_names_the_field() -> None:
    with pytest.raises(FunctionError, match=r'input.mode: is "both"; write "direct" or "objects"$'):
        compose(composite(), NOTHING, {"mode": "both"})


def test_a_default_toleration_that_means_nothing_is_the_compositions_fault() -> None:
    with pytest.raises(InputError, match=r"^input\.defaults\.placement\.tolerations: a toleration without a key is for every taint"):
        compose(composite(), NOTHING, {"defaults": {"placement": {"tolerations": [{"effect": "NoSchedule"}]}}})


@pytest.mark.parametrize("host", ["[", "host:65536", "host:0", "host:x", ":8080"])
def test_a_url_that_leads_nowhere_names_its_field(host: str) -> None:
    provider = {"name": "own", "type": "openai-compatible", "baseUrl": f"https://{host}/v1"}
    for xr, field in (
        (agent({"llm": {"providers": [provider]}, "network": {"policy": "restricted"}}), "spec.llm.providers"),
        (agent({"nats": {"url": f"nats://a:4222,nats://{host}"}}), "spec.nats.url"),
        (agent({"observability": {"tracing": {"endpoint": f"http://{host}"}}}), "spec.observability.tracing.endpoint"),
        (composite({"natsUrl": f"nats://{host}"}), "spec.natsUrl"),
    ):
        with pytest.raises(FunctionError, match="leads nowhere") as caught:
            compose(xr, NOTHING, {})
        assert caught.value.field == field


@pytest.mark.parametrize("port", ["0", "65536"])
def test_a_port_that_is_none_names_the_monitoring_endpoint(port: str) -> None:
    for scheme in ("", "https://"):
        with pytest.raises(FunctionError, match=r"^spec\.nats\.monitoringEndpoint: has a URL that leads nowhere"):
            compose(composite({"nats": {"monitoringEndpoint": f"{scheme}nats.nats.svc:{port}"}}), NOTHING, {})


def test_a_part_of_a_volume_is_mounted() -> None:
    volumes = [{"name": "data", "mountPath": "/data", "subPath": "v1", "readOnly": True, "emptyDir": {}}]
    pod = compose(composite({"volumes": volumes}), NOTHING, {}).resources["deployment"].manifest["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "data", "emptyDir": {}}]
    mount = {"name": "data", "mountPath": "/data", "subPath": "v1", "readOnly": True}
    assert [container["volumeMounts"] for container in (*pod["initContainers"], *pod["containers"])] == [[mount], [mount]]


def test_servers_after_the_first_need_no_scheme() -> None:
    assert compose(composite({"natsUrl": "nats://user:word@a:4222,b:4222"}), NOTHING, {}).resources


@pytest.mark.parametrize("path", ["//zerotouch/python", "/zerotouch//node", "/x/../zerotouch", "/./var/run/zerotouch/nats"])
def test_no_spelling_of_a_path_mounts_over_the_platforms_files(path: str) -> None:
    volumes = [{"name": "own", "mountPath": path, "emptyDir": {}}]
    with pytest.raises(FunctionError, match="where the platform mounts"):
        compose(agent({"agent": {"image": "x", "volumes": volumes}}), NOTHING, {})


@pytest.mark.parametrize("path", ["/data/", "//data", "/x/../data"])
def test_no_two_volumes_hide_each_other(path: str) -> None:
    volumes = [{"name": f"v{number}", "mountPath": path, "emptyDir": {}} for number, path in enumerate(("/data", path))]
    with pytest.raises(FunctionError, match=r'^spec\.volumes: two volumes have the mountPath "/data"; give each its own mountPath'):
        compose(composite({"volumes": volumes}), NOTHING, {})


@pytest.mark.parametrize("key", ["../../nats/credentials/nats.creds", "a/b", "a\n"])
def test_a_key_of_a_secret_is_the_name_of_one_file(key: str) -> None:
    providers = [{"name": "openai", "type": "openai", "secret": {"name": "openai", "key": key}}]
    with pytest.raises(FunctionError, match="write a key such as api-key"):
        compose(agent({"llm": {"providers": providers}}), NOTHING, {})


@pytest.mark.parametrize("prefix", ["a" * 254, f"{'a.' * 127}b"])
def test_a_prefix_longer_than_any_dns_name_is_refused(prefix: str) -> None:
    with pytest.raises(FunctionError, match=r"^spec\.podLabels\.a.*write a key such as tier or example.com/tier$"):
        compose(composite({"podLabels": {f"{prefix}/tier": "x"}}), NOTHING, {})
    assert compose(composite({"podLabels": {f"{'a' * 253}/tier": "x"}}), NOTHING, {})
