"""The documentation tells the truth: its commands run, its links lead somewhere, its claims are valid, its names exist."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from zerotouch.documents import Document
from zerotouch.validate import validate

ROOT: Final = Path(__file__).resolve().parent.parent
REFERENCE: Final = ROOT / "platform/04-apis/README.md"
DOCUMENTS: Final = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("platform/**/*.md"),
        *ROOT.glob("package/**/*.md"),
        *ROOT.glob("tests/**/*.md"),
    ]
)
DEFINITIONS: Final = sorted(ROOT.glob("apis/*/definition.yaml"))
FUNCTION: Final = ROOT / "functions/function-agents/src/zerotouch_function"
INPUT: Final[dict[str, Any]] = yaml.safe_load(
    (ROOT / "functions/function-agents/package/input/agents.fn.platform.bizmatters.io_inputs.yaml").read_text()
)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
COMMAND_SECONDS: Final = 60

ELSEWHERE: Final = {
    "make test": (".ci/run", "make test"),
    "make install": (".ci/run", "make install"),
    "make render CLAIM=examples/claims/agentexecutor-minimal.yaml": ("tests/cli/test_official_cli.py", "hack/render.sh"),
    **{
        command: ("tests/e2e/test_readme.py", command)
        for command in (
            "kubectl apply -f examples/namespaces/services-web.yaml",
            "kubectl apply -f examples/streams/create-stream-job.yaml",
            "kubectl apply -f examples/claims/agentexecutor-nginx.yaml",
            "kubectl -n services-web get agentexecutor",
            "kubectl -n services-web describe agentexecutor nginx",
        )
    },
}
"""Commands of the README that cannot run here (a cluster, the Crossplane CLI, these tests): the file that runs them, and what it says."""

OTHERS_FIELDS: Final = {"spec.claimRef", "spec.pipeline[0].input", "spec.parse", "spec.py"}
"""What begins with `spec.` in the documentation and is no field of the API."""

CODE: Final = re.compile(r"`[^`\n]+`")
GENERATED: Final = re.compile(r"<!-- generated: (\w+) -->.*?<!-- end: \1 -->", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block."""

    file: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def fences(file: Path) -> Iterator[Fence]:
    language, text, begin = "", [], 0
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line.startswith("```"):
            text.append(line)
        elif begin:
            yield Fence(file, begin, language, "\n".join(text) + "\n")
            begin = 0
        else:
            language, text, begin = line[3:].strip(), [], number
    assert not begin, f"{file}: the fence of line {begin} does not end"


FENCES: Final = [fence for file in DOCUMENTS for fence in fences(file)]
YAML_FENCES: Final = [fence for fence in FENCES if fence.language == "yaml"]


def readme_commands() -> list[tuple[str, str]]:
    """Every command of the README, and the output that it shows; empty where it shows none."""
    shown = [fence for fence in FENCES if fence.file == ROOT / "README.md"]
    found = []
    for fence, following in zip(shown, [*shown[1:], None], strict=True):
        if fence.language in ("bash", "sh"):
            lines = fence.text.splitlines()
            output = following.text if following and following.language == "text" else ""
            found += [(line, output if line == lines[-1] else "") for line in lines]
    return found


@pytest.mark.parametrize("command, output", readme_commands(), ids=lambda value: value if " " in value and "\n" not in value else "")
def test_the_readmes_commands_run(command: str, output: str) -> None:
    if command in ELSEWHERE:
        file, text = ELSEWHERE[command]
        assert text in (ROOT / file).read_text(), f"{file} does not run it"
        return
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr
    assert output in ("", done.stdout)


INSTALLS: Final = [
    (ROOT / "docs/agents.md", "zerotouch[run]"),
    (ROOT / "examples/consumer-repo/.github/workflows/claims.yaml", "zerotouch"),
]


@pytest.mark.parametrize(("file", "command"), INSTALLS, ids=["run", "validate"])
def test_what_is_installed_with_pip_is_all_of_the_platform_that_the_command_needs(file: Path, command: str) -> None:
    """No index has the platform's packages: each is named, with the folder that it lies in."""
    named = dict(re.findall(r'"(zerotouch[^ ]*) @ \$PLATFORM#subdirectory=([^"]+)"', file.read_text()))
    assert command in named
    assert "pip install 'zerotouch" not in file.read_text()
    needed = set()
    for name, folder in named.items():
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        assert project["name"] == name.removesuffix("[run]")
        extra = project["optional-dependencies"]["run"] if name.endswith("[run]") else []
        needed |= {package for package in (*project["dependencies"], *extra) if package.startswith("zerotouch")}
    assert needed <= named.keys()


def test_the_readme_begins_with_preview_and_test() -> None:
    commands = [command for command, _ in readme_commands()]
    assert commands[:2] == ["make preview CLAIM=examples/claims/agentexecutor-minimal.yaml", "make test"]
    assert set(ELSEWHERE) <= set(commands), "a command that the README no longer has"


def test_the_preview_is_the_golden_file() -> None:
    done = subprocess.run(
        ["bash", "-c", readme_commands()[0][0]], cwd=ROOT, capture_output=True, text=True, timeout=COMMAND_SECONDS, check=True
    )
    golden = (ROOT / "tests/golden/agentexecutor-minimal.direct.yaml").read_text()
    objects = [
        manifest
        for manifest in yaml.safe_load_all(golden)
        if manifest.get("kind") in ("ServiceAccount", "Deployment", "Service", "ScaledObject")
    ]
    assert list(yaml.safe_load_all(done.stdout)) == objects


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", document.read_text())):
        if re.match(r"https?://|mailto:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link}: does not exist"
        assert target.is_relative_to(ROOT), f"{link}: leads out of the repository"
        assert not anchor or anchor in anchors(target), f"{link}: has no such heading"


def anchors(document: Path) -> set[str]:
    """What headings can be linked as."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", ["agents", "operations", "runbooks"])
def test_a_guides_contents_are_its_sections_in_order(name: str) -> None:
    text = re.sub(r"^```.*?^```", "", (ROOT / f"docs/{name}.md").read_text(), flags=re.MULTILINE | re.DOTALL)
    introduction, sections = text.partition("\n## ")[0], re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert re.findall(r"^- \[([^]]+)\]\(#", introduction, re.MULTILINE) == sections


@pytest.mark.parametrize("fence", YAML_FENCES, ids=str)
def test_yaml_parses_and_claims_are_valid(fence: Fence) -> None:
    manifests = list(yaml.safe_load_all(fence.text))
    documents = [Document(manifest, str(fence)) for manifest in manifests if isinstance(manifest, dict) and "kind" in manifest]
    if any(document.manifest["kind"] in ("AgentExecutor", "AgentType") for document in documents):
        report = validate(documents, mode="direct")
        assert [finding.text for finding in (*report.problems, *report.warnings)] == []


def test_the_readmes_claim_is_the_minimal_example() -> None:
    (claim,) = (yaml.safe_load(fence.text) for fence in YAML_FENCES if fence.file == ROOT / "README.md")
    assert claim == yaml.safe_load((ROOT / "examples/claims/agentexecutor-minimal.yaml").read_text())


def test_the_namespace_examples_follow_the_convention() -> None:
    claim = Document(yaml.safe_load((ROOT / "examples/claims/agentexecutor-minimal.yaml").read_text()), "")
    files = [(file, file.read_text()) for file in ROOT.glob("examples/namespaces/*.yaml")]
    quoted = [(fence, fence.text) for fence in YAML_FENCES if "kind: Namespace" in fence.text]
    assert files, "examples/namespaces is empty"
    assert quoted, "no document shows a Namespace"
    documents = [Document(yaml.safe_load(text), str(where)) for where, text in (*files, *quoted)]
    assert [finding.text for finding in validate([claim, *documents], mode="direct").warnings] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_fields_that_are_named_exist(document: Path) -> None:
    prose = GENERATED.sub("", document.read_text())
    named = {found.rstrip(".") for found in re.findall(r"(?<![\w.])spec\.[A-Za-z](?:[\w.]|\[\d*\])*", prose)}
    assert named - field_paths() - OTHERS_FIELDS == set()


def test_fields_of_the_input_that_are_named_exist() -> None:
    text = "\n".join(GENERATED.sub("", document.read_text()) for document in DOCUMENTS)
    named = set(re.findall(r"`((?:agents|defaults)\.[A-Za-z][\w.]*)`", text))
    assert named - set(paths(INPUT, "")) == set()


def test_the_guide_says_where_credentials_for_the_platforms_own_images_go() -> None:
    table = (ROOT / "docs/operations.md").read_text().partition("| what is private |")[2].partition("\n\n")[0]
    images = INPUT["properties"]["agents"]["properties"]["images"]["properties"]
    assert images
    for field in (*(f"agents.images.{part}" for part in images), "defaults.imagePullSecrets"):
        assert f"`{field}`" in table


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_logs_of_pods_by_their_label_are_whole(document: Path) -> None:
    """Of each pod that a label selects kubectl shows ten lines, unless it is told otherwise."""
    commands = [span for span in CODE.findall(document.read_text()) if re.search(r"\blogs -l ", span)]
    assert [command for command in commands if "--tail=-1" not in command] == []


def test_a_runbook_reads_the_logs_of_all_pods() -> None:
    """Of a Deployment kubectl reads one pod's, and KEDA works in one of several."""
    assert "logs deployment/" not in (ROOT / "docs/runbooks.md").read_text()


def field_paths() -> set[str]:
    """The fields of every API."""
    schemas = [yaml.safe_load(file.read_text())["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for file in DEFINITIONS]
    return {path for schema in schemas for path in paths(schema["properties"]["spec"], "spec")}


def paths(schema: dict[str, Any], path: str) -> Iterator[str]:
    """Every field, a list also as its items."""
    yield path
    if "items" in schema:
        yield from paths(schema["items"], f"{path}[]")
    for name, field in schema.get("properties", {}).items():
        yield from paths(field, f"{path}.{name}" if path else name)


def references() -> str:
    """What describes the APIs to users."""
    return "\n".join(file.read_text() for file in sorted(REFERENCE.parent.glob("*.md")))


def test_every_example_is_in_the_reference() -> None:
    examples = {file.name for file in ROOT.glob("examples/claims/*.yaml")}
    assert set(re.findall(r"\]\(\.\./\.\./examples/claims/([\w.-]+)\)", references())) == examples


def test_the_reference_has_every_reason_and_no_other() -> None:
    documented = set(re.findall(r"^\| (?:True|False|Unknown) \| `(\w+)` \|", references(), re.MULTILINE))
    assert documented == {reason for file in FUNCTION.rglob("*.py") for reason in reasons(ast.parse(file.read_text()))}


def reasons(tree: ast.Module) -> Iterator[str]:
    """Reasons of conditions: the text after a status in a call, and the `reason` of an error."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for status, reason in zip(node.args, node.args[1:], strict=False):
                is_status = isinstance(status, ast.Attribute) and isinstance(status.value, ast.Name) and status.value.id == "Status"
                if is_status and isinstance(reason, ast.Constant):
                    yield str(reason.value)
        if isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "reason" and isinstance(line.value, ast.Constant):
                    yield str(line.value.value)


def test_the_streams_standard_quotes_the_example_job() -> None:
    standard = (ROOT / "docs/standards/nats-stream-configuration.md").read_text()
    assert f"```yaml\n{(ROOT / 'examples/streams/create-stream-job.yaml').read_text()}```\n" in standard


def test_the_streams_standard_keeps_the_dead_letters_of_the_example_repository() -> None:
    """What ran out of deliveries, and what its worker ended: the runbook of dead letters looks for both."""
    standard, job = (ROOT / "docs/standards/nats-stream-configuration.md", ROOT / "examples/consumer-repo/deploy/prod/stream.yaml")
    kept = [re.findall(r"[$]JS[.]EVENT[.]ADVISORY[.]CONSUMER[.](\w+)", file.read_text()) for file in (standard, job)]
    assert kept == [["MAX_DELIVERIES", "MSG_TERMINATED"]] * 2


def test_the_example_job_serves_the_example_claim() -> None:
    job = yaml.safe_load((ROOT / "examples/streams/create-stream-job.yaml").read_text())
    claim = yaml.safe_load((ROOT / "examples/claims/agentexecutor-nginx.yaml").read_text())
    variables = {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert job["metadata"]["namespace"] == claim["metadata"]["namespace"]
    assert (variables["STREAM"], variables["CONSUMER"]) == (claim["spec"]["natsStreamName"], claim["spec"]["natsConsumerGroup"])


def test_the_layers_are_those_that_imports_are_held_to() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract.get("layers", [""])[0] == "zerotouch_function.main")
    (drawn,) = re.findall(r"^    (main -> .*\n +-> .*)$", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE)
    assert " ".join(drawn.split()) == " -> ".join(layers).replace("zerotouch_function.", "")


def test_the_tested_versions_are_the_pinned_ones() -> None:
    pinned = dict(re.findall(r"^(\w+)=v?([\d.]+)$", (ROOT / "versions.env").read_text(), re.MULTILINE))
    provider = (ROOT / "platform/04-apis/overlays/crossplane-v1/provider.yaml").read_text()
    table = dict(re.findall(r"^\| ([^|]+) \| ([\d.]+) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE))
    assert table["Crossplane v2, mode `direct`"] == pinned["CROSSPLANE_VERSION"]
    assert table["Crossplane v1.20, mode `objects`"] == pinned["CROSSPLANE_V1_VERSION"]
    assert table["Crossplane CLI"] == pinned["CROSSPLANE_CLI_VERSION"]
    assert table["KEDA"] == pinned["KEDA_VERSION"]
    assert table["NATS server"] == pinned["NATS_VERSION"]
    assert f"provider-kubernetes:v{table['provider-kubernetes']}\n" in provider


def test_the_generated_tables_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "hack/generate_api_reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
