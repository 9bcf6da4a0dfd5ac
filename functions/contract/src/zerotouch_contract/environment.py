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
