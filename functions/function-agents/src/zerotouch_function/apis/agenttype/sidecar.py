"""The sidecar's whole configuration, `sidecar.json`: what it needs to know of the claim, and can learn while it runs.

What is not in here cannot change under a running pod and is in its template. The fields, their order and their meaning are the
sidecar's, in its published schema.

Sidecars of an earlier release read it, too, until their pods are replaced, and refuse fields that they do not know. So every field that
was there in the first release is written, for people to read, and a later one is None unless the claim asks for it: that is left out.
"""

from typing import Final

from msgspec import json

from zerotouch_contract import paths, ports
from zerotouch_function.apis.agenttype.llm import Budget, Llm, Model, ModelPrice, Provider
from zerotouch_function.apis.agenttype.providers import base_url, ca_folder, key_folder
from zerotouch_function.apis.agenttype.spec import AgentTypeSpec, Card, Nats, Tracing
from zerotouch_function.apis.agenttype.volumes import config_name
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest, without_empty
from zerotouch_function.resources.config_map import config_map
from zerotouch_function.resources.service import service_host
from zerotouch_function.settings import Settings

SCHEMA_VERSION: Final = 1

MAX_HEADER_BYTES: Final = 65536
IDLE_TIMEOUT_SECONDS: Final = 600
MAX_CONNECTIONS: Final = 1024

DRAIN_SECONDS: Final = 30
"""How long the sidecar waits for answers under way before it stops, if the pod has that long."""


def sidecar_config_map(claim: Claim, spec: AgentTypeSpec, settings: Settings, *, component: str) -> Manifest:
    """The ConfigMap that the sidecar reads, and reads again when it changes."""
    document = json.format(json.encode(sidecar_config(claim, spec, settings))).decode()
    return config_map(claim, component=component, name=config_name(claim), files={paths.SIDECAR_CONFIG_KEY: document + "\n"})


def sidecar_config(claim: Claim, spec: AgentTypeSpec, settings: Settings) -> Manifest:
    """The document."""
    url = f"http://{service_host(claim, settings.defaults.cluster_domain)}:{ports.SERVICE}"
    return {
        "schemaVersion": SCHEMA_VERSION,
        "agent": {
            "name": claim.name,
            "namespace": claim.namespace,
            "port": spec.agent.port,
            "readinessPath": spec.agent.probes.readiness_path,
            **without_empty({"card": _card(spec.card, url) if spec.card else None}),
        },
        "wrapper": {"mode": spec.wrapper.mode, "failurePolicy": spec.wrapper.failure_policy},
        "ingress": {
            "maxRequestBytes": 0,
            "maxHeaderBytes": MAX_HEADER_BYTES,
            "idleTimeoutSeconds": IDLE_TIMEOUT_SECONDS,
            "maxConnections": MAX_CONNECTIONS,
            "drainSeconds": min(DRAIN_SECONDS, spec.termination_grace_period_seconds),
        },
        "llm": _llm(spec.llm),
        **without_empty({"nats": _nats(spec.nats) if spec.nats.url else None}),
        "observability": {"logLevel": spec.sidecar.log_level, "tracing": _tracing(spec.observability.tracing)},
    }


def _card(card: Card, url: str) -> Manifest:
    skills = [{"id": s.id, "name": s.name, "description": s.description, "tags": list(s.tags)} for s in card.skills]
    return {"name": card.name, "description": card.description, "version": card.version, "url": url, "skills": skills}


def _llm(llm: Llm) -> Manifest:
    return {
        "providers": [_provider(provider) for provider in llm.providers],
        "models": [_model(model) for model in llm.models],
        "defaultModel": llm.default_model,
        "retry": {
            "attempts": llm.retry.attempts,
            "initialBackoffMilliseconds": llm.retry.initial_backoff_milliseconds,
            "maxBackoffMilliseconds": llm.retry.max_backoff_milliseconds,
        },
        "circuitBreaker": {
            "failures": llm.circuit_breaker.failures,
            "windowSeconds": llm.circuit_breaker.window_seconds,
            "cooldownSeconds": llm.circuit_breaker.cooldown_seconds,
        },
        "rateLimit": {"requestsPerMinute": llm.rate_limit.requests_per_minute, "tokensPerMinute": llm.rate_limit.tokens_per_minute},
        **without_empty({"budget": _budget(llm.budget) if llm.budget else None}),
    }


def _provider(provider: Provider) -> Manifest:
    return {
        "name": provider.name,
        "type": provider.type,
        "baseUrl": base_url(provider),
        "keyFile": f"{key_folder(provider)}/{paths.PROVIDER_KEY_FILE}" if provider.secret else "",
        "caFile": f"{ca_folder(provider)}/{paths.CA_KEY}" if provider.tls else "",
        "headers": dict(sorted(provider.headers.items())),
        "sendTraceContext": provider.send_trace_context,
        "timeoutSeconds": provider.timeout_seconds,
        "concurrency": provider.concurrency,
    }


def _model(model: Model) -> Manifest:
    return {
        "alias": model.alias,
        "targets": [{"provider": target.provider, "model": target.model, "weight": target.weight} for target in model.targets],
        "fallbacks": list(model.fallbacks),
        **without_empty({"price": _price(model.price) if model.price else None}),
    }


def _price(price: ModelPrice) -> Manifest:
    return {
        "inputUsdPerMillionTokens": price.input_usd_per_million_tokens,
        "outputUsdPerMillionTokens": price.output_usd_per_million_tokens,
        "cachedUsdPerMillionTokens": price.cached_usd_per_million_tokens or price.input_usd_per_million_tokens,
        **without_empty(
            {
                "cacheWriteUsdPerMillionTokens": price.cache_write_usd_per_million_tokens,
                "longCacheWriteUsdPerMillionTokens": price.long_cache_write_usd_per_million_tokens,
            }
        ),
    }


def _budget(budget: Budget) -> Manifest:
    return {
        "tokens": budget.tokens,
        "usd": budget.usd,
        "period": budget.period,
        "action": budget.action,
        "degradeTo": budget.degrade_to,
    }


def _nats(nats: Nats) -> Manifest:
    return {
        "url": nats.url,
        "credentialsFile": f"{paths.NATS_CREDENTIALS}/{paths.NATS_CREDS_KEY}" if nats.credentials_secret else "",
        "caFile": f"{paths.NATS_CA}/{paths.NATS_CA_KEY}" if nats.ca_secret else "",
        "replicas": nats.replicas,
    }


def _tracing(tracing: Tracing) -> Manifest:
    return {"endpoint": tracing.endpoint, "sampleRatio": tracing.sample_percent / 100 if tracing.endpoint else 0.0}
