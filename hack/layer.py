"""Puts platform/04-apis onto a cluster, or takes it away, wave by wave as Argo CD would.

python hack/layer.py install --overlay direct --function ghcr.io/bizmatters/function-agents:v0.1.0
python hack/layer.py uninstall --overlay direct [--force]
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NoReturn

import yaml

Manifest = dict[str, Any]

LAYER: Final = Path(__file__).resolve().parent.parent / "platform/04-apis"
FUNCTION: Final = "bizmatters-function-agents"
"""The Function whose package is the one that was just pushed."""
OBJECTS: Final = "objects.kubernetes.crossplane.io"
"""What provider-kubernetes manages. While any exist, the provider stays."""
TIMEOUT_SECONDS: Final = 240
"""How long one object may take to become ready, or to go."""
UNKNOWN_KIND: Final = "the server doesn't have a resource type"
"""What kubectl says of a kind that the cluster does not know, and that has no objects therefore."""
READY: Final = {
    "Function": ("Installed", "Healthy"),
    "Provider": ("Installed", "Healthy"),
    "CompositeResourceDefinition": ("Established", "Offered"),
}
"""The conditions that the next wave waits for."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["install", "uninstall"])
    parser.add_argument("--overlay", default="direct", choices=["direct", *sorted(p.name for p in LAYER.glob("overlays/*"))])
    parser.add_argument("--function", help="the function's package, instead of the released one")
    parser.add_argument("--sidecar", help="the image of agents' sidecars, instead of the released one")
    parser.add_argument("--wrapper", help="the image of agents' wrapper, instead of the released one")
    parser.add_argument("--force", action="store_true", help="uninstall: delete every claim first")
    options = parser.parse_args()
    manifests = render(options.overlay)
    if options.action == "install":
        install(manifests, options.function, {"sidecar": options.sidecar, "wrapper": options.wrapper})
    else:
        uninstall(manifests, is_forced=options.force)
    return 0


# Install


def install(manifests: list[Manifest], function: str | None, images: Mapping[str, str | None]) -> None:
    """Applies each wave when the one before it is ready."""
    for manifest in manifests:
        if function and (manifest["kind"], name_of(manifest)) == ("Function", FUNCTION):
            manifest["spec"]["package"] = function
        if manifest["kind"] == "Composition":
            use_images(manifest, images)
    for number, members in waves(manifests):
        say(f"wave {number}: {', '.join(map(title, members))}")
        kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=yaml.safe_dump_all(members))
        for manifest in members:
            wait_until_ready(manifest)
    say("the platform is ready for claims")


def use_images(composition: Manifest, images: Mapping[str, str | None]) -> None:
    """Writes the images into the input of a Composition that names any."""
    for step in composition["spec"]["pipeline"]:
        named = step.get("input", {}).get("agents", {}).get("images", {})
        named.update({part: image for part, image in images.items() if image and part in named})


def wait_until_ready(manifest: Manifest) -> None:
    conditions = READY.get(manifest["kind"], ())
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while conditions and (problem := unmet(get(manifest), conditions)):
        if time.monotonic() > deadline:
            fail(f"{title(manifest)} is not ready after {TIMEOUT_SECONDS} s: {problem}", remedy(manifest))
        time.sleep(1)


def remedy(manifest: Manifest) -> str:
    """Where to look. Of pods that cannot run the image at all, the package says only that they are not available."""
    look = f"kubectl describe {target(manifest)}"
    if manifest["kind"] != "Function":
        return look
    return f"{look}; if its pods' log says `exec format error`, build for the nodes' architecture: PLATFORM=linux/amd64 or linux/arm64"


def unmet(live: Manifest, conditions: tuple[str, ...]) -> str:
    """Why the object is not ready, or nothing. Conditions of the package before this one do not count."""
    status = live.get("status", {})
    package = live["spec"].get("package")
    if package and status.get("currentIdentifier") != package:
        return f"{package} is not unpacked yet"
    found = {condition["type"]: condition for condition in status.get("conditions", [])}
    for condition in conditions:
        if found.get(condition, {}).get("status") != "True":
            return f"{condition}: {found.get(condition, {}).get('message') or 'not reported yet'}"
    return ""


# Uninstall


def uninstall(manifests: list[Manifest], *, is_forced: bool) -> None:
    """Claims first, then the waves in reverse. The function and the provider are needed until the last claim is gone."""
    definitions = [m["spec"] for m in manifests if m["kind"] == "CompositeResourceDefinition"]
    deleted = [delete_claims(definition, is_forced=is_forced) for definition in definitions]
    if any(deleted):
        wait_until_objects_are_gone()
    if names(OBJECTS):
        say("other Objects exist: the provider, its configuration and its rights stay")
        manifests = [m for m in manifests if not belongs_to_provider(m)]
    for number, members in reversed(waves(manifests)):
        say(f"wave {number}: removing {', '.join(map(title, members))}")
        for manifest in members:
            delete(target(manifest))


def delete_claims(definition: Manifest, *, is_forced: bool) -> bool:
    """Deletes the claims of one kind; False where there are none."""
    claims = f"{definition['claimNames']['plural']}.{definition['group']}"
    composites = f"{definition['names']['plural']}.{definition['group']}"
    found = names(claims) or names(composites)
    if not found:
        return False
    if not is_forced:
        fail(f"{len(found)} {claims} exist, first {found[0]}", "delete them first, or uninstall with FORCE=1, which ends their workloads")
    say(f"deleting {len(found)} {claims}")
    delete(claims, "--all", "--all-namespaces")
    delete(composites, "--all")
    return True


def wait_until_objects_are_gone() -> None:
    """Waits for the Objects of every kind's claims, which the provider deletes after them."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while left := names(OBJECTS, "--selector=app.kubernetes.io/part-of=zerotouch-platform"):
        if time.monotonic() > deadline:
            fail(f"{len(left)} Objects are not gone after {TIMEOUT_SECONDS} s, first {left[0]}", "see that provider-kubernetes runs")
        time.sleep(1)


def belongs_to_provider(manifest: Manifest) -> bool:
    return (
        manifest["kind"] in ("Provider", "ProviderConfig", "ClusterRole", "ClusterRoleBinding")
        or name_of(manifest) == "provider-kubernetes"
    )


def delete(what: str, *flags: str) -> None:
    """Deletes and waits. A kind that the cluster does not know has no objects."""
    done = kubectl("delete", *what.split(), *flags, "--ignore-not-found", f"--timeout={TIMEOUT_SECONDS}s", is_checked=False)
    if done.returncode and UNKNOWN_KIND not in done.stderr:
        fail(done.stderr.strip(), "run it again when the cause is gone")


# The layer and the cluster


def render(overlay: str) -> list[Manifest]:
    folder = LAYER if overlay == "direct" else LAYER / "overlays" / overlay
    return list(yaml.safe_load_all(kubectl("kustomize", str(folder)).stdout))


def waves(manifests: list[Manifest]) -> list[tuple[int, list[Manifest]]]:
    ordered = sorted(manifests, key=wave)
    return [(number, list(members)) for number, members in groupby(ordered, key=wave)]


def wave(manifest: Manifest) -> int:
    return int(manifest["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", "0"))


def name_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def title(manifest: Manifest) -> str:
    return f"{manifest['kind']} {name_of(manifest)}"


def target(manifest: Manifest) -> str:
    """The object as kubectl's arguments: kind with its group, name, namespace."""
    group = manifest["apiVersion"].rpartition("/")[0]
    namespace = manifest["metadata"].get("namespace")
    return f"{manifest['kind']}{'.' if group else ''}{group} {name_of(manifest)}" + (f" --namespace={namespace}" if namespace else "")


def get(manifest: Manifest) -> Manifest:
    live: Manifest = json.loads(kubectl("get", *target(manifest).split(), "--output=json").stdout)
    return live


def names(resource: str, *flags: str) -> list[str]:
    """The names of all objects of a kind; none if the cluster does not know the kind."""
    done = kubectl("get", resource, *flags, "--all-namespaces", "--output=name", is_checked=False)
    if done.returncode and UNKNOWN_KIND not in done.stderr:
        fail(f"cannot see which {resource} exist: {done.stderr.strip()}", "run it again when the cause is gone")
    return done.stdout.split()


def kubectl(*arguments: str, stdin: str | None = None, is_checked: bool = True) -> subprocess.CompletedProcess[str]:
    program = os.environ.get("KUBECTL", "kubectl")
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True, text=True, check=False)
    if is_checked and done.returncode:
        fail(done.stderr.strip(), "look at the cluster that KUBECONFIG names")
    return done


def say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def fail(problem: str, remedy: str) -> NoReturn:
    print(f"Error: {problem}\n       {remedy}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    raise SystemExit(main())
