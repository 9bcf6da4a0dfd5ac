"""The lists of models that SDKs ask for: the aliases, in each surface's shape."""

import msgspec

from zerotouch_sidecar.models.plan import Plan
from zerotouch_sidecar.models.surfaces import Surface

EPOCH = "1970-01-01T00:00:00Z"
"""Aliases have no date of their own."""


def model_list(plan: Plan, surface: Surface) -> bytes:
    """Returns the aliases that can be called on a surface."""
    models = [model for name in plan.aliases if (model := _model(plan, surface, name)) is not None]
    if surface is Surface.OPENAI:
        return msgspec.json.encode({"object": "list", "data": models})
    ids = [model["id"] for model in models] or [None]
    return msgspec.json.encode({"data": models, "has_more": False, "first_id": ids[0], "last_id": ids[-1]})


def one_model(plan: Plan, surface: Surface, name: str) -> bytes | None:
    """Returns one alias, if it can be called on a surface."""
    model = _model(plan, surface, name)
    return None if model is None else msgspec.json.encode(model)


def _model(plan: Plan, surface: Surface, name: str) -> dict[str, object] | None:
    alias = plan.aliases.get(name)
    if alias is None or surface not in plan.surfaces(alias):
        return None
    if surface is Surface.OPENAI:
        return {"id": name, "object": "model", "created": 0, "owned_by": alias.targets[0].provider}
    return {"type": "model", "id": name, "display_name": name, "created_at": EPOCH}
