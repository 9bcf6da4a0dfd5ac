"""What a configuration means for model calls: aliases, and the providers and breakers behind their targets."""

import asyncio
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from zerotouch_sidecar.config import llm as config
from zerotouch_sidecar.errors import ConfigurationError
from zerotouch_sidecar.http.limits import Timeouts
from zerotouch_sidecar.http.upstream import Upstream
from zerotouch_sidecar.models.amounts import FREE, Price
from zerotouch_sidecar.models.authorities import Authorities
from zerotouch_sidecar.models.backoff import RetryRule
from zerotouch_sidecar.models.breaker import Breaker, BreakerRule
from zerotouch_sidecar.models.guess import OutputGuess
from zerotouch_sidecar.models.keys import KeyFile
from zerotouch_sidecar.models.providers.base import Provider, Setup
from zerotouch_sidecar.models.providers.registry import make_provider
from zerotouch_sidecar.models.routing import Alias, Target
from zerotouch_sidecar.models.surfaces import Surface


@dataclass(frozen=True, slots=True)
class Live:
    """A provider that is connected to."""

    config: config.Provider
    provider: Provider
    key: KeyFile
    authorities: Authorities
    slots: asyncio.Semaphore | None
    """Bounds the calls at one time; none: no bound."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One configuration at work. Calls keep the plan that they began with."""

    llm: config.Llm
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    providers: Mapping[str, Live] = field(default_factory=dict)
    breakers: Mapping[tuple[str, str], Breaker] = field(default_factory=dict)
    untold: set[tuple[str, str]] = field(default_factory=set)
    """Targets that refuse a request which asks for the usage of a stream."""

    calls: set[object] = field(default_factory=set)
    """The calls that run by this plan: a provider that a later plan has no more is let go of when there are none."""

    @property
    def retry(self) -> RetryRule:
        """How often targets are tried."""
        rule = self.llm.retry
        return RetryRule(rule.attempts, rule.initial_backoff_milliseconds / 1000, rule.max_backoff_milliseconds / 1000)

    @property
    def keyed(self) -> dict[str, KeyFile]:
        """The keys of the providers that want one, by provider."""
        return {name: live.key for name, live in self.providers.items() if live.config.key_file}

    @property
    def authorities(self) -> dict[str, Authorities]:
        """The certificate authorities of the providers that have their own, by provider."""
        return {name: live.authorities for name, live in self.providers.items() if live.config.ca_file}

    def surfaces(self, alias: Alias) -> frozenset[Surface]:
        """Returns the protocols in which an alias's own targets can be called."""
        return frozenset().union(*(self.providers[target.provider].provider.surfaces for target in alias.targets))


def make_plan(llm: config.Llm, before: Plan, anew: Container[str] = ()) -> Plan:
    """Makes a plan. Providers and breakers of the plan before it that did not change go on, and what was learned of its aliases.

    Args:
        llm: The configuration.
        before: The plan until now.
        anew: Names of providers that are connected to anew all the same, with the key and the bound of calls that they had.

    Raises:
        ConfigurationError: A provider cannot be made, or models cannot stand in for each other.
    """
    providers: dict[str, Live] = {}
    for at, each in enumerate(llm.providers):
        old = before.providers.get(each.name)
        if old is None or old.config != each:
            slots = asyncio.Semaphore(each.concurrency) if each.concurrency else None
            providers[each.name] = _live(each, f"llm.providers[{at}]", KeyFile(each.key_file), slots)
        else:
            providers[each.name] = _live(each, f"llm.providers[{at}]", old.key, old.slots) if each.name in anew else old
    aliases = {model.alias: _alias(model, before.aliases.get(model.alias)) for model in llm.models}
    same_rule = llm.circuit_breaker == before.llm.circuit_breaker
    rule = BreakerRule(llm.circuit_breaker.failures, llm.circuit_breaker.window_seconds, llm.circuit_breaker.cooldown_seconds)
    targets = {(target.provider, target.model) for alias in aliases.values() for target in alias.targets}
    breakers = {key: (before.breakers.get(key) if same_rule else None) or Breaker(rule) for key in sorted(targets)}
    plan = Plan(llm, aliases, providers, breakers)
    _check(plan)
    return plan


def _check(plan: Plan) -> None:
    """Holds whoever stands in for a model to the protocol that this one is called in."""
    budget = plan.llm.budget
    cheaper = plan.aliases.get(budget.degrade_to) if budget else None
    for at, model in enumerate(plan.llm.models):
        spoken = plan.surfaces(plan.aliases[model.alias])
        for number, name in enumerate(model.fallbacks):
            if not spoken & plan.surfaces(plan.aliases[name]):
                where = f"llm.models[{at}].fallbacks[{number}]"
                raise ConfigurationError(where, f"{name} speaks another protocol than {model.alias}", "name an alias of the same protocol")
        if cheaper is not None and not spoken & plan.surfaces(cheaper):
            problem = f"{cheaper.name} speaks another protocol than {model.alias}"
            raise ConfigurationError("llm.budget.degradeTo", problem, "name an alias that can be called in the protocol of every model")


def _live(provider: config.Provider, where: str, key: KeyFile, slots: asyncio.Semaphore | None) -> Live:
    key.read()
    authorities = Authorities(provider.ca_file)

    def connect(url: str) -> Upstream:
        try:
            tls = authorities.context()
        except OSError as error:
            raise ConfigurationError(f"{where}.caFile", f"cannot be read: {error}", "give a file of PEM certificates") from error
        return Upstream(url, tls=tls)

    timeouts = Timeouts(first_byte_seconds=provider.timeout_seconds, idle_seconds=provider.timeout_seconds)
    setup = Setup(
        provider.name,
        provider.base_url,
        dict(provider.headers),
        timeouts,
        lambda: key.value,
        connect,
        provider.send_trace_context,
        frozenset(map(Surface, provider.speaks)),
    )
    return Live(provider, make_provider(provider.type, setup, where), key, authorities, slots)


def _alias(model: config.Model, before: Alias | None) -> Alias:
    targets = tuple(Target(each.provider, each.model, each.weight) for each in model.targets)
    guess = before.guess if before is not None else OutputGuess()
    return Alias(model.alias, targets, _price(model.price), tuple(model.fallbacks), guess)


def _price(price: config.Price | None) -> Price:
    if price is None:
        return FREE
    return Price.of(
        input_usd=Decimal(price.input_usd_per_million_tokens),
        output_usd=Decimal(price.output_usd_per_million_tokens),
        cached_usd=_usd(price.cached_usd_per_million_tokens),
        written_usd=_usd(price.cache_write_usd_per_million_tokens),
        long_written_usd=_usd(price.long_cache_write_usd_per_million_tokens),
    )


def _usd(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
