"""Runs a health check as Argo CD does: Lua 5.1, base and table libraries only, the object in the global `obj`."""

from pathlib import Path
from typing import Any, Final

import lupa.lua51  # type: ignore[import-untyped]  # no stubs of this version

Manifest = dict[str, Any]

CHECKS: Final = Path(__file__).parents[2] / "bootstrap/argocd/health"
MISSING_LIBRARIES: Final = "string, math, io, os, debug, coroutine, package, require = nil"
"""Argo CD opens none of these for a check (its os has two harmless functions, which ours do not use)."""


def health(check: str, manifest: Manifest) -> tuple[str, str]:
    """Status and message that the check gives the object."""
    runtime = lupa.lua51.LuaRuntime(unpack_returned_tuples=True, register_eval=False, register_builtins=False)
    table = _to_lua(runtime, manifest)
    # Methods on strings, such as s:find(), come with the string library and go with it.
    runtime.execute('getmetatable("").__index = nil')
    runtime.execute(MISSING_LIBRARIES)
    runtime.globals()["obj"] = table
    answer = runtime.execute((CHECKS / f"{check}.lua").read_text())
    return str(answer["status"]), str(answer["message"])


def _to_lua(runtime: Any, value: Any) -> Any:
    """Dictionaries and lists as tables, all the way down; None is no value, as in Argo CD."""
    if isinstance(value, dict):
        return runtime.table_from({key: _to_lua(runtime, item) for key, item in value.items() if item is not None})
    if isinstance(value, list):
        return runtime.table_from([_to_lua(runtime, item) for item in value])
    return value
