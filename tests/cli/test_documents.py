"""YAML is read as kubectl reads it."""

from pathlib import Path
from typing import Any

import pytest

from zerotouch.documents import read
from zerotouch.errors import UnreadableError

SCALARS = [
    ("2024-01-01", "2024-01-01"),
    ("10:30", "10:30"),
    ("8080", 8080),
    ("0x1F", 31),
    ("-3", -3),
    ("0.5", 0.5),
    ("1.", 1.0),
    ("1e3", 1000.0),
    ("0709", 709.0),
    ("0777", 511),
    ("1_000", 1000),
    ("yes", True),
    ("y", True),
    ("N", False),
    ("=", "="),
    ("~", None),
    ('"8080"', "8080"),
    ("500m", "500m"),
    ("v1.0.0", "v1.0.0"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS, ids=[text for text, _ in SCALARS])
def test_a_scalar_means_what_kubectl_takes_it_for(text: str, value: Any, tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text(f"value: {text}\n")
    found = read([str(file)])[0].manifest["value"]
    assert (type(found), found) == (type(value), value)


def test_folders_are_read_in_order_and_at_any_depth(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/c.yml", "notes.txt", ".venv/d.yaml", "a/.cache/e/f.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"name: {name}\n")
    assert [document.manifest["name"] for document in read([str(tmp_path)])] == ["a/c.yml", "b.yaml"]


def test_what_other_tools_read_does_not_stop_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- op: remove\n---\nname: first\n")
    (tmp_path / "b.yaml").write_text("text\n---\nname: second\n")
    assert [document.manifest["name"] for document in read([str(tmp_path)])] == ["first", "second"]
    with pytest.raises(UnreadableError, match=r"a\.yaml: holds a list"):
        read([str(tmp_path / "a.yaml")])


def test_a_list_of_objects_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- apiVersion: v1\n  kind: Namespace\n")
    with pytest.raises(UnreadableError, match=r"a\.yaml: holds a list where a Kubernetes object should be; separate objects by ---"):
        read([str(tmp_path)])


def test_a_key_means_the_field_that_kubectl_takes_it_for(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("8080: a\n0x10: b\n2.0: c\nyes: d\nnull-like: e\n'': f\n")
    assert list(read([str(file)])[0].manifest) == ["8080", "16", "2", "true", "null-like", ""]


def test_a_field_may_stand_beside_the_same_one_of_a_merge(tmp_path: Path) -> None:
    file = tmp_path / "one.yaml"
    file.write_text("x: {inner: &b {<<: &a {one: 1, two: 1}, two: 2}}\nz: {<<: *b, one: 3}\n")
    assert read([str(file)])[0].manifest == {"x": {"inner": {"one": 1, "two": 2}}, "z": {"one": 3, "two": 2}}


@pytest.mark.parametrize("kind", ["List", "AgentTypeList"])
def test_the_items_of_a_list_are_documents(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "list.yaml"
    file.write_text(f"kind: {kind}\nitems:\n- kind: List\n  items: [{{kind: One}}]\n- kind: Two\n")
    assert [document.manifest["kind"] for document in read([str(file)])] == ["One", "Two"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "is not YAML"),
        ("- a", "holds a list where a Kubernetes object should be"),
        ("spec:\n  env: [1]\n  size: small\n  env: [2]", 'line 4: "env" is written twice; merge the two'),
        ("- a: {b: 1, 'b': 1}", 'line 1: "b" is written twice; merge the two'),
        ("a:\n  ~: b", 'line 2: "~" is not the name of a field; quote it'),
        ("a: &a\n  b: *a", "line 1: what is written here holds itself; write it out"),
    ],
)
def test_what_cannot_be_read_names_the_file(text: str, problem: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(UnreadableError, match=f"broken.yaml: {problem}"):
        read([str(file)])
