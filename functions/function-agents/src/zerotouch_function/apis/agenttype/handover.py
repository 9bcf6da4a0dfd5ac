"""How the number of pods passes from the claim to the autoscaler.

What scales on CPU is composed without `spec.replicas`, for the autoscaler changes it. But where the claim had fixed the number Crossplane
owns the field, and the API server takes away what its only owner no longer applies: of twenty pods one would be left. So the Deployment is
sent with the number that it has, until the autoscaler changes that and so becomes the owner
(https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership).

    owner of spec.replicas      sent
    nobody: it began on CPU     no number
    Crossplane alone            the number that it has, and the version that it was read from
    somebody else too           no number, and it stays as it is

The version keeps a number that was read a moment ago from going over one that the autoscaler has written since: the API server refuses
it then, and Crossplane asks again. So the field stays somebody else's once it is, and to leave the number out is safe.
"""

from collections.abc import Sequence

from zerotouch_function.apis.agenttype.spec import AgentTypeSpec
from zerotouch_function.apis.agenttype.workload import bounds
from zerotouch_function.manifest import Manifest, Observation, part
from zerotouch_function.ownership import is_crossplanes_alone
from zerotouch_function.readiness import count


def with_kept_replicas(deployment: Manifest, spec: AgentTypeSpec, observed: Observation | None, owners: Sequence[str]) -> Manifest:
    """The Deployment of a claim that scales on CPU, with the number of pods that it has where it would lose them otherwise.

    Args:
        deployment: As composed, without a number.
        spec: Whose bounds hold for the number.
        observed: The Deployment as it is; None while there is none.
        owners: Who owns its `spec.replicas`.
    """
    if observed is None or not is_crossplanes_alone(owners):
        return deployment
    least, most = bounds(spec)
    replicas = min(max(count(part(observed, "spec"), "replicas", 1), least), most)
    metadata = {**deployment["metadata"], "resourceVersion": part(observed, "metadata").get("resourceVersion")}
    return {**deployment, "metadata": metadata, "spec": {"replicas": replicas, **deployment["spec"]}}
