"""Every example, composed in both modes, against files that read like a review.

`UPDATE_GOLDEN=1 .venv/bin/pytest tests/function/test_golden.py` writes the files anew; the diff is what a change does to users.
"""

import os
from pathlib import Path

import pytest
import yaml

from zerotouch import documents, render
from zerotouch.output import Dumper

EXAMPLES = sorted(Path("examples/claims").glob("*.yaml"))
GOLDEN = Path("tests/golden")


def rendered(example: Path, mode: str) -> str:
    (claim,) = render.claims(documents.read([str(example)]))
    return yaml.dump_all(render.render(claim, mode=mode).manifests, Dumper=Dumper, sort_keys=False, explicit_start=True, width=140)


@pytest.mark.parametrize("mode", ["direct", "objects"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_becomes_what_was_reviewed(example: Path, mode: str) -> None:
    golden = GOLDEN / f"{example.stem}.{mode}.yaml"
    text = rendered(example, mode)
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text)
    assert golden.read_text() == text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_objects_inside_are_the_direct_ones_to_the_byte(example: Path) -> None:
    objects = yaml.safe_load_all((GOLDEN / f"{example.stem}.objects.yaml").read_text())
    inside = [object_["spec"]["forProvider"]["manifest"] for object_ in objects]
    text = yaml.dump_all(inside, Dumper=Dumper, sort_keys=False, explicit_start=True, width=140)
    assert text == (GOLDEN / f"{example.stem}.direct.yaml").read_text()


def test_every_golden_file_has_its_example() -> None:
    assert {path.name.split(".")[0] for path in GOLDEN.glob("*.yaml")} == {path.stem for path in EXAMPLES}
