"""Claims that must be refused for what they say of their container: its command, environment and volumes."""

from typing import Final

from tests.claim_rows import RefusedClaim, amount, memory_of, variables, volume

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
        for path in ("metadata.labels['my team']", "metadata.labels['Example.com/team']", "metadata.annotations['a..b/team']")
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
            {"env": [amount(resource, divisor)]},
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
