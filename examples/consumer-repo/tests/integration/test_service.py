"""The service beside a real NATS server and a real server of the Redis protocol."""

from tests.integration.conftest import Bench, eventually


def test_a_message_becomes_a_result(bench: Bench) -> None:
    bench.make_stream()
    service = bench.service()
    bench.publish({"id": "42", "text": "queues make pods"})
    eventually(lambda: service.get("/results/42")[0] == 200)
    assert service.get("/results/42")[1] == {"words": 3, "characters": 16, "longest_word": "queues"}
    eventually(lambda: bench.waiting() == 0)


def test_it_is_alive_at_once_and_ready_when_its_consumer_exists(bench: Bench) -> None:
    service = bench.service()
    assert service.get("/health") == (200, {"alive": True})
    assert service.get("/ready") == (503, {"ready": False})
    bench.make_stream()
    eventually(lambda: service.get("/ready") == (200, {"ready": True}))
    assert service.get("/nothing")[0] == service.get("/results/nothing")[0] == 404


def test_a_message_that_can_never_succeed_is_ended_and_the_next_one_done(bench: Bench) -> None:
    bench.make_stream()
    service = bench.service()
    bench.publish(b"no JSON", {"id": "43", "text": "hello"})
    eventually(lambda: service.get("/results/43")[0] == 200)
    eventually(lambda: bench.waiting() == 0)


def test_no_message_is_lost_while_the_store_is_away(bench: Bench) -> None:
    bench.make_stream()
    service = bench.service()
    bench.store.stop()
    bench.publish({"id": "44", "text": "patience"})
    eventually(lambda: service.get("/results/44")[0] == 503)
    assert bench.waiting() == 1
    assert service.get("/health")[0] == 200
    bench.store.start()
    eventually(lambda: service.get("/results/44")[0] == 200)


def test_a_worker_that_must_stop_gives_back_what_it_cannot_save(bench: Bench) -> None:
    bench.make_stream()
    first = bench.service()
    eventually(lambda: first.get("/ready")[0] == 200)
    bench.store.stop()
    bench.publish({"id": "45", "text": "hand over"})
    first.wait_for_line("store is away")
    assert first.terminate() == 0
    bench.store.start()
    second = bench.service()
    eventually(lambda: second.get("/results/45")[0] == 200)


def test_two_workers_share_the_queue_and_lose_nothing_when_one_stops(bench: Bench) -> None:
    bench.make_stream()
    first, second = bench.service(), bench.service()
    bench.publish(*({"id": str(number), "text": "word " * number} for number in range(200)))
    assert first.terminate() == 0
    eventually(lambda: bench.waiting() == 0)
    assert all(second.get(f"/results/{number}")[1]["words"] == number for number in range(200))


def test_it_outlives_a_restart_of_the_queue(bench: Bench) -> None:
    bench.make_stream()
    service = bench.service()
    eventually(lambda: service.get("/ready")[0] == 200)
    bench.queue.stop()
    assert service.get("/health")[0] == 200
    bench.queue.start()
    bench.publish({"id": "46", "text": "again"})
    eventually(lambda: service.get("/results/46")[0] == 200)


def test_it_stops_at_once_when_the_queue_was_never_there(bench: Bench) -> None:
    bench.queue.stop()
    service = bench.service()
    assert service.get("/ready")[0] == 503
    assert service.terminate() == 0
