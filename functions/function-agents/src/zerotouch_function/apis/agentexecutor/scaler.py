"""What an AgentExecutor scales on."""

from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agentexecutor.workload import COMPONENT
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.nats import monitoring_endpoint
from zerotouch_function.resources.scaled_object import scaled_object
from zerotouch_function.settings import Settings


def scaler(claim: Claim, spec: AgentExecutorSpec, settings: Settings) -> Manifest:
    """The ScaledObject on the claim's stream and consumer."""
    return scaled_object(
        claim,
        component=COMPONENT,
        scaling=spec.scaling,
        stream=spec.nats_stream_name,
        consumer=spec.nats_consumer_group,
        account=spec.nats.account,
        monitoring_endpoint=endpoint(claim, spec, settings),
    )


def endpoint(claim: Claim, spec: AgentExecutorSpec, settings: Settings) -> str:
    """The claim's monitoring endpoint, else the one that its NATS URL implies."""
    derived = monitoring_endpoint(spec.nats_url, namespace=claim.namespace, cluster_domain=settings.defaults.cluster_domain)
    return spec.nats.monitoring_endpoint or derived


def source(claim: Claim, spec: AgentExecutorSpec, settings: Settings) -> str:
    """The same in words, for messages."""
    return f"stream {spec.nats_stream_name}, consumer {spec.nats_consumer_group} at {endpoint(claim, spec, settings)}"
