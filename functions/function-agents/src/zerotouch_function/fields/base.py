"""The base of every spec model, and the text types that claims use.

A type says in `description` what to write, for the error of a claim that breaks its bounds (`problem.py`). Patterns end in `\\Z`:
Python's `$` lets a line break follow.
"""

from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct, to_builtins


class Fields(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A frozen part of a spec: camelCase in YAML, snake_case here; unknown fields are refused."""


DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z"
NAME = 'a name of a-z, 0-9, "-" and ".", such as my-secret'

DnsLabel = Annotated[str, Meta(pattern=DNS_LABEL, min_length=1, max_length=63, description='a name of a-z, 0-9 and "-", such as my-data')]
"""RFC 1123 label: names of volumes and the like."""

ObjectName = Annotated[str, Meta(pattern=DNS_SUBDOMAIN, min_length=1, max_length=253, description=NAME)]
"""Name of a Secret, ConfigMap or other object in the claim's namespace."""

OptionalName = Annotated[str, Meta(pattern=rf"^\Z|{DNS_SUBDOMAIN}", max_length=253, description=f'{NAME}, or "" for none')]
"""Name of an object, or empty: the service does not use it."""

UrlPath = Annotated[str, Meta(pattern=r"^/\S*\Z", max_length=1024, description="a path, such as /health")]
Argument = Annotated[str, Meta(max_length=4096)]
KeyText = Annotated[
    str,
    Meta(pattern=r"^([-_a-zA-Z0-9]|[.][-_a-zA-Z0-9])[-._a-zA-Z0-9]*\Z", min_length=1, max_length=253, description="a key such as api-key"),
]
"""Key in a Secret or ConfigMap, which is a file's name where it is mounted: not `.`, and without `..` in front."""


PREFIX = r"(?![^/]{254})([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
QUALIFIED = rf"{PREFIX}[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
"""A name, with a DNS name of at most 253 characters and `/` before it or not."""

Key = Annotated[str, Meta(pattern=rf"^{QUALIFIED}\Z", max_length=317, description="a key such as tier or example.com/tier")]
"""Key of a label or taint: `name` or `prefix/name`."""

AnnotationKey = Annotated[str, Meta(pattern=rf"^(?i:{QUALIFIED})\Z", max_length=317, description="a key such as example.com/tier")]
"""The same, of an annotation: Kubernetes looks at it in lowercase (apimachinery, ValidateAnnotations)."""

OptionalKey = Annotated[str, Meta(pattern=rf"^({QUALIFIED})?\Z", max_length=317, description="a key such as example.com/tier")]
"""The same, or empty: every one."""

LabelValue = Annotated[
    str,
    Meta(
        pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?\Z",
        max_length=63,
        description='letters, digits, "-", "_" and ".", with a letter or digit at either end',
    ),
]
Annotations = Annotated[dict[AnnotationKey, Annotated[str, Meta(max_length=4096)]], Meta(max_length=32)]
Labels = Annotated[dict[Key, LabelValue], Meta(max_length=32)]

Flag: TypeAlias = bool
Whole: TypeAlias = int
"""A whole number, and not text that looks like one."""


def as_yaml(fields: Fields) -> dict[str, Any]:
    """The fields as a claim spells them, less those that are None."""
    spelled: dict[str, Any] = _without_none(to_builtins(fields))
    return spelled


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value
