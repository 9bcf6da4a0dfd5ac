"""Writes down what Crossplane sees of a claim in a real cluster: the material of every request that is measured.

    python -m benchmarks.capture NAMESPACE CLAIM

Crossplane's request holds the composite resource and its composed objects as the API server has them, `managedFields` and all, by their
resource name. Read with kubectl, they are the same objects.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

RESOURCE_NAME: Final = "crossplane.io/composition-resource-name"
CAPTURED: Final = Path(__file__).parent / "requests" / "agentexecutor.json"


def main() -> int:
    namespace, name = sys.argv[1:]
    claim = read("agentexecutor", name, namespace)
    composite = read("xagentexecutor", claim["spec"]["resourceRef"]["name"])
    observed = {}
    for reference in composite["spec"]["resourceRefs"]:
        manifest = read(qualified(reference), reference["name"], reference.get("namespace", ""))
        observed[manifest["metadata"]["annotations"][RESOURCE_NAME]] = manifest
    CAPTURED.write_text(json.dumps({"composite": composite, "observed": observed}, indent=1, sort_keys=True) + "\n")
    return 0


def qualified(reference: dict[str, Any]) -> str:
    """`Deployment.v1.apps`, so that kubectl takes no other kind of that name."""
    group, _, version = reference["apiVersion"].rpartition("/")
    return f"{reference['kind']}.{version}.{group}"


def read(kind: str, name: str, namespace: str = "") -> dict[str, Any]:
    scope = ["--namespace", namespace] if namespace else []
    command = ["kubectl", "get", kind, name, *scope, "--show-managed-fields", "--output", "json"]
    manifest: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
    return manifest


if __name__ == "__main__":
    raise SystemExit(main())
