"""What `run` tells its user: what listens where, which models answer, and when the agent is ready."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from zerotouch.local.configuration import Local
from zerotouch.local.ports import HOST, Ports
from zerotouch.local.workload import Workload
from zerotouch_contract import routes


@dataclass(frozen=True, slots=True)
class Summary:
    """The lines, once the sidecar answers."""

    workload: Workload
    local: Local
    ports: Ports
    command: Sequence[str]
    mocks_models: bool

    def started(self) -> str:
        local_api, agent = f"http://{HOST}:{self.ports.local_api}", self.workload.configuration["agent"]
        llm = self.local.content["llm"]
        rows = [
            ("agent", f"http://{HOST}:{self.ports.ingress}  what the Service leads to in a cluster; passes on to port {agent['port']}"),
            *([("models", f"{local_api}{routes.OPENAI}  and  {local_api}{routes.ANTHROPIC}")] if llm["models"] else []),
            ("operations", f"http://{HOST}:{self.ports.ops}{routes.METRICS}  {routes.INFO}  {routes.READYZ}"),
            *([("nats", f"nats://{HOST}:{self.ports.nats}  empty at each start")] if self.local.has_nats else []),
            *(("provider", self._provider(provider["name"])) for provider in llm["providers"]),
            *(("model", self._model(model)) for model in llm["models"]),
            ("command", shlex.join(self.command)),
        ]
        lines = [f"  {title:<11} {text}" for title, text in rows]
        return "\n".join([f"{self.workload.namespace}/{self.workload.name} on this machine; Ctrl-C stops it", *lines])

    def ready(self) -> str:
        return f"{self.workload.name} is ready: http://{HOST}:{self.ports.ingress}"

    def _provider(self, name: str) -> str:
        if self.mocks_models:
            return f"{name}: answers are made up here (--mock-models), no provider is asked"
        source = self.local.key_sources.get(name)
        return f"{name}: key from {source}" if source else f"{name}: without a key"

    def _model(self, model: dict[str, object]) -> str:
        targets = model["targets"]
        assert isinstance(targets, list)
        return f"{model['alias']}: " + ", ".join(f"{target['provider']}/{target['model']}" for target in targets)
