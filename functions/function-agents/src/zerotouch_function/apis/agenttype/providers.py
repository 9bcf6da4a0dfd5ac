"""What is known of each type of provider, and where its files lie in the sidecar."""

from typing import Final
from urllib.parse import urlsplit

from zerotouch_contract import paths
from zerotouch_function.apis.agenttype.llm import Provider

BASE_URLS: Final = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
"""Where the API of a type begins, unless the claim says otherwise."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def base_url(provider: Provider) -> str:
    """Where the provider's API begins; empty for one that answers by itself."""
    return provider.base_url or BASE_URLS.get(provider.type, "")


def key_folder(provider: Provider) -> str:
    """Where the provider's Secret is mounted."""
    return f"{paths.PROVIDER_KEYS}/{provider.name}"


def ca_folder(provider: Provider) -> str:
    """Where the provider's certificate authority is mounted."""
    return f"{paths.PROVIDER_CAS}/{provider.name}"


def port_of(url: str) -> int:
    """The port that a URL leads to; 0 for one that leads nowhere."""
    parts = urlsplit(url)
    try:
        return parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        return 0
