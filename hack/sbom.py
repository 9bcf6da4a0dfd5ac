"""Writes what is inside an image, as CycloneDX: the locked packages as uv tells them, ours, CPython, and the name of the base image.

    PYTHON_IMAGE=python:3.13-slim python hack/sbom.py zerotouch-function IMAGE.tar OUTPUT.json

uv puts a random serial number and the time of day into it. Here both follow from the content and SOURCE_DATE_EPOCH, so the same
lock file gives the same bytes.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

EXPORT: Final = ("export", "--quiet", "--frozen", "--no-dev", "--format", "cyclonedx1.5", "--package")

VIRTUAL_ENVIRONMENT: Final = "app/pyvenv.cfg"
"""Where an image says which CPython it runs, to the patch; the base image's tag may leave that out."""

SCOPE: Final = (
    "What is installed on top of the base image, and CPython. Of the base image only its name is here, with its digest if the build was "
    "given one: the Debian packages in it are described by its own publisher."
)


def main() -> int:
    uv = Path(sys.executable).with_name("uv")
    package, archive, output = sys.argv[1:]
    exported = subprocess.run([str(uv), *EXPORT, package], check=True, capture_output=True, text=True).stdout
    told = with_base(json.loads(exported), image=os.environ["PYTHON_IMAGE"], python_version=python_version(archive))
    Path(output).write_text(json.dumps(reproducible(told), indent=2, sort_keys=True) + "\n")
    return 0


def python_version(path: str) -> str:
    """The CPython of a docker archive's image."""
    with tarfile.open(path) as archive:
        (image,) = json.load(content(archive, "manifest.json"))
        for name in image["Layers"]:
            with tarfile.open(fileobj=content(archive, name)) as layer:
                if VIRTUAL_ENVIRONMENT in layer.getnames():
                    settings = content(layer, VIRTUAL_ENVIRONMENT).read().decode()
                    return str(re.findall(r"^version = (\S+)$", settings, re.MULTILINE)[0])
    raise SystemExit(f"Error: {path}: no layer has /{VIRTUAL_ENVIRONMENT}\n       build the image with `make images`, and save it again")


def content(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    assert file
    return file


def with_base(sbom: dict[str, Any], *, image: str, python_version: str) -> dict[str, Any]:
    """The document with what comes from the base image, and what of it is not told."""
    tag, _, digest = image.partition("@")
    base = {"type": "container", "bom-ref": "base-image", "name": tag, **({"version": digest} if digest else {})}
    python = {
        "type": "platform",
        "bom-ref": "cpython",
        "name": "cpython",
        "version": python_version,
        "purl": f"pkg:generic/python@{python_version}",
        "cpe": f"cpe:2.3:a:python:python:{python_version}:*:*:*:*:*:*:*",
    }
    return {
        **sbom,
        "components": [*sbom["components"], python, base],
        "compositions": [{"aggregate": "incomplete", "assemblies": [base["bom-ref"]]}],
        "metadata": {**sbom["metadata"], "properties": [{"name": "zerotouch:scope", "value": SCOPE}]},
    }


def reproducible(sbom: dict[str, Any]) -> dict[str, Any]:
    """The same document with a serial number and a time that two runs share."""
    parts = {key: value for key, value in sbom.items() if key not in ("serialNumber", "metadata")}
    written = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(parts, sort_keys=True))
    return {**sbom, "serialNumber": f"urn:uuid:{serial}", "metadata": {**sbom["metadata"], "timestamp": f"{written:%Y-%m-%dT%H:%M:%SZ}"}}


if __name__ == "__main__":
    raise SystemExit(main())
