"""The mark that tells which spec an object in the cluster was composed from."""

from zerotouch_contract import labels
from zerotouch_function.manifest import Manifest, Observation, content_hash, part, text


def with_release(manifest: Manifest) -> Manifest:
    """The same object, marked with the hash of its spec: seen on the observed object, it tells that this spec has arrived."""
    metadata = manifest["metadata"]
    annotations = {**metadata.get("annotations", {}), labels.RELEASE: content_hash(manifest["spec"])}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


def release_of(manifest: Observation) -> str:
    """The mark that `with_release` left; empty where there is none."""
    return text(part(manifest, "metadata", "annotations").get(labels.RELEASE))
