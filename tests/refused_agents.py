"""AgentTypes that must be refused, and odd ones that must not: the table of `refused_claims.py` for that kind.

Fields that an AgentExecutor has too are put to the test there; a test holds the two definitions together.
"""

from typing import Final

from tests.claim_rows import AcceptedClaim, RefusedClaim, Spec, memory_of, variables, volume
from tests.refused_claims import DEFAULT_RULE, KEY_RULE, NAME_RULE, TOLERATION_KEY_RULE, TOLERATION_SECONDS_RULE, TOLERATION_VALUE_RULE

KIND: Final = "AgentType"

PROVIDER: Final[Spec] = {"name": "openai", "type": "openai", "secret": {"name": "openai"}}
MODEL: Final[Spec] = {"alias": "default", "targets": [{"provider": "openai", "model": "gpt-5-mini"}]}
CHEAP: Final[Spec] = {**MODEL, "alias": "cheap"}
PRICE: Final[Spec] = {"inputUsdPerMillionTokens": "1", "outputUsdPerMillionTokens": "2"}
CODE: Final[Spec] = {"configMap": "code", "entrypoint": "main.py", "runtimeImage": "python:3.13-slim"}

IMAGE_MESSAGE: Final = (
    "not an image reference; write registry/path:tag or registry/path@sha256:digest, with the path in lowercase and "
    "without a scheme such as https://"
)
ENV_RULE: Final = (
    "spec.agent.env: the platform sets AGENT_NAME, AGENT_NAMESPACE, AGENT_TOKEN, AGENT_SIDECAR_URL, AGENT_WRAPPER_VERSION, "
    "AGENT_NO_PROXY and AGENT_no_proxy; remove them here and use other names"
)
WRAPPER_ENV_RULE: Final = (
    "spec.agent.env: the wrapper is loaded through PYTHONPATH and NODE_OPTIONS; remove them here and set "
    "spec.wrapper.python.pythonPath and spec.wrapper.node.options, or set spec.wrapper.mode to none"
)
OPENAI_ENV_RULE: Final = (
    "spec.agent.env: with spec.llm.models the agent calls models through the platform, which takes no OPENAI_API_KEY of yours; "
    "remove it and name the Secret in spec.llm.providers, or set OPENAI_BASE_URL too to call without the platform"
)
ANTHROPIC_ENV_RULE: Final = (
    "spec.agent.env: with spec.llm.models the agent calls models through the platform, which takes no ANTHROPIC_API_KEY of yours; "
    "remove it and name the Secret in spec.llm.providers, or set ANTHROPIC_BASE_URL too to call without the platform"
)
VALUE_RULE: Final = "spec.agent.env: a variable has either value or valueFrom; remove one of the two"
VALUE_FROM_RULE: Final = (
    "spec.agent.env: valueFrom has exactly one source; write one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef"
)
CONTAINER_RULE: Final = "spec.agent.env: containerName is agent, the claim's own container; remove it, or write that one"
DIVISOR_RULE: Final = (
    "spec.agent.env: Kubernetes gives CPU in units of 1 or 1m, and bytes in 1, 1k, 1Ki, 1M, 1Mi and so on; correct the divisor"
)
VOLUME_SOURCE_RULE: Final = (
    "spec.agent.volumes: a volume has exactly one source; write one of configMap, secret, emptyDir and persistentVolumeClaim"
)
VOLUME_NAME_RULE: Final = "spec.agent.volumes: names that begin with zerotouch- belong to the platform; choose another name"
MOUNT_UNIQUE_RULE: Final = "spec.agent.volumes: two volumes have the same mountPath; give each its own path"
MOUNT_PLATFORM_RULE: Final = "spec.agent.volumes: /var/run/zerotouch and /zerotouch belong to the platform; choose another mountPath"
MOUNT_CODE_RULE: Final = "spec.agent.volumes: the code is mounted at /app; choose a mountPath elsewhere"
SUB_PATH_RULE: Final = "spec.agent.volumes: subPath is a path inside the volume; write it without a leading / and without .."
BASE_URL_RULE: Final = "spec.llm.providers: only types openai, anthropic and mock have a baseUrl of their own; write baseUrl"
TLS_RULE: Final = "spec.llm.providers: tls is for a provider of your own; write its baseUrl, with https://, or remove tls"
HEADER_NAME_RULE: Final = "spec.llm.providers: a header's name has lowercase letters, digits and - only, at most 128; correct the name"
HEADER_OURS_RULE: Final = (
    "spec.llm.providers: the sidecar writes the headers authorization, x-api-key, host, content-length, content-type, "
    "transfer-encoding, connection and accept-encoding itself; remove them, and put a key into a Secret"
)
TARGET_RULE: Final = "spec.llm.models: a target names a provider that is not in spec.llm.providers; add the provider, or correct the name"
FALLBACK_RULE: Final = "spec.llm.models: a fallback is the alias of another model in spec.llm.models; add that model, or correct the alias"
ALIAS_MESSAGE: Final = "not the alias of a model in spec.llm.models; add that model, or correct the alias"
PRICE_RULE: Final = (
    "spec.llm.models: a budget in dollars needs the price of every model; write price for each, with 0 for what costs nothing"
)
BUDGET_RULE: Final = "spec.llm.budget: a budget says how much; write tokens or usd, above 0"
DEGRADE_RULE: Final = "spec.llm.budget.degradeTo: goes with action degrade, and action degrade needs it; write both or neither"
BACKOFF_RULE: Final = (
    "spec.llm.retry.initialBackoffMilliseconds: must not be above maxBackoffMilliseconds (default 5000); lower the one or raise the other"
)
NATS_RULE: Final = "spec.nats.url: credentialsSecret and caSecret are for the servers that url names; write url, or remove them"
SCALING_RULE: Final = (
    "spec.scaling: replicas is a fixed number, and minReplicas, maxReplicas and cpuUtilizationPercent make it follow the CPU; "
    "write one or the other"
)
MAX_REPLICAS_RULE: Final = "spec.scaling.maxReplicas: is needed to scale on CPU; write it, or write replicas alone"
MIN_REPLICAS_RULE: Final = "spec.scaling.minReplicas: must not be above spec.scaling.maxReplicas; lower minReplicas or raise maxReplicas"
EGRESS_POLICY_RULE: Final = "spec.network.egress: counts with policy restricted only; set spec.network.policy, or remove it"
EGRESS_PEER_RULE: Final = "spec.network.egress: say where to; write one of namespace and cidr"
FAILURE_RULE: Final = (
    "spec.wrapper.failurePolicy: Fail waits for the wrapper, and mode none loads none; set mode to initContainer, or "
    "failurePolicy to Ignore"
)


def agent(**fields: object) -> Spec:
    """A spec whose agent has these fields beside its image."""
    return {"agent": {"image": "ghcr.io/org/agent:v1.0.0", **fields}}


def llm(**fields: object) -> Spec:
    """A spec with one provider and one model, and these fields beside or in place of them."""
    return {"llm": {"providers": [PROVIDER], "models": [MODEL], **fields}}


def provider(**fields: object) -> Spec:
    return llm(providers=[{**PROVIDER, **fields}])


def model(**fields: object) -> Spec:
    return llm(models=[{**MODEL, **fields}, CHEAP])


def refused(reason: str, spec: Spec, field: str, message: str, *, name: str = "my-agent", root_rule: bool = False) -> RefusedClaim:
    return RefusedClaim(reason, spec, field, message, name=name, root_rule=root_rule, kind=KIND)


def accepted(reason: str, spec: Spec) -> AcceptedClaim:
    return AcceptedClaim(reason, spec, name="my-agent", kind=KIND)


REFUSED_AGENT: Final = [
    refused("agent's name with a dot", {}, "metadata.name", NAME_RULE, name="my.agent", root_rule=True),
    refused("agent's name that a ServiceAccount has", {}, "metadata.name", DEFAULT_RULE, name="default", root_rule=True),
    refused("no agent", {"agent": None}, "spec.agent", "Required value"),
    refused(
        "neither image nor code",
        {"agent": {}},
        "spec.agent",
        "spec.agent: an agent is either an image or code; write one of image and code",
    ),
    refused(
        "image and code", agent(code=CODE), "spec.agent", "spec.agent: an agent is either an image or code; write one of image and code"
    ),
    refused("agent's image with a scheme", {"agent": {"image": "https://x/y"}}, "spec.agent.image", f"spec.agent.image: {IMAGE_MESSAGE}"),
    refused(
        "runtime image with a space",
        {"agent": {"code": {**CODE, "runtimeImage": "python 3"}}},
        "spec.agent.code.runtimeImage",
        f"spec.agent.code.runtimeImage: {IMAGE_MESSAGE}",
    ),
    refused(
        "code in another language", {"agent": {"code": {**CODE, "entrypoint": "main.rb"}}}, "spec.agent.code.entrypoint", "should match"
    ),
    refused("code in a folder", {"agent": {"code": {**CODE, "entrypoint": "src/main.py"}}}, "spec.agent.code.entrypoint", "should match"),
    refused(
        "code without an image to run in",
        {"agent": {"code": {"configMap": "code", "entrypoint": "main.py"}}},
        "spec.agent.code.runtimeImage",
        "Required value",
    ),
    refused(
        "code with a command",
        {"agent": {"code": CODE, "command": ["python"]}},
        "spec.agent.command",
        "spec.agent.command: code is started from spec.agent.code.entrypoint; remove command, or build an image of your own",
    ),
    refused(
        "the sidecar's port",
        agent(port=18080),
        "spec.agent.port",
        "spec.agent.port: 18080, 18081 and 18090 belong to the sidecar in the same pod; let the agent listen on another port",
    ),
    refused(
        "liveness path without a slash in an agent", agent(probes={"livenessPath": "x"}), "spec.agent.probes.livenessPath", "should match"
    ),
    refused("AGENT_TOKEN in env", agent(env=variables("LOG_LEVEL", "AGENT_TOKEN")), "spec.agent.env", ENV_RULE),
    refused("AGENT_no_proxy in env", agent(env=variables("AGENT_no_proxy")), "spec.agent.env", ENV_RULE),
    refused("PYTHONPATH in env", agent(env=variables("PYTHONPATH")), "spec.agent.env", WRAPPER_ENV_RULE),
    refused("NODE_OPTIONS in env", agent(env=variables("NODE_OPTIONS")), "spec.agent.env", WRAPPER_ENV_RULE),
    refused("a key beside the platform's models", {**agent(env=variables("OPENAI_API_KEY")), **llm()}, "spec.agent.env", OPENAI_ENV_RULE),
    refused(
        "an Anthropic key beside the platform's models",
        {**agent(env=variables("ANTHROPIC_API_KEY")), **llm()},
        "spec.agent.env",
        ANTHROPIC_ENV_RULE,
    ),
    refused(
        "agent's variable with value and valueFrom",
        agent(env=[{"name": "POD", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
        "spec.agent.env[0]",
        VALUE_RULE,
    ),
    refused(
        "agent's valueFrom without a source",
        agent(env=[{"name": "TOKEN", "valueFrom": {}}]),
        "spec.agent.env[0].valueFrom",
        VALUE_FROM_RULE,
    ),
    *(
        refused(
            f"resources of container {container}",
            agent(env=[memory_of(container)]),
            "spec.agent.env[0].valueFrom.resourceFieldRef.containerName",
            CONTAINER_RULE,
        )
        for container in ("agent-executor", "sidecar", "wrapper")
    ),
    refused(
        "agent's memory in thousandths",
        agent(env=[{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1m"}}}]),
        "spec.agent.env[0].valueFrom.resourceFieldRef",
        DIVISOR_RULE,
    ),
    refused("agent's variable twice", agent(env=variables("A", "A")), "spec.agent.env[1]", "Duplicate value"),
    refused(
        "agent's volume without a source", agent(volumes=[{"name": "x", "mountPath": "/x"}]), "spec.agent.volumes[0]", VOLUME_SOURCE_RULE
    ),
    refused("volume with a name of ours", agent(volumes=[volume(name="zerotouch-config")]), "spec.agent.volumes[0].name", VOLUME_NAME_RULE),
    refused(
        "two volumes of an agent at one path", agent(volumes=[volume(), volume(name="other")]), "spec.agent.volumes", MOUNT_UNIQUE_RULE
    ),
    refused(
        "volume over the wrapper",
        agent(volumes=[volume(mountPath="/zerotouch/x")]),
        "spec.agent.volumes[0].mountPath",
        MOUNT_PLATFORM_RULE,
    ),
    refused(
        "volume over the keys",
        agent(volumes=[volume(mountPath="/var/run/zerotouch")]),
        "spec.agent.volumes[0].mountPath",
        MOUNT_PLATFORM_RULE,
    ),
    refused(
        "volume over the code",
        {"agent": {"code": CODE, "volumes": [volume(mountPath="/app/data")]}},
        "spec.agent.volumes",
        MOUNT_CODE_RULE,
    ),
    refused("agent's subPath out of its volume", agent(volumes=[volume(subPath="../x")]), "spec.agent.volumes[0].subPath", SUB_PATH_RULE),
]
"""The agent itself."""

REFUSED_LLM: Final = [
    refused("provider without a type", llm(providers=[{"name": "openai"}]), "spec.llm.providers[0].type", "Required value"),
    refused("provider with an upper-case name", provider(name="OpenAI"), "spec.llm.providers[0].name", "should match"),
    refused("one provider twice", llm(providers=[PROVIDER, PROVIDER]), "spec.llm.providers[1]", "Duplicate value"),
    refused("own server without a baseUrl", provider(type="openai-compatible"), "spec.llm.providers[0]", BASE_URL_RULE),
    refused("plugin without a baseUrl", provider(type="parrot", baseUrl=""), "spec.llm.providers[0]", BASE_URL_RULE),
    refused("baseUrl with a password", provider(baseUrl="https://user:pass@example.com"), "spec.llm.providers[0].baseUrl", "should match"),
    refused("baseUrl with a query", provider(baseUrl="https://example.com/v1?x=y"), "spec.llm.providers[0].baseUrl", "should match"),
    refused("tls without a baseUrl", provider(tls={"caSecret": "ca"}), "spec.llm.providers[0]", TLS_RULE),
    refused("tls over http", provider(baseUrl="http://vllm:8000/v1", tls={"caSecret": "ca"}), "spec.llm.providers[0]", TLS_RULE),
    refused("secret without a name", provider(secret={"key": "x"}), "spec.llm.providers[0].secret.name", "Required value"),
    refused("header in upper case", provider(headers={"X-Org": "x"}), "spec.llm.providers[0].headers", HEADER_NAME_RULE),
    refused("key in a header", provider(headers={"authorization": "Bearer x"}), "spec.llm.providers[0].headers", HEADER_OURS_RULE),
    refused("header with a line break", provider(headers={"x-org": "a\nb"}), "spec.llm.providers[0].headers.x-org", "should match"),
    refused(
        "no time for a provider", provider(timeoutSeconds=0), "spec.llm.providers[0].timeoutSeconds", "should be greater than or equal to 1"
    ),
    refused(
        "17 providers",
        {"llm": {"providers": [{"name": f"p{number}", "type": "openai"} for number in range(17)]}},
        "spec.llm.providers",
        "must have at most 16 items",
    ),
    refused("model without targets", model(targets=[]), "spec.llm.models[0].targets", "should have at least 1 items"),
    refused(
        "9 targets", model(targets=[{"provider": "openai", "model": "m"}] * 9), "spec.llm.models[0].targets", "must have at most 8 items"
    ),
    refused("target at an unknown provider", model(targets=[{"provider": "acme", "model": "m"}]), "spec.llm.models", TARGET_RULE),
    refused("models without providers", {"llm": {"models": [MODEL]}}, "spec.llm.models", TARGET_RULE),
    refused("alias with a space", model(alias="my model"), "spec.llm.models[0].alias", "should match"),
    refused("alias of 64 characters", model(alias="a" * 64), "spec.llm.models[0].alias", "may not be more than 63"),
    refused("one alias twice", llm(models=[MODEL, MODEL]), "spec.llm.models[1]", "Duplicate value"),
    refused(
        "negative weight",
        model(targets=[{"provider": "openai", "model": "m", "weight": -1}]),
        "spec.llm.models[0].targets[0].weight",
        "should be greater",
    ),
    refused("fallback to nothing", model(fallbacks=["other"]), "spec.llm.models", FALLBACK_RULE),
    refused("fallback to itself", model(fallbacks=["default"]), "spec.llm.models", FALLBACK_RULE),
    refused("one fallback twice", model(fallbacks=["cheap", "cheap"]), "spec.llm.models[0].fallbacks[1]", "Duplicate value"),
    refused(
        "price as a number",
        model(price={**PRICE, "inputUsdPerMillionTokens": 1}),
        "spec.llm.models[0].price.inputUsdPerMillionTokens",
        "must be of type string",
    ),
    refused(
        "price in euro",
        model(price={**PRICE, "inputUsdPerMillionTokens": "1€"}),
        "spec.llm.models[0].price.inputUsdPerMillionTokens",
        "should match",
    ),
    refused(
        "33 models",
        llm(models=[{**MODEL, "alias": f"m{number}"} for number in range(33)]),
        "spec.llm.models",
        "must have at most 32 items",
    ),
    refused("default that is no model", llm(defaultModel="other"), "spec.llm.defaultModel", f"spec.llm.defaultModel: {ALIAS_MESSAGE}"),
    refused("no attempt at all", llm(retry={"attempts": 0}), "spec.llm.retry.attempts", "should be greater than or equal to 1"),
    refused(
        "first wait longer than the longest",
        llm(retry={"initialBackoffMilliseconds": 6000}),
        "spec.llm.retry.initialBackoffMilliseconds",
        BACKOFF_RULE,
    ),
    refused("negative rate", llm(rateLimit={"requestsPerMinute": -1}), "spec.llm.rateLimit.requestsPerMinute", "should be greater"),
    refused("budget of nothing", llm(budget={"period": "day"}), "spec.llm.budget", BUDGET_RULE),
    refused("budget of no dollars", llm(budget={"usd": "0.00"}), "spec.llm.budget", BUDGET_RULE),
    refused("budget in dollars without prices", llm(budget={"usd": "10"}), "spec.llm.models", PRICE_RULE),
    refused("budget per week", llm(budget={"tokens": 1, "period": "week"}), "spec.llm.budget.period", "supported values"),
    refused("degrading to nothing", llm(budget={"tokens": 1, "action": "degrade"}), "spec.llm.budget.degradeTo", DEGRADE_RULE),
    refused(
        "a cheaper model that never comes", llm(budget={"tokens": 1, "degradeTo": "default"}), "spec.llm.budget.degradeTo", DEGRADE_RULE
    ),
    refused(
        "degrading to an unknown model",
        llm(budget={"tokens": 1, "action": "degrade", "degradeTo": "other"}),
        "spec.llm.budget",
        f"spec.llm.budget.degradeTo: {ALIAS_MESSAGE}",
    ),
]
"""What it may call."""

REFUSED_REST: Final = [
    refused(
        "wrapper that fails and is not there",
        {"wrapper": {"mode": "none", "failurePolicy": "Fail"}},
        "spec.wrapper.failurePolicy",
        FAILURE_RULE,
    ),
    refused("python path with a space", {"wrapper": {"python": {"pythonPath": "/a b"}}}, "spec.wrapper.python.pythonPath", "should match"),
    refused("unknown log level", {"sidecar": {"logLevel": "trace"}}, "spec.sidecar.logLevel", "supported values"),
    refused("card without a description", {"card": {"name": "x"}}, "spec.card.description", "Required value"),
    refused(
        "one skill twice",
        {"card": {"name": "x", "description": "y", "skills": [{"id": "a", "name": "A", "description": "b"}] * 2}},
        "spec.card.skills[1]",
        "Duplicate value",
    ),
    refused("two servers of NATS", {"nats": {"replicas": 2}}, "spec.nats.replicas", "supported values"),
    refused("NATS credentials for no server", {"nats": {"credentialsSecret": "creds"}}, "spec.nats.url", NATS_RULE),
    refused("authority of no NATS server", {"nats": {"url": "", "caSecret": "ca"}}, "spec.nats.url", NATS_RULE),
    refused("NATS over http", {"nats": {"url": "http://nats:8222"}}, "spec.nats.url", "should match"),
    refused("NATS servers with a space", {"nats": {"url": "nats://a:4222, b:4222"}}, "spec.nats.url", "should match"),
    refused("root as group of an agent's volumes", {"security": {"fsGroup": 0}}, "spec.security.fsGroup", "greater than or equal to 1"),
    refused("fixed and moving number of pods", {"scaling": {"replicas": 2, "maxReplicas": 3}}, "spec.scaling", SCALING_RULE),
    refused("CPU target without a most", {"scaling": {"cpuUtilizationPercent": 50}}, "spec.scaling.maxReplicas", MAX_REPLICAS_RULE),
    refused(
        "agent's least above its most", {"scaling": {"minReplicas": 4, "maxReplicas": 3}}, "spec.scaling.minReplicas", MIN_REPLICAS_RULE
    ),
    refused("1001 pods", {"scaling": {"replicas": 1001}}, "spec.scaling.replicas", "should be less than or equal to 1000"),
    refused("egress without a policy", {"network": {"egress": [{"namespace": "x"}]}}, "spec.network.egress", EGRESS_POLICY_RULE),
    refused(
        "egress to nowhere", {"network": {"policy": "restricted", "egress": [{"ports": [1]}]}}, "spec.network.egress[0]", EGRESS_PEER_RULE
    ),
    refused(
        "egress to two places",
        {"network": {"policy": "restricted", "egress": [{"namespace": "x", "cidr": "10.0.0.0/8"}]}},
        "spec.network.egress[0]",
        EGRESS_PEER_RULE,
    ),
    refused(
        "egress to an address without bits",
        {"network": {"policy": "restricted", "egress": [{"cidr": "10.0.0.1"}]}},
        "spec.network.egress[0].cidr",
        "should match",
    ),
    refused(
        "egress to an address of five hundred",
        {"network": {"policy": "restricted", "egress": [{"cidr": "10.0.500.0/16"}]}},
        "spec.network.egress[0].cidr",
        "should match",
    ),
    refused(
        "egress to one port twice",
        {"network": {"policy": "restricted", "egress": [{"namespace": "x", "ports": [1, 1]}]}},
        "spec.network.egress[0].ports[1]",
        "Duplicate value",
    ),
    refused(
        "traces over gRPC",
        {"observability": {"tracing": {"endpoint": "grpc://x:4317"}}},
        "spec.observability.tracing.endpoint",
        "should match",
    ),
    refused(
        "more than all requests",
        {"observability": {"tracing": {"samplePercent": 101}}},
        "spec.observability.tracing.samplePercent",
        "should be less",
    ),
    *(
        refused(f"agent's {field} with a space in a key", {field: {"a b": "x"}}, f"spec.{field}", f"spec.{field}: {KEY_RULE}")
        for field in ("serviceAccountAnnotations", "podAnnotations", "podLabels")
    ),
    refused(
        "agent's node label with a space",
        {"placement": {"nodeSelector": {"a b": "x"}}},
        "spec.placement.nodeSelector",
        f"spec.placement.nodeSelector: {KEY_RULE}",
    ),
    *(
        refused(f"agent's {reason}", {"placement": {"tolerations": [toleration]}}, "spec.placement.tolerations[0]", rule)
        for reason, toleration, rule in (
            ("toleration for every taint", {"effect": "NoSchedule"}, TOLERATION_KEY_RULE),
            ("toleration with a value too many", {"key": "k", "operator": "Exists", "value": "v"}, TOLERATION_VALUE_RULE),
            ("toleration for a time", {"key": "k", "value": "v", "tolerationSeconds": 1}, TOLERATION_SECONDS_RULE),
        )
    ),
]
"""Everything around it."""

REFUSED_AGENTS: Final[list[RefusedClaim]] = [*REFUSED_AGENT, *REFUSED_LLM, *REFUSED_REST]
"""Every AgentType that must be refused, whoever checks it."""

ACCEPTED_AGENTS: Final[list[AcceptedClaim]] = [
    accepted("minimal agent", {}),
    accepted("agent of code in Node", {"agent": {"code": {**CODE, "entrypoint": "main.mjs", "runtimeImage": "node:22-slim"}}}),
    accepted("code and a volume beside it", {"agent": {"code": CODE, "volumes": [volume(mountPath="/application")]}}),
    accepted("image with a volume at /app", agent(volumes=[volume(mountPath="/app")])),
    accepted("resources of its own container, by name", agent(env=[memory_of("agent")])),
    accepted("own key, and no models of the platform", agent(env=variables("OPENAI_API_KEY", "ANTHROPIC_API_KEY"))),
    accepted("own key for an own URL beside models", {**agent(env=variables("OPENAI_API_KEY", "OPENAI_API_BASE")), **llm()}),
    accepted("own PYTHONPATH without a wrapper", {**agent(env=variables("PYTHONPATH")), "wrapper": {"mode": "none"}}),
    accepted(
        "empty objects everywhere",
        {
            key: {}
            for key in ("wrapper", "sidecar", "llm", "nats", "scaling", "security", "network", "observability", "resources", "placement")
        },
    ),
    accepted("empty lists of models and providers", {"llm": {"providers": [], "models": []}}),
    accepted("provider without models", {"llm": {"providers": [PROVIDER]}}),
    accepted("mock without a URL", llm(providers=[{"name": "openai", "type": "mock"}])),
    accepted("plugin with a URL", provider(type="parrot", baseUrl="http://parrot.models.svc:8000")),
    accepted("provider with its own authority", provider(type="openai-compatible", baseUrl="https://vllm:8443/v1", tls={"caSecret": "ca"})),
    accepted("aliases as providers write them", model(alias="openai/gpt-5:latest")),
    accepted("target for emergencies", model(targets=[{"provider": "openai", "model": "m", "weight": 0}])),
    accepted(
        "32 models with 4 fallbacks",
        llm(models=[{**MODEL, "alias": f"m{n}", "fallbacks": [f"m{(n + k) % 32}" for k in range(1, 5)]} for n in range(32)]),
    ),
    accepted(
        "two models that fall back to each other", llm(models=[{**MODEL, "fallbacks": ["cheap"]}, {**CHEAP, "fallbacks": ["default"]}])
    ),
    accepted(
        "budget in dollars with a free model",
        llm(models=[{**MODEL, "price": {"inputUsdPerMillionTokens": "0", "outputUsdPerMillionTokens": "0"}}], budget={"usd": "0.01"}),
    ),
    accepted(
        "budget that degrades",
        llm(models=[MODEL, CHEAP], budget={"tokens": 1, "action": "degrade", "degradeTo": "cheap", "period": "total"}),
    ),
    accepted("group of an agent's volumes", {"security": {"fsGroup": 2147483647}}),
    accepted("NATS servers of every spelling", {"nats": {"url": "nats://a,b:5222,[fd00::1]:6222,tls://user:word@c,"}}),
    accepted("NATS without credentials, as Helm writes it", {"nats": {"url": "", "credentialsSecret": "", "caSecret": ""}}),
    accepted("no pods", {"scaling": {"replicas": 0}}),
    accepted("CPU with the least said", {"scaling": {"maxReplicas": 1}}),
    accepted(
        "egress of both kinds",
        {"network": {"policy": "restricted", "egress": [{"namespace": "x"}, {"cidr": "fd00::/8", "ports": [1, 65535]}]}},
    ),
    accepted("policy without egress", {"network": {"policy": "restricted", "egress": []}}),
    accepted("seven seconds short of nothing", {"terminationGracePeriodSeconds": 10}),
    accepted("composed by a chosen Composition", {"compositionRef": {"name": "agent-type-composition"}}),
]
"""Every AgentType that must be accepted, whoever checks it."""
