"""What the wrapper's files are: small, of the standard library alone, readable by every Python."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.wrapper.agent import ROOT, WRAPPER
from tests.wrapper.matrix import NODE, PYTHON

MOST_BYTES: Final = 50_000
FILES: Final = sorted(path for path in WRAPPER.rglob("*.py"))
TOO_NEW: Final = (
    ast.AnnAssign,
    ast.AsyncFor,
    ast.AsyncFunctionDef,
    ast.AsyncWith,
    ast.Await,
    ast.JoinedStr,
    ast.Match,
    ast.NamedExpr,
    ast.Nonlocal,
    ast.Starred,
    ast.YieldFrom,
)
"""What Python 2.7 cannot read; `*args` of a function or call is no `Starred` where it is last."""


def test_it_is_small() -> None:
    files = [path for path in WRAPPER.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


def test_python_2_reads_it_where_there_is_one() -> None:
    old = shutil.which("python2.7")
    if old is not None and subprocess.run([old, "-c", ""], capture_output=True, check=False).returncode == 0:
        source = "import sys; [compile(open(path).read(), path, 'exec') for path in sys.argv[1:]]"
        subprocess.run([old, "-c", source, *map(str, FILES)], check=True)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_has_no_syntax_that_python_2_cannot_read(path: Path) -> None:
    text = path.read_text()
    assert text.isascii(), "Python 2 wants a coding line"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            assert not any(isinstance(argument, ast.Starred) for argument in node.args[:-1])
            continue
        assert not isinstance(node, tuple(kind for kind in TOO_NEW if kind is not ast.Starred)), ast.unparse(node)
        if isinstance(node, ast.arguments):
            assert not node.kwonlyargs
            assert not node.posonlyargs
        if isinstance(node, ast.arg):
            assert node.annotation is None
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_imports_the_standard_library_alone(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert imported <= set(sys.stdlib_module_names) | {"_zerotouch", "imp"}, "imp: of Python 2"


def test_node_requires_its_own_modules_alone() -> None:
    required = re.findall(r"require\('([^']+)'\)", (WRAPPER / "node/wrapper.cjs").read_text())
    assert set(required) <= {"async_hooks", "diagnostics_channel", "fs", "http", "net", "path", "worker_threads"}


def test_the_documentation_has_a_line_for_every_program_and_none_failed() -> None:
    text = (ROOT / "docs/wrapper.md").read_text()
    told = re.findall(r"^\| (.+?) \| ((?:yes|NO|-)(?: \| (?:yes|NO|-))*) \|$", text, re.MULTILINE)
    assert [name for name, _ in told] == [row.name for row in (*PYTHON, *NODE)]
    assert not any("NO" in cells for _, cells in told)


def test_its_version_is_that_of_its_files() -> None:
    subprocess.run([sys.executable, "hack/generate_wrapper_version.py", "--check"], cwd=ROOT, check=True)
