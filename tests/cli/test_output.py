"""What is printed means the same to every reader of YAML."""

import pytest
import yaml

from zerotouch.loader import Loader
from zerotouch.output import Dumper


@pytest.mark.parametrize(
    "text",
    [
        *("120e4", "40e5849921", "0709367042", "0777", "1E3", "1.5e3", ".5e-3", "0x1f", "0o17", "10:30", "2024-01-01"),
        *("yes", "y", "N", "=", "null", "~", "1_000", "0.5", "v1"),
    ],
)
def test_text_stays_text(text: str) -> None:
    written = yaml.dump({"value": text}, Dumper=Dumper)
    assert yaml.load(written, Loader=Loader) == yaml.safe_load(written) == {"value": text}


def test_no_anchors_are_written() -> None:
    shared = {"a": 1}
    assert "&" not in yaml.dump({"one": shared, "two": shared}, Dumper=Dumper)


def test_lines_stand_one_below_the_other() -> None:
    written = yaml.dump({"file": '{\n  "a": 1\n}\n'}, Dumper=Dumper)
    assert written == 'file: |\n  {\n    "a": 1\n  }\n'
    assert yaml.safe_load(written) == {"file": '{\n  "a": 1\n}\n'}
