"""The base of every spec model, and the text types that claims use."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints
from pydantic.alias_generators import to_camel


class Fields(BaseModel):
    """A frozen part of a spec: camelCase in YAML, snake_case here; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


DNS_LABEL = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
DNS_SUBDOMAIN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"

DnsLabel = Annotated[str, StringConstraints(pattern=DNS_LABEL, min_length=1, max_length=63)]
"""RFC 1123 label: names of volumes and the like."""

ObjectName = Annotated[str, StringConstraints(pattern=DNS_SUBDOMAIN, min_length=1, max_length=253)]
"""Name of a Secret, ConfigMap or other object in the claim's namespace."""

OptionalName = Annotated[str, StringConstraints(pattern=rf"^$|{DNS_SUBDOMAIN}", max_length=253)]
"""Name of an object, or empty: the service does not use it."""

UrlPath = Annotated[str, StringConstraints(pattern=r"^/\S*$", max_length=1024)]
Argument = Annotated[str, StringConstraints(max_length=4096)]
KeyText = Annotated[str, StringConstraints(min_length=1, max_length=253)]

QUALIFIED_NAME = r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$"
Key = Annotated[str, StringConstraints(pattern=QUALIFIED_NAME, max_length=317)]
"""Key of a label, annotation or taint: `name` or `prefix/name`."""

OptionalKey = Annotated[str, StringConstraints(pattern=rf"^$|{QUALIFIED_NAME}", max_length=317)]
"""The same, or empty: every one."""

LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$", max_length=63)]
Annotations = Annotated[dict[Key, Annotated[str, StringConstraints(max_length=4096)]], Field(max_length=32)]
Labels = Annotated[dict[Key, LabelValue], Field(max_length=32)]

Flag = StrictBool
Whole = StrictInt
"""A whole number, and not text that looks like one."""
