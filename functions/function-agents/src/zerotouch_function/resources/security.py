"""Security contexts that keep to a Pod Security Standard.

`restricted`: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted. `baseline` lets an image run as root and
bind low ports, and still cannot gain privileges.
"""

from zerotouch_function.fields.container import Security
from zerotouch_function.manifest import Manifest


def pod_security_context(security: Security) -> Manifest:
    """For the whole pod. A volume that has its group already is not walked through again at each start."""
    return {
        **({"runAsNonRoot": True} if security.profile == "restricted" else {}),
        **({} if security.fs_group is None else {"fsGroup": security.fs_group, "fsGroupChangePolicy": "OnRootMismatch"}),
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def platform_security_context() -> Manifest:
    """For the platform's own containers, whatever profile the claim has chosen."""
    return {
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security_context(profile: str) -> Manifest:
    context: Manifest = {"allowPrivilegeEscalation": False}
    return {**context, "capabilities": {"drop": ["ALL"]}} if profile == "restricted" else context
