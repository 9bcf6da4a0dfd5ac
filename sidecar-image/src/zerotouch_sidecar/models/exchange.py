"""One model call from its request to the end of its answer."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final

from zerotouch_contract import headers as names
from zerotouch_sidecar.http.errors import ClientGone, HttpError
from zerotouch_sidecar.http.message import Headers, Responder
from zerotouch_sidecar.models.admission import Admission, Entry
from zerotouch_sidecar.models.amounts import Usage
from zerotouch_sidecar.models.attempts import Attempts, Begun, Failure, error_type_of
from zerotouch_sidecar.models.call import BYTES_PER_TOKEN, Call
from zerotouch_sidecar.models.events import EventReader
from zerotouch_sidecar.models.forwarding import to_agent
from zerotouch_sidecar.models.metering import Metering
from zerotouch_sidecar.models.plan import Plan
from zerotouch_sidecar.models.refusals import NO_RETRY, Fault, Refusal
from zerotouch_sidecar.models.routing import Step
from zerotouch_sidecar.models.usage import LAST_BYTES, find_last_usage, find_usage

CANCELLED = "cancelled"
"""The error type of a call whose agent went away before its answer began."""

ABANDONED = "abandoned"
"""The error type of a call whose agent went away in the middle of its answer."""

LATE_SECONDS: Final = 1.0
"""How long a stream is read on whose agent went away: most leave at the last word, just before the provider says what was used."""

_OVERHEAD: Final = names.OVERHEAD.encode()
_PROVIDER: Final = names.PROVIDER.encode()
_FALLBACK: Final = names.FALLBACK.encode()


@dataclass(slots=True)
class Exchange:
    """What is known while one call runs."""

    plan: Plan
    call: Call
    entry: Entry
    admission: Admission
    metering: Metering
    responder: Responder
    started: float
    usage: Usage | None = None
    """What the call used, as soon as it is known."""

    async def run(self, steps: list[Step]) -> None:
        """Makes the call, answers the agent, and settles the account however it ends."""
        attempts = Attempts(self.plan, self.call, self.metering)
        step, error_type = steps[0], CANCELLED
        try:
            outcome = await attempts.begin(steps)
            step = outcome.step
            if isinstance(outcome, Begun):
                error_type = ABANDONED
                error_type = await self._answer(outcome, attempts)
            else:
                self.usage, error_type = Usage(), outcome.error_type
                await self._refuse(outcome, attempts)
        finally:
            if self.usage is None:  # the agent went away before an answer began
                self.usage = Usage(self.call.input_estimate() if attempts.is_sent else 0)
            cost = step.alias.price.amount(self.usage)
            self.admission.leave(self.entry, self.usage, cost)
            if self.usage.total_tokens:
                self.metering.used(self.call.operation, step, self.usage, cost)
            self.metering.ended(self.call.operation, step, monotonic() - self.started, error_type)

    async def _answer(self, begun: Begun, attempts: Attempts) -> str:
        """Sends an answer on; returns its error type."""
        is_stream = self.call.is_stream and begun.answer.status < 400
        elapsed = monotonic() - self.started
        overhead = elapsed - attempts.waited_seconds
        self.metering.began(self.call.operation, begun.step, elapsed, overhead, is_stream=is_stream, skipped=begun.skipped)
        headers = to_agent(begun.answer.headers) + _told(begun.step, begun.skipped, overhead)
        if begun.rest is not None:
            send_on = self._stream if is_stream else self._pass
            return await send_on(begun, begun.rest, headers)
        begun.succeeded()
        self.usage = self._whole_usage(begun)
        await self.responder.send(begun.answer.status, headers, begun.first)
        return "" if begun.answer.status < 400 else str(begun.answer.status)

    async def _stream(self, begun: Begun, rest: AsyncIterator[bytes], headers: Headers) -> str:
        """Copies a stream. If it breaks off, it is ended in the way that the surface's SDK takes for an error."""
        reader = EventReader(drops_usage=self.call.wants_usage_chunk)
        end = begun.dropped
        try:
            await self.responder.start(begun.answer.status, headers)
            if kept := reader.feed(begun.first):
                await self.responder.write(kept)
            try:
                async for chunk in rest:
                    if kept := reader.feed(chunk):
                        await self.responder.write(kept)
            except ClientGone:
                raise
            except Exception as error:
                end = begun.broke
                await self.responder.end(self._broken_end(begun, reader))
                return error.kind if hasattr(error, "kind") else "broken"
            rest_of_it = reader.finish()
            end = begun.broke if reader.failure >= 500 else begun.succeeded
            await self.responder.end(rest_of_it)
            return error_type_of(reader.failure) if reader.failure else ""
        finally:
            try:
                if end == begun.dropped:
                    await _read_on(rest, reader)
            finally:
                end()
                reader.finish()
                self.usage = self._stream_usage(reader)

    def _broken_end(self, begun: Begun, reader: EventReader) -> bytes:
        events = self.call.operation.events
        assert events is not None, "only what has events is streamed"
        refusal = Refusal(Fault.FAILED, f"Provider {begun.step.target.provider} broke off in the middle of its answer")
        return (b"\n\n" if reader.is_mid_event else b"") + refusal.event(events)

    async def _pass(self, begun: Begun, rest: AsyncIterator[bytes], headers: Headers) -> str:
        """Copies an answer that is too large to hold. If it breaks off, the agent's connection does too."""
        size, last = len(begun.first), begun.first[-LAST_BYTES:]
        end = begun.dropped
        try:
            await self.responder.start(begun.answer.status, headers)
            await self.responder.write(begun.first)
            try:
                async for chunk in rest:
                    size, last = size + len(chunk), (last + chunk)[-LAST_BYTES:]
                    await self.responder.write(chunk)
            except ClientGone:
                raise
            except HttpError:
                end = begun.broke
                self.responder.abort()
                return "broken"
            end = begun.succeeded
            await self.responder.end()
            return ""
        finally:
            end()
            self.usage = find_last_usage(last) or self._guessed(size)

    async def _refuse(self, failure: Failure, attempts: Attempts) -> None:
        """Answers with the last failure: in the provider's own words if they are JSON, else in the sidecar's."""
        overhead = monotonic() - self.started - attempts.waited_seconds
        told = _told(failure.step, 0, overhead)
        if failure.status and failure.body.lstrip().startswith(b"{"):
            headers = [*to_agent(failure.headers), NO_RETRY, *told]
            await self.responder.send(failure.status, headers, failure.body)
            return
        refusal = failure.refusal
        status = failure.status or refusal.fault.value.status
        await self.responder.send(status, refusal.headers() + told, refusal.body(self.call.operation.surface))

    def _whole_usage(self, begun: Begun) -> Usage:
        if begun.answer.status >= 400 or not self.call.operation.is_charged:
            return Usage()
        found = find_usage(begun.first)
        if found is not None:
            return found.usage
        return self._guessed(len(begun.first))

    def _guessed(self, size_bytes: int) -> Usage:
        """Returns about what an answer used that does not say it."""
        return Usage(self.call.input_estimate(), size_bytes // BYTES_PER_TOKEN if self.call.operation.output_limits else 0)

    def _stream_usage(self, reader: EventReader) -> Usage:
        """Returns what a stream says that it used; of one that never said so, or broke off before: about one token for each event."""
        known = reader.usage or Usage(self.call.input_estimate())
        if reader.is_told:
            return known
        return known._replace(output_tokens=max(known.output_tokens, reader.events))


async def _read_on(rest: AsyncIterator[bytes], reader: EventReader) -> None:
    """Reads for a moment what nobody waits for any more."""
    with suppress(Exception):  # whatever a provider does; the agent has left anyway
        async with asyncio.timeout(LATE_SECONDS):
            async for chunk in rest:
                reader.feed(chunk)


def _told(step: Step, skipped: int, overhead_seconds: float) -> Headers:
    told = [(_OVERHEAD, b"%.2f" % (overhead_seconds * 1000)), (_PROVIDER, step.target.provider.encode())]
    if skipped:
        told.append((_FALLBACK, b"%d" % skipped))
    return told
