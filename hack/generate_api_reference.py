"""Writes the tables of the API reference from the schemas that they describe, between the markers `generated: NAME`.

python hack/generate_api_reference.py [--check]
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

Schema = dict[str, Any]

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCES: Final = {
    ROOT / "platform/04-apis/README.md": ROOT / "apis/agentexecutors/definition.yaml",
    ROOT / "platform/04-apis/agenttype.md": ROOT / "apis/agenttypes/definition.yaml",
}
"""Each document and the API that it describes."""

INPUT: Final = ROOT / "functions/function-agents/package/input/agents.fn.platform.bizmatters.io_inputs.yaml"

KUBERNETES_OWN: Final = ("apiVersion", "kind", "metadata")
BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("minProperties", "maxProperties", " entries"),
)
"""Words of a schema for least and most, and what they count."""

NAME: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
QUALIFIED: Final = rf"({NAME}([.]{NAME})*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?"
META: Final = rf"metadata\.(name|namespace|uid|labels\['{QUALIFIED}'\]|annotations\['(?i:{QUALIFIED})'\])"
PATTERNS: Final = {
    rf"^{NAME}$": "a DNS label",
    rf"^{NAME}(\.{NAME})*$": "a DNS name in lowercase",
    rf"^({NAME}(\.{NAME})*)?$": 'a DNS name in lowercase, or ""',
    rf"^{QUALIFIED}$": "a label key",
    rf"^({QUALIFIED})?$": 'a label key, or ""',
    r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$": "a label value",
    rf"^({META}|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))$": "a field of a pod",
    r"^([-_a-zA-Z0-9]|[.][-_a-zA-Z0-9])[-._a-zA-Z0-9]*$": "a key of a Secret or ConfigMap",
    r"^([0-9]+m|[0-9]+(\.[0-9]{1,3})?)$": "cores, or millicores with m",
    r"^[0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?$": "bytes, or with a unit Ki, Mi, Gi, Ti, k, M, G, T",
}
"""Patterns that have a name which says more than the expression."""


def main() -> int:
    is_check = "--check" in sys.argv[1:]
    return max(write(document, definition, is_check=is_check) for document, definition in REFERENCES.items())


def write(document: Path, definition: Path, *, is_check: bool) -> int:
    """Writes one document, or says that it is not current."""
    old = document.read_text()
    new = old
    for name, text in blocks(definition).items():
        if begin(name) in old or name != "input":
            new = replace_block(document, new, name, text)
    if not is_check:
        document.write_text(new)
        return 0
    if new != old:
        print(f"Error: {document.relative_to(ROOT)}: not current; run make generate", file=sys.stderr)
    return int(new != old)


def blocks(definition: Path) -> dict[str, str]:
    """The generated parts by the name in their markers. The function's input is the same for every API, and described once."""
    version = yaml.safe_load(definition.read_text())["spec"]["versions"][0]
    api = version["schema"]["openAPIV3Schema"]
    settings = yaml.safe_load(INPUT.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    own = {**settings, "properties": {name: field for name, field in settings["properties"].items() if name not in KUBERNETES_OWN}}
    return {
        "spec": table(api["properties"]["spec"], "spec"),
        "rules": "\n".join(f"- {message}" for message in dict.fromkeys(rules(api))),
        "status": table(api["properties"]["status"], "status"),
        "input": table(own, ""),
    }


def begin(name: str) -> str:
    return f"<!-- generated: {name} -->\n"


def replace_block(document: Path, content: str, name: str, text: str) -> str:
    """The content with another text between the markers of that name."""
    end = f"<!-- end: {name} -->"
    before, opened, rest = content.partition(begin(name))
    _, closed, after = rest.partition(end)
    if not (opened and closed):
        raise SystemExit(f"Error: {document.relative_to(ROOT)}: has no markers for {name}; add {begin(name).strip()} and {end}")
    return f"{before}{begin(name)}\n{text}\n\n{end}{after}"


def table(schema: Schema, path: str) -> str:
    """One row per field, nested ones below their parent."""
    head = "| field | type | default | bounds | what it is | example |\n|---|---|---|---|---|---|"
    rows = (row(field_path, field, is_required) for field_path, field, is_required in fields(schema, path))
    return "\n".join([head, *rows])


def fields(schema: Schema, path: str) -> Iterator[tuple[str, Schema, bool]]:
    """Every field below a schema node: path, schema, and whether its parent needs it."""
    for name, field in schema.get("properties", {}).items():
        below = f"{path}.{name}".lstrip(".")
        yield below, field, name in schema.get("required", [])
        yield from fields(field, below)
        yield from fields(field.get("items", {}), f"{below}[]")


def row(path: str, field: Schema, is_required: bool) -> str:
    default = "**required**" if is_required else code(field["default"]) if "default" in field else ""
    example = code(field["example"]) if "example" in field else ""
    cells = (f"`{path}`", kind(field), default, bounds(field), field.get("description", ""), example)
    return f"| {' | '.join(escape(cell) for cell in cells)} |"


def kind(field: Schema) -> str:
    """The type in one or two words."""
    if field.get("x-kubernetes-int-or-string"):
        return "quantity"
    if field["type"] == "array":
        return f"list of {kind(field['items'])}"
    if field["type"] == "object" and "additionalProperties" in field:
        return "map of string"
    return str(field["type"])


def bounds(field: Schema) -> str:
    """What the API server accepts, beside the rules."""
    said = [" or ".join(code(value) for value in field["enum"])] if "enum" in field else []
    said += [between(field.get(least), field.get(most)) + unit for least, most, unit in BOUNDS if least in field or most in field]
    if "pattern" in field:
        said.append(PATTERNS.get(field["pattern"], f"matches `{field['pattern']}`"))
    entry = field.get("items") or field.get("additionalProperties") or {}
    if "properties" not in entry and (each := bounds(entry) if entry else ""):
        said.append(f"each {each}")
    return ", ".join(said)


def between(least: int | None, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if least is None else f"{least} to {most}"


def rules(schema: Schema) -> Iterator[str]:
    """The messages of all rules, from the root down."""
    yield from (rule["message"] for rule in schema.get("x-kubernetes-validations", []))
    for part in (*schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])):
        yield from rules(part)


def code(value: object) -> str:
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


def escape(cell: str) -> str:
    """Text that stays within its cell of a table."""
    return re.sub(r"\|", r"\\|", " ".join(cell.split()))


if __name__ == "__main__":
    raise SystemExit(main())
