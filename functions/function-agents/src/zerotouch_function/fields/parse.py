"""From untyped YAML to a model, with errors that a claim's author can act on."""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from zerotouch_function.errors import FunctionError
from zerotouch_function.fields.base import Fields
from zerotouch_function.manifest import Manifest

Model = TypeVar("Model", bound=Fields)


def parse(model: type[Model], fields: Manifest, *, root: str, error: Callable[[str, str], FunctionError]) -> Model:
    """Parses fields into the model.

    Args:
        model: What to parse into.
        fields: The YAML below `root`.
        root: Path of the fields in their document, such as `spec`.
        error: Makes the error to raise from a field's path and its problem. The first wrong field is the one named.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        raise error(field_path(root, first["loc"]), first["msg"]) from None


def field_path(root: str, location: tuple[int | str, ...]) -> str:
    """`spec`, ("env", 0, "name") -> `spec.env[0].name`."""
    return root + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location if part != "[key]")
