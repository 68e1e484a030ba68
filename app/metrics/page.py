"""The endpoint /metrics, in the text format of Prometheus."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from app.clock import Clock
from app.database.database import Database
from app.limits import Load
from app.metrics.access import Access, read_access
from app.metrics.families import installation_families, process_families
from app.metrics.instruments import Instruments
from app.repositories.metering import Measurement, measure
from app.settings import Settings

FRESH_S = 10.0
"""How old what is told of the installation may be: the database is asked no more often than this."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class MetricsPage:
    """Answers with what was measured. Never fails: what cannot be looked up is left out."""

    instruments: Instruments
    load: Load
    database: Database
    clock: Clock
    access: Access
    _measured: Measurement | None = None
    _measured_at: float | None = None
    """By the event loop's clock; None: never."""
    _measuring: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def answer(self, request: Request) -> Response:
        """The page; 401 for whoever may not see it."""
        if not self.access.allows(request.headers.get("authorization")):
            return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
        # One at a time: a slow database must not be asked once more by everybody who waits.
        async with self._measuring:
            await self._refresh()
        looked_up = CollectorRegistry()
        looked_up.register(_Looked(self))
        body = generate_latest(self.instruments.registry) + generate_latest(looked_up)
        return Response(body, headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"})

    def families(self) -> Iterator[Metric]:
        """What is looked up, and not counted."""
        yield from process_families(self.load, self.database.waiting)
        yield from installation_families(self._measured)

    async def _refresh(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._measured_at is not None and now - self._measured_at < FRESH_S:
            return
        at = self.clock()
        try:
            self._measured = await self.database.read(lambda session: measure(session, at))
        except Exception as error:  # noqa: BLE001 - an edge: the rest of the page says why it failed, if anything does
            # Not what it said: drivers quote addresses and values.
            _logger.warning("the database could not be measured: %s", type(error).__name__)
            self._measured = None
        self._measured_at = now


def read_page(
    settings: Settings, *, instruments: Instruments, load: Load, database: Database, clock: Clock
) -> MetricsPage | None:
    """The page as it is set; None: there is none. SettingsError: see read_access()."""
    access = read_access(settings)
    if access is None:
        return None
    return MetricsPage(instruments=instruments, load=load, database=database, clock=clock, access=access)


class _Looked(Collector):
    """What Prometheus' library asks for families."""

    def __init__(self, page: MetricsPage) -> None:
        self._page = page

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        return self._page.families()
