"""Claims that must be refused, and odd ones that must not: one table for the API server, the offline check and the function.

Data only. Rows whose message starts with a field path are rules of the XRD, and `message` is the rule's full message, the
same from every checker. In the other rows a bound of the schema is broken: `message` is a part of what the API server
says, other checkers word it their own way, and only `field` is common to all.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

Spec: TypeAlias = dict[str, object]

MINIMAL_SPEC: Final[Spec] = {
    "image": "ghcr.io/org/service:v1.0.0",
    "natsStreamName": "ORDERS",
    "natsConsumerGroup": "order-workers",
}
"""The least an AgentExecutor can say."""

MINIMAL_SPECS: Final[dict[str, Spec]] = {
    "AgentExecutor": MINIMAL_SPEC,
    "AgentType": {"agent": {"image": "ghcr.io/org/agent:v1.0.0"}},
}
"""The least that a claim of each kind can say."""


@dataclass(frozen=True, slots=True)
class RefusedClaim:
    """A claim that breaks one rule."""

    reason: str
    """Why it is refused; names the test."""
    spec: Spec
    """What differs from the minimal spec, key by key; None leaves the field out."""
    field: str
    """Path that the refusal names."""
    message: str
    """What the refusal says."""
    name: str = "my-service"
    """The claim's own name."""
    root_rule: bool = False
    """True if the rule is at the schema's root, where Crossplane before 2.2 loses it."""
    kind: str = "AgentExecutor"
    """The claim's kind."""

    @property
    def has_own_message(self) -> bool:
        """True if a rule of the XRD refuses it, with a message of ours."""
        return self.message.startswith(("spec.", "metadata."))


@dataclass(frozen=True, slots=True)
class AcceptedClaim:
    """A claim that looks wrong, or is at the edge of a bound, and is right."""

    reason: str
    """Why it is accepted; names the test."""
    spec: Spec
    """What differs from the minimal spec, key by key; None leaves the field out."""
    name: str = "my-service"
    """The claim's own name."""
    kind: str = "AgentExecutor"
    """The claim's kind."""


def claim(case: RefusedClaim | AcceptedClaim) -> dict[str, object]:
    """The whole claim of a row, without a namespace."""
    merged = {**MINIMAL_SPECS[case.kind], **case.spec}
    return {
        "apiVersion": "platform.bizmatters.io/v1alpha1",
        "kind": case.kind,
        "metadata": {"name": case.name},
        "spec": {key: value for key, value in merged.items() if value is not None},
    }


NAME_RULE: Final = (
    "metadata.name: must start with a letter, hold only lowercase letters, digits and -, not end with -, and have at most 47 "
    "characters; choose a shorter or simpler name"
)
DEFAULT_RULE: Final = "metadata.name: default is the ServiceAccount that Kubernetes keeps in every namespace; choose another name"
IMAGE_RULE: Final = (
    "spec.image: not an image reference; write registry/path:tag or registry/path@sha256:digest, with the path in lowercase and "
    "without a scheme such as https://"
)
STREAM_RULE: Final = "spec.natsStreamName: a JetStream name has no spaces, dots, *, >, / or \\; use letters, digits, - and _"
CONSUMER_RULE: Final = "spec.natsConsumerGroup: a JetStream name has no spaces, dots, *, >, / or \\; use letters, digits, - and _"
NATS_ENV_RULE: Final = (
    "spec.env: the platform sets NATS_URL, NATS_STREAM_NAME and NATS_CONSUMER_GROUP; remove them here and set spec.natsUrl, "
    "spec.natsStreamName and spec.natsConsumerGroup instead"
)
POSTGRES_ENV_RULE: Final = (
    "spec.env: the platform sets POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and POSTGRES_PASSWORD from "
    'spec.postgresConnectionSecret; remove them here, or set that field to "" to supply your own'
)
DRAGONFLY_ENV_RULE: Final = (
    "spec.env: the platform sets DRAGONFLY_HOST, DRAGONFLY_PORT and DRAGONFLY_PASSWORD from spec.dragonflyConnectionSecret; "
    'remove them here, or set that field to "" to supply your own'
)
LLM_ENV_RULE: Final = (
    "spec.env: the platform sets OPENAI_API_KEY and ANTHROPIC_API_KEY from spec.llmKeysSecret; remove them here, or set that "
    'field to "" to supply your own'
)
CREDENTIALS_ENV_RULE: Final = (
    "spec.env: the platform sets NATS_CREDS_FILE because spec.nats.credentialsSecret is set; remove it here, or set that field "
    'to "" to supply your own'
)
CA_ENV_RULE: Final = (
    'spec.env: the platform sets NATS_CA_FILE because spec.nats.caSecret is set; remove it here, or set that field to "" to supply your own'
)
VALUE_RULE: Final = "spec.env: a variable has either value or valueFrom; remove one of the two"
VALUE_FROM_RULE: Final = (
    "spec.env: valueFrom has exactly one source; write one of secretKeyRef, configMapKeyRef, fieldRef and resourceFieldRef"
)
CONTAINER_RULE: Final = "spec.env: containerName is agent-executor, the claim's own container; remove it, or write that one"
DIVISOR_RULE: Final = "spec.env: Kubernetes gives CPU in units of 1 or 1m, and bytes in 1, 1k, 1Ki, 1M, 1Mi and so on; correct the divisor"
VOLUME_SOURCE_RULE: Final = (
    "spec.volumes: a volume has exactly one source; write one of configMap, secret, emptyDir and persistentVolumeClaim"
)
VOLUME_NAME_RULE: Final = "spec.volumes: the names nats-credentials and nats-ca belong to the platform; choose another name"
MOUNT_UNIQUE_RULE: Final = "spec.volumes: two volumes have the same mountPath; give each its own path"
MOUNT_PLATFORM_RULE: Final = "spec.volumes: /var/run/zerotouch belongs to the platform; choose another mountPath"
SUB_PATH_RULE: Final = "spec.volumes: subPath is a path inside the volume; write it without a leading / and without .."
MIN_REPLICAS_RULE: Final = (
    "spec.scaling.minReplicas: must not be above spec.scaling.maxReplicas (default 10); lower minReplicas or raise maxReplicas"
)
FALLBACK_RULE: Final = (
    "spec.scaling.fallbackReplicas: must not be above spec.scaling.maxReplicas (default 10); lower fallbackReplicas or raise maxReplicas"
)
KEY_RULE: Final = "a key is name or prefix/name, the name of at most 63 letters, digits, -, _ and ., the prefix a DNS name; correct the key"
TOLERATION_KEY_RULE: Final = (
    "spec.placement.tolerations: without a key the toleration is for every taint; write operator Exists if that is meant, or name the key"
)
TOLERATION_VALUE_RULE: Final = "spec.placement.tolerations: operator Exists compares no value; remove value, or use operator Equal"
TOLERATION_SECONDS_RULE: Final = (
    "spec.placement.tolerations: tolerationSeconds counts only with effect NoExecute; remove it, or set that effect"
)


def variables(*names: str) -> list[Spec]:
    return [{"name": name, "value": "x"} for name in names]


def memory_of(container: str) -> Spec:
    return {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "containerName": container}}}


def _amount(resource: str, divisor: object) -> Spec:
    return {"name": "AMOUNT", "valueFrom": {"resourceFieldRef": {"resource": resource, "divisor": divisor}}}


def volume(**fields: object) -> Spec:
    return {"name": "data", "mountPath": "/data", "emptyDir": {}, **fields}


def _settings(count: int) -> dict[str, str]:
    return {f"key-{number}": "x" for number in range(count)}


REFUSED_NAMES: Final = [
    RefusedClaim("name with a dot", {}, "metadata.name", NAME_RULE, name="my.service", root_rule=True),
    RefusedClaim("name that starts with a digit", {}, "metadata.name", NAME_RULE, name="1st-service", root_rule=True),
    RefusedClaim("name of 48 characters", {}, "metadata.name", NAME_RULE, name="a" * 48, root_rule=True),
    RefusedClaim("name of a ServiceAccount in every namespace", {}, "metadata.name", DEFAULT_RULE, name="default", root_rule=True),
    RefusedClaim("name of 64 characters", {}, "metadata.name", "may not be more than 63", name="a" * 64),
]
"""What a claim may be called."""

REFUSED_BASE: Final = [
    RefusedClaim("no image", {"image": None}, "spec.image", "Required value"),
    RefusedClaim("no stream", {"natsStreamName": None}, "spec.natsStreamName", "Required value"),
    RefusedClaim("no consumer", {"natsConsumerGroup": None}, "spec.natsConsumerGroup", "Required value"),
    RefusedClaim("empty image", {"image": ""}, "spec.image", "should be at least 1 chars long"),
    RefusedClaim("image with a space", {"image": "ghcr.io/org/my service:v1"}, "spec.image", IMAGE_RULE),
    RefusedClaim("image with a line break", {"image": "ghcr.io/org/service:v1\n"}, "spec.image", IMAGE_RULE),
    RefusedClaim("image with a scheme", {"image": "https://ghcr.io/org/service:v1"}, "spec.image", IMAGE_RULE),
    RefusedClaim("image with an upper-case path", {"image": "ghcr.io/Org/Service:v1"}, "spec.image", IMAGE_RULE),
    RefusedClaim("image with an empty tag", {"image": "ghcr.io/org/service:"}, "spec.image", IMAGE_RULE),
    RefusedClaim("image with an unfilled template", {"image": "ghcr.io/org/service:${TAG}"}, "spec.image", IMAGE_RULE),
    RefusedClaim("image of 513 characters", {"image": "ghcr.io/" + "a" * 505}, "spec.image", "may not be more than 512"),
    RefusedClaim("unknown size", {"size": "xlarge"}, "spec.size", 'supported values: "small", "medium", "large"'),
    RefusedClaim("size in upper case", {"size": "Medium"}, "spec.size", 'supported values: "small", "medium", "large"'),
    RefusedClaim("NATS URL without a scheme", {"natsUrl": "nats.nats.svc:4222"}, "spec.natsUrl", "should match"),
    RefusedClaim("NATS URL with http", {"natsUrl": "http://nats.nats.svc:8222"}, "spec.natsUrl", "should match"),
    RefusedClaim("NATS URLs with a space", {"natsUrl": "nats://a:4222, nats://b:4222"}, "spec.natsUrl", "should match"),
    RefusedClaim("empty NATS URL", {"natsUrl": ""}, "spec.natsUrl", "should match"),
    RefusedClaim("NATS URL of 1025 characters", {"natsUrl": "nats://" + "a" * 1018}, "spec.natsUrl", "may not be more than 1024"),
    RefusedClaim("stream with a dot", {"natsStreamName": "orders.v1"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with a space", {"natsStreamName": "MY ORDERS"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with a line break", {"natsStreamName": "ORDERS\n"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with a tab", {"natsStreamName": "OR\tDERS"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with a star", {"natsStreamName": "ORDERS*"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with >", {"natsStreamName": "ORDERS>"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with a slash", {"natsStreamName": "orders/new"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("stream with a backslash", {"natsStreamName": "orders\\new"}, "spec.natsStreamName", STREAM_RULE),
    RefusedClaim("empty stream", {"natsStreamName": ""}, "spec.natsStreamName", "should be at least 1 chars long"),
    RefusedClaim("stream of 256 characters", {"natsStreamName": "S" * 256}, "spec.natsStreamName", "may not be more than 255"),
    RefusedClaim("consumer with a dot", {"natsConsumerGroup": "workers.v1"}, "spec.natsConsumerGroup", CONSUMER_RULE),
    RefusedClaim("consumer with a space", {"natsConsumerGroup": "order workers"}, "spec.natsConsumerGroup", CONSUMER_RULE),
    RefusedClaim("consumer with >", {"natsConsumerGroup": "workers.>"}, "spec.natsConsumerGroup", CONSUMER_RULE),
    RefusedClaim("consumer with a backslash", {"natsConsumerGroup": "a\\b"}, "spec.natsConsumerGroup", CONSUMER_RULE),
    RefusedClaim("empty consumer", {"natsConsumerGroup": ""}, "spec.natsConsumerGroup", "should be at least 1 chars long"),
    RefusedClaim("PostgreSQL Secret in upper case", {"postgresConnectionSecret": "My-DB"}, "spec.postgresConnectionSecret", "should match"),
    RefusedClaim(
        "PostgreSQL Secret with a line break", {"postgresConnectionSecret": "db\n"}, "spec.postgresConnectionSecret", "should match"
    ),
    RefusedClaim(
        "PostgreSQL Secret of 254 characters",
        {"postgresConnectionSecret": "a" * 254},
        "spec.postgresConnectionSecret",
        "may not be more than 253",
    ),
    RefusedClaim(
        "Dragonfly Secret with an underscore",
        {"dragonflyConnectionSecret": "my_cache"},
        "spec.dragonflyConnectionSecret",
        "should match",
    ),
    RefusedClaim("LLM Secret with a namespace", {"llmKeysSecret": "shared/llm-keys"}, "spec.llmKeysSecret", "should match"),
    RefusedClaim("one pull Secret twice", {"imagePullSecrets": ["ghcr", "ghcr"]}, "spec.imagePullSecrets[1]", "Duplicate value"),
    RefusedClaim("empty pull Secret", {"imagePullSecrets": [""]}, "spec.imagePullSecrets[0]", "should be at least 1 chars long"),
    RefusedClaim("pull Secret in upper case", {"imagePullSecrets": ["GHCR"]}, "spec.imagePullSecrets[0]", "should match"),
    RefusedClaim("pull Secret that is a number", {"imagePullSecrets": [7]}, "spec.imagePullSecrets[0]", "must be of type string"),
    RefusedClaim(
        "17 pull Secrets",
        {"imagePullSecrets": [f"s{number}" for number in range(17)]},
        "spec.imagePullSecrets",
        "must have at most 16 items",
    ),
]
"""The document's own fields."""

REFUSED_CONTAINER: Final = [
    RefusedClaim("port 0", {"port": 0}, "spec.port", "should be greater than or equal to 1"),
    RefusedClaim("port 65536", {"port": 65536}, "spec.port", "should be less than or equal to 65535"),
    RefusedClaim("port as text", {"port": "8080"}, "spec.port", "must be of type integer"),
    RefusedClaim("command as text", {"command": "python -m service"}, "spec.command", "must be of type array"),
    RefusedClaim("33 words of command", {"command": ["x"] * 33}, "spec.command", "must have at most 32 items"),
    RefusedClaim("word of 4097 characters", {"command": ["x" * 4097]}, "spec.command[0]", "may not be more than 4096"),
    RefusedClaim("65 arguments", {"args": ["x"] * 65}, "spec.args", "must have at most 64 items"),
    RefusedClaim("argument that is a number", {"args": ["--workers", 4]}, "spec.args[1]", "must be of type string"),
    RefusedClaim(
        "migrations with an empty command", {"migrations": {"command": []}}, "spec.migrations.command", "should have at least 1 items"
    ),
    RefusedClaim("unknown migrations mode", {"migrations": {"mode": "hook"}}, "spec.migrations.mode", 'supported values: "init", "job"'),
    RefusedClaim("migrations.enabled as text", {"migrations": {"enabled": "no"}}, "spec.migrations.enabled", "must be of type boolean"),
    RefusedClaim("liveness path without a slash", {"probes": {"livenessPath": "health"}}, "spec.probes.livenessPath", "should match"),
    RefusedClaim(
        "readiness path that is a URL", {"probes": {"readinessPath": "http://x/ready"}}, "spec.probes.readinessPath", "should match"
    ),
    RefusedClaim("readiness path with a space", {"probes": {"readinessPath": "/a b"}}, "spec.probes.readinessPath", "should match"),
    RefusedClaim(
        "9 startup seconds", {"probes": {"startupSeconds": 9}}, "spec.probes.startupSeconds", "should be greater than or equal to 10"
    ),
    RefusedClaim(
        "3601 startup seconds", {"probes": {"startupSeconds": 3601}}, "spec.probes.startupSeconds", "should be less than or equal to 3600"
    ),
    RefusedClaim(
        "unknown security profile",
        {"security": {"profile": "privileged"}},
        "spec.security.profile",
        'supported values: "restricted", "baseline"',
    ),
    RefusedClaim("root as group of volumes", {"security": {"fsGroup": 0}}, "spec.security.fsGroup", "should be greater than or equal to 1"),
    RefusedClaim(
        "group that Linux cannot have",
        {"security": {"fsGroup": 2147483648}},
        "spec.security.fsGroup",
        "should be less than or equal to 2147483647",
    ),
    RefusedClaim("group as text", {"security": {"fsGroup": "10001"}}, "spec.security.fsGroup", "must be of type integer"),
    RefusedClaim(
        "9 seconds to finish",
        {"terminationGracePeriodSeconds": 9},
        "spec.terminationGracePeriodSeconds",
        "should be greater than or equal to 10",
    ),
    RefusedClaim(
        "more than a day to finish",
        {"terminationGracePeriodSeconds": 86401},
        "spec.terminationGracePeriodSeconds",
        "should be less than or equal to 86400",
    ),
    RefusedClaim("CPU in a memory unit", {"resources": {"requests": {"cpu": "1Gi"}}}, "spec.resources.requests.cpu", "should match"),
    RefusedClaim("CPU with 4 decimals", {"resources": {"limits": {"cpu": "0.1234"}}}, "spec.resources.limits.cpu", "should match"),
    RefusedClaim(
        "CPU as a fraction without quotes", {"resources": {"limits": {"cpu": 0.5}}}, "spec.resources.limits.cpu", "must be of type integer"
    ),
    RefusedClaim(
        "negative CPU", {"resources": {"requests": {"cpu": -1}}}, "spec.resources.requests.cpu", "should be greater than or equal to 0"
    ),
    RefusedClaim("memory in GB", {"resources": {"limits": {"memory": "2GB"}}}, "spec.resources.limits.memory", "should match"),
    RefusedClaim("memory in millibytes", {"resources": {"limits": {"memory": "512m"}}}, "spec.resources.limits.memory", "should match"),
    RefusedClaim("negative memory", {"resources": {"requests": {"memory": "-1Gi"}}}, "spec.resources.requests.memory", "should match"),
]
"""What the container runs with."""

REFUSED_ENV: Final = [
    RefusedClaim("NATS_URL in env", {"env": variables("LOG_LEVEL", "NATS_URL")}, "spec.env", NATS_ENV_RULE),
    RefusedClaim("NATS_STREAM_NAME in env", {"env": variables("NATS_STREAM_NAME")}, "spec.env", NATS_ENV_RULE),
    RefusedClaim("NATS_CONSUMER_GROUP in env", {"env": variables("NATS_CONSUMER_GROUP")}, "spec.env", NATS_ENV_RULE),
    RefusedClaim("POSTGRES_HOST in env", {"env": variables("POSTGRES_HOST")}, "spec.env", POSTGRES_ENV_RULE),
    RefusedClaim("POSTGRES_PASSWORD in env", {"env": variables("POSTGRES_PASSWORD")}, "spec.env", POSTGRES_ENV_RULE),
    RefusedClaim(
        "POSTGRES_DB in env beside a named Secret",
        {"env": variables("POSTGRES_DB"), "postgresConnectionSecret": "orders-db", "dragonflyConnectionSecret": "", "llmKeysSecret": ""},
        "spec.env",
        POSTGRES_ENV_RULE,
    ),
    RefusedClaim("DRAGONFLY_PORT in env", {"env": variables("DRAGONFLY_PORT")}, "spec.env", DRAGONFLY_ENV_RULE),
    RefusedClaim("OPENAI_API_KEY in env", {"env": variables("OPENAI_API_KEY")}, "spec.env", LLM_ENV_RULE),
    RefusedClaim("ANTHROPIC_API_KEY in env", {"env": variables("ANTHROPIC_API_KEY")}, "spec.env", LLM_ENV_RULE),
    RefusedClaim(
        "NATS_CREDS_FILE in env beside a credentials Secret",
        {"env": variables("NATS_CREDS_FILE"), "nats": {"credentialsSecret": "orders-nats"}},
        "spec.env",
        CREDENTIALS_ENV_RULE,
    ),
    RefusedClaim(
        "NATS_CA_FILE in env beside a CA Secret",
        {"env": variables("NATS_CA_FILE"), "nats": {"caSecret": "nats-ca"}},
        "spec.env",
        CA_ENV_RULE,
    ),
    RefusedClaim(
        "variable with value and valueFrom",
        {"env": [{"name": "POD", "value": "x", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]},
        "spec.env[0]",
        VALUE_RULE,
    ),
    RefusedClaim("valueFrom without a source", {"env": [{"name": "TOKEN", "valueFrom": {}}]}, "spec.env[0].valueFrom", VALUE_FROM_RULE),
    RefusedClaim(
        "valueFrom with two sources",
        {
            "env": [
                {
                    "name": "TOKEN",
                    "valueFrom": {
                        "secretKeyRef": {"name": "orders-api", "key": "token"},
                        "configMapKeyRef": {"name": "orders-settings", "key": "token"},
                    },
                }
            ]
        },
        "spec.env[0].valueFrom",
        VALUE_FROM_RULE,
    ),
    RefusedClaim("one variable twice", {"env": variables("LOG_LEVEL", "LOG_LEVEL")}, "spec.env[1]", "Duplicate value"),
    RefusedClaim("variable without a name", {"env": [{"value": "x"}]}, "spec.env[0].name", "Required value"),
    RefusedClaim("variable that starts with a digit", {"env": variables("1ST")}, "spec.env[0].name", "should match"),
    RefusedClaim("variable with a space", {"env": variables("LOG LEVEL")}, "spec.env[0].name", "should match"),
    RefusedClaim("variable that is a number", {"env": [{"name": "WORKERS", "value": 4}]}, "spec.env[0].value", "must be of type string"),
    RefusedClaim(
        "value of 16385 characters", {"env": [{"name": "BIG", "value": "x" * 16385}]}, "spec.env[0].value", "may not be more than 16384"
    ),
    RefusedClaim("env as text", {"env": "LOG_LEVEL=info"}, "spec.env", "must be of type array"),
    RefusedClaim("65 variables", {"env": variables(*(f"V{number}" for number in range(65)))}, "spec.env", "must have at most 64 items"),
    RefusedClaim(
        "Secret reference without a key",
        {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "orders-api"}}}]},
        "spec.env[0].valueFrom.secretKeyRef.key",
        "Required value",
    ),
    RefusedClaim(
        "ConfigMap reference with a bad name",
        {"env": [{"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "Orders", "key": "region"}}}]},
        "spec.env[0].valueFrom.configMapKeyRef.name",
        "should match",
    ),
    RefusedClaim(
        "field that a pod cannot give",
        {"env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "spec.image"}}}]},
        "spec.env[0].valueFrom.fieldRef.fieldPath",
        "should match",
    ),
    *(
        RefusedClaim(
            f"variable from key {key}",
            {"env": [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "orders-api", "key": key}}}]},
            "spec.env[0].valueFrom.secretKeyRef.key",
            "should match",
        )
        for key in (".", "..", "..data")
    ),
    *(
        RefusedClaim(
            f"variable from {path}",
            {"env": [{"name": "TEAM", "valueFrom": {"fieldRef": {"fieldPath": path}}}]},
            "spec.env[0].valueFrom.fieldRef.fieldPath",
            "should match",
        )
        for path in ("metadata.labels['my team']", "metadata.annotations['a..b/team']")
    ),
    RefusedClaim(
        "resource that a container does not have",
        {"env": [{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.gpu"}}}]},
        "spec.env[0].valueFrom.resourceFieldRef.resource",
        'supported values: "limits.cpu"',
    ),
    RefusedClaim(
        "container that the pods do not have",
        {"env": [memory_of("agent-executer")]},
        "spec.env[0].valueFrom.resourceFieldRef.containerName",
        CONTAINER_RULE,
    ),
    RefusedClaim(
        "container of the migrations",
        {"env": [memory_of("agent-executor"), {**memory_of("run-migrations"), "name": "OTHER"}]},
        "spec.env[1].valueFrom.resourceFieldRef.containerName",
        CONTAINER_RULE,
    ),
    RefusedClaim(
        "container that is no name",
        {"env": [memory_of("Agent")]},
        "spec.env[0].valueFrom.resourceFieldRef.containerName",
        "should match",
    ),
    *(
        RefusedClaim(
            f"{resource} in units of {divisor}",
            {"env": [_amount(resource, divisor)]},
            "spec.env[0].valueFrom.resourceFieldRef",
            DIVISOR_RULE,
        )
        for resource, divisor in (("limits.cpu", "1Mi"), ("requests.memory", "1m"), ("limits.ephemeral-storage", "1m"))
    ),
    RefusedClaim(
        "divisor that is no unit",
        {"env": [{"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "2"}}}]},
        "spec.env[0].valueFrom.resourceFieldRef.divisor",
        "should match",
    ),
]
"""Environment variables."""

REFUSED_VOLUMES: Final = [
    RefusedClaim("volume without a source", {"volumes": [{"name": "data", "mountPath": "/data"}]}, "spec.volumes[0]", VOLUME_SOURCE_RULE),
    RefusedClaim(
        "volume with two sources", {"volumes": [volume(configMap={"name": "orders-settings"})]}, "spec.volumes[0]", VOLUME_SOURCE_RULE
    ),
    RefusedClaim(
        "volume called nats-credentials", {"volumes": [volume(name="nats-credentials")]}, "spec.volumes[0].name", VOLUME_NAME_RULE
    ),
    RefusedClaim("volume called nats-ca", {"volumes": [volume(name="nats-ca")]}, "spec.volumes[0].name", VOLUME_NAME_RULE),
    RefusedClaim("one mount path twice", {"volumes": [volume(name="a"), volume(name="b")]}, "spec.volumes", MOUNT_UNIQUE_RULE),
    RefusedClaim(
        "mount on the platform's folder",
        {"volumes": [volume(mountPath="/var/run/zerotouch")]},
        "spec.volumes[0].mountPath",
        MOUNT_PLATFORM_RULE,
    ),
    RefusedClaim(
        "mount below the platform's folder",
        {"volumes": [volume(mountPath="/var/run/zerotouch/nats")]},
        "spec.volumes[0].mountPath",
        MOUNT_PLATFORM_RULE,
    ),
    RefusedClaim("absolute subPath", {"volumes": [volume(subPath="/etc")]}, "spec.volumes[0].subPath", SUB_PATH_RULE),
    RefusedClaim("subPath that leaves the volume", {"volumes": [volume(subPath="a/../..")]}, "spec.volumes[0].subPath", SUB_PATH_RULE),
    RefusedClaim(
        "one volume name twice",
        {"volumes": [volume(mountPath="/a"), volume(mountPath="/b")]},
        "spec.volumes[1]",
        "Duplicate value",
    ),
    RefusedClaim("relative mount path", {"volumes": [volume(mountPath="data")]}, "spec.volumes[0].mountPath", "should match"),
    RefusedClaim("mount path with a colon", {"volumes": [volume(mountPath="/data:ro")]}, "spec.volumes[0].mountPath", "should match"),
    RefusedClaim("volume with a dot in its name", {"volumes": [volume(name="my.data")]}, "spec.volumes[0].name", "should match"),
    RefusedClaim("volume name of 64 characters", {"volumes": [volume(name="a" * 64)]}, "spec.volumes[0].name", "may not be more than 63"),
    RefusedClaim(
        "volume without a mount path", {"volumes": [{"name": "data", "emptyDir": {}}]}, "spec.volumes[0].mountPath", "Required value"
    ),
    RefusedClaim(
        "Secret volume without a name",
        {"volumes": [{"name": "tls", "mountPath": "/tls", "secret": {}}]},
        "spec.volumes[0].secret.secretName",
        "Required value",
    ),
    RefusedClaim(
        "emptyDir on an unknown medium",
        {"volumes": [volume(emptyDir={"medium": "HugePages"})]},
        "spec.volumes[0].emptyDir.medium",
        'supported values: "", "Memory"',
    ),
    RefusedClaim(
        "emptyDir with a bad size",
        {"volumes": [volume(emptyDir={"sizeLimit": "1 Gi"})]},
        "spec.volumes[0].emptyDir.sizeLimit",
        "should match",
    ),
    RefusedClaim(
        "17 volumes",
        {"volumes": [volume(name=f"v{number}", mountPath=f"/v{number}") for number in range(17)]},
        "spec.volumes",
        "must have at most 16 items",
    ),
]
"""Volumes."""

REFUSED_SCALING: Final = [
    RefusedClaim(
        "more pods at least than at most", {"scaling": {"minReplicas": 5, "maxReplicas": 4}}, "spec.scaling.minReplicas", MIN_REPLICAS_RULE
    ),
    RefusedClaim(
        "more pods at least than the default most", {"scaling": {"minReplicas": 11}}, "spec.scaling.minReplicas", MIN_REPLICAS_RULE
    ),
    RefusedClaim(
        "more pods in fallback than at most",
        {"scaling": {"maxReplicas": 4, "fallbackReplicas": 5}},
        "spec.scaling.fallbackReplicas",
        FALLBACK_RULE,
    ),
    RefusedClaim(
        "negative minReplicas", {"scaling": {"minReplicas": -1}}, "spec.scaling.minReplicas", "should be greater than or equal to 0"
    ),
    RefusedClaim(
        "maxReplicas 0",
        {"scaling": {"minReplicas": 0, "maxReplicas": 0}},
        "spec.scaling.maxReplicas",
        "should be greater than or equal to 1",
    ),
    RefusedClaim(
        "maxReplicas 1001", {"scaling": {"maxReplicas": 1001}}, "spec.scaling.maxReplicas", "should be less than or equal to 1000"
    ),
    RefusedClaim("half a pod", {"scaling": {"maxReplicas": 2.5}}, "spec.scaling.maxReplicas", "must be of type integer"),
    RefusedClaim("lagThreshold 0", {"scaling": {"lagThreshold": 0}}, "spec.scaling.lagThreshold", "should be greater than or equal to 1"),
    RefusedClaim("lagThreshold as text", {"scaling": {"lagThreshold": "5"}}, "spec.scaling.lagThreshold", "must be of type integer"),
    RefusedClaim(
        "pollingIntervalSeconds 0",
        {"scaling": {"pollingIntervalSeconds": 0}},
        "spec.scaling.pollingIntervalSeconds",
        "should be greater than or equal to 1",
    ),
    RefusedClaim(
        "cooldownSeconds 3601",
        {"scaling": {"cooldownSeconds": 3601}},
        "spec.scaling.cooldownSeconds",
        "should be less than or equal to 3600",
    ),
    RefusedClaim("cooldown with a unit", {"scaling": {"cooldownSeconds": "5m"}}, "spec.scaling.cooldownSeconds", "must be of type integer"),
    RefusedClaim(
        "fallbackReplicas 0",
        {"scaling": {"fallbackReplicas": 0}},
        "spec.scaling.fallbackReplicas",
        "should be greater than or equal to 1",
    ),
    RefusedClaim(
        "monitoring endpoint with a NATS scheme",
        {"nats": {"monitoringEndpoint": "nats://nats.nats.svc:4222"}},
        "spec.nats.monitoringEndpoint",
        "should match",
    ),
    RefusedClaim(
        "monitoring endpoint without a port",
        {"nats": {"monitoringEndpoint": "nats.nats.svc"}},
        "spec.nats.monitoringEndpoint",
        "should match",
    ),
    RefusedClaim("account with a space", {"nats": {"account": "MY ACCOUNT"}}, "spec.nats.account", "should match"),
    RefusedClaim("empty account", {"nats": {"account": ""}}, "spec.nats.account", "should be at least 1 chars long"),
    RefusedClaim(
        "credentials Secret in upper case", {"nats": {"credentialsSecret": "Orders"}}, "spec.nats.credentialsSecret", "should match"
    ),
    RefusedClaim("CA Secret with an underscore", {"nats": {"caSecret": "nats_ca"}}, "spec.nats.caSecret", "should match"),
]
"""Scaling, and how the queue is reached."""

REFUSED_METADATA: Final = [
    RefusedClaim(
        "ServiceAccount annotation with a space in its key",
        {"serviceAccountAnnotations": {"my role": "x"}},
        "spec.serviceAccountAnnotations",
        f"spec.serviceAccountAnnotations: {KEY_RULE}",
    ),
    RefusedClaim(
        "pod annotation with two slashes in its key",
        {"podAnnotations": {"a/b/c": "x"}},
        "spec.podAnnotations",
        f"spec.podAnnotations: {KEY_RULE}",
    ),
    *(
        RefusedClaim(f"{field} with a prefix that is no DNS name: {key}", {field: {key: "x"}}, f"spec.{field}", f"spec.{field}: {KEY_RULE}")
        for field, key in (("podLabels", "a..b/x"), ("podAnnotations", "a.-b/x"), ("serviceAccountAnnotations", "a-.b/x"))
    ),
    RefusedClaim("pod label with an empty key", {"podLabels": {"": "x"}}, "spec.podLabels", f"spec.podLabels: {KEY_RULE}"),
    RefusedClaim("pod label with a key of 64 characters", {"podLabels": {"a" * 64: "x"}}, "spec.podLabels", f"spec.podLabels: {KEY_RULE}"),
    RefusedClaim("pod label with a space", {"podLabels": {"team": "check out"}}, "spec.podLabels.team", "should match"),
    RefusedClaim("pod label of 64 characters", {"podLabels": {"team": "a" * 64}}, "spec.podLabels.team", "may not be more than 63"),
    RefusedClaim("pod label that is a number", {"podLabels": {"team": 7}}, "spec.podLabels.team", "must be of type string"),
    RefusedClaim("33 pod labels", {"podLabels": _settings(33)}, "spec.podLabels", "must have at most 32 items"),
    RefusedClaim("33 pod annotations", {"podAnnotations": _settings(33)}, "spec.podAnnotations", "must have at most 32 items"),
    RefusedClaim(
        "ServiceAccount annotation of 4097 characters",
        {"serviceAccountAnnotations": {"role": "x" * 4097}},
        "spec.serviceAccountAnnotations.role",
        "may not be more than 4096",
    ),
]
"""Labels and annotations."""

REFUSED_PLACEMENT: Final = [
    RefusedClaim(
        "node label with an upper-case prefix",
        {"placement": {"nodeSelector": {"Example.com/arch": "amd64"}}},
        "spec.placement.nodeSelector",
        f"spec.placement.nodeSelector: {KEY_RULE}",
    ),
    RefusedClaim(
        "node label that ends with a dash",
        {"placement": {"nodeSelector": {"arch": "amd64-"}}},
        "spec.placement.nodeSelector.arch",
        "should match",
    ),
    RefusedClaim(
        "toleration for every taint, by accident",
        {"placement": {"tolerations": [{"effect": "NoSchedule"}]}},
        "spec.placement.tolerations[0]",
        TOLERATION_KEY_RULE,
    ),
    RefusedClaim(
        "toleration that exists and has a value",
        {"placement": {"tolerations": [{"key": "dedicated", "operator": "Exists", "value": "agents"}]}},
        "spec.placement.tolerations[0]",
        TOLERATION_VALUE_RULE,
    ),
    RefusedClaim(
        "toleration for a time without NoExecute",
        {"placement": {"tolerations": [{"key": "dedicated", "effect": "NoSchedule", "tolerationSeconds": 60}]}},
        "spec.placement.tolerations[0]",
        TOLERATION_SECONDS_RULE,
    ),
    RefusedClaim(
        "unknown toleration operator",
        {"placement": {"tolerations": [{"key": "dedicated", "operator": "In"}]}},
        "spec.placement.tolerations[0].operator",
        'supported values: "Exists", "Equal"',
    ),
    RefusedClaim(
        "33 tolerations",
        {"placement": {"tolerations": [{"key": f"k{number}"} for number in range(33)]}},
        "spec.placement.tolerations",
        "must have at most 32 items",
    ),
    RefusedClaim(
        "spread without a topology key",
        {"placement": {"topologySpread": [{"maxSkew": 1}]}},
        "spec.placement.topologySpread[0].topologyKey",
        "Required value",
    ),
    RefusedClaim(
        "spread over one key twice",
        {"placement": {"topologySpread": [{"topologyKey": "zone"}, {"topologyKey": "zone"}]}},
        "spec.placement.topologySpread[1]",
        "Duplicate value",
    ),
    RefusedClaim(
        "maxSkew 0",
        {"placement": {"topologySpread": [{"topologyKey": "zone", "maxSkew": 0}]}},
        "spec.placement.topologySpread[0].maxSkew",
        "should be greater than or equal to 1",
    ),
    RefusedClaim("affinity that is a list", {"placement": {"affinity": []}}, "spec.placement.affinity", "must be of type object"),
    RefusedClaim(
        "priority class in upper case", {"placement": {"priorityClassName": "High"}}, "spec.placement.priorityClassName", "should match"
    ),
]
"""Where pods may run."""

REFUSED_CLAIMS: Final[list[RefusedClaim]] = [
    *REFUSED_NAMES,
    *REFUSED_BASE,
    *REFUSED_CONTAINER,
    *REFUSED_ENV,
    *REFUSED_VOLUMES,
    *REFUSED_SCALING,
    *REFUSED_METADATA,
    *REFUSED_PLACEMENT,
]
"""Every claim that must be refused, whoever checks it."""

MISSPELT_CLAIMS: Final[list[RefusedClaim]] = [
    RefusedClaim(
        "pull Secret as an object, as in a pod",
        {"imagePullSecrets": [{"name": "ghcr"}]},
        "spec.imagePullSecrets[0]",
        'unknown field "spec.imagePullSecrets[0].name"',
    ),
    RefusedClaim("env as a map", {"env": {"LOG_LEVEL": "info"}}, "spec.env", 'unknown field "spec.env.LOG_LEVEL"'),
    RefusedClaim("misspelt field", {"natsStream": "ORDERS"}, "spec.natsStream", 'unknown field "spec.natsStream"'),
    RefusedClaim(
        "misspelt nested field", {"scaling": {"minReplica": 2}}, "spec.scaling.minReplica", 'unknown field "spec.scaling.minReplica"'
    ),
    RefusedClaim("replicas, which the scaler owns", {"replicas": 3}, "spec.replicas", 'unknown field "spec.replicas"'),
    RefusedClaim(
        "misspelt affinity",
        {"placement": {"affinity": {"podAntiAfinity": {}}}},
        "spec.placement.affinity.podAntiAfinity",
        'unknown field "spec.placement.affinity.podAntiAfinity"',
    ),
]
"""Fields that do not exist. kubectl and the offline check refuse them; an API server asked by another client drops them, so the
function never sees them in a cluster."""

ACCEPTED_CLAIMS: Final[list[AcceptedClaim]] = [
    AcceptedClaim("minimal", {}),
    AcceptedClaim("name of 47 characters", {}, name="a" * 47),
    AcceptedClaim("name of one letter", {}, name="a"),
    AcceptedClaim("name with digits and dashes", {}, name="a-1--2"),
    AcceptedClaim("image without registry and tag", {"image": "service"}),
    AcceptedClaim("image on a registry with a port", {"image": "localhost:5000/org/my_service:v1"}),
    AcceptedClaim("image by digest", {"image": "ghcr.io/org/service@sha256:" + "0a" * 32}),
    AcceptedClaim("image with tag and digest", {"image": "Registry.Example.com/a/b/c__d-e.f:V1.0_rc-1@sha256:" + "0a" * 32}),
    AcceptedClaim("no connection at all", {"postgresConnectionSecret": "", "dragonflyConnectionSecret": "", "llmKeysSecret": ""}),
    AcceptedClaim("Secret with a dot", {"postgresConnectionSecret": "orders.db"}),
    AcceptedClaim("several NATS URLs", {"natsUrl": "nats://a.nats:4222,nats://b.nats:4222"}),
    AcceptedClaim("NATS servers, the later ones without a scheme", {"natsUrl": "nats://a.nats:4222,b.nats:4222,[fd00::1]"}),
    AcceptedClaim("NATS over TLS, with a user in the URL", {"natsUrl": "tls://user:secret@nats.example.com:4222"}),
    AcceptedClaim("NATS over a web socket", {"natsUrl": "wss://nats.example.com/nats"}),
    AcceptedClaim("NATS names with a colon, a dollar and an umlaut", {"natsStreamName": "a:b$c", "natsConsumerGroup": "größe_1-2"}),
    AcceptedClaim("NATS names of 255 characters", {"natsStreamName": "S" * 255, "natsConsumerGroup": "C" * 255}),
    AcceptedClaim("16 pull Secrets", {"imagePullSecrets": [f"s{number}" for number in range(16)]}),
    AcceptedClaim("no pull Secret", {"imagePullSecrets": []}),
    AcceptedClaim("last port", {"port": 65535}),
    AcceptedClaim("empty command and arguments", {"command": [], "args": []}),
    AcceptedClaim("empty argument", {"args": [""]}),
    AcceptedClaim(
        "empty objects", {"migrations": {}, "probes": {}, "scaling": {}, "security": {}, "nats": {}, "resources": {}, "placement": {}}
    ),
    AcceptedClaim("own PostgreSQL variables", {"postgresConnectionSecret": "", "env": variables("POSTGRES_HOST", "POSTGRES_PASSWORD")}),
    AcceptedClaim("own Dragonfly variables", {"dragonflyConnectionSecret": "", "env": variables("DRAGONFLY_HOST")}),
    AcceptedClaim("own LLM keys", {"llmKeysSecret": "", "env": variables("OPENAI_API_KEY", "ANTHROPIC_API_KEY")}),
    AcceptedClaim("own NATS files", {"env": variables("NATS_CREDS_FILE", "NATS_CA_FILE")}),
    AcceptedClaim(
        "NATS files of the platform",
        {"nats": {"credentialsSecret": "orders-nats", "caSecret": "nats-ca", "account": "ACCOUNT"}, "env": variables("NATS_USER")},
    ),
    AcceptedClaim(
        "variables from keys with dots",
        {
            "env": [
                {"name": name, "valueFrom": {"secretKeyRef": {"name": "orders-api", "key": key}}}
                for name, key in (("A", ".dockerconfigjson"), ("B", "a..b"), ("C", "-"))
            ]
        },
    ),
    AcceptedClaim("variable without a value", {"env": [{"name": "FEATURE_X"}]}),
    AcceptedClaim("variable with an empty value", {"env": [{"name": "FEATURE_X", "value": ""}]}),
    AcceptedClaim("variables with dots and dashes", {"env": variables("spring.profile", "_x", "-y", "nats_url")}),
    AcceptedClaim(
        "variables from every source",
        {
            "env": [
                {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "orders-api", "key": "token", "optional": True}}},
                {"name": "REGION", "valueFrom": {"configMapKeyRef": {"name": "orders-settings", "key": "region.txt"}}},
                {"name": "POD_IP", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}},
                {"name": "TEAM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['example.com/team']"}}},
                {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": 1}}},
                {**_amount("requests.cpu", "1m"), "name": "MILLICORES"},
                {**_amount("limits.ephemeral-storage", 0), "name": "BYTES"},
                {
                    "name": "MEMORY_MIB",
                    "valueFrom": {"resourceFieldRef": {"resource": "requests.memory", "divisor": "1Mi", "containerName": "agent-executor"}},
                },
            ]
        },
    ),
    AcceptedClaim(
        "volumes from every source",
        {
            "volumes": [
                {"name": "settings", "mountPath": "/etc/orders", "configMap": {"name": "orders-settings", "optional": True}},
                {"name": "tls", "mountPath": "/etc/tls", "readOnly": True, "secret": {"secretName": "orders-tls"}},
                {"name": "scratch", "mountPath": "/tmp", "emptyDir": {}},
                {"name": "memory", "mountPath": "/dev/shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
                {"name": "disk", "mountPath": "/cache", "emptyDir": {"medium": "", "sizeLimit": 1048576}},
                {"name": "models", "mountPath": "/models", "subPath": "v1/..data", "persistentVolumeClaim": {"claimName": "orders-models"}},
            ]
        },
    ),
    AcceptedClaim("mount beside the platform's folder", {"volumes": [volume(mountPath="/var/run/zerotouch-cache", subPath="")]}),
    AcceptedClaim("no migrations", {"migrations": {"enabled": False}}),
    AcceptedClaim("migrations in a job", {"migrations": {"mode": "job", "command": ["alembic", "upgrade", "head"]}}),
    AcceptedClaim("no probes", {"probes": {"enabled": False}}),
    AcceptedClaim("probes with a query", {"probes": {"livenessPath": "/", "readinessPath": "/ready?deep=1", "startupSeconds": 3600}}),
    AcceptedClaim("scale to zero", {"scaling": {"minReplicas": 0, "maxReplicas": 1, "pollingIntervalSeconds": 1, "cooldownSeconds": 0}}),
    AcceptedClaim("fixed number of pods", {"scaling": {"minReplicas": 1000, "maxReplicas": 1000, "fallbackReplicas": 1000}}),
    AcceptedClaim("fallback at the default most", {"scaling": {"fallbackReplicas": 10, "lagThreshold": 1000000}}),
    AcceptedClaim(
        "quantities in every form",
        {"resources": {"requests": {"cpu": "0.125", "memory": "1.5Gi"}, "limits": {"cpu": 2, "memory": 4294967296}}},
    ),
    AcceptedClaim("only a memory limit", {"resources": {"limits": {"memory": "16Gi"}}}),
    AcceptedClaim("root image", {"security": {"profile": "baseline"}}),
    AcceptedClaim("group of volumes", {"security": {"fsGroup": 1}}),
    AcceptedClaim("last group, and a root image", {"security": {"profile": "baseline", "fsGroup": 2147483647}}),
    AcceptedClaim("monitoring over https", {"nats": {"monitoringEndpoint": "https://nats-headless.nats.svc:8222"}}),
    AcceptedClaim("monitoring by address", {"nats": {"monitoringEndpoint": "10.0.0.1:8222"}}),
    AcceptedClaim(
        "labels and annotations with a prefix",
        {
            "serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/orders"},
            "podAnnotations": {"prometheus.io/scrape": "true", "note": "any text, with spaces: ü"},
            "podLabels": {"team": "checkout", "example.com/Cost_Center.1": "", "a" * 63: "b" * 63},
        },
    ),
    AcceptedClaim("32 pod labels", {"podLabels": _settings(32)}),
    AcceptedClaim(
        "placement with everything",
        {
            "placement": {
                "nodeSelector": {"kubernetes.io/arch": "amd64"},
                "tolerations": [
                    {"operator": "Exists"},
                    {"key": "dedicated", "value": "agents", "effect": "NoSchedule"},
                    {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0},
                ],
                "affinity": {
                    "podAntiAffinity": {
                        "preferredDuringSchedulingIgnoredDuringExecution": [
                            {
                                "weight": 100,
                                "podAffinityTerm": {
                                    "topologyKey": "kubernetes.io/hostname",
                                    "labelSelector": {"matchLabels": {"app": "my-service"}},
                                },
                            }
                        ]
                    }
                },
                "topologySpread": [
                    {"topologyKey": "topology.kubernetes.io/zone"},
                    {"topologyKey": "kubernetes.io/hostname", "maxSkew": 100, "whenUnsatisfiable": "DoNotSchedule"},
                ],
                "priorityClassName": "high-priority",
            }
        },
    ),
    AcceptedClaim("a day to finish", {"terminationGracePeriodSeconds": 86400}),
]
"""Every claim that must be accepted, whoever checks it."""
