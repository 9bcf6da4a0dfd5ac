"""The `zerotouch` command."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

import rich_click as click

from zerotouch import output
from zerotouch.errors import CommandError

P = ParamSpec("P")

MODES: Final = ("direct", "objects")

CLAIMS = click.argument("claims", nargs=-1, required=True, metavar="CLAIM...")
OUTPUT = click.option(
    "--output", "-o", "form", type=click.Choice(("yaml", "json")), default="yaml", help="YAML to read and apply, or JSON for a program."
)
MODE = click.option(
    "--mode", type=click.Choice(MODES), default="direct", help="How the cluster composes: plain objects, or provider-kubernetes Objects."
)


def reports_errors(command: Callable[P, int]) -> Callable[P, None]:
    """Ends the process with the command's exit code; 1 and `Error: ...` on standard error when it cannot go on."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
        except CommandError as error:
            output.print_error(str(error))
            code = 1
        sys.exit(code)

    return run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="zerotouch", prog_name="zerotouch")
def main() -> None:
    """Preview, check and run claims of the zerotouch platform without a cluster.

    CLAIM is a file, a folder (its .yaml files, at any depth, not in hidden folders) or - for standard input.
    """


@main.command()
@CLAIMS
@MODE
@OUTPUT
@click.option("--observed", metavar="FILE", help="Objects composed earlier, as in the cluster; shows the next answer. One claim only.")
@click.option("--xr", "only_composite", is_flag=True, help="Print the XR that Crossplane makes of a claim, for `crossplane render`.")
@reports_errors
def render(claims: tuple[str, ...], mode: str, form: str, observed: str | None, only_composite: bool) -> int:
    """Print the manifests that claims will become."""
    from zerotouch import documents
    from zerotouch import render as rendering

    found = rendering.claims(documents.read(claims))
    if only_composite:
        composites = [rendering.composite_of(claim) for claim in found]
        output.print_json(composites) if form == "json" else output.print_yaml(composites)
        return 0
    if observed and len(found) > 1:
        raise CommandError(f"--observed: goes with one claim, and {len(found)} were given; render them one by one")
    earlier = documents.read([observed]) if observed else []
    rendered = [rendering.render(claim, mode=mode, observed=earlier) for claim in found]
    if form == "json":
        output.print_json([rendering.as_data(one) for one in rendered])
    else:
        output.print_yaml(manifest for one in rendered for manifest in one.manifests)
    return 0


@main.command()
@CLAIMS
@MODE
@OUTPUT
@reports_errors
def validate(claims: tuple[str, ...], mode: str, form: str) -> int:
    """Check claims as the API server would, then the objects they become. Exit code 0: all are good; 1: some are not."""
    from zerotouch import documents
    from zerotouch.validate import validate as check

    report = check(documents.read(claims), mode=mode)
    if form == "json":
        output.print_json(report.as_data())
    else:
        for problem in report.problems:
            output.print_error(problem.text)
        for warning in report.warnings:
            output.print_warning(warning.text)
        click.echo(f"{report.checked} checked, {len(report.problems)} wrong, {len(report.warnings)} to look at", err=True)
    return 1 if report.problems else 0


@main.command(context_settings={"allow_interspersed_args": False})
@click.option("--mock-models", "mocks_models", is_flag=True, help="Make up every model's answers here: needs no provider and no key.")
@click.option("--port", type=click.IntRange(1, 65535), help="Where the agent is reached. Default: 18080, or any free port.")
@click.option("--code", metavar="FOLDER", help="Stands for the ConfigMap with the agent's code.")
@click.option("--verbose", is_flag=True, help="Show all that the sidecar and NATS log, not only what is wrong.")
@click.argument("claim", metavar="CLAIM")
@click.argument("command", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
@reports_errors
def run(claim: str, command: tuple[str, ...], mocks_models: bool, port: int | None, code: str | None, verbose: bool) -> int:
    """Run an AgentType on this machine: sidecar, models and the agent as in its pod, without a cluster and without Docker.

    COMMAND starts the agent when the claim names an image. Provider keys come from the environment: OPENAI_API_KEY for a provider of type
    openai, ANTHROPIC_API_KEY for one of type anthropic, NAME_API_KEY for any provider by its name; the agent itself gets none of them.
    The exit code is the agent's; 0 after Ctrl-C; 1 when something else fails.
    """
    from zerotouch import documents
    from zerotouch.local.running import Options
    from zerotouch.local.running import run as running

    if command and command[0].startswith("-") and command[0] != "--":
        raise CommandError(f"{command[0]}: options stand before CLAIM, the command after --; write zerotouch run {command[0]} ... {claim}")
    words = command[1:] if command[:1] == ("--",) else command
    return running(documents.read([claim]), Options(words, mocks_models, port, code, verbose))
