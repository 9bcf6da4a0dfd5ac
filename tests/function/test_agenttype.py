"""What an AgentType becomes, and what its author is told."""

import json
from typing import Any, Final

import pytest

from tests.composites import agent, composite, condition, created, deployed
from tests.refused_agents import CHEAP, CODE, MODEL, PRICE, PROVIDER
from zerotouch_function.composition import Composition, Condition, Status
from zerotouch_function.errors import FunctionError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.registry import compose, refuse

LLM: Final[Manifest] = {"providers": [PROVIDER], "models": [MODEL]}
IMAGES: Final[Manifest] = {"agents": {"images": {"wrapper": "r/agent-wrapper:v2", "sidecar": "r/agent-sidecar:v2"}}}


def manifests(spec: Manifest | None = None, **settings: Any) -> dict[str, Manifest]:
    return created(agent(spec), settings)


def pod(spec: Manifest | None = None, **settings: Any) -> Manifest:
    template: Manifest = manifests(spec, **settings)["deployment"]["spec"]["template"]
    return template


def container(name: str, spec: Manifest | None = None) -> Manifest:
    found = pod(spec)["spec"]
    (one,) = (c for c in (*found["initContainers"], *found["containers"]) if c["name"] == name)
    return one  # type: ignore[no-any-return]  # a container


def env(spec: Manifest | None = None) -> dict[str, Any]:
    return {variable["name"]: variable.get("value", variable.get("valueFrom")) for variable in container("agent", spec)["env"]}


def sidecar_json(spec: Manifest | None = None) -> Manifest:
    document: Manifest = json.loads(manifests(spec)["sidecar-config"]["data"]["sidecar.json"])
    return document


def in_cluster(spec: Manifest, **deployment: Any) -> Composition:
    """The answer once all objects exist, with the Deployment as `deployed` makes it."""
    made = manifests(spec)
    return compose(agent(spec), Snapshot({**made, "deployment": deployed(made["deployment"], **deployment)}), {})


# The pod


def test_a_minimal_claim_is_an_image_behind_a_sidecar() -> None:
    assert list(manifests()) == ["service-account", "sidecar-config", "deployment", "service"]
    assert [c["name"] for c in pod()["spec"]["initContainers"]] == ["wrapper", "sidecar"]
    (agent_container,) = pod()["spec"]["containers"]
    assert not {"command", "args", "livenessProbe", "readinessProbe", "startupProbe"} & set(agent_container)


def test_without_a_wrapper_the_pod_has_two_containers_and_no_trace_of_it() -> None:
    spec: Manifest = {"wrapper": {"mode": "none"}}
    assert [c["name"] for c in pod(spec)["spec"]["initContainers"]] == ["sidecar"]
    assert not {"PYTHONPATH", "NODE_OPTIONS", "AGENT_WRAPPER_VERSION"} & set(env(spec))
    assert "/zerotouch" not in json.dumps(container("agent", spec))


def test_provider_secrets_are_mounted_in_the_sidecar_and_nowhere_else() -> None:
    provider = {**PROVIDER, "baseUrl": "https://models.example.com", "tls": {"caSecret": "ca"}}
    spec: Manifest = {
        "llm": {"providers": [provider], "models": [MODEL]},
        "nats": {"url": "nats://n:4222", "credentialsSecret": "creds", "caSecret": "nats-ca"},
    }
    secret = {v["name"] for v in pod(spec)["spec"]["volumes"] if "secret" in v}
    assert len(secret) == 4
    mounted = {name: {m["name"] for m in container(name, spec).get("volumeMounts", [])} for name in ("wrapper", "sidecar", "agent")}
    assert secret <= mounted["sidecar"]
    assert not secret & (mounted["wrapper"] | mounted["agent"])


def test_a_pod_waits_for_each_key_and_sees_nothing_else_of_its_secret() -> None:
    provider = {**PROVIDER, "secret": {"name": "keys", "key": "OPENAI"}, "baseUrl": "https://models.example.com", "tls": {"caSecret": "ca"}}
    spec: Manifest = {
        "llm": {"providers": [provider], "models": [MODEL]},
        "nats": {"url": "tls://n:4222", "credentialsSecret": "creds", "caSecret": "nats-ca"},
    }
    volumes = {v["name"]: v["secret"] for v in pod(spec)["spec"]["volumes"] if "secret" in v}
    assert volumes == {
        "zerotouch-provider-openai": {"secretName": "keys", "items": [{"key": "OPENAI", "path": "key"}]},
        "zerotouch-ca-openai": {"secretName": "ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]},
        "zerotouch-nats-credentials": {"secretName": "creds", "items": [{"key": "nats.creds", "path": "nats.creds"}]},
        "zerotouch-nats-ca": {"secretName": "nats-ca", "items": [{"key": "ca.crt", "path": "ca.crt"}]},
    }
    files = {m["name"]: m["mountPath"] for m in container("sidecar", spec)["volumeMounts"]}
    document = sidecar_json(spec)
    assert document["llm"]["providers"][0]["keyFile"] == f"{files['zerotouch-provider-openai']}/key"
    assert document["llm"]["providers"][0]["caFile"] == f"{files['zerotouch-ca-openai']}/ca.crt"
    assert document["nats"]["credentialsFile"] == f"{files['zerotouch-nats-credentials']}/nats.creds"
    assert document["nats"]["caFile"] == f"{files['zerotouch-nats-ca']}/ca.crt"


def test_no_names_of_providers_give_two_volumes_one_name() -> None:
    own = {"baseUrl": "https://models.example.com", "tls": {"caSecret": "ca"}}
    providers = [{**PROVIDER, "name": name, **own} for name in ("local", "ca-local", "provider-local", "config", "state", "a" * 40)]
    names = [v["name"] for v in pod({"llm": {"providers": providers}})["spec"]["volumes"]]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 63


@pytest.mark.parametrize("profile", ["restricted", "baseline"])
def test_the_platforms_containers_are_restricted_whatever_the_agent_is(profile: str) -> None:
    spec: Manifest = {"security": {"profile": profile}}
    for name in ("wrapper", "sidecar"):
        assert container(name, spec)["securityContext"] == {
            "runAsNonRoot": True,
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }


@pytest.mark.parametrize(
    ("entrypoint", "command"),
    [("main.py", ["python", "/app/main.py"]), ("app.mjs", ["node", "/app/app.mjs"]), ("x.y.cjs", ["node", "/app/x.y.cjs"])],
)
def test_code_is_started_by_what_its_name_says_and_not_as_root(entrypoint: str, command: list[str]) -> None:
    spec: Manifest = {"agent": {"code": {**CODE, "entrypoint": entrypoint}, "args": ["--fast"]}}
    found = container("agent", spec)
    assert (found["image"], found["command"], found["args"]) == ("python:3.13-slim", command, ["--fast"])
    assert found["securityContext"]["runAsUser"] == 65532
    assert {"name": "zerotouch-code", "mountPath": "/app", "readOnly": True} in found["volumeMounts"]


def test_the_images_are_those_of_the_composition() -> None:
    assert [c["image"] for c in pod(**IMAGES)["spec"]["initContainers"]] == ["r/agent-wrapper:v2", "r/agent-sidecar:v2"]
    variables = {v["name"]: v.get("value") for v in pod(**IMAGES)["spec"]["containers"][0]["env"]}
    assert variables["AGENT_WRAPPER_VERSION"] == "v2"


# The environment


def test_an_agent_without_models_keeps_its_sdks_as_they_are() -> None:
    assert not [name for name in env() if name.startswith(("OPENAI", "ANTHROPIC"))]


def test_an_agent_with_models_finds_them_and_no_key_worth_stealing() -> None:
    found = env({"llm": LLM})
    assert found["OPENAI_BASE_URL"] == found["OPENAI_API_BASE"] == "http://127.0.0.1:18081/openai/v1"
    assert found["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:18081/anthropic"
    uid = {"fieldRef": {"fieldPath": "metadata.uid"}}
    assert found["OPENAI_API_KEY"] == found["ANTHROPIC_API_KEY"] == found["AGENT_TOKEN"] == uid


def test_an_agent_sends_no_traces_to_openai_unless_its_claim_says_so() -> None:
    assert env({"llm": LLM})["OPENAI_AGENTS_DISABLE_TRACING"] == "1"
    traced = {"name": "OPENAI_AGENTS_DISABLE_TRACING", "value": "0"}
    assert env({"llm": LLM, "agent": {"image": "x", "env": [traced]}})["OPENAI_AGENTS_DISABLE_TRACING"] == "0"


@pytest.mark.parametrize("own", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_an_agent_with_its_own_url_gets_no_other_and_sends_no_token_there(own: str) -> None:
    found = env({"llm": LLM, "agent": {"image": "x", "env": [{"name": own, "value": "https://example.com"}]}})
    assert {name for name in found if name.startswith("OPENAI")} == {own}
    assert "ANTHROPIC_BASE_URL" in found


def test_the_agents_own_paths_and_options_come_after_ours() -> None:
    found = env({"wrapper": {"python": {"pythonPath": "/srv"}, "node": {"options": "--inspect"}}})
    assert found["PYTHONPATH"] == "/zerotouch/python:/srv"
    assert found["NODE_OPTIONS"] == "--require /zerotouch/node/wrapper.cjs --inspect"


# What changes live, and what rolls

LIVE: Final = [
    {"llm": {**LLM, "models": [MODEL, CHEAP]}},
    {"llm": {**LLM, "models": [{**MODEL, "price": PRICE}], "budget": {"usd": "10"}}},
    {"llm": {**LLM, "budget": {"tokens": 5}, "rateLimit": {"requestsPerMinute": 1}, "retry": {"attempts": 4}}},
    {"llm": {**LLM, "providers": [{**PROVIDER, "headers": {"x-org": "y"}, "timeoutSeconds": 1, "concurrency": 2}]}},
    {"llm": {**LLM, "providers": [{**PROVIDER, "sendTraceContext": True}]}},
    {"llm": LLM, "card": {"name": "x", "description": "y"}},
    {"llm": LLM, "nats": {"url": "nats://n:4222"}},
    {"llm": LLM, "observability": {"tracing": {"endpoint": "http://otel:4318"}}, "sidecar": {"logLevel": "debug"}},
]
ROLLING: Final = [
    {"llm": {**LLM, "providers": [{**PROVIDER, "secret": {"name": "openai", "key": "other"}}]}},
    {"llm": {**LLM, "providers": [{**PROVIDER, "secret": {"name": "other"}}]}},
    {"llm": LLM, "agent": {"image": "other"}},
    {"llm": LLM, "agent": {"image": "ghcr.io/org/agent:v1.0.0", "port": 9000}},
    {"llm": LLM, "agent": {"image": "ghcr.io/org/agent:v1.0.0", "probes": {"readinessPath": "/ready"}}},
    {"llm": LLM, "wrapper": {"failurePolicy": "Fail"}},
    {"llm": LLM, "wrapper": {"mode": "none"}},
    {"llm": LLM, "size": "large"},
    {"llm": LLM, "nats": {"url": "nats://n:4222", "credentialsSecret": "creds"}},
]


@pytest.mark.parametrize("changed", LIVE, ids=lambda spec: ",".join(spec))
def test_what_the_sidecar_can_learn_rolls_no_pod(changed: Manifest) -> None:
    assert manifests(changed)["deployment"] == manifests({"llm": LLM})["deployment"]
    assert sidecar_json(changed) != sidecar_json({"llm": LLM})


@pytest.mark.parametrize("changed", ROLLING, ids=lambda spec: ",".join(spec))
def test_what_it_cannot_learn_rolls_the_pods(changed: Manifest) -> None:
    assert manifests(changed)["deployment"] != manifests({"llm": LLM})["deployment"]


def test_an_upgrade_of_the_platform_rolls_the_pods_and_changes_no_configuration() -> None:
    before, after = manifests(), manifests(None, **IMAGES)
    assert before["deployment"] != after["deployment"]
    assert before["sidecar-config"] == after["sidecar-config"]


def test_the_order_of_headers_in_a_claim_means_nothing() -> None:
    def written(headers: Manifest) -> object:
        return manifests({"llm": {**LLM, "providers": [{**PROVIDER, "headers": headers}]}})["sidecar-config"]

    assert written({"a": "1", "b": "2"}) == written({"b": "2", "a": "1"})


# Scaling


def test_the_number_of_pods_is_fixed_or_follows_the_cpu() -> None:
    assert manifests()["deployment"]["spec"]["replicas"] == 1
    assert manifests({"scaling": {"replicas": 0}})["deployment"]["spec"]["replicas"] == 0
    scaled = manifests({"scaling": {"maxReplicas": 4}})
    assert "replicas" not in scaled["deployment"]["spec"]
    assert (scaled["autoscaler"]["spec"]["minReplicas"], scaled["autoscaler"]["spec"]["maxReplicas"]) == (1, 4)


# What its author is told


def test_a_new_claim_says_what_it_waits_for() -> None:
    answer = compose(agent({"llm": LLM}), NOTHING, {})
    assert condition(answer, "WorkloadReady").reason == "Creating"
    assert condition(answer, "ModelsConfigured").reason == "Waiting"
    assert not any(resource.is_ready for resource in answer.resources.values())


def test_a_claim_that_runs_says_where_and_what_it_can_call() -> None:
    answer = in_cluster({"llm": {**LLM, "models": [MODEL, CHEAP]}, "scaling": {"replicas": 2}}, replicas=2)
    assert all(resource.is_ready for resource in answer.resources.values())
    assert answer.status == {
        "endpoint": "my-agent.ns.svc.cluster.local:8080",
        "endpoints": {"service": "my-agent.ns.svc.cluster.local:8080", "ops": "my-agent.ns.svc.cluster.local:18090"},
        "image": "ghcr.io/org/agent:v1.0.0",
        "models": ["cheap", "default"],
        "replicas": 2,
        "secretKeys": ["openai/api-key"],
    }
    told = Condition("ModelsConfigured", Status.TRUE, "Configured", "The agent can call cheap, default")
    assert condition(answer, "ModelsConfigured") == told


@pytest.mark.parametrize(
    ("spec", "reason", "says"),
    [
        ({}, "NoModels", "declare some in spec.llm"),
        ({"llm": {**LLM, "budget": {"tokens": 1}}}, "BudgetPerPod", "set spec.nats.url"),
        ({"llm": {**LLM, "budget": {"tokens": 1}}, "nats": {"url": "nats://n:4222"}}, "Configured", "can call default"),
    ],
)
def test_the_models_condition_says_what_to_know(spec: Manifest, reason: str, says: str) -> None:
    told = condition(in_cluster(spec), "ModelsConfigured")
    assert (told.status, told.reason) == ("True", reason)
    assert says in told.message


def test_pods_that_do_not_start_name_the_secrets_that_they_wait_for() -> None:
    own = {"name": "own", "type": "openai", "baseUrl": "https://models.example.com", "tls": {"caSecret": "authority"}}
    nats = {"url": "tls://n:4222", "credentialsSecret": "creds", "caSecret": "nats-ca"}
    spec: Manifest = {"llm": {**LLM, "providers": [PROVIDER, own]}, "nats": nats}
    stuck = in_cluster(spec, availableReplicas=0, conditions=[{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}])
    told = condition(stuck, "ModelsConfigured")
    assert (told.status, told.reason) == ("False", "Waiting")
    assert told.message.endswith("kubectl -n ns describe secrets authority creds nats-ca openai")


OTHER: Final[Manifest] = {"name": "other", "type": "openai", "secret": {"name": "other", "key": "k"}}


@pytest.mark.parametrize(
    ("providers", "available", "waits_for"),
    [
        ([PROVIDER], 2, ""),
        ([PROVIDER], 0, "openai"),
        ([PROVIDER, OTHER], 2, "other"),
        ([{**PROVIDER, "secret": {"name": "openai", "key": "x"}}], 2, "openai"),
    ],
    ids=["only the image changed", "and nothing answers", "another Secret", "another key"],
)
def test_a_rollout_waits_only_for_keys_that_no_pod_has_yet(providers: list[Manifest], available: int, waits_for: str) -> None:
    before = in_cluster({"llm": LLM, "scaling": {"replicas": 2}}, replicas=2)
    spec: Manifest = {"llm": {**LLM, "providers": providers}, "scaling": {"replicas": 2}, "agent": {"image": "ghcr.io/org/agent:v2"}}
    made = manifests(spec)
    rolling = deployed(
        made["deployment"],
        replicas=2,
        availableReplicas=available,
        updatedReplicas=1,
        conditions=[{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}],
    )
    xr = {**agent(spec), "status": before.status}
    answer = compose(xr, Snapshot({**made, "deployment": rolling}), {})
    told = condition(answer, "ModelsConfigured")
    assert (told.status, told.reason) == (("False", "Waiting") if waits_for else ("True", "Configured"))
    assert told.message.endswith(f"describe secrets {waits_for}" if waits_for else "can call default")
    assert condition(answer, "WorkloadReady").reason == "RollingOut"
    assert answer.status["secretKeys"] == ["openai/api-key"], "as long as the new pods are not there"


def test_a_stopped_agent_says_who_stopped_it() -> None:
    told = condition(in_cluster({"scaling": {"replicas": 0}}, replicas=0), "WorkloadReady")
    assert (told.reason, told.message) == ("ScaledToZero", "No pod runs, because spec.scaling.replicas is 0")


def test_an_agent_that_scales_and_was_stopped_by_hand_says_how_to_start_it() -> None:
    told = condition(in_cluster({"scaling": {"maxReplicas": 4}}, replicas=0), "WorkloadReady")
    assert (told.status, told.reason) == ("False", "PodsNotReady")
    assert told.message.endswith("Start it with: kubectl -n ns scale deployment my-agent --replicas=1")


ANTHROPIC: Final[Manifest] = {"name": "anthropic", "type": "anthropic"}
CLAUDE: Final[Manifest] = {"alias": "claude", "targets": [{"provider": "anthropic", "model": "claude-sonnet-4-5"}]}
TARGETS: Final = [{"provider": "openai", "model": "gpt-5-mini"}, {"provider": "anthropic", "model": "claude-sonnet-4-5"}]
BOTH: Final[Manifest] = {"alias": "both", "targets": TARGETS}
PLUGIN: Final[Manifest] = {"name": "anthropic", "type": "my-cloud", "baseUrl": "http://x"}


def stands_in(alias: str, *models: Manifest, provider: Manifest = ANTHROPIC, budget: bool = False) -> Manifest:
    """A claim in which another model stands in for the first one, when it fails or when the budget is spent."""
    first, *rest = models
    more = {"budget": {"tokens": 1, "action": "degrade", "degradeTo": alias}} if budget else {}
    kept = first if budget else {**first, "fallbacks": [alias]}
    return {"llm": {"providers": [PROVIDER, provider], "models": [kept, *rest], **more}}


@pytest.mark.parametrize(
    "spec, field, problem",
    [
        (stands_in("claude", MODEL, CLAUDE), "spec.llm.models", '"default" falls back to "claude", which speaks Anthropic and not OpenAI'),
        (stands_in("default", CLAUDE, MODEL), "spec.llm.models", '"claude" falls back to "default", which speaks OpenAI and not Anthropic'),
        (
            stands_in("claude", MODEL, CLAUDE, budget=True),
            "spec.llm.budget.degradeTo",
            '"claude" speaks Anthropic and not OpenAI, as "default" does',
        ),
    ],
    ids=["fallback", "the other way", "degradeTo"],
)
def test_a_model_cannot_stand_in_for_one_of_another_protocol(spec: Manifest, field: str, problem: str) -> None:
    with pytest.raises(FunctionError) as told:
        manifests(spec)
    assert str(told.value) == f"{field}: {problem}; name one whose targets speak the same, or give it a target of such a provider too"


@pytest.mark.parametrize("budget", [False, True], ids=["fallback", "degradeTo"])
@pytest.mark.parametrize(
    "alias, models, provider",
    [("both", (MODEL, BOTH), ANTHROPIC), ("both", (CLAUDE, BOTH), ANTHROPIC), ("claude", (MODEL, CLAUDE), PLUGIN)],
    ids=["OpenAI", "Anthropic", "plugin"],
)
def test_a_model_stands_in_where_it_shares_a_protocol_or_where_only_the_sidecar_knows(
    alias: str, models: tuple[Manifest, ...], provider: Manifest, budget: bool
) -> None:
    assert manifests(stands_in(alias, *models, provider=provider, budget=budget))


@pytest.mark.parametrize(
    ("xr", "types"),
    [
        (composite(), ["SpecValid", "WorkloadReady", "ScalerReady"]),
        (agent(), ["SpecValid", "WorkloadReady", "ModelsConfigured", "ScalerReady"]),
    ],
    ids=["AgentExecutor", "AgentType"],
)
def test_a_refused_claim_has_every_condition(xr: Manifest, types: list[str]) -> None:
    error = FunctionError("spec.agent", "is wrong")
    assert [c.type for c in refuse(xr, NOTHING, error)] == types
    nameless = refuse({**xr, "spec": {}}, NOTHING, error)
    assert [c.type for c in nameless] == types
    assert {c.status for c in nameless} == {"False", "Unknown"}


def test_both_kinds_are_composed_by_one_function() -> None:
    assert set(compose(composite(), NOTHING, {}).resources) != set(compose(agent(), NOTHING, {}).resources)
