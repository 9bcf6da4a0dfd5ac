"""A sidecar image with a plugin in it: a provider and a hook of the user's own, found by their entry points."""

import shutil
from pathlib import Path

from tests.e2e.agents.claims import model, spec
from tests.e2e.agents.compositions import OwnComposition, derived_image
from tests.e2e.agents.images import FOLDER, Images
from tests.e2e.agents.making import MakeAgent
from tests.e2e.settings import Settings


def test_a_plugin_in_a_derived_image_answers_and_refuses(
    own_composition: OwnComposition, ready_agent: MakeAgent, agent_images: Images, environment: Settings, tmp_path: Path
) -> None:
    shutil.copytree(FOLDER / "plugin", tmp_path / "plugin")
    lines = ["COPY plugin /app/lib/python3.13/site-packages/"]
    own_composition.use("sidecar", derived_image(environment, own_composition.image("sidecar"), tmp_path, *lines))
    llm = {"providers": [{"name": "polly", "type": "parrot", "baseUrl": "http://parrot.invalid"}], "models": [model("default", "polly")]}
    agent = ready_agent("plugged", spec(agent_images.python, llm=llm, **own_composition.chosen()))
    assert agent.ask(question="Who is there?")["answer"] == "polly-model: polly repeats: Who is there?"
    assert "the guard refuses" in str(agent.ask("/forbidden"))
