"""What the pod was made with, which no later sidecar.json can change.

All pods of an agent read the same file. While a new port is rolled out, the earlier pods still run an agent that listens on the earlier
one: what the pod template says of the agent holds for as long as the pod lives.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, structs

from zerotouch_contract import environment
from zerotouch_sidecar.config.structs import Configuration
from zerotouch_sidecar.errors import StartError


class Pod(Struct, frozen=True):
    """What the template says; what it leaves out is as the file has it."""

    port: Annotated[int, Meta(ge=1, le=65535)] | UnsetType = UNSET
    readiness_path: Annotated[str, Meta(pattern="^(/.*)?$")] | UnsetType = UNSET
    failure_policy: Literal["Ignore", "Fail"] | UnsetType = UNSET

    def of(self, configuration: Configuration) -> Configuration:
        """The configuration as it holds in this pod."""
        agent, wrapper = configuration.agent, configuration.wrapper
        return structs.replace(
            configuration,
            agent=structs.replace(
                agent,
                port=agent.port if self.port is UNSET else self.port,
                readiness_path=agent.readiness_path if self.readiness_path is UNSET else self.readiness_path,
            ),
            wrapper=structs.replace(
                wrapper, failure_policy=wrapper.failure_policy if self.failure_policy is UNSET else self.failure_policy
            ),
        )


VARIABLES = {
    "port": environment.POD_AGENT_PORT,
    "readiness_path": environment.POD_READINESS_PATH,
    "failure_policy": environment.POD_WRAPPER_FAILURE_POLICY,
}


def read_pod(variables: Mapping[str, str]) -> Pod:
    """Reads the template's part of the environment.

    Raises:
        StartError: A variable is not what it should be.
    """
    given = {field: variables[name] for field, name in VARIABLES.items() if name in variables}
    try:
        return msgspec.convert(given, Pod, strict=False)
    except ValidationError as error:
        raise StartError(", ".join(VARIABLES[field] for field in given), str(error), "leave it to the composition to set them") from None
