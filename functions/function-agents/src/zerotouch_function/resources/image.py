"""A container's image, and when nodes ask the registry for it."""

from zerotouch_function.manifest import Manifest


def image_of(reference: str) -> Manifest:
    """The image, and the pull policy that Kubernetes gives a new container of it.

    Kubernetes gives it once (https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting): a container that began
    with `:latest` would ask the registry at each start for ever, and one that comes to `:latest` later never again.
    """
    return {"image": reference, "imagePullPolicy": "Always" if version_of(reference) in ("", "latest") else "IfNotPresent"}


def version_of(image: str) -> str:
    """The tag of an image, else its digest; empty where it has neither."""
    name, _, digest = image.partition("@")
    return name.rpartition("/")[2].partition(":")[2] or digest
