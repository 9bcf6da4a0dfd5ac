"""What ends a run from outside: Ctrl-C, `kill`, and a terminal that is closed."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ending() -> list[signal.Signals]:
    """The signals that end this run: not SIGHUP under `nohup`, which is there to outlive the terminal."""
    return [number for number in ENDING if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]


def leave_in_order() -> None:
    """From here on each of them unwinds what has begun, once: folders are removed, as Python does by itself on Ctrl-C only."""
    for number in ending():
        signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> None:
    _ignore()
    raise SystemExit(128 + number)


@contextmanager
def told_to(stop: Callable[[], object], kill: Callable[[], object]) -> Iterator[None]:
    """Inside, on the running loop, each of them calls `stop`, and a second Ctrl-C `kill`.

    After it none counts: a run that has stopped only tidies up.
    """
    loop, numbers = asyncio.get_running_loop(), ending()

    def interrupted() -> None:
        loop.add_signal_handler(signal.SIGINT, kill)
        stop()

    for number in numbers:
        loop.add_signal_handler(number, interrupted if number == signal.SIGINT else stop)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
        _ignore()


def _ignore() -> None:
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
