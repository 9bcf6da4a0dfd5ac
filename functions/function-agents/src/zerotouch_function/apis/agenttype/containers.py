"""The three containers of an agent's pod."""

from typing import Final

from zerotouch_contract import paths, ports, routes
from zerotouch_function.apis.agenttype.environment import agent_env, sidecar_env
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.apis.agenttype.volumes import agent_volumes, read_only, sidecar_volumes, wrapper_volumes
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, without_empty
from zerotouch_function.resources.image import image_of, version_of
from zerotouch_function.resources.probes import http_probe
from zerotouch_function.resources.security import container_security_context, platform_security_context
from zerotouch_function.resources.sizes import SIDECAR_SIZES, container_resources
from zerotouch_function.resources.volumes import unzip
from zerotouch_function.settings import Settings

AGENT: Final = "agent"
SIDECAR: Final = "sidecar"
WRAPPER: Final = "wrapper"

PROGRAMS: Final = {"py": "python", "js": "node", "mjs": "node", "cjs": "node"}
"""What starts code, by the ending of its file's name."""

CODE_USER: Final = 65532
"""Who runs code: the image only has the language, and images of languages run as root unless told otherwise."""

ENDPOINT_SECONDS: Final = 5
"""Time for the Service's endpoints to forget a pod before its agent is asked to stop."""

WRAPPER_RESOURCES: Final = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "64Mi"}}
STARTUP_PERIOD_SECONDS: Final = 1
SIDECAR_STARTUP_SECONDS: Final = 60


def wrapper_container(spec: AgentTypeSpec, settings: Settings) -> Manifest:
    """Copies the wrapper into the pod, and ends."""
    _, mounts = unzip(wrapper_volumes(spec))
    return {
        "name": WRAPPER,
        **image_of(settings.agents.images.wrapper),
        "resources": WRAPPER_RESOURCES,
        "securityContext": platform_security_context(),
        "volumeMounts": mounts,
    }


def sidecar_container(claim: Claim, spec: AgentTypeSpec, settings: Settings) -> Manifest:
    """A native sidecar: up before the agent, and down after it."""
    _, mounts = unzip(sidecar_volumes(claim, spec))
    healthy = http_probe(routes.HEALTHZ, ports.OPS_NAME)
    return {
        "name": SIDECAR,
        **image_of(settings.agents.images.sidecar),
        "restartPolicy": "Always",
        "command": ["zerotouch-sidecar", "--config", f"{paths.SIDECAR_CONFIG}/{paths.SIDECAR_CONFIG_KEY}"],
        "env": sidecar_env(spec),
        "ports": [_port(ports.HTTP, ports.INGRESS), _port(ports.OPS_NAME, ports.OPS)],
        "startupProbe": {**healthy, "periodSeconds": STARTUP_PERIOD_SECONDS, "failureThreshold": SIDECAR_STARTUP_SECONDS},
        "livenessProbe": {**healthy, "periodSeconds": 10, "failureThreshold": 6},
        "readinessProbe": {**http_probe(routes.READYZ, ports.OPS_NAME), "periodSeconds": 5},
        "resources": container_resources(
            spec.size, overrides=spec.sidecar.resources, sizes={}, table=SIDECAR_SIZES, field="spec.sidecar.resources"
        ),
        "securityContext": platform_security_context(),
        "volumeMounts": mounts,
    }


def agent_container(claim: Claim, spec: AgentTypeSpec, settings: Settings) -> Manifest:
    """The customer's container, with nothing of it changed but its environment."""
    _, wrapper = unzip(wrapper_volumes(spec))
    _, own = unzip(agent_volumes(spec))
    mounts = [*map(read_only, wrapper), *own]
    return {
        "name": AGENT,
        **image_of(spec.image),
        **without_empty({"command": _command(spec), "args": list(spec.agent.args)}),
        "ports": [_port(AGENT, spec.agent.port)],
        **_agent_probes(spec),
        "lifecycle": {"preStop": {"sleep": {"seconds": ENDPOINT_SECONDS}}},
        "env": agent_env(claim, spec, wrapper_version=version_of(settings.agents.images.wrapper)),
        "resources": container_resources(spec.size, overrides=spec.resources, sizes=settings.defaults.sizes),
        "securityContext": _agent_security(spec),
        **without_empty({"volumeMounts": mounts}),
    }


def _command(spec: AgentTypeSpec) -> list[str]:
    code = spec.agent.code
    if code is None:
        return list(spec.agent.command)
    return [PROGRAMS[code.entrypoint.rpartition(".")[2]], f"{paths.AGENT_CODE}/{code.entrypoint}"]


def _agent_probes(spec: AgentTypeSpec) -> Manifest:
    """The agent's own probes, where it has a path for them. The sidecar asks it whether it is ready."""
    probes = spec.agent.probes
    if not probes.liveness_path:
        return {}
    alive = http_probe(probes.liveness_path, AGENT)
    return {
        "startupProbe": {**alive, "periodSeconds": 5, "failureThreshold": -(-probes.startup_seconds // 5)},
        "livenessProbe": {**alive, "periodSeconds": 10},
    }


def _agent_security(spec: AgentTypeSpec) -> Manifest:
    context = container_security_context(spec.security.profile)
    is_our_choice = spec.agent.code and spec.security.profile == "restricted"
    return {"runAsUser": CODE_USER, "runAsGroup": CODE_USER, **context} if is_our_choice else context


def _port(name: str, number: int) -> Manifest:
    return {"name": name, "containerPort": number, "protocol": "TCP"}
