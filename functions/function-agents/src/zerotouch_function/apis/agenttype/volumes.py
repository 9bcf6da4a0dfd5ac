"""The platform's own volumes in an agent's pod, and who mounts them."""

from typing import Final, TypeAlias

from zerotouch_contract import paths
from zerotouch_function.apis.agenttype.providers import ca_folder, key_folder
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, child_name
from zerotouch_function.resources.volumes import config_map_volume, pod_volume, scratch_volume, secret_key_volume, volume_mount

OURS: Final = "zerotouch-"
"""What the names of the platform's volumes begin with."""

WRAPPER_LIMIT: Final = "16Mi"
STATE_LIMIT: Final = "8Mi"

Mounted: TypeAlias = tuple[Manifest, Manifest]
"""A volume, and how a container mounts it."""


def config_name(claim: Claim) -> str:
    """Name of the ConfigMap with the sidecar's configuration."""
    return child_name(claim.name, "sidecar")


def wrapper_volumes(spec: AgentTypeSpec) -> list[Mounted]:
    """What the wrapper's init container fills and the agent reads; nothing where no wrapper is loaded."""
    return [scratch_volume(f"{OURS}wrapper", paths.WRAPPER, size_limit=WRAPPER_LIMIT)] if spec.has_wrapper else []


def sidecar_volumes(claim: Claim, spec: AgentTypeSpec) -> list[Mounted]:
    """What only the sidecar sees: its configuration, its state, and every key, alone: what else lies in a Secret is not its business."""
    nats = (
        (f"{OURS}nats-credentials", spec.nats.credentials_secret, paths.NATS_CREDS_KEY, paths.NATS_CREDENTIALS),
        (f"{OURS}nats-ca", spec.nats.ca_secret, paths.NATS_CA_KEY, paths.NATS_CA),
    )
    keys = ((f"{OURS}provider-{p.name}", p.secret.name, p.secret.key, key_folder(p)) for p in spec.llm.providers if p.secret)
    authorities = ((f"{OURS}ca-{p.name}", p.tls.ca_secret, paths.CA_KEY, ca_folder(p)) for p in spec.llm.providers if p.tls)
    return [
        config_map_volume(f"{OURS}config", config_name(claim), paths.SIDECAR_CONFIG),
        scratch_volume(f"{OURS}state", paths.SIDECAR_STATE, size_limit=STATE_LIMIT),
        *(secret_key_volume(name, secret, key, path, file=paths.PROVIDER_KEY_FILE) for name, secret, key, path in keys),
        *(secret_key_volume(name, secret, key, path, file=key) for name, secret, key, path in (*authorities, *nats) if secret),
    ]


def agent_volumes(spec: AgentTypeSpec) -> list[Mounted]:
    """The agent's code, where it comes from a ConfigMap, and the claim's own volumes."""
    code = [config_map_volume(f"{OURS}code", spec.agent.code.config_map, paths.AGENT_CODE)] if spec.agent.code else []
    return [*code, *((pod_volume(volume), volume_mount(volume)) for volume in spec.agent.volumes)]


def read_only(mount: Manifest) -> Manifest:
    """The same mount for a container that only reads."""
    return {**mount, "readOnly": True}
