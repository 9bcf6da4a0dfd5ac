"""Writes what is inside an image, as CycloneDX: the locked packages as uv tells them, and ours.

    python hack/sbom.py zerotouch-function OUTPUT.json

uv puts a random serial number and the time of day into it. Here both follow from the content and SOURCE_DATE_EPOCH, so the same
lock file gives the same bytes.
"""

import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

EXPORT: Final = ("export", "--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5", "--package")


def main() -> int:
    uv = Path(sys.executable).with_name("uv")
    package, output = sys.argv[1:]
    exported = subprocess.run([str(uv), *EXPORT, package], check=True, capture_output=True, text=True).stdout
    Path(output).write_text(json.dumps(reproducible(json.loads(exported)), indent=2, sort_keys=True) + "\n")
    return 0


def reproducible(sbom: dict[str, Any]) -> dict[str, Any]:
    """The same document with a serial number and a time that two runs share."""
    content = {key: value for key, value in sbom.items() if key not in ("serialNumber", "metadata")}
    written = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {**sbom, "serialNumber": f"urn:uuid:{serial}", "metadata": {**sbom["metadata"], "timestamp": f"{written:%Y-%m-%dT%H:%M:%SZ}"}}


if __name__ == "__main__":
    raise SystemExit(main())
