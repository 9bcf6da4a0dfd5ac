"""The model proxy as a part of the sidecar: made once, configured again when the configuration changes."""

import asyncio
import logging
from dataclasses import replace
from time import monotonic
from typing import Final

from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.errors import ConfigurationError
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.accounts import Accounts
from zerotouch_sidecar.models.admission import Admission, BudgetRule
from zerotouch_sidecar.models.amounts import NANO_PER_USD
from zerotouch_sidecar.models.keys import KeyFile
from zerotouch_sidecar.models.limits import RateLimit
from zerotouch_sidecar.models.metering import Metering
from zerotouch_sidecar.models.plan import Live, Plan, make_plan
from zerotouch_sidecar.models.proxy import Proxy, surface_of
from zerotouch_sidecar.models.watched import POLL_SECONDS

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 5.0
"""How often leases are looked at, and what no call needs any more is let go of."""


class Models:
    """Owns providers, breakers, limits and the budget.

    Args:
        token: What agents must show as their key; empty: nothing.
        pod: The pod's name, with which the names of its parts of shared budgets begin.

    Raises:
        ConfigurationError: A provider cannot be made, or models cannot stand in for each other.
    """

    def __init__(self, configuration: Configuration, registry: Registry, *, token: str, pod: str) -> None:
        self._token = token
        self._metering = Metering(registry)
        self._accounts = Accounts(pod, self._metering.budget_failed)
        self._old: list[Plan] = []
        self._without_key: set[str] = set()
        self._plan = make_plan(configuration.llm, Plan(configuration.llm))
        self._rate_limit = _rate_limit(configuration)
        self._proxy = self._configured(configuration)
        registry.before_text(self._gauge)

    def owns(self, path: bytes) -> bool:
        """Whether a path of the local API belongs to the model proxy."""
        return surface_of(path) is not None

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answers one request of the local API."""
        await self._proxy.handle(request, responder)

    def configure(self, configuration: Configuration) -> None:
        """Takes a new configuration for the calls that come. Those under way end by the one that they began with.

        Raises:
            ConfigurationError: It cannot be used, and nothing has changed.
        """
        before = self._plan
        self._plan = make_plan(configuration.llm, before)
        self._old.append(before)
        if configuration.llm.rate_limit != before.llm.rate_limit:
            self._rate_limit = _rate_limit(configuration)
        self._proxy = self._configured(configuration)
        self._forget(before)

    async def run(self) -> None:
        """Follows keys and certificate authorities, keeps the budget, lets go of what is over: until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_files())
            tasks.create_task(self._tidy())

    async def close(self) -> None:
        """Gives back what is left of the budget's lease and ends all connections. No call may be under way."""
        await self._accounts.close()
        for live in {id(live): live for plan in (*self._old, self._plan) for live in plan.providers.values()}.values():
            await _closed(live)

    def info(self) -> dict[str, object]:
        """Returns what `/_agent/info` says of models: no key, no address of a provider."""
        now, plan = monotonic(), self._plan
        return {
            "models": [
                {"alias": alias.name, "targets": [f"{t.provider}/{t.model}" for t in alias.targets], "fallbacks": list(alias.fallbacks)}
                for alias in plan.aliases.values()
            ],
            "breakers": {"/".join(key): breaker.state(now).name.lower() for key, breaker in plan.breakers.items()},
            "keys": {name: "missing" if file.is_missing else "present" for name, file in plan.keyed.items()},
            "budget": self._accounts.info(),
        }

    def _configured(self, configuration: Configuration) -> Proxy:
        self._accounts.configure(configuration)
        rule = configuration.llm.budget
        budget_rule = BudgetRule(rule.action, rule.degrade_to) if rule else BudgetRule("deny")
        return Proxy(self._plan, Admission(self._rate_limit, self._accounts.budget, budget_rule), self._metering, self._token)

    async def _follow_files(self) -> None:
        """Reads keys and certificate authorities again when their files change."""
        while True:
            keyed = self._plan.keyed
            self._without_key &= keyed.keys()
            for name, file in keyed.items():
                await asyncio.to_thread(file.read)
                self._tell_key(name, file)
            for name, authorities in self._plan.authorities.items():
                if await asyncio.to_thread(authorities.read):
                    self._connect_anew(name)
            await asyncio.sleep(POLL_SECONDS)

    def _connect_anew(self, name: str) -> None:
        """Calls a provider by the authorities that its file has now. Calls under way end by those that they began with."""
        before = self._plan
        try:
            self._plan = make_plan(before.llm, before, anew={name})
        except ConfigurationError as error:
            log.error("changed certificate authorities refused, the last ones stay in use", extra={"provider": name, "problem": str(error)})
            return
        self._old.append(before)
        self._proxy = replace(self._proxy, plan=self._plan)
        log.info("a provider is known by other certificate authorities", extra={"provider": name})

    def _tell_key(self, name: str, file: KeyFile) -> None:
        """Logs when a key is missing and when it came, once each."""
        if file.is_missing == (name in self._without_key):
            return
        if file.is_missing:
            self._without_key.add(name)
            log.error("a provider has no key: its Secret lacks it, or holds nothing usable", extra={"provider": name})
            return
        self._without_key.discard(name)
        log.info("a provider has its key", extra={"provider": name})

    async def _tidy(self) -> None:
        while True:
            await self._accounts.tick()
            await self.tidy()
            await asyncio.sleep(TICK_SECONDS)

    async def tidy(self) -> None:
        """Lets go of what earlier configurations had and no call uses any more."""
        if any(plan.calls for plan in self._old):
            return
        old, self._old = self._old, []
        kept = {id(live) for live in self._plan.providers.values()}
        for live in {id(live): live for plan in old for live in plan.providers.values()}.values():
            if id(live) not in kept:
                await _closed(live)
        await self._accounts.close_ended()

    def _forget(self, before: Plan) -> None:
        """Drops the gauges of what the plan before had and this one has no more, or they would tell of its last state for ever."""
        for key in before.breakers.keys() - self._plan.breakers.keys():
            self._metering.breaker.forget(*key)
        for name in before.keyed.keys() - self._plan.keyed.keys():
            self._metering.key_missing.forget(name)

    def _gauge(self) -> None:
        """Sets the gauges that nobody sets as they change."""
        now, metering, budget = monotonic(), self._metering, self._accounts.budget
        for key, breaker in self._plan.breakers.items():
            metering.breaker.set(breaker.state(now).value, *key)
        for name, file in self._plan.keyed.items():
            metering.key_missing.set(float(file.is_missing), name)
        metering.budget.forget("tokens")
        metering.budget.forget("usd")
        metering.budget_store.forget()
        if budget is None:
            return
        left = budget.remaining()
        if budget.limit.tokens:
            metering.budget.set(left.tokens, "tokens")
        if budget.limit.nano_usd:
            metering.budget.set(left.nano_usd / NANO_PER_USD, "usd")
        if budget.is_shared:
            metering.budget_store.set(0.0 if budget.is_away else 1.0)


async def _closed(live: Live) -> None:
    try:
        await live.provider.close()
    except Exception:  # a plugin's mistake must not stop what works
        log.exception("a provider could not be closed in order", extra={"provider": live.config.name})


def _rate_limit(configuration: Configuration) -> RateLimit:
    rule = configuration.llm.rate_limit
    return RateLimit(requests_per_minute=rule.requests_per_minute, tokens_per_minute=rule.tokens_per_minute, now=monotonic())
