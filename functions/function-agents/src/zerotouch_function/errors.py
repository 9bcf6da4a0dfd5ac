"""What can be wrong with a request, as facts: where, what, and what to do.

FunctionError
├── SpecError          the claim says something that cannot be composed
├── NameTakenError     another claim has the claim's name already
├── InputError         the Composition's input for this function is wrong
├── ModeError          the composed objects were made in the other mode
├── UnknownKindError   the function does not serve this kind
└── RequestError       the request itself is damaged
"""

from typing import Final

QUOTED_CHARACTERS: Final = 1024
"""What an error says of a claim's own text at most: it goes into conditions and events, whose size the API server bounds."""


def shortened(text: str) -> str:
    """The text, or its beginning if it is too long to be told."""
    return text if len(text) <= QUOTED_CHARACTERS else f"{text[: QUOTED_CHARACTERS - 1]}…"


class FunctionError(Exception):
    """A request that cannot be answered with resources; the user can mend it.

    Args:
        field: Path of the offending field, such as `spec.size`.
        problem: What is wrong, as the end of the sentence that the field begins.
        remedy: What to do about it; empty when the problem says it already.
    """

    reason = "Refused"

    def __init__(self, field: str, problem: str, remedy: str = "") -> None:
        self.field = shortened(field)
        self.problem = shortened(problem)
        self.remedy = remedy
        super().__init__(f"{self.field}: {self.problem}" + (f"; {remedy}" if remedy else ""))


class SpecError(FunctionError):
    """The claim's author has to change the claim."""

    reason = "Invalid"


class NameTakenError(FunctionError):
    """The claim's author has to choose another name."""

    reason = "NameTaken"


class InputError(FunctionError):
    """The platform engineer has to change the Composition."""

    reason = "CompositionInvalid"


class ModeError(FunctionError):
    """The claim's Composition was switched to the other mode under living objects."""

    reason = "ModeSwitched"


class UnknownKindError(FunctionError):
    """No API of this function has that kind."""

    reason = "UnknownKind"


class RequestError(FunctionError):
    """The request lacks what every request has, or its bytes are damaged."""

    reason = "RequestDamaged"
