"""What an AgentType claim says of models: `spec.llm`."""

from typing import Annotated, Literal

from msgspec import Meta

from zerotouch_function.fields.base import Fields, KeyText, ObjectName, Whole

ProviderName = Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z", min_length=1, max_length=40)]
Alias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?\Z", min_length=1, max_length=63)]
OptionalAlias = Annotated[str, Meta(pattern=r"^([A-Za-z0-9]([A-Za-z0-9._:/-]*[A-Za-z0-9])?)?\Z", max_length=63)]
"""Alias of a model, or empty: none."""

BaseUrl = Annotated[str, Meta(pattern=r"^(https?://[^\s/?#@]+(/[^\s?#]*)?)?\Z", max_length=1024)]
HeaderValue = Annotated[str, Meta(pattern=r"^[\x20-\x7e]*\Z", max_length=1024)]
HeaderName = Annotated[str, Meta(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z", max_length=128)]
Price = Annotated[str, Meta(pattern=r"^[0-9]{1,7}(\.[0-9]{1,8})?\Z", max_length=16)]
"""US dollars for a million tokens."""


class ProviderSecret(Fields, frozen=True):
    """Where a provider's key lies."""

    name: ObjectName
    key: KeyText = "api-key"


class ProviderTls(Fields, frozen=True):
    ca_secret: ObjectName


class Provider(Fields, frozen=True):
    """One account at one provider."""

    name: ProviderName
    type: ProviderName
    base_url: BaseUrl = ""
    secret: ProviderSecret | None = None
    tls: ProviderTls | None = None
    headers: Annotated[dict[HeaderName, HeaderValue], Meta(max_length=16)] = {}
    send_trace_context: bool = False
    timeout_seconds: Annotated[Whole, Meta(ge=1, le=3600)] = 120
    concurrency: Annotated[Whole, Meta(ge=0, le=10000)] = 0
    """Calls that one pod has open at most; 0 means no bound."""


class Target(Fields, frozen=True):
    """One model of one provider."""

    provider: ProviderName
    model: Annotated[str, Meta(pattern=r"^\S+\Z", min_length=1, max_length=256)]
    weight: Annotated[Whole, Meta(ge=0, le=1000)] = 1
    """Share of the first tries; 0: only asked when others fail."""


class ModelPrice(Fields, frozen=True):
    input_usd_per_million_tokens: Price
    output_usd_per_million_tokens: Price
    cached_usd_per_million_tokens: Price | None = None
    """None: as for input."""

    cache_write_usd_per_million_tokens: Price | None = None
    """None: as for input."""

    long_cache_write_usd_per_million_tokens: Price | None = None
    """None: as for other writes."""


class Model(Fields, frozen=True):
    """One model, under the name by which the agent asks for it."""

    alias: Alias
    targets: Annotated[tuple[Target, ...], Meta(min_length=1, max_length=8)]
    fallbacks: Annotated[tuple[Alias, ...], Meta(max_length=4)] = ()
    price: ModelPrice | None = None


class Retry(Fields, frozen=True):
    attempts: Annotated[Whole, Meta(ge=1, le=10)] = 2
    """In all, at each target."""

    initial_backoff_milliseconds: Annotated[Whole, Meta(ge=1, le=60000)] = 200
    max_backoff_milliseconds: Annotated[Whole, Meta(ge=1, le=60000)] = 5000


class CircuitBreaker(Fields, frozen=True):
    failures: Annotated[Whole, Meta(ge=0, le=1000)] = 5
    """0: no breaker."""

    window_seconds: Annotated[Whole, Meta(ge=1, le=3600)] = 30
    cooldown_seconds: Annotated[Whole, Meta(ge=1, le=3600)] = 30


class RateLimit(Fields, frozen=True):
    """Bounds for one pod; 0 means none."""

    requests_per_minute: Annotated[Whole, Meta(ge=0, le=1_000_000)] = 0
    tokens_per_minute: Annotated[Whole, Meta(ge=0, le=1_000_000_000)] = 0


class Budget(Fields, frozen=True):
    """What models may cost in one period; 0 means no bound."""

    tokens: Annotated[Whole, Meta(ge=0, le=1_000_000_000_000)] = 0
    usd: Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?\Z", max_length=20)] = "0"
    period: Literal["hour", "day", "month", "total"] = "day"
    action: Literal["deny", "degrade", "warn"] = "deny"
    degrade_to: OptionalAlias = ""


class Llm(Fields, frozen=True):
    """Which models the agent may call, and what that may cost."""

    providers: Annotated[tuple[Provider, ...], Meta(max_length=16)] = ()
    models: Annotated[tuple[Model, ...], Meta(max_length=32)] = ()
    default_model: OptionalAlias = ""
    retry: Retry = Retry()
    circuit_breaker: CircuitBreaker = CircuitBreaker()
    rate_limit: RateLimit = RateLimit()
    budget: Budget | None = None
