"""The official Crossplane CLIs agree with ours: they render the same objects, and accept the same claims.

CROSSPLANE and CROSSPLANE_CORE name the CLI (2.3 or later) and the core binary that it renders with; CROSSPLANE_V1 the CLI of v1.20.
"""

import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from zerotouch import documents, render
from zerotouch_function.manifest import Manifest

EXAMPLES: Final = sorted(Path("examples/claims").glob("*.yaml"))
DEFINITIONS: Final = sorted(Path("apis").glob("*/definition.yaml"))
SECONDS: Final = 120

CLIS: Final = [
    pytest.param(
        "CROSSPLANE", id="v2", marks=pytest.mark.skipif("CROSSPLANE" not in os.environ, reason="set CROSSPLANE to the Crossplane CLI")
    ),
    pytest.param(
        "CROSSPLANE_V1",
        id="v1.20",
        marks=pytest.mark.skipif("CROSSPLANE_V1" not in os.environ, reason="set CROSSPLANE_V1 to the CLI of v1.20"),
    ),
]
ADDED: Final = ("crossplane.io/",)
"""Labels and annotations that Crossplane adds to what the function returned."""


def official(variable: str, example: Path, mode: str) -> list[Manifest]:
    """What the CLI makes of a claim through the function of the working tree: the composite first, then the objects."""
    environment = {**os.environ, "CROSSPLANE": os.environ[variable], "MODE": mode}
    done = subprocess.run(["hack/render.sh", str(example)], env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def as_returned(manifest: Manifest) -> Manifest:
    """The object without what Crossplane adds to it."""
    metadata: Manifest = {key: value for key, value in manifest["metadata"].items() if key not in ("ownerReferences", "generateName")}
    for pairs in ("labels", "annotations"):
        metadata[pairs] = {key: value for key, value in metadata.get(pairs, {}).items() if not key.startswith(ADDED)}
    return {**manifest, "metadata": {key: value for key, value in metadata.items() if value}}


def by_identity(manifests: list[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in manifests}


RENDERED: Final = [
    pytest.param(*cli.values, mode, id=f"{cli.id}-{mode}", marks=cli.marks)
    for cli in CLIS
    for mode in ("direct", "objects")
    if (cli.id, mode) != ("v1.20", "direct")
]
"""Each mode with the CLI of each Crossplane that it is for."""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem.removeprefix("agentexecutor-"))
@pytest.mark.parametrize(("cli", "mode"), RENDERED)
def test_the_official_cli_renders_the_same_objects(cli: str, example: Path, mode: str) -> None:
    (claim,) = render.claims(documents.read([str(example)]))
    composite, *objects = official(cli, example, mode)
    ours = render.render(claim, mode=mode)
    assert by_identity([as_returned(manifest) for manifest in objects]) == by_identity(ours.manifests)
    assert composite["metadata"]["name"] == render.composite_of(claim)["metadata"]["name"]
    told = {condition["type"]: condition.get("message", "") for condition in composite["status"]["conditions"]}
    assert {c.type: c.message for c in ours.composition.conditions}.items() <= told.items()


@pytest.mark.parametrize("cli", CLIS)
def test_make_render_prints_what_the_official_cli_renders(cli: str) -> None:
    environment = {**os.environ, "CROSSPLANE": os.environ[cli]}
    command = ["make", "render", f"CLAIM={EXAMPLES[0]}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    assert list(yaml.safe_load_all(done.stdout)) == official(cli, EXAMPLES[0], "direct")


def validation(cli: str, folder: Path) -> list[str]:
    """The command that validates offline: v2 is told to fetch no schemas of Crossplane itself, v1.20 finds them in its cache, empty."""
    if cli == "CROSSPLANE":
        return [os.environ[cli], "resource", "validate", "--crossplane-image=", f"--cache-dir={folder}"]
    version = subprocess.run([os.environ[cli], "version", "--client"], capture_output=True, text=True, check=True).stdout.split()[-1]
    entry = folder / f"xpkg.crossplane.io/crossplane/crossplane@{version}"
    entry.mkdir(parents=True)
    (entry / "package.yaml").touch()
    return [os.environ[cli], "beta", "validate", f"--cache-dir={folder}"]


def definitions(folder: Path) -> str:
    """A folder with every XRD and nothing else."""
    folder = folder / "definitions"
    folder.mkdir()
    for file in DEFINITIONS:
        (folder / f"{file.parent.name}.yaml").write_text(file.read_text())
    return str(folder)


@pytest.mark.parametrize("cli", CLIS)
def test_the_official_cli_accepts_every_example(cli: str, tmp_path: Path) -> None:
    done: Any = subprocess.run(
        [*validation(cli, tmp_path), "--error-on-missing-schemas", definitions(tmp_path), "examples/claims"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(EXAMPLES)} success cases, 0 failure cases" in done.stdout


@pytest.mark.parametrize("cli", CLIS)
def test_the_official_cli_accepts_the_composite_that_ours_makes(cli: str, tmp_path: Path) -> None:
    composites = [render.composite_of(claim) for claim in render.claims(documents.read(["examples/claims"]))]
    file = tmp_path / "composites.yaml"
    file.write_text(yaml.safe_dump_all(composites))
    done = subprocess.run([*validation(cli, tmp_path), definitions(tmp_path), str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
