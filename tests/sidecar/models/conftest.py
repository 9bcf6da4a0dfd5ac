"""How long a test of models may take, real NATS servers that go away and come back included."""

from collections.abc import Iterator

import pytest

from tests.sidecar.loops import bounded


@pytest.fixture(autouse=True)
def _ends_in_time() -> Iterator[None]:
    with bounded(150):  # the longest time-out within a test is 120 s
        yield
