"""Rules across the spec's fields: those that the API server checks as CEL, again here, for it may run without them.

Crossplane v1.20 drops rules at an object's root, and an old claim can be older than a rule.
"""

from ipaddress import ip_interface
from typing import Final

from zerotouch_contract import environment as env
from zerotouch_contract import paths, ports
from zerotouch_function.apis.agenttype.containers import AGENT
from zerotouch_function.apis.agenttype.llm_rules import check_llm
from zerotouch_function.apis.agenttype.proxies import CLAIMED
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec, Scaling
from zerotouch_function.apis.agenttype.volumes import OURS
from zerotouch_function.errors import SpecError
from zerotouch_function.fields.rules import (
    check_env,
    check_placement,
    check_pull_secrets,
    check_servers,
    check_url,
    check_volumes,
    first_repeated,
)

SIDECAR_PORTS: Final = (ports.INGRESS, ports.LOCAL_API, ports.OPS)
RESERVED: Final = (
    env.AGENT_NAME,
    env.AGENT_NAMESPACE,
    env.AGENT_TOKEN,
    env.AGENT_SIDECAR_URL,
    env.AGENT_WRAPPER_VERSION,
    *CLAIMED.values(),
)
"""Variables that only the platform sets, whatever the claim thinks of them."""


def check(spec: AgentTypeSpec) -> None:
    """Raises SpecError for the first rule that the spec breaks."""
    _check_agent(spec)
    _check_env(spec)
    _check_volumes(spec)
    check_llm(spec.llm)
    _check_card(spec)
    _check_scaling(spec.scaling)
    _check_network(spec)
    check_servers(spec.nats.url, field="spec.nats.url")
    check_url(spec.observability.tracing.endpoint, field="spec.observability.tracing.endpoint")
    if not spec.nats.url and (spec.nats.credentials_secret or spec.nats.ca_secret):
        raise SpecError("spec.nats.url", "credentialsSecret and caSecret are for the servers that url names", "write url, or remove them")
    if spec.nats.replicas not in (1, 3, 5):
        raise SpecError("spec.nats.replicas", f"{spec.nats.replicas} servers have no majority of their own", "write 1, 3 or 5")
    check_placement(spec.placement)
    check_pull_secrets(spec.image_pull_secrets)
    if spec.wrapper.failure_policy == "Fail" and not spec.has_wrapper:
        raise SpecError(
            "spec.wrapper.failurePolicy", "Fail waits for a wrapper that mode none does not load", "set mode initContainer, or Ignore"
        )


def _check_agent(spec: AgentTypeSpec) -> None:
    agent = spec.agent
    if (agent.image is None) == (agent.code is None):
        raise SpecError("spec.agent", "an agent is either an image or code", "write one of image and code")
    if agent.code and agent.command:
        raise SpecError("spec.agent.command", "code is started from spec.agent.code.entrypoint", "remove command, or build an image")
    if agent.port in SIDECAR_PORTS:
        raise SpecError("spec.agent.port", f"{agent.port} belongs to the sidecar in the same pod", "let the agent listen on another port")


def _check_env(spec: AgentTypeSpec) -> None:
    variables = spec.agent.env
    check_env(variables, field="spec.agent.env", container=AGENT)
    names = {variable.name for variable in variables}
    for name in RESERVED:
        if name in names:
            raise SpecError("spec.agent.env", f'"{name}" is set by the platform', "use another name")
    for name, field in ((env.PYTHONPATH, "spec.wrapper.python.pythonPath"), (env.NODE_OPTIONS, "spec.wrapper.node.options")):
        if spec.has_wrapper and name in names:
            raise SpecError("spec.agent.env", f'"{name}" is how the wrapper is loaded', f"set {field}, or spec.wrapper.mode to none")
    for key, urls in ((env.OPENAI_API_KEY, env.OPENAI_URLS), (env.ANTHROPIC_API_KEY, (env.ANTHROPIC_BASE_URL,))):
        if spec.llm.models and key in names and not names.intersection(urls):
            raise SpecError(
                "spec.agent.env",
                f'with spec.llm.models the agent calls models through the platform, which takes no "{key}" of yours',
                f"remove it and name the Secret in spec.llm.providers, or set {urls[0]} too",
            )


def _check_volumes(spec: AgentTypeSpec) -> None:
    check_volumes(
        spec.agent.volumes,
        field="spec.agent.volumes",
        is_ours=lambda name: name.startswith(OURS),
        our_paths=(paths.ROOT, paths.WRAPPER, *([paths.AGENT_CODE] if spec.agent.code else [])),
    )


def _check_card(spec: AgentTypeSpec) -> None:
    skills = spec.card.skills if spec.card else ()
    repeated = first_repeated(skill.id for skill in skills) or next((r for s in skills if (r := first_repeated(s.tags))), "")
    if repeated:
        raise SpecError("spec.card.skills", f'"{repeated}" is listed twice', "list each skill and each of its tags once")


def _check_scaling(scaling: Scaling) -> None:
    on_cpu = (scaling.min_replicas, scaling.max_replicas, scaling.cpu_utilization_percent)
    if scaling.replicas is not None and any(value is not None for value in on_cpu):
        raise SpecError(
            "spec.scaling",
            "replicas is a fixed number, and minReplicas, maxReplicas and cpuUtilizationPercent make it follow the CPU",
            "write one or the other",
        )
    if scaling.max_replicas is None and any(value is not None for value in on_cpu):
        raise SpecError("spec.scaling.maxReplicas", "is needed to scale on CPU", "write it, or write replicas alone")
    if scaling.max_replicas is not None and (scaling.min_replicas or 1) > scaling.max_replicas:
        raise SpecError(
            "spec.scaling.minReplicas",
            f"{scaling.min_replicas} is more than spec.scaling.maxReplicas, {scaling.max_replicas}",
            "lower the one or raise the other",
        )


def _check_network(spec: AgentTypeSpec) -> None:
    if spec.network.egress and spec.network.policy != "restricted":
        raise SpecError("spec.network.egress", "counts with policy restricted only", "set spec.network.policy, or remove it")
    for peer in spec.network.egress:
        if (peer.namespace is None) == (peer.cidr is None):
            raise SpecError("spec.network.egress", "does not say where to", "write one of namespace and cidr")
        problem, remedy = _range_fault(peer.cidr) if peer.cidr is not None else ("", "")
        if problem:
            raise SpecError("spec.network.egress", problem, remedy)
        if first_repeated(map(str, peer.ports)):
            raise SpecError("spec.network.egress", "a port is listed twice", "list each port once")


def _range_fault(cidr: str) -> tuple[str, str]:
    """What is wrong with it and what to do; two empty texts if nothing is.

    No regular expression that a person can read knows every form of an IPv6 address. An address inside a range may mean either, and
    Kubernetes refuses it since 1.36 (`StrictIPCIDRValidation`), as it does an IPv4 address in IPv6's notation.
    """
    try:
        address = ip_interface(cidr)
    except ValueError:
        return f'"{cidr}" is no range of addresses', "write address/bits, such as fd00:20::/64"
    if address.ip != address.network.network_address:
        return f'"{cidr}" is an address inside a range', f"write {address.network} for the range, or {address.ip}/{address.max_prefixlen}"
    if address.version == 6 and address.ip.ipv4_mapped:
        return f'"{cidr}" is an IPv4 address in IPv6\'s notation', "write it as IPv4, such as 10.20.0.0/16"
    return "", ""
