"""What is counted and timed while it happens, in this process and since its start."""

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector

from app.connectors.base import OutcomeKind
from app.values import Platform

_REQUEST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_ATTEMPT_S = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_LAG_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Instruments:
    """Implements Watch. A registry of its own, so that an application in a test counts for itself."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._requests = Counter(
            "leadwire_requests", "HTTP requests answered.", ("endpoint", "status"), registry=registry
        )
        self._request_s = Histogram(
            "leadwire_request_duration_seconds",
            "From a request's head to the beginning of its answer.",
            ("endpoint",),
            buckets=_REQUEST_S,
            registry=registry,
        )
        self._answers: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        """What labels() found: it takes a lock at each look."""
        self._attempts = Counter(
            "leadwire_attempts",
            "Attempts at deliveries, by what the platform's answer means.",
            ("platform", "outcome"),
            registry=registry,
        )
        self._attempt_s = Histogram(
            "leadwire_attempt_duration_seconds",
            "From sending a delivery to the platform's answer.",
            ("platform",),
            buckets=_ATTEMPT_S,
            registry=registry,
        )
        self._step_s = Histogram(
            "leadwire_step_duration_seconds",
            "A lane's transaction: record what ended, claim what is due; with its wait for the database.",
            buckets=_REQUEST_S,
            registry=registry,
        )
        self._claimed = Counter("leadwire_claimed_deliveries", "Deliveries claimed.", registry=registry)
        self._lag_s = Histogram(
            "leadwire_event_loop_lag_seconds",
            "How late the event loop is, measured twice a second.",
            buckets=_LAG_S,
            registry=registry,
        )

    def answered(self, endpoint: str, status: int, seconds: float) -> None:
        """A request is over. `endpoint`: one of a few words, never a caller's path."""
        known = self._answers.get((endpoint, status))
        if known is None:
            known = self._requests.labels(endpoint, status), self._request_s.labels(endpoint)
            self._answers[endpoint, status] = known
        counter, histogram = known
        counter.inc()
        histogram.observe(seconds)

    def stepped(self, seconds: float, *, claimed: int) -> None:
        """See Watch.stepped."""
        self._step_s.observe(seconds)
        self._claimed.inc(claimed)

    def attempted(self, platform: Platform, outcome: OutcomeKind, seconds: float) -> None:
        """See Watch.attempted."""
        self._attempts.labels(platform.value, outcome.value).inc()
        self._attempt_s.labels(platform.value).observe(seconds)

    def lagged(self, seconds: float) -> None:
        """The event loop was so late."""
        self._lag_s.observe(seconds)
