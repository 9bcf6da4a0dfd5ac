"""Starts the sidecar, and ends it when it is told to."""

import asyncio
import logging
import os
import signal
import sys

import uvloop

from zerotouch_sidecar.config.load import load
from zerotouch_sidecar.config.pod import read_pod
from zerotouch_sidecar.errors import SidecarError
from zerotouch_sidecar.logs import configure_logs
from zerotouch_sidecar.options import parse_options
from zerotouch_sidecar.sidecar import Sidecar

log = logging.getLogger(__name__)


def main() -> int:
    """The command `zerotouch-sidecar`."""
    try:
        uvloop.run(_run(sys.argv[1:]))
    except SidecarError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


async def _run(arguments: list[str]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options = parse_options(arguments)
    loaded = await asyncio.to_thread(load, options.config, read_pod(os.environ))
    configure_logs(loaded.configuration.observability.log_level)
    await Sidecar(options, loaded).run(stop, lambda ports: log.info("ready", extra={"ports": ports, "digest": loaded.digest}))


if __name__ == "__main__":
    raise SystemExit(main())
