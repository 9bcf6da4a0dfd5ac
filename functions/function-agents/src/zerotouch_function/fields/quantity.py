"""Kubernetes quantities for CPU and memory: as text, and as numbers that compare."""

from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta
from msgspec.structs import force_setattr

from zerotouch_function.fields.base import Fields

SUFFIXES: Final = {
    "m": Decimal("0.001"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15), "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip
"""What each suffix multiplies by (Kubernetes' resource.Quantity, the part of it that CPU, memory and divisors need)."""

LETTERS: Final = "".join(SUFFIXES)
"""Every letter that a suffix has."""

Cpu = (
    Annotated[str, Meta(pattern=r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)\Z", max_length=16, description='cores ("2", "0.5") or "500m"')]
    | Annotated[int, Meta(ge=0, lt=10**16)]
)
"""Cores ("2", "0.5") or millicores ("500m")."""

Memory = (
    Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?\Z", max_length=32, description='bytes, such as "512Mi"')]
    | Annotated[int, Meta(ge=0)]
)
"""Bytes, with a binary (Mi) or decimal (M) suffix."""

Divisor = (
    Annotated[str, Meta(pattern=r"^(0|1(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)\Z", description='"1", "1m", "1Mi"')]
    | Annotated[int, Meta(ge=0, le=1)]
)
"""Unit in which a container reads its own resources."""


class Quantities(Fields, frozen=True):
    """Fields with quantities among them: YAML's bare `2` is the quantity "2"."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if type(value) is int:
                force_setattr(self, name, str(value))


def amount(quantity: str) -> Decimal:
    """The quantity in its base unit: cores or bytes."""
    digits = quantity.rstrip(LETTERS)
    return Decimal(digits) * SUFFIXES[quantity[len(digits) :]]
