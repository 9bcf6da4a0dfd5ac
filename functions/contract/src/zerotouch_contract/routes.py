"""Paths on the sidecar's listeners that more than one image names."""

from typing import Final

OPENAI: Final = "/openai/v1"
"""On the local API. OpenAI's SDKs expect the version in their base URL."""

ANTHROPIC: Final = "/anthropic"
"""On the local API. Anthropic's SDKs add `/v1` themselves."""

WRAPPER_REPORT: Final = "/wrapper/report"
"""On the local API: `POST` of one JSON object from each process that the wrapper was loaded into."""

HEALTHZ: Final = "/healthz"
READYZ: Final = "/readyz"
METRICS: Final = "/metrics"
INFO: Final = "/_agent/info"
"""On the ops port."""
