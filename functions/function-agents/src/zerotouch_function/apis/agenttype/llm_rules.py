"""Rules across the fields of `spec.llm`."""

from typing import Final

from zerotouch_function.apis.agenttype.llm import Budget, Llm, Model, Provider
from zerotouch_function.apis.agenttype.llm_protocols import check_protocols
from zerotouch_function.errors import SpecError
from zerotouch_function.fields.rules import check_url, first_repeated

TYPES_WITH_URL: Final = ("openai", "anthropic", "mock")
"""Types of provider that need no base URL from the claim."""

OUR_HEADERS: Final = (
    "authorization", "x-api-key", "host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding",
)  # fmt: skip
"""Headers that the sidecar writes itself."""


def check_llm(llm: Llm) -> None:
    """Raises SpecError for the first rule that it breaks."""
    for what, names in (("providers", [p.name for p in llm.providers]), ("models", [m.alias for m in llm.models])):
        repeated = first_repeated(names)
        if repeated:
            raise SpecError(f"spec.llm.{what}", f'"{repeated}" is listed twice', "give each its own name")
    for provider in llm.providers:
        _check_provider(provider)
    aliases = {model.alias for model in llm.models}
    for model in llm.models:
        _check_model(model, {provider.name for provider in llm.providers}, aliases)
    if llm.default_model and llm.default_model not in aliases:
        raise _unknown_alias("spec.llm.defaultModel", llm.default_model)
    if llm.budget:
        _check_budget(llm.budget, llm.models, aliases)
    check_protocols(llm)
    retry = llm.retry
    if retry.initial_backoff_milliseconds > retry.max_backoff_milliseconds:
        raise SpecError(
            "spec.llm.retry.initialBackoffMilliseconds",
            f"{retry.initial_backoff_milliseconds} is more than maxBackoffMilliseconds, {retry.max_backoff_milliseconds}",
            "lower the one or raise the other",
        )


def _check_provider(provider: Provider) -> None:
    name = provider.name
    check_url(provider.base_url, field="spec.llm.providers")
    if provider.type not in TYPES_WITH_URL and not provider.base_url:
        raise SpecError("spec.llm.providers", f'"{name}" is of type {provider.type} and has no baseUrl', "write it")
    if provider.tls and not provider.base_url.startswith("https://"):
        raise SpecError("spec.llm.providers", f'"{name}" has tls, and no baseUrl that begins with https://', "write one, or remove tls")
    for header in provider.headers:
        if header in OUR_HEADERS:
            problem = f'"{name}" has a header {header}, which the sidecar writes itself'
            raise SpecError("spec.llm.providers", problem, "remove it, and put a key into a Secret")


def _check_model(model: Model, providers: set[str], aliases: set[str]) -> None:
    for target in model.targets:
        if target.provider not in providers:
            problem = f'"{model.alias}" has the provider "{target.provider}", which is not in spec.llm.providers'
            raise SpecError("spec.llm.models", problem, "add the provider, or correct the name")
    for fallback in model.fallbacks:
        if fallback == model.alias or fallback not in aliases:
            problem = f'"{model.alias}" falls back to "{fallback}", which is no other model in spec.llm.models'
            raise SpecError("spec.llm.models", problem, "add that model, or correct the alias")
    repeated = first_repeated(model.fallbacks)
    if repeated:
        raise SpecError("spec.llm.models", f'"{model.alias}" falls back to "{repeated}" twice', "list each fallback once")


def _check_budget(budget: Budget, models: tuple[Model, ...], aliases: set[str]) -> None:
    has_usd = bool(budget.usd.strip("0."))
    if not budget.tokens and not has_usd:
        raise SpecError("spec.llm.budget", "says no amount", "write tokens or usd, above 0")
    if (budget.action == "degrade") != bool(budget.degrade_to):
        raise SpecError("spec.llm.budget.degradeTo", "goes with action degrade, and action degrade needs it", "write both or neither")
    if budget.degrade_to and budget.degrade_to not in aliases:
        raise _unknown_alias("spec.llm.budget.degradeTo", budget.degrade_to)
    unpriced = next((model.alias for model in models if model.price is None), "")
    if has_usd and unpriced:
        problem = f'"{unpriced}" has no price, and the budget in dollars needs the price of every model'
        raise SpecError("spec.llm.models", problem, "write price, with 0 for what costs nothing")


def _unknown_alias(field: str, alias: str) -> SpecError:
    return SpecError(field, f'"{alias}" is not the alias of a model in spec.llm.models', "add that model, or correct the alias")
