"""Keeps what an agent says to its own sidecar away from the proxy that its claim sets: prompts and the pod's token stay in the pod."""

from collections.abc import Sequence
from typing import Final

from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.environment import variable

PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")
"""Variables that send a program's calls through a proxy, in either case."""

NO_PROXY: Final = ("NO_PROXY", "no_proxy")
"""What they leave out; programs read one or the other."""

CLAIMED: Final = {name: f"AGENT_{name}" for name in NO_PROXY}
"""What the claim's own are called where their values come from elsewhere: only a variable can add to a value that is not known here."""

POD: Final = ("127.0.0.1", "localhost")
"""How an agent calls its sidecar."""


def without_pod(left_out: str) -> str:
    """What proxies leave out, with the pod itself."""
    if left_out.strip() == "*":  # everything; as one of several, Python's urllib takes it for a host
        return left_out
    entries = [entry.strip() for entry in left_out.split(",")]
    return ",".join((*filter(None, [left_out]), *(host for host in POD if host not in entries)))


def past_proxies(variables: Sequence[Manifest]) -> list[Manifest]:
    """The claim's variables and, where they set a proxy, what makes every program leave the pod out of it."""
    if not any(one["name"].lower() in PROXIES and (one.get("value") or "valueFrom" in one) for one in variables):
        return list(variables)
    made = [extended for one in variables for extended in (_extended(one) if one["name"] in NO_PROXY else [one])]
    own = [one["name"] for one in variables if one["name"] in NO_PROXY]
    both = f"$({own[0]})" if own else without_pod("")
    return [*made, *(variable(name, both) for name in NO_PROXY if name not in own)]


def _extended(own: Manifest) -> list[Manifest]:
    name = own["name"]
    if "valueFrom" not in own:
        return [variable(name, without_pod(own.get("value", "")))]
    return [{**own, "name": CLAIMED[name]}, variable(name, without_pod(f"$({CLAIMED[name]})"))]
