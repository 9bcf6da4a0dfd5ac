"""Runs every program of the matrix on every Python of this machine and several Nodes, with the wrapper as the image holds it, and writes
the table of docs/wrapper.md.

python -m tests.wrapper.conformance [--only TEXT]
"""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.wrapper import interpreters
from tests.wrapper.agent import ROOT, compiled
from tests.wrapper.judge import judge
from tests.wrapper.matrix import NODE, PYTHON, Row

DOCUMENT: Final = ROOT / "docs" / "wrapper.md"
WORKERS: Final = 2
YES, NO, NONE = "yes", "NO", "-"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose name holds this text; writes no table")
    only = parser.parse_args().only
    pythons = interpreters.pythons()
    wrapper = compiled(interpreters.FOLDER / "wrapper", *(python.path for python in pythons))
    tables = [python_table(only, wrapper, pythons), node_table(only, wrapper)]
    text = "\n\n".join(tables)
    sys.stdout.write(text + "\n")
    if not only:
        marked = f"<!-- generated: conformance -->\n\n{text}\n\n<!-- end: conformance -->"
        DOCUMENT.write_text(
            re.sub(r"<!-- generated: conformance -->.*<!-- end: conformance -->", lambda _: marked, DOCUMENT.read_text(), flags=re.DOTALL)
        )
    return 1 if f" {NO} " in text else 0


def python_table(only: str, wrapper: Path, pythons: Sequence[interpreters.Python]) -> str:
    packages = {python: interpreters.install(python) for python in pythons}
    cells: dict[tuple[str, str], Callable[[], str]] = {}
    for row in chosen(PYTHON, only):
        for python in pythons:
            if python.version >= row.since and (not row.needs or row.needs in packages[python]):
                cells[row.name, python.label] = cell(row, python.in_environment if row.needs else python.path, wrapper)
    return table("Python", chosen(PYTHON, only), [python.label for python in pythons], cells)


def node_table(only: str, wrapper: Path) -> str:
    nodes = interpreters.nodes()
    if not nodes:
        return "No Node on this machine."
    cells: dict[tuple[str, str], Callable[[], str]] = {}
    for row in chosen(NODE, only):
        variables = {"UNDICI": str(interpreters.npm(row.needs) / "undici")} if row.needs else {}
        for node in nodes:
            if node.version >= row.since:
                cells[row.name, node.label] = cell(replace(row, variables=variables), node.path, wrapper)
    return table("Node", chosen(NODE, only), [node.label for node in nodes], cells)


def chosen(rows: Sequence[Row], only: str) -> list[Row]:
    return [row for row in rows if only in row.name]


def cell(row: Row, interpreter: str, wrapper: Path) -> Callable[[], str]:
    def result() -> str:
        try:
            judge(row.program(interpreter), reports=row.reports, most_reports=row.most_reports, wrapper=wrapper)
        except Exception as error:  # a cell that fails is a NO, and the others still count
            sys.stderr.write(f"{row.name} on {interpreter}: {error!r}\n")
            return NO
        return YES

    return result


def table(what: str, rows: Sequence[Row], columns: Sequence[str], cells: Mapping[tuple[str, str], Callable[[], str]]) -> str:
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {where: pool.submit(run) for where, run in cells.items()}
        lines = [f"| {what} | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
        for row in rows:
            results = [running[row.name, column].result() if (row.name, column) in running else NONE for column in columns]
            lines.append(f"| {row.name} | {' | '.join(results)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
