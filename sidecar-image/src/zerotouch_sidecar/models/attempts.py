"""Tries targets one after the other until an answer begins: retries, breakers, fallbacks. Nothing is repeated after that."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from random import random
from time import monotonic
from typing import Final

from msgspec.structs import replace

from zerotouch_sidecar.http.errors import ConnectTimeout, FirstByteTimeout, HttpError, IdleTimeout, MalformedAnswer, UpstreamError
from zerotouch_sidecar.http.message import Headers, header
from zerotouch_sidecar.models.backoff import pause_seconds, retry_after_seconds
from zerotouch_sidecar.models.breaker import Breaker, Permit
from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.events import failure_at_start
from zerotouch_sidecar.models.metering import Metering
from zerotouch_sidecar.models.plan import Live, Plan
from zerotouch_sidecar.models.providers.base import Answer
from zerotouch_sidecar.models.refusals import JSON, Fault, Refusal
from zerotouch_sidecar.models.routing import Step

WHOLE_BYTES: Final = 8 * 1024 * 1024
"""An answer up to this size is read whole before the agent gets it, so that one that breaks off can be made again."""

FAILURE_BYTES: Final = 64 * 1024
"""What is read of a provider's account of its failure."""

ELSEWHERE: Final = frozenset((402, 403, 404))
"""What a provider answers where the account may not have the model, or the model is gone: no fault of the request, and it stays so."""

FAILED: Final = ELSEWHERE | {401, 408, 429}
"""What it answers when another attempt or target may do better, beside all from 500 on."""

USAGE_REFUSED: Final = "usage_refused"
"""The error type of a request that is sent again without the sidecar's question for the usage of a stream."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Begun:
    """An answer that has begun. Exactly one of `succeeded`, `broke` and `dropped` is called at its end."""

    step: Step
    answer: Answer
    first: bytes
    """The whole body, or its first piece."""

    rest: AsyncIterator[bytes] | None
    """What comes after it; none: it is whole."""

    breaker: Breaker
    permit: Permit
    live: Live
    skipped: int = 0

    def succeeded(self) -> None:
        """The answer came to its end."""
        self.breaker.succeeded(self.permit)
        self._let_go()

    def broke(self) -> None:
        """The answer broke off."""
        self.breaker.failed(self.permit, monotonic())
        self._let_go()

    def dropped(self) -> None:
        """The agent went away."""
        self.breaker.dropped(self.permit)
        self._let_go()

    def _let_go(self) -> None:
        self.answer.close()
        if self.live.slots is not None:
            self.live.slots.release()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a target gave no answer."""

    refusal: Refusal
    error_type: str
    step: Step
    is_repeatable: bool = False
    """Whether the same target may be asked again."""

    status: int = 0
    """The provider's own answer follows; 0: it gave none."""

    headers: Headers = field(default_factory=list)
    body: bytes = b""
    retry_after_seconds: float | None = None


@dataclass(slots=True)
class Attempts:
    """The attempts for one call."""

    plan: Plan
    call: Call
    metering: Metering
    waited_seconds: float = 0.0
    """Spent waiting for providers."""

    is_sent: bool = False
    """Whether a provider may be at work for a call that has no answer yet."""

    async def begin(self, steps: Iterable[Step]) -> Begun | Failure:
        """Returns the first answer that begins, or the last failure."""
        failure: Failure | None = None
        for skipped, step in enumerate(steps):
            outcome = await self._target(step)
            if isinstance(outcome, Begun):
                outcome.skipped = skipped
                return outcome
            if failure is None or outcome.error_type != "breaker_open":
                failure = outcome
        assert failure is not None, "a call has at least one target"
        return failure

    async def _target(self, step: Step) -> Begun | Failure:
        target = step.target
        breaker = self.plan.breakers[target.provider, target.model]
        failure: Failure | None = None
        for attempt in count(1):
            permit = breaker.ask(monotonic())
            if permit is None:
                return failure or _is_open(step, breaker)
            outcome = await self._guarded(step, breaker, permit)
            if isinstance(outcome, Begun):
                return outcome
            failure = outcome
            self.metering.attempt_failed(target.provider, target.model, failure.error_type)
            pause = pause_seconds(self.plan.retry, attempt, failure.retry_after_seconds, random)
            if not failure.is_repeatable or attempt >= self.plan.retry.attempts or pause is None:
                return failure
            self.metering.retried(target.provider, target.model)
            await asyncio.sleep(pause)
        raise AssertionError("count never ends")

    async def _guarded(self, step: Step, breaker: Breaker, permit: Permit) -> Begun | Failure:
        """Makes one attempt within the provider's bound of calls at one time, and tells the breaker how it ended."""
        live = self.plan.providers[step.target.provider]
        if live.key.is_missing:
            breaker.dropped(permit)
            message = (
                f"spec.llm.providers: {step.target.provider} has no key, because its Secret lacks the key that the claim names, or holds "
                "nothing usable under it; put the key there, and calls go on within a minute"
            )
            return _failed(step, Fault.REFUSED_KEY, "no_key", message)
        outcome: Begun | Failure | None = None
        has_slot = False
        try:
            if live.slots is not None:
                async with asyncio.timeout(live.config.timeout_seconds):
                    await live.slots.acquire()
                has_slot = True
            outcome = await self._asked(step, breaker, permit, live)
            return outcome
        except TimeoutError:
            return _failed(
                step, Fault.UNAVAILABLE, "concurrency", f"Provider {step.target.provider} is busy with as many calls as it may have"
            )
        finally:
            if has_slot and live.slots is not None and not isinstance(outcome, Begun):
                live.slots.release()
            if outcome is None:  # cancelled, or never sent
                breaker.dropped(permit)

    async def _asked(self, step: Step, breaker: Breaker, permit: Permit, live: Live) -> Begun | Failure:
        """Sends the call, and once more if it was refused for a question of the sidecar's own."""
        target = step.target.provider, step.target.model
        call = replace(self.call, may_ask_usage=False) if target in self.plan.untold else self.call
        outcome = await self._once(call, step, breaker, permit, live)
        if isinstance(outcome, Failure) and outcome.error_type == USAGE_REFUSED:
            outcome = await self._once(replace(call, may_ask_usage=False), step, breaker, permit, live)
            if isinstance(outcome, Begun) and outcome.answer.status < 400:  # it was the question, and not what the agent wrote
                self.plan.untold.add(target)
        return outcome

    async def _once(self, call: Call, step: Step, breaker: Breaker, permit: Permit, live: Live) -> Begun | Failure:
        started = monotonic()
        answer: Answer | None = None
        begun: Begun | None = None
        key = live.key.value
        try:
            self.is_sent = True
            answer = await live.provider.send(call, step.target.model)
            if 300 <= answer.status < 400:
                breaker.failed(permit, monotonic())
                self.is_sent = False
                return _redirected(step, answer.status)
            if answer.status in FAILED or answer.status >= 500:
                failure: Failure | None = await _told(step, answer, live, key)
            else:
                is_stream = self.call.is_stream and answer.status < 400
                first, rest = await _opening(answer, is_stream=is_stream)
                failure = _told_at_start(step, first) if is_stream else None
            if failure is not None:
                (breaker.failed(permit, monotonic()) if failure.status >= 500 else breaker.dropped(permit))
                self.is_sent = False
                return failure
            if _refuses_to_tell(call, answer.status, first):
                return _failed(step, Fault.FAILED, USAGE_REFUSED, "The provider tells no usage of streams")
            if permit.is_trial:
                breaker.succeeded(permit)
            begun = Begun(step, answer, first, rest, breaker, permit, live)
            return begun
        except Exception as error:  # plugins may raise anything
            breaker.failed(permit, monotonic())
            self.is_sent = False
            return _broken(step, error)
        finally:
            self.waited_seconds += monotonic() - started
            if answer is not None and begun is None:
                answer.close()


def error_type_of(failure: int) -> str:
    """Returns the error type of a stream in which the provider says that it failed: the provider's own, or as outside of streams."""
    return "error_event" if failure >= 500 else str(failure)


async def _opening(answer: Answer, *, is_stream: bool) -> tuple[bytes, AsyncIterator[bytes] | None]:
    """Reads what must have come before an answer counts as begun: a stream's first piece, or everything. Raises `UpstreamError`."""
    chunks = answer.chunks()
    if is_stream:
        async for chunk in chunks:
            if chunk:
                return chunk, chunks
        raise MalformedAnswer("the stream ended before it began", sent=True, received=True)
    pieces: list[bytes] = []
    size = 0
    async for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > WHOLE_BYTES:
            return b"".join(pieces), chunks
    return b"".join(pieces), None


def _refuses_to_tell(call: Call, status: int, body: bytes) -> bool:
    """Whether a target refuses what the sidecar added to the request, as Mistral does."""
    return status in (400, 422) and call.wants_usage_chunk and "stream_options" not in call.fields and b"stream_options" in body


async def _told(step: Step, answer: Answer, live: Live, key: str) -> Failure:
    """Reads a provider's own account of its failure, to a call that was sent with that key."""
    name, status = step.target.provider, answer.status
    if status == 401:  # its account may repeat the key, and the agent can do nothing about it
        await asyncio.to_thread(live.key.read)
        message = f"Provider {name} refused the sidecar's key: the key in its Secret is wrong or expired"
        return Failure(Refusal(Fault.REFUSED_KEY, message), "401", step, is_repeatable=live.key.value != key)
    body = b""
    with suppress(HttpError):
        body = await answer.read(FAILURE_BYTES)
    pair = (header(answer.headers, b"retry-after-ms") or b"", header(answer.headers, b"retry-after") or b"")
    wait = retry_after_seconds(pair[0].decode("latin-1"), pair[1].decode("latin-1"), datetime.now(UTC))
    fault = Fault.RATE_LIMITED if status == 429 else Fault.FAILED
    refusal = Refusal(fault, f"Provider {name} answered {status}", retry_after_seconds=wait)
    is_repeatable = status not in ELSEWHERE
    return Failure(refusal, str(status), step, is_repeatable, status, answer.headers, body, retry_after_seconds=wait)


def _told_at_start(step: Step, first: bytes) -> Failure | None:
    """Reads a failure that a stream begins with; one of the request itself is its answer."""
    status, body = failure_at_start(first) or (0, b"")
    if status < 429:
        return None
    fault = Fault.RATE_LIMITED if status == 429 else Fault.FAILED
    refusal = Refusal(fault, f"Provider {step.target.provider} failed at the start of its stream")
    return Failure(refusal, error_type_of(status), step, is_repeatable=True, status=status, headers=[JSON], body=body)


def _redirected(step: Step, status: int) -> Failure:
    """Neither we nor the agent may follow: the key and the prompt would go to whoever the answer names."""
    name = step.target.provider
    message = f"Provider {name} answered {status}, and redirects are not followed: write the address that it moved to as its baseUrl"
    return _failed(step, Fault.FAILED, str(status), message)


def _broken(step: Step, error: Exception) -> Failure:
    name = step.target.provider
    if isinstance(error, ConnectTimeout | FirstByteTimeout | IdleTimeout):
        return _failed(step, Fault.TIMED_OUT, error.kind, f"Provider {name} did not answer in time")
    if isinstance(error, UpstreamError):
        return Failure(
            Refusal(Fault.FAILED, f"Provider {name} cannot be reached or broke off: {error}"), error.kind, step, is_repeatable=True
        )
    log.error("provider failed", extra={"provider": name, "error": type(error).__name__})
    return _failed(step, Fault.FAILED, "provider_error", f"Provider {name} failed in the sidecar")


def _failed(step: Step, fault: Fault, error_type: str, message: str) -> Failure:
    return Failure(Refusal(fault, message), error_type, step)


def _is_open(step: Step, breaker: Breaker) -> Failure:
    wait = breaker.wait_seconds(monotonic())
    message = f"Provider {step.target.provider} failed too often and is left alone for a while"
    return Failure(Refusal(Fault.UNAVAILABLE, message, retry_after_seconds=wait), "breaker_open", step)
