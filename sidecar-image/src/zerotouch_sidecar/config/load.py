"""Reads sidecar.json."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from zerotouch_sidecar.config.pod import Pod
from zerotouch_sidecar.config.rules import check
from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.errors import ConfigurationError

LARGEST_BYTES: Final = 1024 * 1024
"""What a ConfigMap can hold."""

NO_POD: Final = Pod()
"""A pod whose template says nothing."""

_decoder: Final = msgspec.json.Decoder(Configuration)
_where: Final = re.compile(r"^(?P<problem>.*?)(?: - at `(?P<path>[$].*)`)?$", re.DOTALL)
_unknown: Final = re.compile(r"^Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
_missing: Final = re.compile(r"^Object missing required field `(?P<name>.*)`$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that holds.

    Attributes:
        digest: Which one it is: a hash of the file.
        pod: What the pod was made with; it is in the configuration already, and goes into every later one.
    """

    configuration: Configuration
    digest: str
    pod: Pod = NO_POD


def load(path: Path, pod: Pod = NO_POD) -> Loaded:
    """Reads a file, as it holds in this pod; not on the loop.

    Raises:
        ConfigurationError: It cannot be read, or does not hold.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be read: {error.strerror}", "mount the agent's ConfigMap there") from error
    return Loaded(pod.of(parse(data)), digest_of(data), pod)


def parse(data: bytes) -> Configuration:
    """Reads a document.

    Raises:
        ConfigurationError: It does not hold.
    """
    if len(data) > LARGEST_BYTES:
        raise ConfigurationError("sidecar.json", f"is larger than {LARGEST_BYTES} bytes", "shorten it")
    try:
        configuration = _decoder.decode(data)
    except msgspec.ValidationError as error:
        raise _told(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise ConfigurationError("sidecar.json", f"is not JSON: {error}", "write it as the published schema says") from None
    check(configuration)
    return configuration


def digest_of(data: bytes) -> str:
    """A short hash."""
    return hashlib.sha256(data).hexdigest()[:12]


def _told(text: str) -> ConfigurationError:
    match = _where.match(text)
    problem, path = (match["problem"], match["path"]) if match else (text, None)
    field = (path or "$").removeprefix("$").removeprefix(".")
    for pattern, said, remedy in (
        (_unknown, "is not a field", "remove it; the published schema lists the fields"),
        (_missing, "is missing", "add it; the published schema says what it may be"),
    ):
        named = pattern.match(problem)
        if named:
            return ConfigurationError(f"{field}.{named['name']}".removeprefix("."), said, remedy)
    return ConfigurationError(field or "sidecar.json", problem, "the published schema says what it may be")
