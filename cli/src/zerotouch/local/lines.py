"""Which lines of a helper's log a user wants to see: those about something that is wrong."""

import json
from typing import Final

QUIET_LEVELS: Final = {"debug", "info"}
"""Of the sidecar's log, which is JSON lines."""

NATS_QUIET: Final = ("[INF]", "[DBG]", "[TRC]")
"""Marks in nats-server's log."""


def is_worth_telling(line: str) -> bool:
    """False for what merely goes on; True for everything else, and for what is not understood."""
    if line.startswith("{"):
        try:
            return json.loads(line).get("level") not in QUIET_LEVELS
        except ValueError:
            return True
    return not any(mark in line for mark in NATS_QUIET)
