"""What a model provider is. Implement `Provider`, and name a factory of it in the entry point group `zerotouch_sidecar.providers`.

    [project.entry-points."zerotouch_sidecar.providers"]
    my-cloud = "my_package:MyCloud"

A provider in sidecar.json with `"type": "my-cloud"` is then made by `MyCloud(setup)`. docs/sidecar-api.md shows a whole one.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from zerotouch_sidecar.http.limits import Timeouts
from zerotouch_sidecar.http.message import Headers
from zerotouch_sidecar.http.upstream import Upstream
from zerotouch_sidecar.models.call import Call
from zerotouch_sidecar.models.surfaces import Surface

GROUP: Final = "zerotouch_sidecar.providers"
"""The entry point group. An entry's name is the provider's `type`, its object a `Factory`."""


class Answer(Protocol):
    """An answer that has begun, in the protocol of the call's surface. `http.upstream.UpstreamResponse` is one."""

    status: int
    headers: Headers

    def chunks(self) -> AsyncIterator[bytes]:
        """The body's pieces as they come. Raises `UpstreamError` when they break off."""

    async def read(self, limit_bytes: int) -> bytes:
        """The whole body. Raises `UpstreamError`, `BodyTooLarge`."""

    def close(self) -> None:
        """Lets go of the answer. Called once in every case."""


class Provider(Protocol):
    """Answers model calls in one or more protocols."""

    surfaces: frozenset[Surface]
    """The protocols that it speaks. A call reaches it only in one of these."""

    async def send(self, call: Call, model: str) -> Answer:
        """Makes a call to one of the provider's models and returns the answer as soon as it begins, whatever its status.

        Raises:
            UpstreamError: No answer. The call may then be repeated, here or elsewhere.
        """

    async def close(self) -> None:
        """Lets go of connections."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a factory is given."""

    name: str
    base_url: str
    headers: Mapping[str, str]
    """Sent with each call."""

    timeouts: Timeouts
    key: Callable[[], str]
    """Returns the key as it is now: ask for it at each call, and keep it nowhere."""

    connect: Callable[[str], Upstream]
    """Returns kept connections to a base URL, with the provider's certificate authorities."""

    sends_trace: bool = False
    """Whether the provider is told `call.trace`."""

    speaks: frozenset[Surface] = frozenset()
    """What a provider that can speak every protocol shall speak; empty: all that it can. The others know theirs."""


Factory = Callable[[Setup], Provider]
"""Makes a provider. Raise `ValueError` with what is wrong and what to do; it becomes a configuration error."""
