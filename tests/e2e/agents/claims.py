"""AgentTypes as these tests write them: small pods, and models at the mock provider."""

from typing import Final

from tests.e2e.claims import TINY
from tests.e2e.cluster import Manifest

SECRET: Final = "provider-keys"
"""The Secret with the providers' keys, one for each provider."""


def spec(image: str, *arguments: str, llm: Manifest | None = None, **fields: object) -> Manifest:
    """A spec with small pods; further fields are added as they are.

    Args:
        image: The agent's image.
        arguments: The container's; none: the image's own.
        llm: Providers and models; without it the agent has none.
        fields: More of the spec.
    """
    agent: Manifest = {"image": image, **({"args": list(arguments)} if arguments else {})}
    return {
        "agent": agent,
        "size": "small",
        "resources": TINY,
        "sidecar": {"resources": TINY},
        "terminationGracePeriodSeconds": 15,
        **({"llm": llm} if llm else {}),
        **fields,
    }


def provider(name: str, url: str, kind: str = "openai-compatible", **fields: object) -> Manifest:
    """A provider whose key is in the tests' Secret under its own name."""
    base = url if kind == "anthropic" else f"{url}/v1"
    return {"name": name, "type": kind, "baseUrl": base, "secret": {"name": SECRET, "key": name}, **fields}


def model(alias: str, provider_name: str, **fields: object) -> Manifest:
    return {"alias": alias, "targets": [{"provider": provider_name, "model": f"{provider_name}-model"}], **fields}
