"""The part of sidecar.json that says which models there are, who answers for them, and how much they may cost."""

from typing import Annotated, Literal

from msgspec import Meta

from zerotouch_sidecar.config.base import Count, Document, Path, Seconds

Alias = Annotated[str, Meta(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]
Name = Annotated[str, Meta(min_length=1, max_length=63, pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
Usd = Annotated[str, Meta(max_length=32, pattern=r"^[0-9]{1,12}([.][0-9]{1,12})?$")]
"""A decimal number of dollars, as a string: no float rounds it."""


class Provider(Document, frozen=True, kw_only=True):
    """A service that runs models."""

    name: Name
    type: Annotated[str, Meta(min_length=1, max_length=63, description="openai, anthropic, openai-compatible, mock, or a plugin's name.")]
    base_url: Annotated[str, Meta(max_length=2048, description="With the version in it, as the provider documents it.")] = ""
    key_file: Annotated[Path, Meta(description="File that holds the key, read again when it changes; empty: no key.")] = ""
    ca_file: Annotated[Path, Meta(description="Certificate authorities to trust in place of the system's; empty: the system's.")] = ""
    headers: Annotated[dict[str, str], Meta(max_length=32, description="Sent with each request.")] = {}
    send_trace_context: Annotated[bool, Meta(description="Whether it is told the agent's traceparent and tracestate.")] = False
    timeout_seconds: Annotated[Seconds, Meta(description="Until an answer begins, and between its pieces.")] = 120.0
    concurrency: Annotated[Count, Meta(description="Requests at once, per pod; 0: no bound.")] = 0
    speaks: Annotated[
        list[Literal["OpenAI", "Anthropic"]], Meta(max_length=2, description="Of type mock: the protocols that it answers; empty: both.")
    ] = []


class Target(Document, frozen=True, kw_only=True):
    """One model of one provider, as an answer to an alias."""

    provider: Annotated[Name, Meta(description="Name of a provider.")]
    model: Annotated[str, Meta(min_length=1, max_length=256, description="The provider's name for the model.")]
    weight: Annotated[int, Meta(ge=0, le=1000, description="Share of first tries; 0: only tried when others fail.")] = 1


class Price(Document, frozen=True, kw_only=True):
    """What tokens cost."""

    input_usd_per_million_tokens: Usd = "0"
    output_usd_per_million_tokens: Usd = "0"
    cached_usd_per_million_tokens: Annotated[Usd | None, Meta(description="Null: as input.")] = None
    cache_write_usd_per_million_tokens: Annotated[Usd | None, Meta(description="Null: as input.")] = None
    long_cache_write_usd_per_million_tokens: Annotated[Usd | None, Meta(description="Null: as cacheWrite.")] = None


class Model(Document, frozen=True, kw_only=True):
    """A name that agents use, and what stands behind it."""

    alias: Annotated[Alias, Meta(description="The name that agents ask for.")]
    targets: Annotated[list[Target], Meta(min_length=1, max_length=8)]
    fallbacks: Annotated[list[Alias], Meta(max_length=4, description="Aliases to try, in order, when no target answers.")] = []
    price: Annotated[Price | None, Meta(description="Null: free, so a budget in dollars does not count it.")] = None


class Retry(Document, frozen=True, kw_only=True):
    """How often a target is tried before the next one."""

    attempts: Annotated[int, Meta(ge=1, le=10, description="In total, per target.")] = 2
    initial_backoff_milliseconds: Annotated[int, Meta(ge=0, le=60_000)] = 200
    max_backoff_milliseconds: Annotated[int, Meta(ge=0, le=600_000)] = 5000


class CircuitBreaker(Document, frozen=True, kw_only=True):
    """When a target is left alone for a while."""

    failures: Annotated[int, Meta(ge=0, le=10_000, description="Within the window; 0: never.")] = 5
    window_seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    cooldown_seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0


class RateLimit(Document, frozen=True, kw_only=True):
    """What one pod may ask for."""

    requests_per_minute: Annotated[Count, Meta(description="0: no limit.")] = 0
    tokens_per_minute: Annotated[Count, Meta(description="0: no limit.")] = 0


class Budget(Document, frozen=True, kw_only=True):
    """What all pods of the agent together may use in a period."""

    tokens: Annotated[int, Meta(ge=0, le=10**15, description="Input and output together; 0: not bounded.")] = 0
    usd: Annotated[Usd, Meta(description="0: not bounded.")] = "0"
    period: Literal["hour", "day", "month", "total"] = "day"
    action: Annotated[Literal["deny", "degrade", "warn"], Meta(description="What happens to a request when the budget is spent.")] = "deny"
    degrade_to: Annotated[str, Meta(max_length=63, description="Alias that answers when the budget is spent; only with degrade.")] = ""


class Llm(Document, frozen=True, kw_only=True):
    """Models."""

    providers: Annotated[list[Provider], Meta(max_length=16)] = []
    models: Annotated[list[Model], Meta(max_length=32)] = []
    default_model: Annotated[str, Meta(max_length=63, description="Alias for a name that is no alias; empty: that is a 404.")] = ""
    retry: Retry = Retry()
    circuit_breaker: CircuitBreaker = CircuitBreaker()
    rate_limit: RateLimit = RateLimit()
    budget: Budget | None = None
