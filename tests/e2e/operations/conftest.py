"""A platform of the tests' own, its packages, and claims on it."""

import secrets as random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Protocol

import pytest

from tests.e2e.agents.claims import spec as agent_spec
from tests.e2e.apis import AGENT_EXECUTOR, AGENT_TYPE, APIS, Api
from tests.e2e.claims import Claim, secrets, spec
from tests.e2e.cluster import Manifest
from tests.e2e.images import Workload
from tests.e2e.making import MakeNamespace
from tests.e2e.namespace import Namespace
from tests.e2e.operations.packages import function_package
from tests.e2e.operations.platform import Platform, own_function
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

VERSIONS: Final = ("v1", "v2")
READY_SECONDS: Final = 240


class OwnClaims(Protocol):
    """Creates claims by name on the tests' own platform, with further fields of the spec, and waits until they are ready.

    They are in the team's namespace, unless another one with its Secrets is given.
    """

    def __call__(
        self, names: Sequence[str], *, api: Api = AGENT_EXECUTOR, namespace: Namespace | None = None, **fields: object
    ) -> list[Claim]: ...


@pytest.fixture(scope="session")
def packages(environment: Settings) -> dict[str, str]:
    """Two packages of the function, one version after the other; a node keeps what it pulled, so every run has its own."""
    run = random.token_hex(3)
    return {v: function_package(environment, "function-agents-tests", f"{v}-{run}") for v in VERSIONS}


@pytest.fixture(scope="module")
def platform(environment: Settings, packages: dict[str, str]) -> Iterator[Platform]:
    """The first version, with the Composition that its AgentExecutors name."""
    name = f"tests-operations-{random.token_hex(3)}"
    made = Platform(name, own_function(environment, name), packages)
    made.function.install(packages["v1"])
    made.compose()
    yield made
    if not environment.keeps_namespaces:
        made.delete_composition()
        made.function.delete()


@pytest.fixture(scope="module")
def agents(environment: Settings, platform: Platform) -> Iterator[Platform]:
    """The same for its AgentTypes: another Composition of the same function."""
    made = replace(platform, name=f"{platform.name}-agents", api=AGENT_TYPE)
    made.compose()
    yield made
    if not environment.keeps_namespaces:
        made.delete_composition()


@pytest.fixture(scope="module")
def team(agents: Platform, make_namespace: MakeNamespace) -> Iterator[Namespace]:
    """A namespace with the Secrets that claims name; its claims go before their platform does."""
    namespace = make_namespace()
    namespace.apply(*secrets())
    yield namespace
    for api in APIS:
        namespace.delete_all(api.resource)


@pytest.fixture
def own_claims(platform: Platform, agents: Platform, team: Namespace, workload: Workload, queue: Queue, environment: Settings) -> OwnClaims:
    def fields_of(api: Api) -> Manifest:
        """The test workload behind that API. Of an agent the platform knows no queue, so its environment says which."""
        if api == AGENT_EXECUTOR:
            return spec(workload.v1, queue, compositionRef={"name": platform.name})
        fields = agent_spec(workload.v1, compositionRef={"name": agents.name})
        variables = {"NATS_URL": environment.nats_url, "NATS_STREAM_NAME": queue.stream, "NATS_CONSUMER_GROUP": queue.consumer}
        fields["agent"]["env"] = [{"name": name, "value": value} for name, value in variables.items()]
        return fields

    def make(names: Sequence[str], *, api: Api = AGENT_EXECUTOR, namespace: Namespace | None = None, **fields: object) -> list[Claim]:
        home = namespace or team
        home.apply(*(api.manifest(name, {**fields_of(api), **fields}) for name in names))
        claims = [Claim(home, name, api) for name in names]
        for claim in claims:
            claim.wait_ready(timeout_seconds=READY_SECONDS)
        return claims

    return make
