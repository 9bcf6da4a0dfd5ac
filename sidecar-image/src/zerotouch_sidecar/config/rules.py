"""What holds between the fields of sidecar.json. Each rule yields what is wrong; the first one is told."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from zerotouch_sidecar.config.llm import Budget, Llm, Provider
from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.errors import ConfigurationError


def check(configuration: Configuration) -> None:
    """Says the first thing that is wrong.

    Raises:
        ConfigurationError: Something is.
    """
    for problem in _problems(configuration):
        raise problem


def _problems(configuration: Configuration) -> Iterator[ConfigurationError]:
    wrapper = configuration.wrapper
    if wrapper.mode == "none" and wrapper.failure_policy == "Fail":
        yield ConfigurationError(
            "wrapper.failurePolicy", "is Fail, and mode is none", "a wrapper that is not there never reports: use Ignore"
        )
    tracing = configuration.observability.tracing
    if tracing.endpoint and not _is_url(tracing.endpoint):
        yield ConfigurationError("observability.tracing.endpoint", "is no http or https URL", "name the collector's OTLP over HTTP port")
    llm = configuration.llm
    for index, provider in enumerate(llm.providers):
        yield from _provider(f"llm.providers[{index}]", provider)
    yield from _repeated("llm.providers", "name", [provider.name for provider in llm.providers])
    yield from _repeated("llm.models", "alias", [model.alias for model in llm.models])
    yield from _models(llm)
    if llm.budget is not None:
        yield from _budget(llm.budget, {model.alias for model in llm.models})


def _provider(field: str, provider: Provider) -> Iterator[ConfigurationError]:
    if provider.base_url and not _is_url(provider.base_url):
        yield ConfigurationError(f"{field}.baseUrl", "is no http or https URL", "write it as the provider documents it")
    for name, value in provider.headers.items():
        if not name.isascii() or not name or any(c in name for c in "\r\n: \t") or any(c in value for c in "\r\n\0"):
            yield ConfigurationError(
                f"{field}.headers.{name!r}", "is no HTTP header", "use letters, digits and dashes, and values without line breaks"
            )


def _models(llm: Llm) -> Iterator[ConfigurationError]:
    providers = {provider.name for provider in llm.providers}
    aliases = {model.alias for model in llm.models}
    for index, model in enumerate(llm.models):
        for at, target in enumerate(model.targets):
            if target.provider not in providers:
                yield _unknown(f"llm.models[{index}].targets[{at}].provider", "provider", target.provider, providers)
        for at, alias in enumerate(model.fallbacks):
            if alias not in aliases:
                yield _unknown(f"llm.models[{index}].fallbacks[{at}]", "alias", alias, aliases)
            if alias == model.alias:
                yield ConfigurationError(f"llm.models[{index}].fallbacks[{at}]", f"{alias} falls back to itself", "name another alias")
    if llm.default_model and llm.default_model not in aliases:
        yield _unknown("llm.defaultModel", "alias", llm.default_model, aliases)


def _budget(budget: Budget, aliases: set[str]) -> Iterator[ConfigurationError]:
    if not budget.tokens and not float(budget.usd):
        yield ConfigurationError("llm.budget", "bounds neither tokens nor usd", "set one of them, or leave budget out")
    if budget.action == "degrade" and budget.degrade_to not in aliases:
        yield _unknown("llm.budget.degradeTo", "alias", budget.degrade_to, aliases)
    if budget.action != "degrade" and budget.degrade_to:
        yield ConfigurationError("llm.budget.degradeTo", f"has no meaning with action {budget.action}", "leave it out, or use degrade")


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an address, or a port that is no number
        return False


def _repeated(field: str, key: str, names: list[str]) -> Iterator[ConfigurationError]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield ConfigurationError(f"{field}[{index}].{key}", f"{name} is there twice", "use each once")


def _unknown(field: str, what: str, name: str, known: set[str]) -> ConfigurationError:
    listed = ", ".join(sorted(known)) or "none"
    return ConfigurationError(field, f"no {what} {name or '(empty)'}", f"known: {listed}")
