"""What an agent finds in its environment, beside what the claim puts there, and what the sidecar finds."""

from zerotouch_contract import environment as env
from zerotouch_contract import paths, ports, routes
from zerotouch_function.apis.agenttype.proxies import past_proxies
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.environment import from_claim, from_pod, variable

LOCAL_API = f"http://127.0.0.1:{ports.LOCAL_API}"

TOKEN = "metadata.uid"  # noqa: S105  # a field of the pod
"""The pod's UID: what the local API takes as a key, worth nothing outside the pod."""


def agent_env(claim: Claim, spec: AgentTypeSpec, *, wrapper_version: str) -> list[Manifest]:
    """The platform's variables, then the claim's own, which send nothing for the sidecar through a proxy."""
    return [
        variable(env.AGENT_NAME, claim.name),
        variable(env.AGENT_NAMESPACE, claim.namespace),
        variable(env.AGENT_SIDECAR_URL, LOCAL_API),
        from_pod(env.AGENT_TOKEN, TOKEN),
        *_models(spec),
        *(_wrapper(spec, wrapper_version) if spec.has_wrapper else []),
        *past_proxies(from_claim(spec.agent.env)),
    ]


def sidecar_env(spec: AgentTypeSpec) -> list[Manifest]:
    """What the sidecar cannot learn from its configuration: who it is, and what of the agent holds for as long as the pod lives."""
    return [
        from_pod(env.AGENT_TOKEN, TOKEN),
        from_pod(env.POD_NAME, "metadata.name"),
        variable(env.POD_AGENT_PORT, str(spec.agent.port)),
        variable(env.POD_READINESS_PATH, spec.agent.probes.readiness_path),
        variable(env.POD_WRAPPER_FAILURE_POLICY, spec.wrapper.failure_policy),
    ]


def _models(spec: AgentTypeSpec) -> list[Manifest]:
    """Where SDKs find models, and the key that they insist on. An agent that sets a URL of its own keeps its own key too.

    The key is none to OpenAI: its Agents SDK would send every trace there in vain.
    """
    if not spec.llm.models:
        return []
    own = {variable.name for variable in spec.agent.env}
    variables = []
    if not own.intersection(env.OPENAI_URLS):
        url = f"{LOCAL_API}{routes.OPENAI}"
        variables += [*(variable(name, url) for name in env.OPENAI_URLS), from_pod(env.OPENAI_API_KEY, TOKEN)]
        if env.OPENAI_AGENTS_DISABLE_TRACING not in own:
            variables.append(variable(env.OPENAI_AGENTS_DISABLE_TRACING, "1"))
    if env.ANTHROPIC_BASE_URL not in own:
        variables += [variable(env.ANTHROPIC_BASE_URL, f"{LOCAL_API}{routes.ANTHROPIC}"), from_pod(env.ANTHROPIC_API_KEY, TOKEN)]
    return variables


def _wrapper(spec: AgentTypeSpec, version: str) -> list[Manifest]:
    """How Python and Node come to load the wrapper, with the agent's own settings behind ours."""
    python_path = ":".join(filter(None, (paths.WRAPPER_PYTHON, spec.wrapper.python.python_path)))
    node_options = " ".join(filter(None, (f"--require {paths.WRAPPER_NODE}", spec.wrapper.node.options)))
    return [
        variable(env.AGENT_WRAPPER_VERSION, version),
        variable(env.PYTHONPATH, python_path),
        variable(env.NODE_OPTIONS, node_options),
    ]
