"""What runs: an agent's pods, the way to them, and what they may talk to."""

from typing import Final

from zerotouch_contract import ports
from zerotouch_function.apis.agenttype.containers import AGENT, SIDECAR, WRAPPER, agent_container, sidecar_container, wrapper_container
from zerotouch_function.apis.agenttype.providers import base_url, port_of
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec, Egress
from zerotouch_function.apis.agenttype.volumes import agent_volumes, sidecar_volumes, wrapper_volumes
from zerotouch_function.diagnosis import Blame
from zerotouch_function.fields.claim import Claim
from zerotouch_function.fields.nats import servers
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.deployment import deployment
from zerotouch_function.resources.horizontal_pod_autoscaler import horizontal_pod_autoscaler
from zerotouch_function.resources.network_policy import network_policy, to_addresses, to_anywhere, to_namespace
from zerotouch_function.resources.pod import pod_placement, pod_spec, pod_template
from zerotouch_function.resources.service import service, service_port
from zerotouch_function.resources.volumes import unzip
from zerotouch_function.settings import Settings

COMPONENT: Final = "agent"

START_ALLOWANCE_SECONDS: Final = 300
"""Beside the agent's own time: pulling images, before a rollout counts as failed."""

REPLICAS: Final = 1
CPU_UTILIZATION_PERCENT: Final = 70


def workload(claim: Claim, spec: AgentTypeSpec, settings: Settings) -> Manifest:
    """The Deployment."""
    return deployment(
        claim,
        component=COMPONENT,
        template=_template(claim, spec, settings),
        progress_deadline_seconds=spec.agent.probes.startup_seconds + START_ALLOWANCE_SECONDS,
        replicas=None if spec.scales_on_cpu else _given(spec.scaling.replicas, REPLICAS),
    )


def way_in(claim: Claim) -> Manifest:
    """The Service: to the agent through its sidecar, and to the sidecar itself."""
    to_agent = service_port(ports.HTTP, ports.SERVICE, ports.INGRESS)
    return service(claim, component=COMPONENT, ports=(to_agent, service_port(ports.OPS_NAME, ports.OPS, ports.OPS)))


def autoscaler(claim: Claim, spec: AgentTypeSpec) -> Manifest:
    """What changes the number of pods with the CPU that agents use."""
    least, most = bounds(spec)
    return horizontal_pod_autoscaler(
        claim,
        component=COMPONENT,
        container=AGENT,
        min_replicas=least,
        max_replicas=most,
        cpu_utilization_percent=_given(spec.scaling.cpu_utilization_percent, CPU_UTILIZATION_PERCENT),
    )


def bounds(spec: AgentTypeSpec) -> tuple[int, int]:
    """Fewest and most pods of a claim that scales on CPU."""
    return _given(spec.scaling.min_replicas, REPLICAS), _given(spec.scaling.max_replicas, REPLICAS)


def fence(claim: Claim, spec: AgentTypeSpec) -> Manifest:
    """The NetworkPolicy: in by the sidecar's ports, out to what the claim names."""
    urls = [*map(base_url, spec.llm.providers), spec.observability.tracing.endpoint]
    known = sorted({*filter(None, map(port_of, urls)), *(server.port for server in servers(spec.nats.url))})
    return network_policy(
        claim,
        component=COMPONENT,
        ingress_ports=(ports.INGRESS, ports.OPS),
        egress=[*([to_anywhere(known)] if known else []), *map(_egress, spec.network.egress)],
    )


def blames(spec: AgentTypeSpec) -> dict[str, Blame]:
    """What to change about a container that does not start."""
    return {
        AGENT: Blame(image="spec.agent.code.runtimeImage" if spec.agent.code else "spec.agent.image"),
        SIDECAR: Blame(image="agents.images.sidecar in the Composition's input", memory="spec.sidecar.resources.limits.memory"),
        WRAPPER: Blame(image="agents.images.wrapper in the Composition's input"),
    }


def _template(claim: Claim, spec: AgentTypeSpec, settings: Settings) -> Manifest:
    volumes, _ = unzip([*wrapper_volumes(spec), *sidecar_volumes(claim, spec), *agent_volumes(spec)])
    wrapper = [wrapper_container(spec, settings)] if spec.has_wrapper else []
    pod = pod_spec(
        claim,
        security=spec.security,
        grace_seconds=spec.termination_grace_period_seconds,
        pull_secrets=list(dict.fromkeys((*spec.image_pull_secrets, *settings.defaults.image_pull_secrets))),
        init_containers=[*wrapper, sidecar_container(claim, spec, settings)],
        containers=[agent_container(claim, spec, settings)],
        volumes=volumes,
        placement=pod_placement(claim, spec.placement, settings.defaults.placement),
    )
    return pod_template(claim, component=COMPONENT, spec=pod, labels=spec.pod_labels, annotations=spec.pod_annotations)


def _egress(peer: Egress) -> Manifest:
    return to_namespace(peer.namespace, peer.ports) if peer.namespace else to_addresses(peer.cidr or "", peer.ports)


def _given(value: int | None, default: int) -> int:
    return default if value is None else value
