"""What every end-to-end test gets: images, a namespace with its Secrets, queues, and claims that are cleaned up."""

import secrets as random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from tests.e2e import images, settings
from tests.e2e.apis import AGENT_EXECUTOR
from tests.e2e.claims import Claim, manifest, secrets, spec
from tests.e2e.cluster import Manifest, apply, get
from tests.e2e.figures import FIGURES, Figures
from tests.e2e.images import WORKLOAD, Workload
from tests.e2e.making import MakeClaims, MakeNamespace, MakeQueue, ReadyClaim
from tests.e2e.namespace import Namespace, namespace_manifest, remove_all
from tests.e2e.preconditions import missing
from tests.e2e.settings import Settings
from tests.e2e.streams import Queue

HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nothing here runs unless it is asked for by path: a KUBECONFIG that happens to be set is no leave to use the cluster."""
    asked = [(config.invocation_params.dir / argument.partition("::")[0]).resolve() for argument in config.args]
    if any(HERE in (path, *path.parents) for path in asked):
        return
    skip = pytest.mark.skip(reason="uses a cluster: run `make e2e`, or `pytest tests/e2e` (tests/e2e/README.md)")
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(skip)


@pytest.fixture(scope="session")
def environment() -> Settings:
    """The settings, once the platform is seen to be there; otherwise the session ends and says what is missing."""
    found = settings.from_environment()
    if problem := missing(found):
        pytest.exit(f"Error: {problem}", returncode=2)
    return found


@pytest.fixture(scope="session")
def workload(environment: Settings) -> Workload:
    """Two versions of the test workload, built and at hand for the cluster."""

    def build(version: str) -> str:
        return images.build(environment, "e2e-workload", WORKLOAD, "--build-arg", f"VERSION={version}")

    return Workload(v1=build("v1"), v2=build("v2"))


@pytest.fixture(scope="session")
def make_namespace(environment: Settings) -> Iterator[MakeNamespace]:
    """Makes namespaces, and removes them in the end: first their claims, then themselves."""
    made: list[Namespace] = []

    def make(name: str = "", *, pod_security: str = "restricted") -> Namespace:
        if name and get("namespace", name):
            pytest.fail(f"Namespace {name}: exists already, and the tests would delete it; delete it yourself first")
        namespace = Namespace(name or f"tests-e2e-{random.token_hex(3)}")
        apply(namespace_manifest(namespace.name, pod_security=pod_security))
        made.append(namespace)
        return namespace

    yield make
    if not environment.keeps_namespaces:
        remove_all(made)


@pytest.fixture(scope="session")
def namespace(make_namespace: MakeNamespace) -> Namespace:
    """The namespace that most tests share: pod security `restricted`, with the Secrets of the claim's default names."""
    made = make_namespace()
    made.apply(*secrets())
    return made


@pytest.fixture(scope="session")
def make_queue(environment: Settings) -> Iterator[MakeQueue]:
    """Makes streams with one durable consumer each, and deletes them in the end."""
    made: list[Queue] = []

    def make(stream: str = "", consumer: str = "workers") -> Queue:
        queue = Queue(environment.nats_namespace, stream or f"E2E_{random.token_hex(4).upper()}", consumer)
        queue.create()
        made.append(queue)
        return queue

    yield make
    with ExitStack() as stack:  # each, whatever becomes of the others
        for queue in [] if environment.keeps_namespaces else made:
            stack.callback(queue.delete)


@pytest.fixture
def queue(make_queue: MakeQueue) -> Queue:
    """A queue of this test's own."""
    return make_queue()


@pytest.fixture
def make_claims(namespace: Namespace, environment: Settings) -> Iterator[MakeClaims]:
    """Creates claims of one spec in the shared namespace, all at once, and asks for their deletion after the test."""
    made: list[str] = []

    def make(names: Sequence[str], fields: Manifest) -> list[Claim]:
        made.extend(names)
        namespace.apply(*(manifest(name, fields) for name in names))
        return [Claim(namespace, name) for name in names]

    yield make
    if made and not environment.keeps_namespaces:
        namespace.delete(AGENT_EXECUTOR.resource, *made)


@pytest.fixture
def ready_claim(make_claims: MakeClaims, workload: Workload, queue: Queue, figures: Figures) -> ReadyClaim:
    """Creates a claim for version 1 of the workload on this test's queue, and waits until it is ready."""

    def make(name: str, *, scaling: Manifest | None = None) -> Claim:
        with figures.time(f"claim {name} to Ready"):
            (claim,) = make_claims([name], spec(workload.v1, queue, scaling=scaling))
            claim.wait_ready()
        return claim

    return make


@pytest.fixture(scope="session")
def figures() -> Figures:
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES.lines:
        terminalreporter.section("figures")
        terminalreporter.write_line("\n".join(FIGURES.lines))
