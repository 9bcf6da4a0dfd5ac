"""Hypothesis strategies for whole AgentExecutor specs, built from the fields' own bounds."""

from typing import Any

from hypothesis import strategies as st

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"

claim_names = st.from_regex(r"[a-z]([-a-z0-9]{0,45}[a-z0-9])?", fullmatch=True)
namespaces = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
object_names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
optional_names = st.one_of(st.just(""), object_names)
stream_names = st.from_regex(r"[A-Za-z0-9_-]{1,30}", fullmatch=True)
images = st.sampled_from(["ghcr.io/org/service:v1.0.0", "nginx", "docker.io/library/nginx:1.28", f"ghcr.io/o/s@sha256:{'0' * 64}"])
paths = st.from_regex(r"/[a-z0-9/]{0,20}", fullmatch=True)
words = st.text(alphabet=LETTERS + DIGITS + " -_/=", max_size=20)
file_keys = st.from_regex(r"[A-Za-z0-9._-]{1,10}", fullmatch=True).filter(lambda key: key != "." and not key.startswith(".."))
label_keys = st.from_regex(r"[a-z]{1,10}(\.io/[a-z]{1,10})?", fullmatch=True)
label_values = st.from_regex(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,10}[A-Za-z0-9])?)?", fullmatch=True)


def maps(keys: st.SearchStrategy[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, str]]:
    return st.dictionaries(keys, values, max_size=3)


def optional(required: dict[str, Any] | None = None, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with the required fields and any of the others."""
    return st.fixed_dictionaries(required or {}, optional=fields)


key_refs = optional({"name": object_names, "key": file_keys}, optional=st.booleans())
env_values = st.one_of(
    st.fixed_dictionaries({"value": words}),
    st.fixed_dictionaries({"valueFrom": st.fixed_dictionaries({"secretKeyRef": key_refs})}),
    st.fixed_dictionaries({"valueFrom": st.fixed_dictionaries({"configMapKeyRef": key_refs})}),
    st.just({"valueFrom": {"fieldRef": {"fieldPath": "metadata.uid"}}}),
    st.just({"valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}),
)


def env_of(container: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Variables of a claim whose own container has that name."""
    by_name = st.just({"valueFrom": {"resourceFieldRef": {"containerName": container, "resource": "limits.memory"}}})
    names = st.from_regex(r"APP_[A-Z0-9_]{1,10}", fullmatch=True) | st.sampled_from(["HTTP_PROXY", "all_proxy", "NO_PROXY", "no_proxy"])
    return st.dictionaries(names, env_values | by_name, max_size=4).map(
        lambda variables: [{"name": name, **value} for name, value in variables.items()]
    )


volume_sources = st.one_of(
    st.fixed_dictionaries({"configMap": optional({"name": object_names}, optional=st.booleans())}),
    st.fixed_dictionaries({"secret": optional({"secretName": object_names}, optional=st.booleans())}),
    st.fixed_dictionaries({"emptyDir": optional(sizeLimit=st.sampled_from(["1Gi", "500Mi"]), medium=st.sampled_from(["", "Memory"]))}),
    st.fixed_dictionaries({"persistentVolumeClaim": st.fixed_dictionaries({"claimName": object_names})}),
)
volumes = st.lists(volume_sources, max_size=3).map(
    lambda sources: [
        {"name": f"volume-{i}", "mountPath": f"/mnt/{i}", "readOnly": bool(i % 2), **source} for i, source in enumerate(sources)
    ]
)

tolerations = st.lists(
    optional({"key": label_keys}, operator=st.just("Exists"), effect=st.sampled_from(["NoSchedule", "NoExecute"])), max_size=2
)
placements = optional(
    nodeSelector=maps(label_keys, label_values),
    tolerations=tolerations,
    topologySpread=st.lists(
        optional({"topologyKey": label_keys}, maxSkew=st.integers(1, 100)), max_size=2, unique_by=lambda s: s["topologyKey"]
    ),
    priorityClassName=object_names,
)
amounts = st.sampled_from([{}, {"cpu": "100m"}, {"memory": "256Mi"}, {"memory": "524288Ki"}, {"cpu": "0.2", "memory": "300M"}])
scalings = st.builds(
    lambda low, extra, others: {**others, "minReplicas": low, "maxReplicas": max(1, low) + extra},
    st.integers(0, 50),
    st.integers(0, 50),
    optional(
        lagThreshold=st.integers(1, 1000),
        pollingIntervalSeconds=st.integers(1, 3600),
        cooldownSeconds=st.integers(0, 3600),
        fallbackReplicas=st.just(1),
    ),
)
specs = optional(
    {"image": images, "natsStreamName": stream_names, "natsConsumerGroup": stream_names},
    size=st.sampled_from(["small", "medium", "large"]),
    natsUrl=st.sampled_from(["nats://nats.nats.svc:4222", "tls://nats:4222", "nats://a.example.com:4222,nats://b.example.com:4222"]),
    postgresConnectionSecret=optional_names,
    dragonflyConnectionSecret=optional_names,
    llmKeysSecret=optional_names,
    imagePullSecrets=st.lists(object_names, max_size=3, unique=True),
    port=st.integers(1, 65535),
    command=st.lists(words, max_size=3),
    args=st.lists(words, max_size=3),
    env=env_of("agent-executor"),
    volumes=volumes,
    migrations=optional(enabled=st.booleans(), mode=st.sampled_from(["init", "job"])),
    probes=optional(enabled=st.booleans(), livenessPath=paths, readinessPath=paths, startupSeconds=st.integers(10, 3600)),
    scaling=scalings,
    resources=optional(requests=amounts),
    security=optional(profile=st.sampled_from(["restricted", "baseline"]), fsGroup=st.integers(1, 2**31 - 1)),
    nats=optional(account=stream_names, credentialsSecret=optional_names, caSecret=optional_names),
    serviceAccountAnnotations=maps(label_keys, words),
    placement=placements,
    terminationGracePeriodSeconds=st.integers(10, 86400),
    podLabels=maps(label_keys, label_values),
    podAnnotations=maps(label_keys, words),
)
"""Specs that the API accepts."""
