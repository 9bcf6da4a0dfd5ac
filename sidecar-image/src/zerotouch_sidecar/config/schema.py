"""The published JSON Schema of sidecar.json."""

from typing import Any

import msgspec

from zerotouch_sidecar.config.structs import Configuration


def schema() -> dict[str, Any]:
    """Everything that a field alone can say; `rules.py` has the rest."""
    document = msgspec.json.schema(Configuration)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://raw.githubusercontent.com/bizmatters/zerotouch-platform/main/sidecar-image/schema/sidecar.schema.json",
        "title": "sidecar.json",
        **document,
    }
