"""Why a claim's pods do not start, read from the pods themselves, in the words of the claim."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from zerotouch_contract import labels
from zerotouch_function.composition import Selector
from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Observation, part, parts, text
from zerotouch_function.resources.job import JOB_NAME

PODS: Final = "pods"
"""Name under which the claim's pods are required, where they may be read."""

MISSING: Final = re.compile(r'(secret|configmap) "(?P<name>[^"]+)" not found')
"""The kubelet's message for a container whose environment or volume names an object that does not exist."""

MISSING_KEY: Final = re.compile(r"couldn't find key (?P<key>\S+) in Secret \S*?/(?P<name>\S+)")


def claim_pods(claim: Claim, *, may_be_read: bool) -> dict[str, Selector]:
    """The requirement for the claim's pods, if they may be read: its Deployment's and, without the label that selects those, its Jobs'."""
    if not may_be_read:
        return {}
    ours = {labels.INSTANCE: claim.name, labels.PART_OF: labels.PLATFORM}
    return {PODS: Selector(api_version="v1", kind="Pod", namespace=claim.namespace, match_labels=ours)}


def of_job(pods: Iterable[Observation], job: str) -> list[Observation]:
    """The pods of the Job of that name; without a name, those of no Job."""
    return [pod for pod in pods if text(part(pod, "metadata", "labels").get(JOB_NAME)) == job]


class Blame(Struct, frozen=True):
    """What the claim's author may change about a container.

    Attributes:
        image: The field that names its image.
        memory: The field that bounds its memory.
    """

    image: str = "spec.image"
    memory: str = "spec.size or spec.resources.limits.memory"


NO_BLAME: Final[Mapping[str, Blame]] = {}


def explain(
    claim: Claim, pods: Iterable[Observation], *, fields: Mapping[str, str], image: str, containers: Mapping[str, Blame] = NO_BLAME
) -> str:
    """Why the first pod that is stuck is stuck; empty if none is, or if nothing is known yet.

    Args:
        claim: Whose pods.
        pods: Pods of the Deployment or of the Job that is explained.
        fields: By name of a Secret, the field of the claim that names it.
        image: The image of the current spec: pods of earlier releases explain nothing.
        containers: By name of a container, what to change about it; others have the fields of an AgentExecutor.
    """
    current = [pod for pod in pods if runs_image(pod, image) and not is_over(pod)]
    for pod in sorted(current, key=name_of):
        reason = _pod_reason(claim, pod, fields, containers)
        if reason:
            return f"Pod {name_of(pod)} {reason}"
    return ""


def runs_image(pod: Observation, image: str) -> bool:
    return any(container.get("image") == image for container in parts(pod, "spec", "containers"))


def is_over(pod: Observation) -> bool:
    """Whether another one takes its place: it is being deleted, or its node has ended it for good, as an eviction does."""
    return bool(part(pod, "metadata").get("deletionTimestamp")) or part(pod, "status").get("phase") == "Failed"


def name_of(pod: Observation) -> str:
    return text(part(pod, "metadata").get("name"))


def _pod_reason(claim: Claim, pod: Observation, fields: Mapping[str, str], containers: Mapping[str, Blame]) -> str:
    for condition in parts(pod, "status", "conditions"):
        if condition.get("type") == "PodScheduled" and condition.get("reason") == "Unschedulable":
            return f"finds no node: {text(condition.get('message'))}"
    for container in [*parts(pod, "status", "initContainerStatuses"), *parts(pod, "status", "containerStatuses")]:
        if container.get("ready"):
            continue  # it may have ended once, and lacks nothing now
        blame = containers.get(text(container.get("name")), Blame())
        reason = _container_reason(claim, name_of(pod), container, fields, blame)
        if reason:
            return reason
    return ""


def _container_reason(claim: Claim, pod: str, container: Observation, fields: Mapping[str, str], blame: Blame) -> str:
    waiting = part(container, "state", "waiting")
    reason, message, name = (text(value) for value in (waiting.get("reason"), waiting.get("message"), container.get("name")))
    if reason == "CreateContainerConfigError":
        return f"cannot start: {_config_remedy(claim, message, fields)}"
    if reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"):
        return (
            f"cannot start: image {text(container.get('image'))} cannot be pulled. See that it exists ({blame.image}) and that a Secret in "
            "spec.imagePullSecrets may read it"
        )
    ended = part(container, "state", "terminated") or part(container, "lastState", "terminated")
    if ended.get("reason") == "StartError":  # containerd's: nothing ran, so there is no output to see
        return f"cannot start container {name}: {text(ended.get('message'))}"
    if reason == "CrashLoopBackOff" or (ended and ended.get("exitCode")):
        logs = f"kubectl -n {claim.namespace} logs {pod} -c {name} --previous"
        if ended.get("reason") == "OOMKilled":
            return f"ran out of memory in container {name}. Raise {blame.memory}"
        code = ended.get("exitCode")
        return f"ends in container {name} with exit code {code if isinstance(code, int) else 'unknown'}. See its output with: {logs}"
    if reason == "CreateContainerError" or reason == "RunContainerError":
        return f"cannot start container {name}: {message}"
    return ""


def _config_remedy(claim: Claim, message: str, fields: Mapping[str, str]) -> str:
    if missing := MISSING.search(message):
        field = fields.get(missing["name"])
        unless = f', or set {field} to ""' if field else ""
        return f"{missing[0]}. Create it in namespace {claim.namespace}{unless}"
    if key := MISSING_KEY.search(message):
        return f'secret "{key["name"]}" has no key {key["key"]}. Add the key to the secret in namespace {claim.namespace}'
    if "runAsNonRoot" in message:
        return f"{message}. Run the image as another user than root, or set spec.security.profile to baseline"
    return message
