"""Environment variables that a container finds, by the Secret or field they come from."""

from typing import Final

POSTGRES_VARIABLES: Final = ("POSTGRES_HOST", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
"""Keys of the PostgreSQL connection Secret, and the variables they become."""

DRAGONFLY_VARIABLES: Final = ("DRAGONFLY_HOST", "DRAGONFLY_PORT", "DRAGONFLY_PASSWORD")
"""Keys of the Dragonfly connection Secret, and the variables they become."""

LLM_VARIABLES: Final = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")
"""Keys of the LLM Secret, and the variables they become. Each may be absent."""

NATS_URL: Final = "NATS_URL"
NATS_STREAM_NAME: Final = "NATS_STREAM_NAME"
NATS_CONSUMER_GROUP: Final = "NATS_CONSUMER_GROUP"

NATS_CREDS_FILE: Final = "NATS_CREDS_FILE"
"""Path of the NATS credentials file; set only when the claim names a credentials Secret."""

NATS_CA_FILE: Final = "NATS_CA_FILE"
"""Path of the certificate authority of the NATS servers; set only when the claim names a CA Secret."""

OPENAI_BASE_URL: Final = "OPENAI_BASE_URL"
OPENAI_API_BASE: Final = "OPENAI_API_BASE"
"""The same for SDKs that are older than openai 1.0."""

OPENAI_URLS: Final = (OPENAI_BASE_URL, OPENAI_API_BASE)
"""Either tells an SDK where to call; who sets one of them has chosen."""

OPENAI_API_KEY: Final = "OPENAI_API_KEY"
OPENAI_AGENTS_DISABLE_TRACING: Final = "OPENAI_AGENTS_DISABLE_TRACING"
"""`1`: OpenAI's Agents SDK makes no traces. Otherwise it sends prompts and answers to api.openai.com, whoever's models it uses."""

ANTHROPIC_BASE_URL: Final = "ANTHROPIC_BASE_URL"
ANTHROPIC_API_KEY: Final = "ANTHROPIC_API_KEY"
"""In an agent's pod both keys are the pod's UID, which only the sidecar's local API takes: no provider key is in the agent."""

AGENT_NAME: Final = "AGENT_NAME"
AGENT_NAMESPACE: Final = "AGENT_NAMESPACE"

POD_NAME: Final = "POD_NAME"
"""In the sidecar: the pod's name."""

POD_AGENT_PORT: Final = "POD_AGENT_PORT"
POD_READINESS_PATH: Final = "POD_READINESS_PATH"
POD_WRAPPER_FAILURE_POLICY: Final = "POD_WRAPPER_FAILURE_POLICY"
"""In the sidecar: what its pod was made with. It holds for the pod's life, whatever sidecar.json says of later pods."""

AGENT_SIDECAR_URL: Final = "AGENT_SIDECAR_URL"
"""The sidecar's local API, without a slash at the end."""

AGENT_TOKEN: Final = "AGENT_TOKEN"  # noqa: S105  # the variable's name
"""What the local API takes as a bearer token: the pod's UID. In the sidecar: the token to expect."""

AGENT_WRAPPER_DISABLE: Final = "AGENT_WRAPPER_DISABLE"
"""`1`: the wrapper does nothing."""

AGENT_WRAPPER_VERSION: Final = "AGENT_WRAPPER_VERSION"
"""Release of the platform that the wrapper in this pod came with."""

PYTHONPATH: Final = "PYTHONPATH"
NODE_OPTIONS: Final = "NODE_OPTIONS"
"""How Python and Node load the wrapper."""
