"""What is counted about model calls. Names follow OpenTelemetry's conventions for generative AI, as Prometheus writes them."""

from typing import Final

from zerotouch_sidecar.metrics import Registry
from zerotouch_sidecar.models.amounts import NANO_PER_USD, Amount, Usage
from zerotouch_sidecar.models.routing import Step
from zerotouch_sidecar.models.surfaces import Operation

TOKEN_BUCKETS: Final = tuple(float(4**power) for power in range(14))
"""As the conventions advise: 1 to 67 million."""

DURATION_BUCKETS: Final = tuple(0.01 * 2**power for power in range(14))
"""As the conventions advise: 10 ms to 82 s."""

OVERHEAD_BUCKETS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)

CALL: Final = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "agent_model_alias")


class Metering:
    """The metrics of the model proxy."""

    def __init__(self, registry: Registry) -> None:
        self._tokens = registry.histogram(
            "gen_ai_client_token_usage", "Tokens of model calls.", *CALL, "gen_ai_token_type", buckets=TOKEN_BUCKETS
        )
        self._seconds = registry.histogram(
            "gen_ai_client_operation_duration_seconds",
            "Model calls from request to the answer's end; error_type is empty for those that succeeded.",
            *CALL,
            "error_type",
            buckets=DURATION_BUCKETS,
        )
        self._first_chunk = registry.histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "Streamed model calls from request to the first piece of the answer.",
            *CALL,
            buckets=DURATION_BUCKETS,
        )
        self._overhead = registry.histogram(
            "agent_model_overhead_seconds", "What the sidecar added before the answer began.", buckets=OVERHEAD_BUCKETS
        )
        target = ("gen_ai_provider_name", "gen_ai_request_model")
        self._failures = registry.counter(
            "agent_model_attempts_failed_total", "Attempts that got no usable answer, by reason.", *target, "error_type"
        )
        self._retries = registry.counter("agent_model_retries_total", "Attempts after the first at one target.", *target)
        self._fallbacks = registry.counter("agent_model_fallbacks_total", "Calls that another than the first target answered.", *target)
        self._refused = registry.counter("agent_model_refused_total", "Calls that the sidecar refused, by reason.", "reason")
        self._degraded = registry.counter("agent_model_degraded_total", "Calls that a cheaper model answered because the budget was spent.")
        self._budget_failures = registry.counter(
            "agent_model_budget_failures_total", "Mistakes of the sidecar in keeping the budget; its log has the traceback."
        )
        self._budget_failures.inc(by=0)
        self._usd = registry.counter("agent_model_cost_usd_total", "Dollars that model calls cost.", "agent_model_alias")
        self.breaker = registry.gauge(
            "agent_model_breaker_state", "Circuit breaker of a target: 0 closed, 1 open, 2 trying one request.", *target
        )
        self.key_missing = registry.gauge(
            "agent_model_key_missing",
            "1: the provider wants a key, and the file that should hold it is not there, or holds nothing usable.",
            target[0],
        )
        self.budget = registry.gauge("agent_model_budget_remaining", "What is left of the budget in this period.", "unit")
        self.budget_store = registry.gauge(
            "agent_model_budget_store_up", "1: the store that shares the budget answers; absent: the budget is this pod's alone."
        )

    def attempt_failed(self, provider: str, model: str, error_type: str) -> None:
        """Counts an attempt that failed."""
        self._failures.inc(provider, model, error_type)

    def retried(self, provider: str, model: str) -> None:
        """Counts another attempt at the same target."""
        self._retries.inc(provider, model)

    def refused(self, reason: str) -> None:
        """Counts a call that reached no provider."""
        self._refused.inc(reason)

    def degraded(self) -> None:
        """Counts a call that went to the cheaper model."""
        self._degraded.inc()

    def budget_failed(self) -> None:
        """Counts a mistake in keeping the budget."""
        self._budget_failures.inc()

    def began(self, operation: Operation, step: Step, seconds: float, overhead_seconds: float, *, is_stream: bool, skipped: int) -> None:
        """Counts an answer that begins."""
        self._overhead.observe(overhead_seconds)
        if is_stream:
            self._first_chunk.observe(seconds, *_labels(operation, step))
        if skipped:
            self._fallbacks.inc(step.target.provider, step.target.model)

    def ended(self, operation: Operation, step: Step, seconds: float, error_type: str) -> None:
        """Counts a call that is over."""
        self._seconds.observe(seconds, *_labels(operation, step), error_type)

    def used(self, operation: Operation, step: Step, usage: Usage, cost: Amount) -> None:
        """Counts what a call used."""
        labels = _labels(operation, step)
        self._tokens.observe(usage.input_tokens, *labels, "input")
        if usage.output_tokens:
            self._tokens.observe(usage.output_tokens, *labels, "output")
        if cost.nano_usd:
            self._usd.inc(step.alias.name, by=cost.nano_usd / NANO_PER_USD)


def _labels(operation: Operation, step: Step) -> tuple[str, str, str, str]:
    return operation.name, step.target.provider, step.target.model, step.alias.name
