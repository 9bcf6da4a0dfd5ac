"""docs/operations.md tells the function's limits as the code has them."""

from pathlib import Path
from typing import Final

import pytest

from zerotouch_function.errors import QUOTED_CHARACTERS
from zerotouch_function.protocol.memory import ANSWERS, KEPT_BYTES
from zerotouch_function.serving.arrivals import ARRIVAL_SECONDS
from zerotouch_function.serving.budget import KEPT_PART, UNREAD_BYTES, UNREAD_PART
from zerotouch_function.serving.server import GRACE_SECONDS, KEEPALIVE_SECONDS, LARGE_REQUEST_BYTES, MAX_CONCURRENT_REQUESTS, WORKERS

GUIDE: Final = (Path(__file__).parents[2] / "docs/operations.md").read_text().partition("## Limits of the function")[2]
LIMITS: Final = [
    f"| requests answered or arriving at a time, each pod | {WORKERS} |",
    f"| requests of more than {LARGE_REQUEST_BYTES // 1024} KiB answered at a time, each pod | 1 |",
    f"| time for a request to arrive, while all {WORKERS} are arriving | {ARRIVAL_SECONDS} s |",
    f"| requests that wait, with those in work, each pod | {MAX_CONCURRENT_REQUESTS} |",
    f"| requests of one connection, with those whose answers it has not read | {MAX_CONCURRENT_REQUESTS} |",
    f"| unread answers, each pod | {UNREAD_BYTES // 1024**2} MiB or 1/{UNREAD_PART} of the pod's memory limit",
    f"| what a refusal quotes of a claim | {QUOTED_CHARACTERS} characters |",
    f"| remembered answers, each pod | {ANSWERS}, and {KEPT_BYTES // 10**6} MB or 1/{KEPT_PART} of the pod's memory limit",
    f"| a silent connection | {KEEPALIVE_SECONDS} s |",
    f"| end of a pod | {GRACE_SECONDS} s |",
]


@pytest.mark.parametrize("limit", LIMITS)
def test_the_guide_tells_the_limit_that_the_code_has(limit: str) -> None:
    assert limit in GUIDE
