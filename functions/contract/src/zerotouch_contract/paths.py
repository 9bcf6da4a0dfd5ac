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

CA_KEY: Final = NATS_CA_KEY
"""The same for every other CA Secret."""

WRAPPER: Final = "/zerotouch"
"""In an agent's container: the wrapper, read-only. In the wrapper's own init container: the folder it fills."""

WRAPPER_PYTHON: Final = f"{WRAPPER}/python"
"""What PYTHONPATH begins with: `sitecustomize.py` lies there."""

WRAPPER_NODE: Final = f"{WRAPPER}/node/wrapper.cjs"
"""What NODE_OPTIONS requires."""

SIDECAR_CONFIG: Final = f"{ROOT}/config"
SIDECAR_CONFIG_KEY: Final = "sidecar.json"
"""Key in the sidecar's ConfigMap, and the file's name."""

SIDECAR_STATE: Final = f"{ROOT}/state"
"""An emptyDir of the sidecar's own: what it must remember when it restarts alone."""

PROVIDER_KEYS: Final = f"{ROOT}/providers"
"""Folder of one folder per provider: its key, mounted in the sidecar only."""

PROVIDER_KEY_FILE: Final = "key"
"""The file's name, whatever the key of the Secret is called: a running pod keeps its key while a claim names another one."""

PROVIDER_CAS: Final = f"{ROOT}/provider-cas"
"""The same for the certificate authorities of providers: the file is `ca.crt`."""

AGENT_CODE: Final = "/app"
"""Where an agent's code from a ConfigMap is mounted."""
