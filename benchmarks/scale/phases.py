"""The three questions: what a new claim costs, what claims cost while nothing changes, and whether edits are lost."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from benchmarks.results import rounded
from benchmarks.scale.crowd import Crowd, name, seconds_until
from benchmarks.scale.meters import KEDAS, OURS, Meters

Figures = dict[str, Any]

READY_SECONDS: Final = 1800
SETTLE_SECONDS: Final = 90
"""At least, after the last claim is ready: HPAs and KEDA finish their first round, and answers of 15 s become ones of a minute."""

SETTLED_SECONDS: Final = 1800
"""At most, until a whole minute has passed in which nothing changed: KEDA takes up hundreds of new scalers a few at a time."""

MINUTE: Final = 60.0

EDITS_PER_SECOND: Final = 10
EDITORS: Final = 10
"""Edit at the same time, each claims of its own: the pace is kept although the API server may need a second for an edit."""

LOWEST, HIGHEST = 10, 100
"""`maxReplicas` of the edits: each differs from the one before it."""


def grow(crowd: Crowd, meters: Meters, before: int, total: int) -> Figures:
    """Creates claims up to a total, all at once."""
    start, new = meters.read(), total - before
    began = time.monotonic()
    crowd.grow(before, total)
    seconds_until(lambda: crowd.ready() == total, limit_seconds=READY_SECONDS, what=f"{total} claims are ready")
    seconds, spent = time.monotonic() - began, meters.read().since(start)
    return {
        "claims": total,
        "new": new,
        "seconds_to_all_ready": rounded(seconds),
        "seconds_per_new_claim": rounded(seconds / new),
        "calls_per_new_claim": rounded(spent.function_calls / new),
        "reconciles_per_new_claim": rounded(spent.reconciles / new),
        "function_cpu_ms_per_call": rounded(1000 * spent.function_cpu_seconds / max(1, spent.function_calls)),
        "function_cpu_ms_per_new_claim": rounded(1000 * spent.function_cpu_seconds / new),
        "crossplane_cpu_ms_per_new_claim": rounded(1000 * spent.crossplane_cpu_seconds / new),
    }


def rest(crowd: Crowd, meters: Meters, seconds: float) -> Figures:
    """Watches for a while in which nobody changes anything, once what came before has run its course."""
    settled = settle(crowd)
    versions, events, start = crowd.versions(), crowd.events(), meters.read()
    time.sleep(seconds)
    spent, later = meters.read().since(start), crowd.versions()
    changed = {kind: sum(later[kind].get(name) != version for name, version in of.items()) for kind, of in versions.items()}
    claims = len(versions["claims"])
    return {
        "claims": claims,
        "seconds_to_settle": rounded(settled),
        "seconds": seconds,
        "changed_objects": {kind: count for kind, count in changed.items() if count},
        "writes_of_ours": {kind: spent.writes[kind] for kind in OURS if kind in spent.writes},
        "writes_of_keda_and_hpa": {kind: spent.writes[kind] for kind in KEDAS if kind in spent.writes},
        "events": dict(crowd.events() - events),
        "calls_per_claim_and_minute": rounded(60 * spent.function_calls / claims / seconds),
        "function_cpu_ms_per_call": rounded(1000 * spent.function_cpu_seconds / max(1, spent.function_calls)),
        "function_memory_mb": rounded(meters.function_memory_bytes() / 1e6),
        "crossplane_cores": rounded(spent.crossplane_cpu_seconds / seconds),
    }


def settle(crowd: Crowd) -> float:
    """Waits until nothing has changed for a minute, and says how long that took."""
    began = time.monotonic()
    time.sleep(SETTLE_SECONDS - MINUTE)
    before = crowd.versions()
    time.sleep(MINUTE)

    def is_settled() -> bool:
        nonlocal before
        earlier, before = before, crowd.versions()
        return earlier == before

    seconds_until(is_settled, limit_seconds=SETTLED_SECONDS, what="nothing changes any more", pause_seconds=MINUTE)
    return time.monotonic() - began


def edit(crowd: Crowd, meters: Meters, claims: int, seconds: float) -> Figures:
    """Edits claims in turn at a steady pace, and waits until each has its last edit composed."""
    start, began = meters.read(), time.monotonic()
    edits = range(round(seconds * EDITS_PER_SECOND))

    def bound(edit: int) -> int:
        return LOWEST + edit // claims % (HIGHEST - LOWEST) + 1

    def edit_own(editor: int) -> None:
        own = crowd.another()
        for edit in edits:
            if (number := edit % claims) % EDITORS == editor:
                time.sleep(max(0.0, began + edit / EDITS_PER_SECOND - time.monotonic()))
                own.edit(number, bound(edit))

    with ThreadPoolExecutor(EDITORS) as pool:
        list(pool.map(edit_own, range(EDITORS)))
    took = time.monotonic() - began
    wanted = {f"{name(edit % claims)}-scaler": bound(edit) for edit in edits}

    def lost() -> set[str]:
        bounds = crowd.bounds()
        return {name for name, replicas in wanted.items() if bounds[name] != replicas}

    converged = seconds_until(lambda: not lost(), limit_seconds=READY_SECONDS, what="every claim has its last edit composed")
    again = seconds_until(lambda: crowd.ready() == claims, limit_seconds=READY_SECONDS, what="all claims are ready again")
    spent = meters.read().since(start)
    return {
        "claims": claims,
        "edits": len(edits),
        "seconds": rounded(took),
        "edits_per_second": rounded(len(edits) / took),
        "lost": len(lost()),
        "seconds_from_last_edit_to_all_composed": rounded(converged),
        "seconds_from_last_edit_to_all_ready": rounded(converged + again),
        "function_cpu_ms_per_call": rounded(1000 * spent.function_cpu_seconds / max(1, spent.function_calls)),
        "calls_per_edit": rounded(spent.function_calls / len(edits)),
        "crossplane_cpu_ms_per_edit": rounded(1000 * spent.crossplane_cpu_seconds / len(edits)),
    }
