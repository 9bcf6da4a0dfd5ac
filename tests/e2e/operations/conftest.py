"""A platform of the tests' own, its packages, and claims on it."""

import secrets as random
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

import pytest

from tests.e2e.claims import Claim, secrets, spec
from tests.e2e.claims import manifest as claim_manifest
from tests.e2e.cluster import Manifest
from tests.e2e.images import Workload
from tests.e2e.making import MakeNamespace
from tests.e2e.namespace import Namespace
from tests.e2e.operations.packages import function_package
from tests.e2e.operations.platform import Platform, own_function
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

VERSIONS: Final = ("v1", "v2")

OwnClaims: TypeAlias = Callable[..., list[Claim]]
"""Creates claims by name on the tests' own platform, with further fields of the spec, and waits until they are ready."""


@pytest.fixture(scope="session")
def packages(environment: Settings) -> dict[str, str]:
    """Two packages of the function, one version after the other; a node keeps what it pulled, so every run has its own."""
    run = random.token_hex(3)
    return {v: function_package(environment, "function-agents-tests", f"{v}-{run}") for v in VERSIONS}


@pytest.fixture(scope="module")
def platform(environment: Settings, packages: dict[str, str]) -> Iterator[Platform]:
    """The first version, with the Composition that its claims name."""
    name = f"tests-operations-{random.token_hex(3)}"
    made = Platform(name, own_function(environment, name), packages)
    made.function.install(packages["v1"])
    made.compose()
    yield made
    if not environment.keeps_namespaces:
        made.delete_composition()
        made.function.delete()


@pytest.fixture(scope="module")
def team(platform: Platform, make_namespace: MakeNamespace) -> Iterator[Namespace]:
    """A namespace with the Secrets that claims name; its claims go before their platform does."""
    namespace = make_namespace()
    namespace.apply(*secrets())
    yield namespace
    namespace.delete_all("agentexecutors.platform.bizmatters.io")


@pytest.fixture
def own_claims(platform: Platform, team: Namespace, workload: Workload, queue: Queue) -> OwnClaims:
    def make(names: Sequence[str], *, timeout_seconds: float = 240, **fields: object) -> list[Claim]:
        on_ours: Manifest = {"compositionRef": {"name": platform.name}, **fields}
        team.apply(*(claim_manifest(name, spec(workload.v1, queue, **on_ours)) for name in names))
        claims = [Claim(team, name) for name in names]
        for claim in claims:
            claim.wait_ready(timeout_seconds=timeout_seconds)
        return claims

    return make
