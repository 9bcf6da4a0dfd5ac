"""Volumes of a pod and where its containers mount them."""

from collections.abc import Iterable

from zerotouch_function.fields.base import as_yaml
from zerotouch_function.fields.container import Volume
from zerotouch_function.manifest import Manifest, without_empty

MOUNT_FIELDS = {"mountPath", "subPath", "readOnly"}


def pod_volume(volume: Volume) -> Manifest:
    """The volume itself: its name and its one source."""
    source = {key: value for key, value in as_yaml(volume).items() if key not in MOUNT_FIELDS}
    if volume.config_map:
        source["configMap"] = without_empty(source["configMap"])
    return source


def volume_mount(volume: Volume) -> Manifest:
    mount = without_empty({"name": volume.name, "mountPath": volume.mount_path, "subPath": volume.sub_path})
    return {**mount, "readOnly": True} if volume.read_only else mount


def secret_key_volume(name: str, secret: str, key: str, path: str, *, file: str) -> tuple[Manifest, Manifest]:
    """One key of a Secret as a file of a folder, which follows its changes: the volume and its mount. A pod waits until the key exists."""
    items = [{"key": key, "path": file}]
    return {"name": name, "secret": {"secretName": secret, "items": items}}, {"name": name, "mountPath": path, "readOnly": True}


def config_map_volume(name: str, config_map: str, path: str) -> tuple[Manifest, Manifest]:
    """A whole ConfigMap as files of a folder, which follow its changes: the volume and its mount."""
    return {"name": name, "configMap": {"name": config_map}}, {"name": name, "mountPath": path, "readOnly": True}


def scratch_volume(name: str, path: str, *, size_limit: str) -> tuple[Manifest, Manifest]:
    """A folder that lives as long as its pod: the volume and its mount."""
    return {"name": name, "emptyDir": {"sizeLimit": size_limit}}, {"name": name, "mountPath": path}


def unzip(pairs: Iterable[tuple[Manifest, Manifest]]) -> tuple[list[Manifest], list[Manifest]]:
    """Pairs of volume and mount as two lists."""
    volumes, mounts = [], []
    for volume, mount in pairs:
        volumes.append(volume)
        mounts.append(mount)
    return volumes, mounts
