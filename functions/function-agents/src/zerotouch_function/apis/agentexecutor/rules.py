"""Rules across the spec's fields: those that the API server checks as CEL, again here, for it may run without them.

Crossplane v1.20 drops rules at an object's root, and an old claim can be older than a rule.
"""

from typing import Final

from zerotouch_contract import environment, paths
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agentexecutor.workload import COMPONENT
from zerotouch_function.errors import SpecError
from zerotouch_function.fields.rules import check_env, check_placement, check_pull_secrets, check_servers, check_volumes

OUR_VOLUMES: Final = ("nats-credentials", "nats-ca")


def check(spec: AgentExecutorSpec) -> None:
    """Raises SpecError for the first rule that the spec breaks."""
    _check_scaling(spec)
    _check_env(spec)
    check_servers(spec.nats_url, field="spec.natsUrl")
    check_servers(spec.nats.monitoring_endpoint or "", field="spec.nats.monitoringEndpoint")
    check_volumes(spec.volumes, field="spec.volumes", is_ours=OUR_VOLUMES.__contains__, our_paths=(paths.ROOT,))
    check_placement(spec.placement)
    check_pull_secrets(spec.image_pull_secrets)


def _check_scaling(spec: AgentExecutorSpec) -> None:
    scaling = spec.scaling
    if scaling.min_replicas > scaling.max_replicas:
        raise SpecError(
            "spec.scaling.minReplicas",
            f"{scaling.min_replicas} is more than spec.scaling.maxReplicas, {scaling.max_replicas}",
            "lower the one or raise the other",
        )
    if scaling.fallback_replicas is not None and scaling.fallback_replicas > scaling.max_replicas:
        raise SpecError(
            "spec.scaling.fallbackReplicas",
            f"{scaling.fallback_replicas} is more than spec.scaling.maxReplicas, {scaling.max_replicas}",
            "lower the one or raise the other",
        )


def _check_env(spec: AgentExecutorSpec) -> None:
    check_env(spec.env, field="spec.env", container=COMPONENT)
    for variable in spec.env:
        setter = _who_sets(spec, variable.name)
        if setter:
            raise SpecError("spec.env", f'"{variable.name}" is set by the platform from {setter}', "use another name")


def _who_sets(spec: AgentExecutorSpec, variable: str) -> str:
    """The field through which the platform sets that variable, or empty."""
    owned = (
        ("spec.natsUrl", True, (environment.NATS_URL,)),
        ("spec.natsStreamName", True, (environment.NATS_STREAM_NAME,)),
        ("spec.natsConsumerGroup", True, (environment.NATS_CONSUMER_GROUP,)),
        ("spec.postgresConnectionSecret", spec.postgres_connection_secret, environment.POSTGRES_VARIABLES),
        ("spec.dragonflyConnectionSecret", spec.dragonfly_connection_secret, environment.DRAGONFLY_VARIABLES),
        ("spec.llmKeysSecret", spec.llm_keys_secret, environment.LLM_VARIABLES),
        ("spec.nats.credentialsSecret", spec.nats.credentials_secret, (environment.NATS_CREDS_FILE,)),
        ("spec.nats.caSecret", spec.nats.ca_secret, (environment.NATS_CA_FILE,)),
    )
    return next((field for field, is_used, variables in owned if is_used and variable in variables), "")
