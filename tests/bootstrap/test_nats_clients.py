"""NATS lets in pods of namespaces with a label: whatever shows or makes a namespace for claims has it."""

import re
from collections.abc import Iterator
from typing import Final

import pytest
import yaml

from tests.bootstrap.manifests import BOOTSTRAP, ROOT, Manifest, document, documents, named, tenant
from tests.e2e.namespace import namespace_manifest

STANDARD: Final = ROOT / "docs/standards/namespace-naming-convention.md"
CLIENT_PORT: Final = 4222
TEAM: Final = yaml.safe_load((BOOTSTRAP / "tenants/deepagents.yaml.example").read_text())


def client_labels() -> dict[str, str]:
    """What the NetworkPolicy in the chart's values asks of a client's namespace."""
    policy = named(document(BOOTSTRAP / "components/01-nats.values.yaml")["extraResources"], "NetworkPolicy")
    (sources,) = [rule["from"] for rule in policy["spec"]["ingress"] if {"port": CLIENT_PORT} in rule["ports"]]
    (labels,) = [source["namespaceSelector"]["matchLabels"] for source in sources if "namespaceSelector" in source]
    return dict(labels)


def shown() -> Iterator[tuple[str, Manifest]]:
    """Every Namespace of the examples and of the naming standard, with where it stands."""
    for path in sorted((ROOT / "examples").rglob("*.yaml")):
        yield from ((str(path.relative_to(ROOT)), m) for m in documents(path) if m.get("kind") == "Namespace")
    for text in re.findall(r"^```yaml\n(.*?)^```", STANDARD.read_text(), re.DOTALL | re.MULTILINE):
        yield from ((STANDARD.name, m) for m in yaml.safe_load_all(text) if m.get("kind") == "Namespace")


SHOWN: Final = list(shown())


def test_the_examples_and_the_standard_show_a_namespace() -> None:
    assert {where for where, _ in SHOWN} >= {"examples/namespaces/services-web.yaml", STANDARD.name}


@pytest.mark.parametrize("namespace", [pytest.param(manifest, id=where) for where, manifest in SHOWN])
def test_a_namespace_to_copy_may_talk_to_nats(namespace: Manifest) -> None:
    assert client_labels().items() <= namespace["metadata"]["labels"].items()


def test_a_teams_namespace_may_talk_to_nats() -> None:
    assert client_labels().items() <= named(tenant(TEAM), "Namespace")["metadata"]["labels"].items()


def test_a_namespace_of_the_end_to_end_tests_may_talk_to_nats() -> None:
    assert client_labels().items() <= namespace_manifest("tests-e2e-1", pod_security="restricted")["metadata"]["labels"].items()


def test_documents_name_the_label_where_they_say_that_pods_cannot_connect() -> None:
    (wanted,) = (f'{key}: "{value}"' for key, value in client_labels().items())
    for path in (STANDARD, *(ROOT / name for name in ("docs/operations.md", "docs/runbooks.md", "platform/04-apis/README.md"))):
        assert wanted in path.read_text(), path.name
