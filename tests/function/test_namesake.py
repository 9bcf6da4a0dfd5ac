"""Of two claims of one name, the second is refused and the first never notices."""

from collections.abc import Callable
from typing import Final

import pytest

from tests.composites import agent, composite
from tests.fuzz.requests import message
from zerotouch_function.errors import NameTakenError
from zerotouch_function.manifest import Manifest
from zerotouch_function.observed import NOTHING, Snapshot
from zerotouch_function.protocol import wire
from zerotouch_function.protocol.request import RequestState
from zerotouch_function.registry import compose

EARLIER: Final = "2026-01-01T00:00:00Z"
LATER: Final = "2026-01-01T00:00:01Z"

Make = Callable[..., Manifest]
BOTH: Final = [pytest.param(agent, composite, id="an AgentType second"), pytest.param(composite, agent, id="an AgentExecutor second")]
MODES: Final = [{"mode": "direct"}, {"mode": "objects"}]


def named(make: Make, created: str = "", name: str = "taken", namespace: str = "ns") -> Manifest:
    return make(name=name, namespace=namespace, **({"creationTimestamp": created} if created else {}))


def requirement_for(xr: Manifest) -> str:
    return f"namesake-{xr['kind'].removeprefix('X').lower()}"


def answer(xr: Manifest, *others: Manifest, mode: Manifest, observed: dict[str, Manifest] | None = None) -> object:
    found = {requirement_for(other): [other] for other in others}
    state = RequestState(wire.parse(message(xr, observed=observed or {}, required=found)))
    return compose(state.composite(), state, mode).resources


@pytest.mark.parametrize("created", [LATER, ""], ids=["later", "as a preview has it"])
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode["mode"])
@pytest.mark.parametrize(("second", "first"), BOTH)
def test_the_second_is_told_who_has_the_name(second: Make, first: Make, mode: Manifest, created: str) -> None:
    kind = named(first)["kind"].removeprefix("X")
    with pytest.raises(NameTakenError, match=rf'^metadata.name: "taken" is the name of an {kind} in namespace ns already; create this'):
        answer(named(second, created), named(first, EARLIER), mode=mode)


@pytest.mark.parametrize(("second", "first"), BOTH)
def test_the_first_goes_on_although_the_second_is_there(second: Make, first: Make) -> None:
    assert answer(named(first, EARLIER), named(second, LATER), mode={})


@pytest.mark.parametrize(("second", "first"), BOTH)
def test_of_two_in_the_same_second_one_goes_on(second: Make, first: Make) -> None:
    refused = 0
    for xr, other in ((named(first, EARLIER), named(second, EARLIER)), (named(second, EARLIER), named(first, EARLIER))):
        try:
            answer(xr, other, mode={})
        except NameTakenError:
            refused += 1
    assert refused == 1


@pytest.mark.parametrize(("second", "first"), BOTH)
def test_of_two_in_the_same_second_the_one_that_has_begun_goes_on(second: Make, first: Make) -> None:
    begun = named(first, EARLIER)
    begun["spec"]["resourceRefs"] = [{"apiVersion": "v1", "kind": "Service", "name": "taken"}]
    assert answer(begun, named(second, EARLIER), mode={})
    with pytest.raises(NameTakenError):
        answer(named(second, EARLIER), begun, mode={})


@pytest.mark.parametrize(("one", "other"), BOTH)
def test_a_claim_elsewhere_or_of_another_name_takes_nothing(one: Make, other: Make) -> None:
    assert answer(named(one, LATER), named(other, EARLIER, namespace="elsewhere"), mode={})
    assert answer(named(one, LATER), named(other, EARLIER, name="other"), mode={})


@pytest.mark.parametrize(("one", "other"), BOTH)
def test_a_claim_that_has_its_service_asks_for_nothing(one: Make, other: Make) -> None:
    xr = named(one, LATER)
    asked = compose(xr, NOTHING, {})
    (selector,) = asked.requirements.values()
    assert (selector.kind, selector.namespace) == (named(other)["kind"], "")
    assert selector.match_labels == {"crossplane.io/claim-name": "taken", "crossplane.io/claim-namespace": "ns"}
    service = {"service": asked.resources["service"].manifest}
    assert compose(xr, Snapshot(service), {}).requirements == {}
    assert answer(xr, named(other, EARLIER), mode={}, observed=service)
