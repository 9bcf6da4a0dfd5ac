"""The entry point, as in crossplane/function-template-python."""

from typing import Any

import click
from crossplane.function import cli as sdkcli

from benchmarks.peers.sdk.fn import FunctionRunner


@click.command()
@sdkcli.standard_options
def cli(**options: Any) -> None:
    """Composes an AgentExecutor."""
    sdkcli.run(FunctionRunner(), **options)


if __name__ == "__main__":
    cli()
