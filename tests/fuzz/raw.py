"""Raw bytes into the function, chosen by the code that they reach: the harness of atheris, in a process of its own.

    python -m tests.fuzz.raw CORPUS -max_total_time=60

libFuzzer's options follow the corpus. A broken law or an exception ends it, with the bytes in a file `crash-...`.
"""

import random
import sys
from importlib import import_module
from typing import Any, Final

from google.protobuf import struct_pb2
from google.protobuf.message import DecodeError

atheris: Any = import_module("atheris")

with atheris.instrument_imports(include=["zerotouch_function"], enable_loader_override=False):
    from tests.fuzz.laws import check
    from zerotouch_function.protocol import wire

COUNTS: Final[dict[str, int]] = {}
"""How requests ended."""

ONE_LEVEL: Final[Any] = wire.closed_messages(struct_pb2.DESCRIPTOR, {".google.protobuf.Struct", ".google.protobuf.ListValue"})
STRUCT: Final = ONE_LEVEL["google.protobuf.Struct"]
"""An object whose values are open, and what is inside those closed: one part changes, and the lengths around it are right."""


def test_one_input(data: bytes) -> None:
    outcome = check(data)
    COUNTS[outcome] = COUNTS.get(outcome, 0) + 1


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Changes bytes anywhere or, three times in four, inside one object of the request, with the lengths around it mended."""
    dice = random.Random(seed)
    if dice.random() < 0.25:
        return bytes(atheris.Mutate(data, max_size))
    try:
        request = wire.Request.FromString(data)
    except DecodeError:
        return bytes(atheris.Mutate(data, max_size))
    resources = [request.observed.composite, *request.observed.resources.values()]
    resources += [item for found in request.required_resources.values() for item in found.items]
    resources += [request.desired.composite, *request.desired.resources.values()]
    target = dice.randrange(len(resources) + 1)
    if target == len(resources):
        setattr(request, "input", changed(wire.input_struct(request), dice))  # noqa: B010  # bytes, which mypy takes for a Struct
    else:
        wire.set_resource_struct(resources[target], changed(wire.resource_struct(resources[target]) or b"", dice))
    mutated = request.SerializeToString()
    return mutated if len(mutated) <= max_size else data


def changed(struct: bytes, dice: random.Random) -> bytes:
    """An object with one of its parts, some levels down, changed; its own bytes are where that is not possible."""
    try:
        level = STRUCT.FromString(struct)
    except DecodeError:
        level = None
    if not level or not level.fields or dice.random() < 0.1:
        return bytes(atheris.Mutate(struct, len(struct) + 64))
    value = level.fields[dice.choice(sorted(level.fields))]
    kind = value.WhichOneof("kind")
    if kind == "struct_value" and dice.random() < 0.9:
        value.struct_value = changed(value.struct_value, dice)
    elif kind in ("struct_value", "list_value"):
        setattr(value, kind, bytes(atheris.Mutate(getattr(value, kind), len(getattr(value, kind)) + 64)))
    elif kind == "string_value" and dice.random() < 0.8:
        text = value.string_value.encode()
        value.string_value = bytes(atheris.Mutate(text, len(text) + 64)).decode(errors="replace")
    else:
        value.number_value = dice.choice((0, -1, 0.5, 2**31, float("nan"), float("inf")))
    return bytes(level.SerializeToString())


def main() -> None:
    atheris.Setup(sys.argv, test_one_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
