"""What runs: the containers of an AgentExecutor's pods, and its migrations."""

from typing import Final

from zerotouch_contract import environment as env
from zerotouch_contract import paths, ports
from zerotouch_function.apis.agentexecutor.spec import AgentExecutorSpec
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, without_empty
from zerotouch_function.resources.deployment import deployment
from zerotouch_function.resources.environment import from_claim, from_secret, of_itself, variable
from zerotouch_function.resources.image import image_of
from zerotouch_function.resources.job import release_job
from zerotouch_function.resources.pod import pod_placement, pod_spec, pod_template
from zerotouch_function.resources.probes import container_probes
from zerotouch_function.resources.security import container_security_context
from zerotouch_function.resources.sizes import container_resources
from zerotouch_function.resources.volumes import pod_volume, secret_key_volume, unzip, volume_mount
from zerotouch_function.settings import Settings

COMPONENT: Final = "agent-executor"
"""The component label, and the main container's name."""

MIGRATIONS: Final = "run-migrations"
MIGRATIONS_COMPONENT: Final = "migrations"

DRAIN_SECONDS: Final = 5
"""Time for the Service's endpoints to forget a pod before its container is asked to stop."""

START_ALLOWANCE_SECONDS: Final = 300
"""Beside the startup probe's time: pulling the image and migrating, before a rollout counts as failed."""


def workload(claim: Claim, spec: AgentExecutorSpec, settings: Settings) -> Manifest:
    """The Deployment."""
    shared = _shared(spec, settings)
    init = [_container(MIGRATIONS, spec, {"command": list(spec.migrations.command)}, shared)] if _migrates(spec, "init") else []
    main = {
        **without_empty({"command": list(spec.command), "args": list(spec.args)}),
        "ports": [{"name": ports.HTTP, "containerPort": spec.port, "protocol": "TCP"}],
        **container_probes(spec.probes),
        "lifecycle": {"preStop": {"sleep": {"seconds": DRAIN_SECONDS}}},
    }
    template = _template(claim, spec, settings, init, _container(COMPONENT, spec, main, shared))
    deadline = spec.probes.startup_seconds + START_ALLOWANCE_SECONDS
    return deployment(claim, component=COMPONENT, template=template, progress_deadline_seconds=deadline)


def migration_job(claim: Claim, spec: AgentExecutorSpec, settings: Settings) -> Manifest | None:
    """The Job that migrates once for this release; None where migrations run in every pod, or not at all.

    Its pod has no container but its own, which has the resources of the one that a variable may name.
    """
    if not _migrates(spec, "job"):
        return None
    shared = _shared(spec, settings)
    own = {"command": list(spec.migrations.command)}
    container = _container(MIGRATIONS, spec, own, {**shared, "env": of_itself(shared["env"])})
    template = _template(claim, spec, settings, [], container)
    return release_job(claim, component=MIGRATIONS_COMPONENT, purpose="migrate", template=template)


def _migrates(spec: AgentExecutorSpec, mode: str) -> bool:
    return spec.migrations.enabled and spec.migrations.mode == mode


def _template(claim: Claim, spec: AgentExecutorSpec, settings: Settings, init: list[Manifest], container: Manifest) -> Manifest:
    volumes, _ = unzip(_volumes(spec))
    pull_secrets = dict.fromkeys((*spec.image_pull_secrets, *settings.defaults.image_pull_secrets))
    pod = pod_spec(
        claim,
        security=spec.security,
        grace_seconds=spec.termination_grace_period_seconds,
        pull_secrets=list(pull_secrets),
        init_containers=init,
        containers=[container],
        volumes=volumes,
        placement=pod_placement(claim, spec.placement, settings.defaults.placement),
    )
    return pod_template(claim, component=COMPONENT, spec=pod, labels=spec.pod_labels, annotations=spec.pod_annotations)


def _container(name: str, spec: AgentExecutorSpec, own: Manifest, shared: Manifest) -> Manifest:
    return {"name": name, **image_of(spec.image), **own, **shared}


def _shared(spec: AgentExecutorSpec, settings: Settings) -> Manifest:
    """What every container of the claim's image has: the same environment, resources, security and volumes."""
    _, mounts = unzip(_volumes(spec))
    return {
        "env": container_env(spec),
        "resources": container_resources(spec.size, overrides=spec.resources, sizes=settings.defaults.sizes),
        "securityContext": container_security_context(spec.security.profile),
        **without_empty({"volumeMounts": mounts}),
    }


def container_env(spec: AgentExecutorSpec) -> list[Manifest]:
    """Variables for the databases, the LLM keys and the queue, in this order for every claim, then the claim's own."""
    files = (
        (spec.nats.credentials_secret, env.NATS_CREDS_FILE, f"{paths.NATS_CREDENTIALS}/{paths.NATS_CREDS_KEY}"),
        (spec.nats.ca_secret, env.NATS_CA_FILE, f"{paths.NATS_CA}/{paths.NATS_CA_KEY}"),
    )
    return [
        *from_secret(spec.postgres_connection_secret, env.POSTGRES_VARIABLES),
        *from_secret(spec.dragonfly_connection_secret, env.DRAGONFLY_VARIABLES),
        *from_secret(spec.llm_keys_secret, env.LLM_VARIABLES, optional=True),
        variable(env.NATS_URL, spec.nats_url),
        variable(env.NATS_STREAM_NAME, spec.nats_stream_name),
        variable(env.NATS_CONSUMER_GROUP, spec.nats_consumer_group),
        *(variable(name, path) for secret, name, path in files if secret),
        *from_claim(spec.env),
    ]


def _volumes(spec: AgentExecutorSpec) -> list[tuple[Manifest, Manifest]]:
    """Volumes and their mounts: of the NATS Secrets that the claim names their one key, then its own."""
    secrets = (
        ("nats-credentials", spec.nats.credentials_secret, paths.NATS_CREDS_KEY, paths.NATS_CREDENTIALS),
        ("nats-ca", spec.nats.ca_secret, paths.NATS_CA_KEY, paths.NATS_CA),
    )
    platform = [secret_key_volume(name, secret, key, path, file=key) for name, secret, key, path in secrets if secret]
    return [*platform, *((pod_volume(volume), volume_mount(volume)) for volume in spec.volumes)]
