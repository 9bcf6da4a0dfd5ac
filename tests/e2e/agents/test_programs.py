"""Programs on published SDKs, unmodified: each gets its answers, and none has a provider's key."""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.e2e.agents.claims import spec
from tests.e2e.agents.conftest import Providers
from tests.e2e.agents.images import Images
from tests.e2e.apis import AGENT_TYPE
from tests.e2e.claims import Claim
from tests.e2e.figures import Figures
from tests.e2e.namespace import Namespace

PYTHON_PROGRAMS: Final = ("openai_sdk", "anthropic_sdk", "openai_agents", "langgraph_agent", "pydantic_ai_agent")
NODE_PROGRAM: Final = "node_openai"
ANSWER: Final = "mock-0 mock-1"
"""How the mock provider begins every answer."""

QUESTION: Final = "Which river flows through Vienna?"


def name_of(program: str) -> str:
    return program.replace("_", "-")


@pytest.fixture(scope="module")
def programs(agents: Namespace, agent_images: Images, providers: Providers, figures: Figures) -> Iterator[None]:
    """All of them at once, from two images, ready."""
    specs = {program: spec(agent_images.python, f"{program}.py", llm=providers.llm()) for program in PYTHON_PROGRAMS}
    specs[NODE_PROGRAM] = spec(agent_images.node, llm=providers.llm())
    with figures.time(f"{len(specs)} programs on published SDKs at once to Ready"):
        agents.apply(*(AGENT_TYPE.manifest(name_of(program), fields) for program, fields in specs.items()))
        for program in specs:
            Claim(agents, name_of(program), AGENT_TYPE).wait_ready()
    yield
    agents.delete(AGENT_TYPE.resource, *map(name_of, specs))


@pytest.mark.usefixtures("programs")
@pytest.mark.parametrize("program", [*PYTHON_PROGRAMS, NODE_PROGRAM])
def test_an_unmodified_program_gets_its_answer(program: str, agents: Namespace) -> None:
    answered = Claim(agents, name_of(program), AGENT_TYPE).ask(question=QUESTION)
    assert "error" not in answered, answered
    assert (answered["program"], ANSWER in answered["answer"]) == (program, True), answered
