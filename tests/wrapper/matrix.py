"""The programs that `make conformance` runs: the rows of the table in docs/wrapper.md."""

from dataclasses import dataclass, field
from typing import Final

from tests.wrapper.agent import PROGRAMS, REQUESTS, Program


@dataclass(frozen=True)
class Row:
    """A kind of program.

    Attributes:
        name: As the table says it.
        words: The command behind the interpreter.
        client: What it calls with.
        needs: The package without which it cannot run; empty: it runs without any, and outside of a virtual environment.
        since: The first Python or Node that has it.
        requests: How many it gets; 0: it ends by itself.
        reports: How many of its processes report.
        most_reports: The same, at most; 0: as many.
        variables: Its own.
        python_path: Its own.
        body: Of each request.
    """

    name: str
    words: tuple[str, ...]
    client: str = ""
    needs: str = ""
    since: tuple[int, int] = (3, 8)
    requests: int = REQUESTS
    reports: int = 1
    most_reports: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    python_path: str = ""
    body: bytes = b""

    def program(self, interpreter: str) -> Program:
        variables = {**self.variables, **({"CLIENT": self.client} if self.client else {})}
        return Program([interpreter, *self.words], variables, self.requests, self.python_path, self.body)


UVICORN: Final = ("-m", "uvicorn", "--fd", "{fd}")
GUNICORN: Final = ("-m", "gunicorn", "-b", "fd://{fd}")
HYPERCORN: Final = ("-m", "hypercorn", "-w", "0", "-b", "fd://{fd}")
NO_SITE: Final = "environment only, no report"

PYTHON: Final = (
    Row("http.server, urllib", ("stdlib.py",), "urllib"),
    Row("http.server, http.client", ("stdlib.py",), "http.client"),
    Row("http.server in a virtual environment, requests", ("stdlib.py",), "requests", "requests"),
    Row("uvicorn, httpx", (*UVICORN, "asgi:app"), "httpx", "uvicorn"),
    Row("uvicorn, httpx2", (*UVICORN, "asgi:app"), "httpx2", "httpx2"),
    Row("FastAPI on uvicorn, httpx", (*UVICORN, "fast:app"), "httpx", "fastapi"),
    Row("hypercorn, aiohttp's client", (*HYPERCORN, "asgi:app"), "aiohttp", "hypercorn"),
    Row("aiohttp, aiohttp's client", ("aio.py",), "aiohttp", "aiohttp"),
    Row("Flask's own server, requests", ("flasky.py",), "requests", "flask"),
    Row("Flask on gunicorn, requests", (*GUNICORN, "flasky:app"), "requests", "gunicorn"),
    Row("Flask on gunicorn with threads, httpx", (*GUNICORN, "flasky:app", "--threads", "4", "-w", "2"), "httpx", "gunicorn"),
    Row(
        "uvicorn's worker in gunicorn, aiohttp's client",
        (*GUNICORN, "asgi:app", "-k", "uvicorn.workers.UvicornWorker"),
        "aiohttp",
        "gunicorn",
    ),
    Row("multiprocessing, fork", ("children.py",), requests=0, variables={"START": "fork"}),
    Row("multiprocessing, spawn", ("children.py",), requests=0, reports=3, most_reports=4, variables={"START": "spawn"}),
    Row("a sitecustomize of its own", ("script.py",), requests=0, python_path=str(PROGRAMS / "own_site")),
    Row(
        "a sitecustomize that fails",
        ("script.py",),
        requests=0,
        variables={"SITE_IS_BROKEN": "1"},
        python_path=str(PROGRAMS / "broken_site"),
    ),
    Row("python -P", ("-P", "script.py"), requests=0, since=(3, 11)),
    Row(f"python -E: {NO_SITE}", ("-E", "script.py"), requests=0, reports=0),
    Row(f"python -I: {NO_SITE}", ("-I", "script.py"), requests=0, reports=0),
    Row(f"python -S: {NO_SITE}", ("-S", "script.py"), requests=0, reports=0),
)

NODE: Final = (
    Row("CommonJS, http", ("server.cjs",), "http"),
    Row("CommonJS, http with a list of headers", ("server.cjs",), "http-list"),
    Row("CommonJS, http with an agent of its own", ("server.cjs",), "http-agent"),
    Row("CommonJS, fetch", ("server.cjs",), "fetch"),
    Row("CommonJS, a body that it listens to, fetch", ("server.cjs",), "fetch", body=b"question"),
    Row("CommonJS, undici 5", ("server.cjs",), "undici", "undici@5"),
    Row("CommonJS, undici 6", ("server.cjs",), "undici", "undici@6"),
    Row("CommonJS, undici 7", ("server.cjs",), "undici", "undici@7"),
    Row("CommonJS, undici 8", ("server.cjs",), "undici", "undici@8", since=(22, 19)),
    Row("ES module, http", ("server.mjs",), "http"),
    Row("ES module, fetch", ("server.mjs",), "fetch"),
)
