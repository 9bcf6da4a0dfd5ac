"""Paths that the platform mounts in a container."""

from typing import Final

ROOT: Final = "/var/run/zerotouch"
"""Everything that the platform mounts lies below this folder; users mount elsewhere."""

NATS_CREDENTIALS: Final = f"{ROOT}/nats/credentials"
NATS_CREDS_KEY: Final = "nats.creds"
"""Key in the credentials Secret, and the file's name."""

NATS_CA: Final = f"{ROOT}/nats/ca"
NATS_CA_KEY: Final = "ca.crt"
"""Key in the CA Secret, and the file's name."""
