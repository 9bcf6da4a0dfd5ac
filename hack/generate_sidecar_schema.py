"""Writes the JSON Schema of sidecar.json, sidecar-image/schema/sidecar.schema.json; with --check, says whether it is current."""

import json
import sys
from pathlib import Path
from typing import Final

from zerotouch_sidecar.config.schema import schema

PATH: Final = Path(__file__).resolve().parent.parent / "sidecar-image/schema/sidecar.schema.json"


def main() -> int:
    text = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if "--check" in sys.argv[1:]:
        if PATH.exists() and PATH.read_text(encoding="utf-8") == text:
            return 0
        print(f"Error: {PATH.name} is not current; run `make generate`", file=sys.stderr)
        return 1
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
