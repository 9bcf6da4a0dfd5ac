"""What a model call costs: tokens, and nano-dollars as whole numbers. No floating point touches money."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

NANO_PER_USD: Final = 10**9
"""One dollar is this many nano-dollars: the cheapest token of today costs about ten of them."""

MICRO_PER_USD: Final = 10**6
"""Prices are kept as micro-dollars for a million tokens, which is pico-dollars for one token."""


class Amount(NamedTuple):
    """Tokens and nano-dollars, always counted together."""

    tokens: int = 0
    nano_usd: int = 0

    def plus(self, other: "Amount") -> "Amount":
        """Returns the sum."""
        return Amount(self.tokens + other.tokens, self.nano_usd + other.nano_usd)

    def minus(self, other: "Amount") -> "Amount":
        """Returns the difference, which may be negative."""
        return Amount(self.tokens - other.tokens, self.nano_usd - other.nano_usd)

    def above_zero(self) -> "Amount":
        """Returns the amount with nothing negative in it."""
        return Amount(max(self.tokens, 0), max(self.nano_usd, 0))


NOTHING: Final = Amount()


class Usage(NamedTuple):
    """Tokens of one model call as its provider counted them."""

    input_tokens: int = 0
    """All input, what came from a cache included."""

    output_tokens: int = 0

    cached_tokens: int = 0
    """The part of the input that the provider read from its cache."""

    written_tokens: int = 0
    """The part of the input that the provider wrote into its cache."""

    long_written_tokens: int = 0
    """The part of `written_tokens` that it keeps for longer than it does by default."""

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Price:
    """Pico-dollars for one token of each kind."""

    input_pico_usd: int = 0
    output_pico_usd: int = 0
    cached_pico_usd: int = 0
    written_pico_usd: int = 0
    long_written_pico_usd: int = 0

    @classmethod
    def of(
        cls,
        *,
        input_usd: Decimal,
        output_usd: Decimal,
        cached_usd: Decimal | None = None,
        written_usd: Decimal | None = None,
        long_written_usd: Decimal | None = None,
    ) -> "Price":
        """Reads prices in dollars for a million tokens. What is finer than a micro-dollar for a million tokens is rounded up.

        Tokens that have no price of their own cost as much as other input, and those that are kept for long as others that are written.
        """
        written_usd = input_usd if written_usd is None else written_usd
        prices = input_usd, output_usd, input_usd if cached_usd is None else cached_usd
        return cls(*map(_pico, (*prices, written_usd, written_usd if long_written_usd is None else long_written_usd)))

    def amount(self, usage: Usage) -> Amount:
        """Returns what a call cost, rounded up to a nano-dollar."""
        given, output, cached, written, long_written = usage
        pico = (given - cached - written) * self.input_pico_usd + cached * self.cached_pico_usd + output * self.output_pico_usd
        if written:
            pico += (written - long_written) * self.written_pico_usd + long_written * self.long_written_pico_usd
        return Amount(given + output, -(-pico // 1000))


FREE: Final = Price()
"""The price of a model that has none: only its tokens count."""


def nano_usd(usd: Decimal) -> int:
    """Returns dollars as nano-dollars, rounded down."""
    return int(usd * NANO_PER_USD)


def _pico(usd_per_million: Decimal) -> int:
    return -int(-usd_per_million * MICRO_PER_USD // 1)
