"""Kubernetes quantities for CPU and memory: as text, and as numbers that compare."""

from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, StringConstraints

SUFFIXES: Final = {
    "m": Decimal("0.001"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
}  # fmt: skip
"""What each suffix multiplies by (Kubernetes' resource.Quantity, the part of it that CPU and memory need)."""


def _as_text(value: object) -> object:
    """YAML's bare `2` is the quantity "2"."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Cpu = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$", max_length=16)]
"""Cores ("2", "0.5") or millicores ("500m")."""

Memory = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$", max_length=32)]
"""Bytes, with a binary (Mi) or decimal (M) suffix."""

Divisor = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=r"^(0|1(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?)$")]
"""Unit in which a container reads its own resources."""


def amount(quantity: str) -> Decimal:
    """The quantity in its base unit: cores or bytes."""
    digits = quantity.rstrip("mkMGTi")
    return Decimal(digits) * SUFFIXES[quantity[len(digits) :]]
