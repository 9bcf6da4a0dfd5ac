"""The HorizontalPodAutoscaler that scales a Deployment on its pods' CPU."""

from zerotouch_function.fields.claim import Claim
from zerotouch_function.manifest import Manifest
from zerotouch_function.resources.metadata import object_meta


def horizontal_pod_autoscaler(
    claim: Claim, *, component: str, container: str, min_replicas: int, max_replicas: int, cpu_utilization_percent: int
) -> Manifest:
    """Scales the Deployment named as the claim.

    Args:
        claim: Whose pods to scale.
        component: Value of the component label.
        container: The container whose CPU counts.
        min_replicas: Fewest pods.
        max_replicas: Most pods.
        cpu_utilization_percent: Share of its requested CPU that the container should use, on average over the pods.
    """
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": object_meta(claim, component=component),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": claim.name},
            "minReplicas": min_replicas,
            "maxReplicas": max_replicas,
            "metrics": [
                {
                    "type": "ContainerResource",
                    "containerResource": {
                        "name": "cpu",
                        "container": container,
                        "target": {"type": "Utilization", "averageUtilization": cpu_utilization_percent},
                    },
                }
            ],
        },
    }
