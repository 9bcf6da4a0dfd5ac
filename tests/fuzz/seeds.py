"""Requests to begin with: those of a real Crossplane, and small ones with every field that the function reads."""

import hashlib
from pathlib import Path

from benchmarks.crossplane import request as captured
from tests.fuzz.pool import INPUT, POD, migrating, namesake, pool, running
from tests.fuzz.requests import message
from zerotouch_function.diagnosis import PODS


def seeds() -> list[bytes]:
    """Real and complete requests."""
    real = [captured(observed) for observed in (0, None, 6)]
    made = [
        message(
            xr,
            observed={**running(index, mode), **(migrating(mode) if has_earlier_step else {})},
            function_input={**INPUT, "mode": mode},
            required={PODS: [POD]},
            has_earlier_step=has_earlier_step,
        )
        for index, xr in enumerate(pool())
        for mode in ("direct", "objects")
        for has_earlier_step in (False, True)
    ]
    taken = [message(xr, required={name: [first]}) for xr in (pool()[0], pool()[-1]) for name, first in (namesake(xr),)]
    return [*real, *made, *taken, message(pool()[0])]


def write(folder: Path) -> None:
    """Writes the seeds as a corpus: a file each, named by its content."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in seeds():
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)
