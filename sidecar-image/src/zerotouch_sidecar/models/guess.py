"""How long answers are thought to be whose requests do not bound them."""

from typing import Final

FIRST_TOKENS: Final = 1024
"""Before anything was learned, and never less."""

MOST_TOKENS: Final = 131_072
"""Longer than this is believed neither of an answer nor of a request's bound, or it would set the whole budget aside."""

FALL: Final = 16
"""A shorter answer takes this part off what lies above it: after some fifty, a single long one is forgotten."""


class OutputGuess:
    """Follows the answers of one alias: longer ones at once and shorter ones slowly, so that most are no longer than the guess."""

    def __init__(self) -> None:
        self.tokens = FIRST_TOKENS

    def learn(self, tokens: int) -> None:
        """Takes note of how long an answer was."""
        if tokens > self.tokens:
            self.tokens = min(tokens, MOST_TOKENS)
            return
        self.tokens -= (self.tokens - max(tokens, FIRST_TOKENS)) // FALL
