"""Starts the service: `python -m agent_executor`."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

from agent_executor.http import Pages
from agent_executor.log import log
from agent_executor.results import Results
from agent_executor.settings import Settings, from_environment
from agent_executor.worker import Worker


async def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT: the message in work is finished, `/ready` says no meanwhile, then the process ends."""
    results = Results(settings)
    worker = Worker(settings, results)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, worker.stopping.set)
    async with await asyncio.start_server(Pages(worker, results).serve, port=settings.port):
        log("serving", port=settings.port)
        working = asyncio.create_task(worker.run())
        stopping = asyncio.create_task(worker.stopping.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not worker.is_bound:  # nothing is in work, and the server may never come
            working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    await results.close()
    log("stopped", processed=worker.processed)


def main() -> int:
    try:
        settings = from_environment(os.environ)
    except KeyError as error:
        log("cannot start", missing=error.args[0])
        return 1
    asyncio.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
