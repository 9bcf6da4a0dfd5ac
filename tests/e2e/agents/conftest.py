"""What every test of an agent gets: images, a namespace with providers and their keys, and claims that are cleaned up."""

import secrets as random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.e2e.agents.claims import SECRET, model, provider
from tests.e2e.agents.compositions import OwnComposition
from tests.e2e.agents.images import Images, start_builds
from tests.e2e.agents.killer import Killer
from tests.e2e.agents.making import MakeAgent, MakeKiller
from tests.e2e.agents.provider import Provider
from tests.e2e.apis import AGENT_TYPE
from tests.e2e.claims import Claim, secret
from tests.e2e.cluster import Manifest
from tests.e2e.figures import Figures
from tests.e2e.making import MakeNamespace
from tests.e2e.namespace import Namespace
from tests.e2e.settings import Settings


@dataclass(frozen=True, slots=True)
class Providers:
    """Two providers, and the key that each of them was given."""

    primary: Provider
    secondary: Provider
    keys: dict[str, str]

    def llm(self, **fields: object) -> Manifest:
        """One model of the primary provider under the names that the programs ask for; further fields are added as they are."""
        return {
            "providers": [
                provider("primary", self.primary.url),
                provider("secondary", self.secondary.url),
                provider("claude", self.primary.url, "anthropic"),
            ],
            "models": [model("default", "primary"), model("claude-sonnet-4-5", "claude")],
            "defaultModel": "default",
            **fields,
        }


@pytest.fixture(scope="session")
def agent_images(environment: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Images]:
    with ThreadPoolExecutor(2) as pool:
        yield start_builds(environment, pool, tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def agents(make_namespace: MakeNamespace) -> Namespace:
    """The namespace of all agents: pod security `restricted`."""
    return make_namespace()


@pytest.fixture(scope="session")
def providers(agents: Namespace, agent_images: Images) -> Providers:
    """Both mock providers, running, and the Secret with their keys."""
    keys = {name: f"sk-{name}-{random.token_hex(16)}" for name in ("primary", "secondary", "claude")}
    agents.apply(secret(SECRET, keys))
    made = Providers(Provider(agents, "primary"), Provider(agents, "secondary"), keys)
    made.primary.start(agent_images.provider)
    made.secondary.start(agent_images.provider)
    return made


@pytest.fixture
def own_composition(environment: Settings) -> Iterator[OwnComposition]:
    """A Composition that no other claim uses, like the platform's own."""
    own = OwnComposition.create()
    yield own
    own.delete()


@pytest.fixture
def make_agent(agents: Namespace, environment: Settings) -> Iterator[MakeAgent]:
    """Creates agents, and asks for their deletion after the test."""
    made: list[str] = []

    def make(name: str, fields: Manifest) -> Claim:
        made.append(name)
        agents.apply(AGENT_TYPE.manifest(name, fields))
        return Claim(agents, name, AGENT_TYPE)

    yield make
    if made and not environment.keeps_namespaces:
        agents.delete(AGENT_TYPE.resource, *made)


@pytest.fixture
def ready_agent(make_agent: MakeAgent, figures: Figures) -> MakeAgent:
    """Creates an agent, and waits until it is ready."""

    def make(name: str, fields: Manifest) -> Claim:
        with figures.time(f"agent {name} to Ready"):
            claim = make_agent(name, fields)
            claim.wait_ready()
        return claim

    return make


@pytest.fixture
def make_killer(make_namespace: MakeNamespace) -> Iterator[MakeKiller]:
    """Starts killers, each in a privileged namespace of its own, and ends them after the test."""
    made: list[Killer] = []

    def make(image: str, node: str) -> Killer:
        made.append(Killer(make_namespace(pod_security="privileged"), image, node))
        return made[-1]

    yield make
    for killer in made:
        killer.delete()
