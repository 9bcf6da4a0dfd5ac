"""Which protocols models are called in: a model that stands in for another one must be called in the same."""

from collections.abc import Iterable, Mapping
from typing import Final

from zerotouch_function.apis.agenttype.llm import Llm, Model
from zerotouch_function.errors import SpecError

PROTOCOLS: Final[Mapping[str, frozenset[str]]] = {
    "openai": frozenset({"OpenAI"}),
    "openai-compatible": frozenset({"OpenAI"}),
    "anthropic": frozenset({"Anthropic"}),
    "mock": frozenset({"OpenAI", "Anthropic"}),
}
"""By type of provider. What a plugin speaks is known to the sidecar alone, which checks it when it reads its configuration."""

REMEDY: Final = "name one whose targets speak the same, or give it a target of such a provider too"


def check_protocols(llm: Llm) -> None:
    """Raises SpecError for the first model that can never answer for the one that it stands in for."""
    types = {provider.name: provider.type for provider in llm.providers}
    spoken = {model.alias: _spoken(model, types) for model in llm.models}
    for model in llm.models:
        for fallback in model.fallbacks:
            if _differ(spoken[model.alias], spoken[fallback]):
                speaks = f"{_names(spoken[fallback])} and not {_names(spoken[model.alias])}"
                raise SpecError("spec.llm.models", f'"{model.alias}" falls back to "{fallback}", which speaks {speaks}', REMEDY)
    cheaper = llm.budget.degrade_to if llm.budget else ""
    for model in llm.models if cheaper else ():
        if _differ(spoken[model.alias], spoken[cheaper]):
            speaks = f"{_names(spoken[cheaper])} and not {_names(spoken[model.alias])}"
            raise SpecError("spec.llm.budget.degradeTo", f'"{cheaper}" speaks {speaks}, as "{model.alias}" does', REMEDY)


def _spoken(model: Model, types: Mapping[str, str]) -> frozenset[str] | None:
    """The protocols of a model's own targets; None: one of them is a plugin's."""
    each = [PROTOCOLS.get(types[target.provider]) for target in model.targets]
    return None if None in each else frozenset[str]().union(*(one for one in each if one))


def _differ(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is not None and other is not None and not one & other


def _names(protocols: Iterable[str] | None) -> str:
    return " and ".join(sorted(protocols or ()))
