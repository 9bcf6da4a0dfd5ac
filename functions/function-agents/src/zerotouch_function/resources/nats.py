"""Where NATS servers report what waits in their streams."""

from functools import lru_cache
from typing import Final

from zerotouch_contract import ports
from zerotouch_function.fields.nats import servers

HEADLESS: Final = "-headless"
"""The official chart's second Service `<name>-headless` has the monitoring port and one DNS name per server.

KEDA asks the server that leads the consumer, as `<server>.<endpoint host>`; only the headless Service resolves that.
"""


@lru_cache(1024)
def monitoring_endpoint(nats_url: str, *, namespace: str, cluster_domain: str) -> str:
    """`host:port` of the monitoring API, from the first of a list of NATS servers.

    A Service name (`nats`, `nats.ns`, `nats.ns.svc`, `nats.ns.svc.<domain>`) becomes its headless Service; any other host stays as it is.
    """
    host = servers(nats_url)[0].host.rstrip(".")
    parts = host.split(".")
    is_address = ":" in host or host.replace(".", "").isdigit()
    is_service = not is_address and (len(parts) <= 2 or parts[2] == "svc")
    if not is_service:
        return f"[{host}]:{ports.NATS_MONITORING}" if ":" in host else f"{host}:{ports.NATS_MONITORING}"
    service = parts[0] if parts[0].endswith(HEADLESS) else parts[0] + HEADLESS
    service_namespace = parts[1] if len(parts) > 1 else namespace
    domain = ".".join(parts[3:]) or cluster_domain
    return f"{service}.{service_namespace}.svc.{domain}:{ports.NATS_MONITORING}"
