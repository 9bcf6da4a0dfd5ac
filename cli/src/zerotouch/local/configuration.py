"""sidecar.json for this machine: the function's own, with other paths and ports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zerotouch.local import keys
from zerotouch.local.ports import HOST, Ports
from zerotouch_function.apis.agenttype.llm_protocols import PROTOCOLS

MOCK: Final = "mock"
"""The sidecar's provider that answers by itself: deterministic, for trying out."""


@dataclass(frozen=True, slots=True)
class Local:
    """The rewritten configuration, and which variable each provider's key came from."""

    content: dict[str, Any]
    key_sources: dict[str, str] = field(default_factory=dict)

    @property
    def has_nats(self) -> bool:
        return "nats" in self.content


def localise(configuration: Mapping[str, Any], *, ports: Ports, environment: Mapping[str, str], folder: Path, mocks_models: bool) -> Local:
    """The configuration with paths and ports of this machine.

    Args:
        configuration: What the function computed.
        ports: Where things listen here.
        environment: Where provider keys are looked for.
        folder: An empty folder of ours, for the keys.
        mocks_models: Whether each provider is replaced by the sidecar's own `mock`.
    """
    sources: dict[str, str] = {}
    llm = configuration["llm"]
    providers = [_mock(provider) if mocks_models else _with_key(provider, environment, folder, sources) for provider in llm["providers"]]
    content = {**configuration, "llm": {**llm, "providers": providers}}
    if "nats" in configuration:
        content["nats"] = {"url": f"nats://{HOST}:{ports.nats}", "credentialsFile": "", "caFile": "", "replicas": 1}
    return Local(content, sources)


def _mock(provider: Mapping[str, Any]) -> dict[str, Any]:
    """A mock that refuses what the provider would not understand; of a plugin's provider only the plugin knows."""
    speaks = sorted(PROTOCOLS.get(provider["type"], ()))
    return {**provider, "type": MOCK, "baseUrl": "", "keyFile": "", "caFile": "", "headers": {}, "speaks": speaks}


def _with_key(provider: Mapping[str, Any], environment: Mapping[str, str], folder: Path, sources: dict[str, str]) -> dict[str, Any]:
    """The provider with its key's file here, and the machine's own certificate authorities."""
    if not provider["keyFile"]:
        return {**provider, "caFile": ""}
    file, source = keys.write(provider, environment, folder)
    sources[provider["name"]] = source
    return {**provider, "keyFile": str(file), "caFile": ""}
