"""What an AgentExecutor scales on."""

from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.apis.agentexecutor.workload import COMPONENT
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, Observation
from zerotouch_function.release import with_release
from zerotouch_function.resources.nats import monitoring_endpoint
from zerotouch_function.resources.scaled_object import scaled_object, with_queue_of
from zerotouch_function.settings import Settings


def scaler(claim: Claim, spec: AgentExecutorSpec, settings: Settings, *, of_earlier_pods: Observation | None = None) -> Manifest:
    """The ScaledObject on the claim's stream and consumer, marked with its release.

    Args:
        claim: Whose pods to scale.
        spec: The claim's spec.
        settings: The Composition's input.
        of_earlier_pods: The ScaledObject as it is, where pods of an earlier spec go on: they are scaled on the queue that they read.
    """
    derived = monitoring_endpoint(spec.nats_url, namespace=claim.namespace, cluster_domain=settings.defaults.cluster_domain)
    manifest = scaled_object(
        claim,
        component=COMPONENT,
        scaling=spec.scaling,
        stream=spec.nats_stream_name,
        consumer=spec.nats_consumer_group,
        account=spec.nats.account,
        monitoring_endpoint=spec.nats.monitoring_endpoint or derived,
    )
    return with_release(with_queue_of(of_earlier_pods, manifest) if of_earlier_pods else manifest)
