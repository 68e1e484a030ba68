"""What is looked up when somebody asks: the state of the process, and of the whole installation."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from app.database.database import Waiting
from app.limits import Load
from app.repositories.metering import Measurement


def process_families(load: Load, waiting: Waiting) -> Iterator[Metric]:
    """This process."""
    yield GaugeMetricFamily("leadwire_requests_in_flight", "Requests being answered.", value=load.in_flight)
    yield GaugeMetricFamily(
        "leadwire_requests_in_flight_limit", "Beyond it requests are refused.", value=load.most
    )
    yield CounterMetricFamily(
        "leadwire_requests_refused", "Requests refused because of that limit.", value=load.refused
    )
    queue = GaugeMetricFamily(
        "leadwire_database_waiting", "Work that waits for the database.", labels=["kind"]
    )
    queue.add_metric(["read"], waiting.reads)
    queue.add_metric(["write"], waiting.writes)
    yield queue


def installation_families(measured: Measurement | None) -> Iterator[Metric]:
    """The installation, the same from every process; None: the database did not answer."""
    yield GaugeMetricFamily(
        "leadwire_database_up", "Whether the database answered lately.", value=measured is not None
    )
    if measured is None:
        return
    yield GaugeMetricFamily("leadwire_jobs_active", "Jobs that lock their lead.", value=measured.active_jobs)
    yield _labelled(
        "leadwire_deliveries",
        "Deliveries that are not final.",
        ("integration", "platform", "state"),
        (((str(one.lane), one.platform, one.state), one.deliveries) for one in measured.open),
    )
    yield _labelled(
        "leadwire_oldest_due_seconds",
        "For how long the first due delivery of a lane could have been sent; 0: nothing is due.",
        ("integration", "platform"),
        (((str(lane.id), lane.platform), _age_s(lane.oldest_due_at, measured.at)) for lane in measured.lanes),
    )
    yield _labelled(
        "leadwire_integration_held",
        "1 while an integration is paused, with the reason.",
        ("integration", "platform", "reason"),
        (
            ((str(lane.id), lane.platform, lane.pause_reason), 1)
            for lane in measured.lanes
            if lane.pause_reason is not None
        ),
    )
    yield _labelled(
        "leadwire_mappings_held",
        "Mappings whose target the platform refuses.",
        ("platform",),
        (((one.platform,), one.mappings) for one in measured.held_mappings),
    )
    yield _labelled(
        "leadwire_deliveries_unsent_last_day",
        "Deliveries that ended unsent within 24 hours.",
        ("platform", "state"),
        (((one.platform, one.state), one.deliveries) for one in measured.unsent),
    )


def _labelled(
    name: str, text: str, labels: Iterable[str], samples: Iterable[tuple[Iterable[str], float]]
) -> Metric:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    for values, number in samples:
        family.add_metric([str(value) for value in values], number)
    return family


def _age_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else (now - since).total_seconds()
