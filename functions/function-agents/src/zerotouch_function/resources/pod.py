"""The pod template that Deployments and Jobs share."""

from collections.abc import Mapping, Sequence

from zerotouch_function.fields.base import as_yaml
from zerotouch_function.fields.claim import Claim
from zerotouch_function.fields.container import Security
from zerotouch_function.fields.placement import DefaultPlacement, Placement
from zerotouch_function.manifest import Manifest, without_empty
from zerotouch_function.resources.metadata import common_labels, selector
from zerotouch_function.resources.security import pod_security_context


def pod_template(
    claim: Claim,
    *,
    component: str,
    spec: Manifest,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
) -> Manifest:
    """Metadata and spec of a pod; our own label keys win over the claim's."""
    metadata = {"labels": {**labels, **common_labels(claim, component=component)}, "annotations": dict(annotations)}
    return {"metadata": without_empty(metadata), "spec": spec}


def pod_spec(
    claim: Claim,
    *,
    security: Security,
    grace_seconds: int,
    pull_secrets: Sequence[str],
    init_containers: Sequence[Manifest],
    containers: Sequence[Manifest],
    volumes: Sequence[Manifest],
    placement: Manifest,
) -> Manifest:
    """A pod without access to the cluster's API and without environment variables of its neighbours' Services."""
    return {
        "serviceAccountName": claim.name,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": grace_seconds,
        "securityContext": pod_security_context(security),
        **without_empty({"imagePullSecrets": [{"name": name} for name in pull_secrets]}),
        **placement,
        **without_empty({"initContainers": list(init_containers)}),
        "containers": list(containers),
        **without_empty({"volumes": list(volumes)}),
    }


def pod_placement(claim: Claim, placement: Placement, defaults: DefaultPlacement) -> Manifest:
    """The claim's node choice on top of the platform's."""
    tolerations = [*defaults.tolerations, *(t for t in placement.tolerations if t not in defaults.tolerations)]
    return without_empty(
        {
            "nodeSelector": {**defaults.node_selector, **placement.node_selector},
            "tolerations": [as_yaml(t) for t in tolerations],
            "affinity": without_empty(as_yaml(placement.affinity)),
            "topologySpreadConstraints": [
                {
                    "maxSkew": spread.max_skew,
                    "topologyKey": spread.topology_key,
                    "whenUnsatisfiable": spread.when_unsatisfiable,
                    "labelSelector": {"matchLabels": selector(claim)},
                    "matchLabelKeys": ["pod-template-hash"],
                }
                for spread in placement.topology_spread
            ],
            "priorityClassName": placement.priority_class_name or defaults.priority_class_name,
        }
    )
