"""Serves Crossplane over gRPC, until told to stop.

Handlers take and give bytes: gRPC parses nothing, and `v1beta1`, which has the same messages, is the same handler. Threads and not
asyncio: a request costs gRPC half the processor time, and nothing in an answer waits for anything.
"""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from time import perf_counter, sleep
from typing import Final, NoReturn

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from zerotouch_function.errors import RequestError
from zerotouch_function.protocol.runner import Outcome, Runner
from zerotouch_function.serving.address import listen
from zerotouch_function.serving.arrivals import Arrivals
from zerotouch_function.serving.certificates import REMEDY, server_credentials
from zerotouch_function.serving.logs import Log
from zerotouch_function.serving.metrics import Metrics
from zerotouch_function.serving.options import Options, StartError
from zerotouch_function.serving.scrape import serve_metrics
from zerotouch_function.serving.unread import Unread, UnreadError

SERVICES: Final = ("apiextensions.fn.proto.v1.FunctionRunnerService", "apiextensions.fn.proto.v1beta1.FunctionRunnerService")
"""Both names of the one service; Crossplane before v1.17 calls the second."""

GRACE_SECONDS: Final = 20
"""For requests that are being answered when the process is told to stop. Crossplane waits no longer for an answer."""

HOLD_SECONDS: Final = 0.1
"""How long new requests are held before gRPC is stopped.

gRPC takes calls from its queue one by one, and cancels those that still wait there when it is stopped
(`Server::ShutdownAndNotify` kills pending work before it tells the callers to go away). While answers are held, callers that wait for
one send nothing new, and the queue runs empty: each call is then either answered, or never leaves its caller.
"""

WORKERS: Final = 64
"""Threads at most; started when needed. One waits for each request whose bytes are still arriving."""

MAX_CONCURRENT_REQUESTS: Final = 512
"""Further ones are answered with RESOURCE_EXHAUSTED at once. By default Crossplane reconciles 100 composites of a kind at a time.

One connection has no more, with those whose answers it has not read: they count no more for gRPC, and take memory.
"""

LARGE_REQUEST_BYTES: Final = 256 * 1024
"""Larger ones are answered one at a time: an opened request takes some times its bytes, and 64 of them would take a pod's memory."""

KEEPALIVE_SECONDS: Final = 60
"""A connection that is silent for so long is asked whether it is alive, so that a dead caller holds no thread."""

log: Final = Log(__name__)


class Handler:
    """Answers RunFunction calls."""

    def __init__(self, runner: Runner, metrics: Metrics, arrivals: Arrivals, unread: Unread) -> None:
        self._runner = runner
        self._metrics = metrics
        self._arrivals = arrivals
        self._unread = unread
        self._large = threading.Lock()
        self._is_open = threading.Event()
        self._is_open.set()

    def hold(self) -> None:
        """Takes requests, and answers none until `release`."""
        self._is_open.clear()

    def release(self) -> None:
        """Answers the requests that were held, and further ones."""
        self._is_open.set()

    def __call__(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> bytes:
        request = self._arrivals.receive(requests, context)
        if request is None:
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, "request: is missing; send one message")
        self._is_open.wait()
        self._metrics.begin()
        started = perf_counter()
        kind, outcome = "", Outcome.FAILED
        try:
            with self._large if len(request) > LARGE_REQUEST_BYTES else nullcontext():
                answer = self._runner.answer(request)
            kind, outcome = answer.kind, answer.outcome
            self._unread.add(context, len(answer.response))
            return answer.response
        except RequestError as error:
            outcome = Outcome.DAMAGED
            _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except UnreadError as error:
            outcome = Outcome.UNREAD
            _abort(context, grpc.StatusCode.RESOURCE_EXHAUSTED, str(error))
        except Exception as error:
            log.exception("request failed", request_bytes=len(request))
            _abort(context, grpc.StatusCode.INTERNAL, f"{type(error).__name__} in the function, a bug; its log has the traceback")
        finally:
            self._metrics.end(kind, outcome, perf_counter() - started)
            log.debug("request", kind=kind, outcome=outcome, request_bytes=len(request))


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    context.abort(code, message)
    raise AssertionError("abort returned")


def serve(runner: Runner, options: Options, metrics: Metrics) -> None:
    """Serves until SIGTERM or SIGINT, then answers what it has accepted and returns.

    Raises:
        StartError: The options cannot be served.
    """
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    arrivals, state = Arrivals(WORKERS), health.HealthServicer()
    handler = Handler(runner, metrics, arrivals, Unread(options.unread_bytes))
    server = build_server(handler, state, options)
    if options.metrics_address:
        serve_metrics(options.metrics_address, metrics.text)
    server.start()
    arrivals.watch()
    log.info("serving", address=options.address, metrics_address=options.metrics_address, is_secure=options.certificates is not None)
    told_to_stop.wait()
    log.info("stopping", grace_seconds=GRACE_SECONDS)
    state.enter_graceful_shutdown()
    handler.hold()
    sleep(HOLD_SECONDS)
    stopped = server.stop(GRACE_SECONDS - HOLD_SECONDS)
    handler.release()
    stopped.wait()
    log.info("stopped")


def build_server(handler: Handler, state: health.HealthServicer, options: Options) -> grpc.Server:
    """The server, bound to its address but not yet started."""
    server = grpc.server(
        ThreadPoolExecutor(WORKERS, thread_name_prefix="request"),
        options=[
            ("grpc.max_receive_message_length", options.max_request_bytes),
            ("grpc.max_concurrent_streams", MAX_CONCURRENT_REQUESTS),
            ("grpc.keepalive_time_ms", KEEPALIVE_SECONDS * 1000),
            ("grpc.so_reuseport", 0),  # a second process on the port is a mistake, and shall fail
        ],
        maximum_concurrent_rpcs=MAX_CONCURRENT_REQUESTS,
    )
    # On the wire a call with one request is a stream of one; the handler that waits for it itself knows which are still arriving.
    method: grpc.RpcMethodHandler[bytes, bytes] = grpc.stream_unary_rpc_method_handler(handler)
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, {"RunFunction": method}) for name in SERVICES])
    for name in ("", *SERVICES):
        state.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(state, server)
    _bind(server, options)
    return server


def _bind(server: grpc.Server, options: Options) -> None:
    listen(options.address, "--address").close()  # gRPC does not tell a taken address from certificates that it refuses
    try:
        if options.certificates is None:
            server.add_insecure_port(options.address)
        else:
            server.add_secure_port(options.address, server_credentials(options.certificates))
    except RuntimeError as error:
        if options.certificates is None:
            raise StartError(f"--address {options.address}", "cannot be listened on", "free it, or choose another") from error
        problem = "holds a key of another certificate, or a file that is no PEM; gRPC says which on the lines above"
        raise StartError(f"--tls-certs-dir {options.certificates}", problem, REMEDY) from error
