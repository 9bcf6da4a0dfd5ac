"""Logs: one JSON object per line on standard output."""

import json
import sys


def log(event: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"event": event, **facts}) + "\n")
    sys.stdout.flush()
