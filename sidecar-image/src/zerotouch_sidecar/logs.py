"""Logs as one JSON object per line on stderr. They are about what happens, never about what is in a request."""

import json
import logging
import sys
import time
from typing import Final

_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}
"""What every record has; anything else was given as `extra`."""


class JsonLines(logging.Formatter):
    """One line per record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record with what was given as `extra`."""
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _OWN},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logs(level: str) -> None:
    """Sets up logging for the process; again to change the level. Libraries are heard from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("zerotouch_sidecar").setLevel(level.upper())
