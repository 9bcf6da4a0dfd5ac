"""Runs in a pod: asks a URL again and again, and prints what it has seen so far, once a second, as one JSON line.

Usage: python -c "$(cat prober.py)" http://my-service:8080/
"""

import http.client
import json
import sys
import time
import urllib.request
from collections import Counter
from typing import Final

PAUSE_SECONDS: Final = 0.05
REPORT_SECONDS: Final = 1.0
REQUEST_SECONDS: Final = 10.0


def main(url: str) -> None:
    versions: Counter[str] = Counter()
    failures: list[str] = []
    reported = 0.0
    last = ""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=REQUEST_SECONDS) as response:
                last = json.load(response)["version"]
                versions[last] += 1
        except (OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{time.strftime('%X')} {error!r}")
        if time.monotonic() - reported >= REPORT_SECONDS:
            print(json.dumps({"versions": versions, "last": last, "failures": failures}), flush=True)
            reported = time.monotonic()
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
