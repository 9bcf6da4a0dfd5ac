"""From untyped YAML to a model, with errors that a claim's author can act on."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import ValidationError, convert

from zerotouch_function.errors import FunctionError
from zerotouch_function.fields.base import Fields
from zerotouch_function.fields.problem import first_problem
from zerotouch_function.manifest import Manifest

Model = TypeVar("Model", bound=Fields)


def parse(model: type[Model], fields: Manifest, *, root: str, error: Callable[[str, str, str], FunctionError]) -> Model:
    """Parses fields into the model.

    Args:
        model: What to parse into.
        fields: The YAML below `root`.
        root: Path of the fields in their document, such as `spec`.
        error: Makes the error to raise from a field's path, its problem and the remedy. The first wrong field is the one named.
    """
    try:
        return convert(fields, model)
    except ValidationError:
        raise error(*first_problem(model, fields, root)) from None
