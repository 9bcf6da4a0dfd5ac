"""The agent's code: the files of the ConfigMap that the claim names, or a folder that stands for it."""

import base64
import os.path
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zerotouch.documents import Document
from zerotouch.errors import CommandError
from zerotouch.schema import Problem, check_manifest
from zerotouch_function.manifest import Manifest, part

KEY: Final = re.compile(r"(?!\.\.)(?!\.$)[-._a-zA-Z0-9]{1,253}")
"""A key that a ConfigMap may have: a plain file name, which leads to no other folder."""


@dataclass(frozen=True, slots=True)
class Code:
    """What the claim says of its code.

    Attributes:
        namespace: The claim's, and so the ConfigMap's.
        config_map: The ConfigMap's name.
        entrypoint: The file of it that is started.
        document: The ConfigMap, if it is beside the claim.
        namesake: A ConfigMap of that name in another namespace, if one is.
    """

    namespace: str
    config_map: str
    entrypoint: str
    document: Document | None
    namesake: Document | None

    @property
    def title(self) -> str:
        """What messages call the ConfigMap."""
        return f"ConfigMap {self.namespace}/{self.config_map}"


def code(agent: Manifest, namespace: str, documents: Iterable[Document]) -> Code | None:
    """The code of a claim's `spec.agent`; None if that names an image."""
    source = agent.get("code")
    if not source:
        return None
    wanted = ("v1", "ConfigMap", source["configMap"])
    found = [one for one in documents if (one.manifest.get("apiVersion"), one.manifest.get("kind"), one.name) == wanted]
    own, others = [one for one in found if one.namespace == namespace], [one for one in found if one.namespace != namespace]
    return Code(namespace, source["configMap"], source["entrypoint"], next(iter(own), None), next(iter(others), None))


def folder(code: Code | None, given: str | None, target: Path, *, is_started: bool) -> Path | None:
    """The folder that stands for the mounted ConfigMap; None if nothing does.

    Args:
        code: What the claim says of it.
        given: A folder of the user's own, which comes first.
        target: Where a ConfigMap's files are written; it is not there yet.
        is_started: Whether the code's entrypoint is what runs.

    Raises:
        CommandError: What is started is not there, or the API server would refuse the ConfigMap.
    """
    if given and not os.path.isdir(given):  # Path.is_dir raises where the folder may not be looked at
        raise CommandError(f"--code: {given} is no folder; name the one that holds the agent's files")
    made = Path(given).resolve() if given else _written(code, target)
    if code is None or not is_started:
        return made
    if made is None:
        raise CommandError(_absent(code))
    if not os.path.isfile(made / code.entrypoint):
        where = f"the folder {given}" if given else code.title
        raise CommandError(f"spec.agent.code.entrypoint: {where} has no {code.entrypoint}; add it there, or name the file that it has")
    return made


def _absent(code: Code) -> str:
    problem = f"spec.agent.code.configMap: {code.title} is not beside the claim"
    if code.namesake:
        return f"{problem}; set metadata.namespace: {code.namespace} if you mean the one in {code.namesake.source}"
    return f"{problem}; put it into the same file or folder, or say --code FOLDER"


def _written(code: Code | None, target: Path) -> Path | None:
    if code is None or code.document is None:
        return None
    target.mkdir(mode=0o700)
    for name, content in _files(code.document).items():
        (target / name).write_bytes(content)
    return target


def _files(document: Document) -> dict[str, bytes]:
    """File name to content, as the kubelet writes them."""
    manifest = document.manifest
    problems = [*check_manifest(manifest), *_wrong_keys(manifest)]
    if problems:
        raise CommandError("\n".join(f"{problem}\n  in {document.title}" for problem in problems))
    texts = {str(key): (text or "").encode() for key, text in part(manifest, "data").items()}
    return texts | {str(key): base64.b64decode(text or "") for key, text in part(manifest, "binaryData").items()}


def _wrong_keys(manifest: Manifest) -> Iterator[Problem]:
    """What the schema of a ConfigMap does not say of its keys."""
    for field in ("data", "binaryData"):
        for key in part(manifest, field):
            if not KEY.fullmatch(str(key)):
                yield Problem(f"{field}[{key}]", "a key is a file name of letters, digits, -, _ and ., without a folder", "rename it")
    for key in part(manifest, "data").keys() & part(manifest, "binaryData").keys():
        yield Problem(f"binaryData[{key}]", "is under data too", "remove one of the two")
