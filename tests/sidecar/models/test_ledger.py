"""Leases: whatever pods do, and in whatever order, the budget holds."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from zerotouch_sidecar.models.amounts import NOTHING, Amount
from zerotouch_sidecar.models.budget.ledger import Change, Ledger, keep, leave, take
from zerotouch_sidecar.models.budget.record import FORGET_SECONDS, Record

LARGEST = 40
"""The largest estimate, and what a request really uses at most: its `max_tokens`."""


@dataclass
class Pod:
    name: str
    ledger: Ledger
    running: list[Amount] = field(default_factory=list)


@dataclass
class World:
    """Pods and the record that they share. Every call of a step is one compare-and-set that won."""

    limit: Amount
    record: Record | None = None
    pods: list[Pod] = field(default_factory=list)
    spent: Amount = NOTHING
    now: int = 0
    made: int = 0

    def step(self, pod: Pod, change: Change) -> Change:
        self.record, pod.ledger = change.record, change.ledger
        return change

    def arguments(self, pod: Pod) -> tuple[Record | None, Ledger, str, str, int]:
        self.made += 1
        return self.record, pod.ledger, pod.name, f"id-{self.made}", self.now

    def reborn(self, pod: Pod) -> None:
        self.made += 1
        pod.name, pod.ledger = f"{pod.name.partition('/')[0]}/{self.made}", Ledger(self.limit, "day")

    def admit(self, pod: Pod, estimate: int) -> bool:
        amount = Amount(estimate, estimate * 10)
        if not pod.ledger.has_free(amount):
            self.step(pod, take(*self.arguments(pod)))
        if not pod.ledger.has_free(amount):
            return False
        pod.ledger = pod.ledger.reserve(amount)
        pod.running.append(amount)
        return True

    def settle(self, pod: Pod, share: float) -> None:
        if pod.running:
            reserved = pod.running.pop()
            used = Amount(int(reserved.tokens * share), int(reserved.nano_usd * share))
            pod.ledger = pod.ledger.settle(reserved, used)
            self.spent = self.spent.plus(used)


actions = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["admit", "admit", "settle", "settle", "idle", "keep", "leave", "vanish"]),
        st.integers(1, LARGEST),
        st.floats(0, 1),
    ),
    max_size=120,
)


def play(world: World, steps: list[tuple[int, str, int, float]]) -> None:
    for which, action, estimate, share in steps:
        pod = world.pods[which]
        if action == "admit":
            world.admit(pod, estimate)
        elif action == "settle":
            world.settle(pod, share)
        elif action == "idle":
            pod.ledger = pod.ledger.without_free()
            world.step(pod, keep(*world.arguments(pod)))
        elif action == "keep":
            world.step(pod, keep(*world.arguments(pod)))
        elif action == "leave" and not pod.running:
            pod.ledger = pod.ledger.without_free()
            world.step(pod, leave(*world.arguments(pod)))
        elif action == "vanish" and not pod.running:
            world.reborn(pod)
        world.now += 7


def four_pods(limit: Amount) -> World:
    return World(limit, pods=[Pod(f"pod-{number}", Ledger(limit, "day")) for number in range(4)])


@settings(max_examples=300)
@given(actions, st.integers(0, 3000), st.integers(0, 20_000))
def test_pods_never_spend_beyond_the_budget_by_more_than_one_request_each(
    steps: list[tuple[int, str, int, float]], tokens: int, nano: int
) -> None:
    limit = Amount(tokens, nano)
    world = four_pods(limit)
    play(world, steps)
    for pod in world.pods:
        while pod.running:
            world.settle(pod, 1.0)
    if tokens:
        assert world.spent.tokens < tokens + 4 * LARGEST
    if nano:
        assert world.spent.nano_usd < nano + 4 * LARGEST * 10


@settings(max_examples=200)
@given(actions)
def test_what_was_taken_is_never_less_than_what_was_spent(steps: list[tuple[int, str, int, float]]) -> None:
    world = four_pods(Amount(2000, 0))
    play(world, steps)
    for pod in world.pods:
        while pod.running:
            world.settle(pod, 1.0)
        world.step(pod, keep(*world.arguments(pod)))
    assert world.record is not None
    assert world.record.taken().tokens >= world.spent.tokens


@settings(max_examples=100)
@given(actions)
def test_a_lost_record_remembers_what_living_pods_spent(steps: list[tuple[int, str, int, float]]) -> None:
    world = four_pods(Amount(2000, 0))
    play(world, [step for step in steps if step[1] not in ("leave", "vanish")])
    world.record = None
    for pod in world.pods:
        while pod.running:
            world.settle(pod, 1.0)
        world.step(pod, keep(*world.arguments(pod)))
    assert world.record is not None
    assert world.record.taken().tokens >= world.spent.tokens


def test_all_of_the_budget_can_be_spent_by_one_pod() -> None:
    world = four_pods(Amount(1000, 0))
    pod = world.pods[0]
    served = 0
    while world.admit(pod, 10):
        world.settle(pod, 1.0)
        served += 1
    assert served == 100


def test_pods_share_what_is_left_near_the_end() -> None:
    world = four_pods(Amount(10_000, 0))
    served = [0, 0, 0, 0]
    while True:
        admitted = [world.admit(pod, 10) for pod in world.pods]
        if not any(admitted):
            break
        for number, pod in enumerate(world.pods):
            served[number] += len(pod.running)
            world.settle(pod, 1.0)
    assert min(served) >= 0.9 * max(served)
    assert world.spent.tokens < 10_000 + 4 * 10


def test_a_pod_that_vanishes_wastes_at_most_a_fiftieth() -> None:
    world = four_pods(Amount(10_000, 0))
    assert world.admit(world.pods[0], 1)
    assert world.record is not None
    assert world.record.taken().tokens <= 200


def test_an_earlier_life_of_a_pod_counts_as_spent() -> None:
    world = four_pods(Amount(1000, 0))
    pod = world.pods[0]
    assert world.admit(pod, 10)
    world.settle(pod, 1.0)
    before = world.record
    assert before is not None
    world.reborn(pod)
    world.step(pod, keep(*world.arguments(pod)))
    assert world.record is not None
    assert world.record.taken() == before.taken()


def test_a_budget_that_ends_after_another_of_its_pod_began_is_counted_once() -> None:
    world = four_pods(Amount(1000, 0))
    old, new = world.pods[0], Pod("pod-0/new", Ledger(world.limit, "day"))
    for pod in (old, new, new):
        assert world.admit(pod, 10)
        world.settle(pod, 1.0)
    for pod in (old, new):
        pod.ledger = pod.ledger.without_free()
        world.step(pod, leave(*world.arguments(pod)))
    assert world.record is not None
    assert (world.record.taken().tokens, world.record.pods) == (30, {})


def test_a_lease_whose_answer_was_lost_is_not_taken_twice() -> None:
    world = four_pods(Amount(1000, 0))
    pod = world.pods[0]
    world.record = take(*world.arguments(pod)).record
    first = world.record.taken()
    world.step(pod, take(*world.arguments(pod)))
    assert any(first)
    assert world.record.taken() == first


def test_the_record_forgets_pods_but_not_what_they_took() -> None:
    world = four_pods(Amount(100_000, 0))
    for pod in world.pods:
        assert world.admit(pod, 10)
    assert world.record is not None
    taken = world.record.taken()
    world.now += FORGET_SECONDS + 1
    world.step(world.pods[0], keep(*world.arguments(world.pods[0])))
    assert list(world.record.pods) == ["pod-0"]
    assert world.record.taken() == taken
    world.step(world.pods[1], keep(*world.arguments(world.pods[1])))
    assert world.record.taken() == taken


def test_a_period_begins_when_the_first_clock_says_so() -> None:
    world = four_pods(Amount(1000, 0))
    early, late = world.pods[:2]
    assert world.admit(late, 10)
    world.settle(late, 1.0)
    early.ledger = early.ledger.turned("e")
    world.step(early, keep(*world.arguments(early)))
    world.step(late, keep(*world.arguments(late)))
    assert world.record is not None
    assert (world.record.period, late.ledger.period, late.ledger.spent) == ("e", "e", NOTHING)
