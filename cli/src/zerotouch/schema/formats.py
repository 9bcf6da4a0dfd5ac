"""The formats of OpenAPI that the API server checks."""

import base64
import ipaddress
import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from zerotouch.schema.types import INT64

INT32: Final = 2**31
"""One more than the largest number of format int32."""

UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}")
HOSTNAME: Final = re.compile(r"(?i)(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*\.?")


def is_of_format(value: Any, name: str) -> bool:
    """Whether the value is of that format. The API server ignores a format that it does not know, and so does this."""
    check = FORMATS.get(name)
    try:
        return check is None or bool(check(value))
    except ValueError:
        return False


def _date_time(text: str) -> bool:
    return "T" in text.upper() and datetime.fromisoformat(text.upper()).tzinfo is not None


def _base64(text: str) -> bool:
    return base64.b64decode(text, validate=True) is not None


def _uri(text: str) -> bool:
    return bool(urlsplit(text).scheme) or text.startswith("/")


FORMATS: Final[dict[str, Callable[[Any], object]]] = {
    "byte": _base64,
    "cidr": lambda text: "/" in text and ipaddress.ip_network(text, strict=False),
    "date": date.fromisoformat,
    "date-time": _date_time,
    "hostname": HOSTNAME.fullmatch,
    "int32": lambda number: -INT32 <= number < INT32,
    "int64": lambda number: -INT64 <= number < INT64,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "uri": _uri,
    "uuid": UUID.fullmatch,
}
"""Checks by format; one that raises ValueError says no."""
