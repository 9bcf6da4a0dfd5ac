"""CEL as the API server evaluates it, by Google's own implementation."""

from functools import cache
from typing import Any

from zerotouch.errors import CommandError


class ExpressionError(CommandError):
    """An expression of the schema itself is wrong, or uses what cannot be evaluated offline: the platform has to mend it."""


class EvaluationError(Exception):
    """A valid expression has no answer for this value, such as one that reads a field which is not there."""


def evaluate(expression: str, value: object) -> object:
    """What the expression says of the value, which it calls `self`.

    Raises:
        ExpressionError: The expression is not CEL, or calls a function that is unknown here.
        EvaluationError: It has no answer for this value.
    """
    from cel_expr_python import cel  # type: ignore[import-untyped]  # its stubs are not marked as typed

    try:
        answer = _program(expression).eval(data={"self": value})
    except RuntimeError as error:
        raise EvaluationError(_first_line(error)) from None
    if answer.type() == cel.Type.ERROR:
        raise EvaluationError(_first_line(answer.value()))
    plain: object = answer.plain_value()
    return plain


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found in the text: patterns of a schema are RE2, not Python's.

    Raises:
        ExpressionError: The pattern is not RE2.
    """
    try:
        return evaluate("self.text.matches(self.pattern)", {"text": text, "pattern": pattern}) is True
    except EvaluationError as error:
        raise ExpressionError(f"pattern {pattern}: {error}") from None


@cache
def _program(expression: str) -> Any:
    try:
        return _environment().compile(expression)
    except RuntimeError as error:
        raise ExpressionError(f"rule {expression}: cannot be evaluated offline: {_first_line(error)}") from None


@cache
def _environment() -> Any:
    from cel_expr_python import cel
    from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings  # type: ignore[import-untyped]  # likewise

    extensions = [ext_bindings.ExtBindings(), ext_optional.ExtOptional(), ext_strings.ExtStrings()]
    return cel.NewEnv(variables={"self": cel.Type.DYN}, extensions=extensions)


def _first_line(error: object) -> str:
    """The library's message less its status code and the drawing below it."""
    return str(error).partition("\n")[0].removeprefix("INVALID_ARGUMENT: ").removeprefix("NOT_FOUND: ").removeprefix("UNKNOWN: ")
