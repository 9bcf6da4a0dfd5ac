"""The command line: the options that Crossplane's own SDK gives every function, so that its conventions work here."""

from pathlib import Path
from typing import Final

import click

from zerotouch_function.logs import configure_logs
from zerotouch_function.memory import Memory
from zerotouch_function.metrics import Metrics
from zerotouch_function.options import Options, StartError
from zerotouch_function.runner import Compose, Refuse, Runner
from zerotouch_function.server import serve

OPTIONS: Final = (
    click.Option(["--insecure"], is_flag=True, envvar="INSECURE", help="Serve without TLS, for development; certificates are ignored."),
    click.Option(["--address"], default="0.0.0.0:9443", show_default=True, envvar="ADDRESS", help="Where to serve Crossplane."),
    click.Option(
        ["--tls-certs-dir", "--tls-server-certs-dir"],
        envvar="TLS_SERVER_CERTS_DIR",
        help="Folder with tls.crt, tls.key and ca.crt.",
    ),
    click.Option(["--debug", "-d"], is_flag=True, envvar="DEBUG", help="Log every request."),
    click.Option(
        ["--max-recv-message-size", "--max-grpc-message-size"],
        type=click.IntRange(1, 1024),
        default=4,
        show_default=True,
        envvar="MAX_RECV_MESSAGE_SIZE",
        help="Largest request in MiB: the composite, its composed objects and required ones; with four objects it has 50 KiB.",
    ),
    click.Option(
        ["--metrics-address"],
        default="0.0.0.0:8080",
        show_default=True,
        envvar="METRICS_ADDRESS",
        help="Where to serve Prometheus; '' for nowhere.",
    ),
)


def command(compose: Compose, refuse: Refuse) -> click.Command:
    """The command that serves a pair of answers: the image's with those of the registry, a test's with others."""

    def start(
        *, insecure: bool, address: str, tls_certs_dir: str | None, debug: bool, max_recv_message_size: int, metrics_address: str
    ) -> None:
        configure_logs(is_debug=debug)
        try:
            certificates = None if insecure else _certificates(tls_certs_dir)
            serve(
                Runner(compose, refuse, Memory()),
                Options(address, certificates, max_recv_message_size * 1024 * 1024, metrics_address),
                Metrics(),
            )
        except StartError as error:
            raise click.ClickException(str(error)) from error

    summary = "Answers Crossplane's composition requests until it is told to stop."
    return click.Command("function-agents", params=list(OPTIONS), callback=start, help=summary)


def _certificates(folder: str | None) -> Path:
    if not folder:
        raise StartError("--tls-certs-dir", "names no folder", "name it there or in TLS_SERVER_CERTS_DIR, or use --insecure")
    return Path(folder)
