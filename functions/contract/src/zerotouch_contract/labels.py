"""Label and annotation keys on everything that the platform composes."""

from typing import Final

APP: Final = "app"
"""The only key that selectors use. Its value is the claim's name."""

NAME: Final = "app.kubernetes.io/name"
INSTANCE: Final = "app.kubernetes.io/instance"
COMPONENT: Final = "app.kubernetes.io/component"
PART_OF: Final = "app.kubernetes.io/part-of"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"

PLATFORM: Final = "zerotouch-platform"
"""Value of `part-of`."""

CROSSPLANE: Final = "crossplane"
"""Value of `managed-by`."""

RELEASE: Final = "platform.bizmatters.io/release"
"""Annotation: which spec an object was composed from, as a short hash. Equal on the object and in the answer: the spec has arrived."""

STOPPED: Final = "platform.bizmatters.io/stopped"
"""Annotation: migrations that the platform suspended, because those of another release wait for their end."""

CLAIM_NAME: Final = "crossplane.io/claim-name"
CLAIM_NAMESPACE: Final = "crossplane.io/claim-namespace"
"""Labels by which Crossplane marks a composite resource with its claim."""
