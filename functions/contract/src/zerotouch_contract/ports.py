"""Port numbers and the names they carry in pods and Services."""

from typing import Final

SERVICE: Final = 8080
"""Every agent's Service answers on this port, whatever port the container listens on."""

HTTP: Final = "http"
"""Name of that port in the Service and in the container."""

NATS_MONITORING: Final = 8222
"""Where NATS servers report their streams; KEDA reads consumer lag there."""
