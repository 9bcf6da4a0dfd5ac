"""Claims that look wrong, or are at the edge of a bound, and are right: the other half of `refused_claims.py`."""

from typing import Final

from tests.claim_rows import AcceptedClaim, amount, settings, variables, volume

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
                {"name": "OWNER", "valueFrom": {"fieldRef": {"fieldPath": "metadata.annotations['Example.com/owner']"}}},
                {"name": "CPUS", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": 1}}},
                {**amount("requests.cpu", "1m"), "name": "MILLICORES"},
                {**amount("limits.ephemeral-storage", 0), "name": "BYTES"},
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
            "serviceAccountAnnotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/orders", "Example.com/x": "y"},
            "podAnnotations": {"prometheus.io/scrape": "true", "Example.com/owner": "x", "note": "any text, with spaces: ü"},
            "podLabels": {"team": "checkout", "example.com/Cost_Center.1": "", "a" * 63: "b" * 63},
        },
    ),
    AcceptedClaim("32 pod labels", {"podLabels": settings(32)}),
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
