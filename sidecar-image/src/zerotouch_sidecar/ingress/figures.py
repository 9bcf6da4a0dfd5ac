"""What is counted of requests to the agent, under OpenTelemetry's names."""

from zerotouch_sidecar.http.message import Responder
from zerotouch_sidecar.metrics import Registry

CLIENT_GONE = 499
"""What is counted when the client left before it was told a status."""


class Figures:
    """The ingress's metrics."""

    def __init__(self, registry: Registry) -> None:
        labels = ("http_request_method", "http_response_status_code")
        self.seconds = registry.histogram(
            "http_server_request_duration_seconds", "Requests to the agent, to the answer's last byte.", *labels
        )
        self.active = registry.gauge("http_server_active_requests", "Requests to the agent that are under way.")
        self.broken = registry.counter("agent_ingress_incomplete_total", "Answers that ended before their end, by whose doing.", "by")

    def ended(self, method: str, responder: Responder, seconds: float) -> None:
        """Counts a request out."""
        self.active.inc(by=-1)
        self.seconds.observe(seconds, method, str(responder.status or CLIENT_GONE))
        if responder.started and not responder.finished:
            self.broken.inc("client" if responder.gone else "agent")
