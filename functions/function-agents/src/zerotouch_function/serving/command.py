"""The command line: the options that Crossplane's own SDK gives every function, so that its conventions work here."""

import gc
import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path

from zerotouch_function.protocol.memory import Memory
from zerotouch_function.protocol.runner import Compose, Refuse, Runner
from zerotouch_function.serving.budget import budget, memory_limit_bytes
from zerotouch_function.serving.logs import configure_logs
from zerotouch_function.serving.metrics import Metrics
from zerotouch_function.serving.options import Options, StartError
from zerotouch_function.serving.server import serve

MEBIBYTE = 1024 * 1024


def command(compose: Compose, refuse: Refuse, memory_limit: Callable[[], int | None] = memory_limit_bytes) -> Callable[[], None]:
    """The command that serves a pair of answers: the image's with those of the registry, a test's with others."""

    def start() -> None:
        arguments = parser().parse_args()
        configure_logs(is_debug=arguments.debug)
        gc.freeze()  # what was imported stays until the end, and nobody needs to look through it for garbage
        gc.enable()
        ours = budget(memory_limit())
        try:
            serve(Runner(compose, refuse, Memory(kept_bytes=ours.kept_bytes)), _options(arguments, ours.unread_bytes), Metrics())
        except StartError as error:
            raise SystemExit(f"Error: {error}") from error

    return start


def parser() -> ArgumentParser:
    """The options; each can also be said in the environment."""
    said = os.environ.get
    options = ArgumentParser("function-agents", description="Answers Crossplane's composition requests until it is told to stop.")
    options.add_argument(
        "--insecure",
        action="store_true",
        default=is_on("INSECURE"),
        help="Serve without TLS, for development; certificates are ignored. [INSECURE]",
    )
    options.add_argument(
        "--address", default=said("ADDRESS", "0.0.0.0:9443"), help="Where to serve Crossplane. [ADDRESS, else %(default)s]"
    )
    options.add_argument(
        "--tls-certs-dir",
        "--tls-server-certs-dir",
        default=said("TLS_SERVER_CERTS_DIR", ""),
        help="Folder with tls.crt, tls.key and ca.crt. [TLS_SERVER_CERTS_DIR]",
    )
    options.add_argument("--debug", "-d", action="store_true", default=is_on("DEBUG"), help="Log every request. [DEBUG]")
    options.add_argument(
        "--max-recv-message-size",
        "--max-grpc-message-size",
        type=mebibytes,
        default=said("MAX_RECV_MESSAGE_SIZE", "4"),
        help="Largest request in MiB, 1 to 1024: the composite, its composed objects and required ones; with four objects it has 50 KiB."
        " [MAX_RECV_MESSAGE_SIZE, else 4]",
    )
    options.add_argument(
        "--metrics-address",
        default=said("METRICS_ADDRESS", "0.0.0.0:8080"),
        help="Where to serve Prometheus; '' for nowhere. [METRICS_ADDRESS, else %(default)s]",
    )
    return options


def is_on(variable: str) -> bool:
    """Whether a variable of the environment switches its option on."""
    return os.environ.get(variable, "").lower() in ("1", "true", "t", "yes", "y", "on")


def mebibytes(text: str) -> int:
    """A number of MiB, in bytes."""
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ArgumentTypeError(f'"{text}" is no number from 1 to 1024')
    return int(text) * MEBIBYTE


def _options(arguments: Namespace, unread_bytes: int) -> Options:
    if not arguments.insecure and not arguments.tls_certs_dir:
        raise StartError("--tls-certs-dir", "names no folder", "name it there or in TLS_SERVER_CERTS_DIR, or use --insecure")
    certificates = None if arguments.insecure else Path(arguments.tls_certs_dir)
    return Options(arguments.address, certificates, arguments.max_recv_message_size, arguments.metrics_address, unread_bytes)
