"""Claims that must be refused: one table for the API server, the offline check and the function."""

from typing import Final

from tests.claim_rows import RefusedClaim, settings
from tests.refused_containers import REFUSED_CONTAINER, REFUSED_ENV, REFUSED_VOLUMES

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
        for field, key in (
            ("podLabels", "a..b/x"),
            ("podLabels", "Example.com/x"),
            ("podAnnotations", "a.-b/x"),
            ("serviceAccountAnnotations", "a-.b/x"),
        )
    ),
    RefusedClaim("pod label with an empty key", {"podLabels": {"": "x"}}, "spec.podLabels", f"spec.podLabels: {KEY_RULE}"),
    RefusedClaim("pod label with a key of 64 characters", {"podLabels": {"a" * 64: "x"}}, "spec.podLabels", f"spec.podLabels: {KEY_RULE}"),
    RefusedClaim("pod label with a space", {"podLabels": {"team": "check out"}}, "spec.podLabels.team", "should match"),
    RefusedClaim("pod label of 64 characters", {"podLabels": {"team": "a" * 64}}, "spec.podLabels.team", "may not be more than 63"),
    RefusedClaim("pod label that is a number", {"podLabels": {"team": 7}}, "spec.podLabels.team", "must be of type string"),
    RefusedClaim("33 pod labels", {"podLabels": settings(33)}, "spec.podLabels", "must have at most 32 items"),
    RefusedClaim("33 pod annotations", {"podAnnotations": settings(33)}, "spec.podAnnotations", "must have at most 32 items"),
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
