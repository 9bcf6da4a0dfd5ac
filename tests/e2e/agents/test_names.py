"""Two kinds of claim under one name: the second is refused, and the first never notices."""

from collections.abc import Iterator

import pytest

from tests.e2e.agents.claims import spec
from tests.e2e.agents.images import Images
from tests.e2e.apis import AGENT_EXECUTOR, AGENT_TYPE, Api
from tests.e2e.claims import Claim, secrets
from tests.e2e.claims import spec as executor_spec
from tests.e2e.images import Workload
from tests.e2e.namespace import Namespace
from tests.e2e.streams import Queue

ORDERS = [(AGENT_TYPE, AGENT_EXECUTOR), (AGENT_EXECUTOR, AGENT_TYPE)]


@pytest.fixture(params=ORDERS, ids=lambda order: f"{order[0].kind} first")
def claims(
    request: pytest.FixtureRequest, agents: Namespace, agent_images: Images, workload: Workload, queue: Queue
) -> Iterator[list[Claim]]:
    """Two claims of one name, the first one ready, the second just written."""
    agents.apply(*secrets())
    specs = {AGENT_TYPE.kind: spec(agent_images.python), AGENT_EXECUTOR.kind: executor_spec(workload.v1, queue)}
    order: tuple[Api, Api] = request.param
    name = f"taken-by-{order[0].kind.lower()}"
    made = [Claim(agents, name, api) for api in order]
    for claim in made:
        agents.apply(claim.api.manifest(name, specs[claim.api.kind]))
        if claim is made[0]:
            claim.wait_ready()
    yield made
    for claim in reversed(made):
        claim.delete()


@pytest.mark.core
def test_a_second_claim_of_one_name_is_refused_and_the_first_goes_on(claims: list[Claim]) -> None:
    first, second = claims
    before = first.uids(), first.running()
    message = second.wait_condition("SpecValid", "False", containing=first.api.kind)
    assert second.condition("SpecValid")["reason"] == "NameTaken", message
    assert (first.uids(), first.running()) == before
    assert first.is_ready()
