"""Answers requests of the two surfaces: who asks, what is asked for, which models may answer."""

from dataclasses import dataclass
from random import random
from time import monotonic
from typing import Final
from urllib.parse import unquote

from zerotouch_contract import ports
from zerotouch_sidecar.http.errors import BodyTooLarge
from zerotouch_sidecar.http.message import Request, Responder
from zerotouch_sidecar.local.token import shows
from zerotouch_sidecar.models.admission import Admission, Entry
from zerotouch_sidecar.models.call import Call, UnreadableCallError, read_call
from zerotouch_sidecar.models.exchange import Exchange
from zerotouch_sidecar.models.forwarding import to_provider, trace_of
from zerotouch_sidecar.models.listing import model_list, one_model
from zerotouch_sidecar.models.metering import Metering
from zerotouch_sidecar.models.plan import Plan
from zerotouch_sidecar.models.refusals import JSON, Fault, Refusal
from zerotouch_sidecar.models.routing import Alias, Step, chain
from zerotouch_sidecar.models.surfaces import LISTS, OPERATIONS, Operation, Surface

REQUEST_BYTES: Final = 32 * 1024 * 1024
"""Of a request's body, which is held whole so that another target can be asked, at up to three times its size: two of the largest fit
into the sidecar's memory. Anthropic's own limit is the same."""

_ROUTES: Final = {route.encode(): operation for operation in OPERATIONS for route in operation.routes}
_PREFIXES: Final = {surface: f"{surface.prefix}/".encode() for surface in Surface}
_LISTS: Final = {path.encode(): surface for path, surface in LISTS.items()}


def surface_of(path: bytes) -> Surface | None:
    """Returns the surface that a path lies under."""
    for surface, prefix in _PREFIXES.items():
        if path.startswith(prefix):
            return surface
    return None


@dataclass(slots=True)
class Proxy:
    """The model proxy with one configuration."""

    plan: Plan
    admission: Admission
    metering: Metering
    token: str
    """What agents must show; empty: nothing."""

    async def handle(self, request: Request, responder: Responder) -> None:
        """Answers one request."""
        path = request.path
        surface = surface_of(path) or Surface.OPENAI
        if self.token and not shows(request, self.token):
            refusal = Refusal(Fault.UNAUTHORIZED, "The key is not this pod's token: leave the key that the environment gives the SDK")
            await self._refuse(responder, surface, refusal)
            return
        operation = _ROUTES.get(path)
        if operation is None:
            await self._list(request, responder, surface)
        elif request.method != b"POST":
            await self._refuse(responder, surface, Refusal(Fault.METHOD, f"{operation.path} takes POST"))
        else:
            await self._call(request, responder, operation)

    async def _call(self, request: Request, responder: Responder, operation: Operation) -> None:
        started = monotonic()
        calls, mark = self.plan.calls, object()
        calls.add(mark)
        try:
            query = request.target.partition(b"?")[2].decode("ascii", "ignore")
            body = await request.body.read(REQUEST_BYTES)
            call = read_call(operation, to_provider(request.headers), body, query, trace_of(request.headers))
            entered = await self._entered(call)
            if isinstance(entered, Refusal):
                await self._refuse(responder, operation.surface, entered)
                return
            entry, steps = entered
            request.notes |= {"gen_ai.operation.name": operation.name, "gen_ai.request.model": call.model[:256]}
            await Exchange(self.plan, call, entry, self.admission, self.metering, responder, started).run(steps)
        except BodyTooLarge as error:
            await self._refuse(responder, operation.surface, Refusal(Fault.TOO_LARGE, str(error)))
        except UnreadableCallError as error:
            await self._refuse(responder, operation.surface, error.refusal)
        finally:
            calls.discard(mark)

    async def _entered(self, call: Call) -> tuple[Entry, list[Step]] | Refusal:
        """Returns leave to make a call, and what to try for it, or why it may not be made."""
        surface = call.operation.surface
        aliases = self.plan.aliases
        alias = aliases.get(call.model) or aliases.get(self.plan.llm.default_model)
        if alias is None:
            known = ", ".join(aliases) or "none: the claim's spec.llm.models is empty"
            return Refusal(Fault.NO_MODEL, f"No model {call.model!r} here; there are: {known}", "model")
        steps = self._steps(alias.name, surface)
        if not steps:
            return self._other_protocol(alias.name, surface)
        cheaper = aliases.get(self.admission.rule.degrade_to)
        may_be_degraded = call.operation.may_be_degraded and cheaper is not None and self._steps(cheaper.name, surface, alias)
        if cheaper is not alias and not may_be_degraded:
            cheaper = None
        entry = await self.admission.enter(call, alias, cheaper)
        if isinstance(entry, Refusal):
            return entry
        if entry.in_place_of is None:
            return entry, steps
        self.metering.degraded()
        return entry, self._steps(entry.alias.name, surface, alias)

    def _steps(self, name: str, surface: Surface, without: Alias | None = None) -> list[Step]:
        """Returns what to try for an alias on a surface; not the targets of the alias that it stands in for, which falls back to it."""
        providers, steps = self.plan.providers, chain(name, self.plan.aliases, random)
        return [step for step in steps if step.alias is not without and surface in providers[step.target.provider].provider.surfaces]

    def _other_protocol(self, name: str, surface: Surface) -> Refusal:
        other = Surface.ANTHROPIC if surface is Surface.OPENAI else Surface.OPENAI
        where = f"http://127.0.0.1:{ports.LOCAL_API}{other.prefix}"
        return Refusal(Fault.NO_MODEL, f"Model {name} speaks {other.value}'s protocol, not {surface.value}'s: call it at {where}", "model")

    async def _list(self, request: Request, responder: Responder, surface: Surface) -> None:
        path = request.path
        refusal = Refusal(Fault.NO_ROUTE, f"Nothing is served at {path.decode('latin-1')!r}")
        if request.method in (b"GET", b"HEAD"):
            listed = _LISTS.get(path)
            if listed is not None:
                await responder.send(200, [JSON], model_list(self.plan, listed))
                return
            folder, _, name = path.rpartition(b"/models/")
            if _LISTS.get(folder + b"/models") is surface and name:
                name_text = unquote(name.decode("latin-1"))
                if body := one_model(self.plan, surface, name_text):
                    await responder.send(200, [JSON], body)
                    return
                refusal = Refusal(Fault.NO_MODEL, f"No model {name_text!r} here", "model")
        await self._refuse(responder, surface, refusal)

    async def _refuse(self, responder: Responder, surface: Surface, refusal: Refusal) -> None:
        self.metering.refused(refusal.fault.name.lower())
        await responder.send(refusal.fault.value.status, refusal.headers(), refusal.body(surface))
