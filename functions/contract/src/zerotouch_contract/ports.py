"""Port numbers and the names they carry in pods and Services."""

from typing import Final

SERVICE: Final = 8080
"""Every agent's Service answers on this port, whatever port the container listens on."""

HTTP: Final = "http"
"""Name of that port in the Service and in the container."""

NATS_MONITORING: Final = 8222
"""Where NATS servers report their streams; KEDA reads consumer lag there."""

INGRESS: Final = 18080
"""The sidecar's way in: what the Service of an AgentType leads to."""

LOCAL_API: Final = 18081
"""The sidecar's way out, on the pod's loopback only: models, and later tools and memory."""

OPS: Final = 18090
"""The sidecar's health, metrics and `/_agent/info`, for the kubelet and Prometheus."""

OPS_NAME: Final = "ops"
"""Name of that port in the pod and in the Service."""
