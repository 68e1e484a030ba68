"""An installation with every platform connected, on SQLite or PostgreSQL, made of real processes."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx

from app.clock import utc_now
from app.connectors.registry import build_connectors
from app.database.opening import open_database
from app.demo import QUALIFIED_ID, REPEAT_ID, TARGETS, WON_ID, demo_settings
from app.encryption import Cipher, new_secret_key
from app.runtime import is_postgres, prepare_database
from app.tables.leads import LeadRow
from app.values import Platform, Scope
from tests.ports import free_port
from tests.torture.processes import LEADWIRE, Program, listens
from tests.world import COMPLETE_LEAD, World

KEY = "torture-key"
LABELS: Mapping[str, dict[str, Any]] = {
    "Qualified": {},
    "Won": {"mark_as_done": True, "undo_on_lost": True},
    "Repeat order": {"convert_once": False},
}
_TARGETS = {"Qualified": QUALIFIED_ID, "Won": WON_ID, "Repeat order": REPEAT_ID}
_SHARED = "shared-"


@dataclass(frozen=True, slots=True)
class Installation:
    """What the torture needs to know of one."""

    database_url: str
    sandbox: httpx.AsyncClient
    webs: Sequence[str]
    """Where it answers: the origin of each web process."""
    programs: Sequence[Program]
    """All of its processes, none of them running yet."""
    label_ids: Sequence[UUID]
    lead_ids: Sequence[int]
    """Leads that any caller may change the status of."""

    async def script(self, platform: str, **order: Any) -> None:
        """Tell a platform how to behave next."""
        (await self.sandbox.post(f"/sandbox/{platform}/script", json=order)).raise_for_status()

    async def calm(self) -> None:
        """Let every platform behave again."""
        for platform in Platform:
            await self.script(platform.value.lower(), reset=True)

    async def tally(self) -> dict[str, Any]:
        """What each platform took."""
        tally: dict[str, Any] = (await self.sandbox.get("/tally")).json()
        return tally


@asynccontextmanager
async def installed(
    database_url: str, folder: Path, *, webs: int = 2, workers: int = 2, leads: int = 12
) -> AsyncIterator[Installation]:
    """Set an installation up on an empty database; at the end nothing of it runs any more.

    `webs` and `workers`: how many of each on PostgreSQL; on SQLite one process does everything. `leads`: how
    many there are for everybody.
    """
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    secret = new_secret_key()
    platforms = Program(
        "platforms", ["-m", "tests.torture.platforms", str(port)], {}, says="", log=folder / "platforms.log"
    )
    with closing(platforms):
        platforms.start()
        label_ids, lead_ids = await _fill(database_url, secret, leads)
        await listens(port)
        environment = {
            "LEADWIRE_DATABASE_URL": database_url,
            "LEADWIRE_SECRET_KEY": secret,
            **_places(origin),
        }
        async with AsyncExitStack() as stack:
            # A connection of its own for each order: one that was kept may be closed at the moment it is used.
            alone = httpx.Limits(max_keepalive_connections=0)
            sandbox = await stack.enter_async_context(httpx.AsyncClient(base_url=origin, limits=alone))
            ports = [free_port() for _ in range(webs if is_postgres(database_url) else 1)]
            programs = _programs(is_postgres(database_url), environment, folder, ports, workers)
            for program in programs:
                stack.enter_context(closing(program))
            origins = [f"http://127.0.0.1:{one}" for one in ports]
            yield Installation(database_url, sandbox, origins, programs, label_ids, lead_ids)


def _programs(
    shared: bool, environment: dict[str, str], folder: Path, ports: Sequence[int], workers: int
) -> list[Program]:
    def program(name: str, command: str, says: str, **own: str) -> Program:
        log = folder / f"{name}.log"
        return Program(name, [*LEADWIRE, command], environment | own, says=says, log=log)

    def web(index: int, port: int) -> Program:
        own = {"LEADWIRE_PORT": str(port), "LEADWIRE_WORKER": "off" if shared else "embedded"}
        return program(f"web-{index}", "serve", "Leadwire answers at", **own)

    def worker(index: int) -> Program:
        return program(f"worker-{index}", "worker", "Leadwire sends")

    return [
        *(web(index, port) for index, port in enumerate(ports)),
        *(worker(index) for index in range(workers if shared else 0)),
    ]


def _places(origin: str) -> dict[str, str]:
    """The settings that send everything to the sandbox."""
    return {
        f"LEADWIRE_{name.upper()}": str(value)
        for name, value in demo_settings("", origin).model_dump(exclude_unset=True).items()
        if name.endswith(("_base_url", "_token_url")) and value
    }


async def _fill(database_url: str, secret: str, leads: int) -> tuple[list[UUID], list[int]]:
    """A project, its key, every platform, labels that all of them know, and leads."""
    await prepare_database(database_url)
    database = await open_database(database_url)
    try:
        world = await World(database, utc_now, Cipher(secret), dict(build_connectors())).begin()
        await world.key(KEY, Scope.ADMIN)
        labels = {name: (await world.label(name, **columns)).id for name, columns in LABELS.items()}
        for platform in Platform:
            integration = await world.integration(platform)
            for name, label_id in labels.items():
                await world.map(label_id, integration, target=TARGETS[platform][_TARGETS[name]])
            lost = next(
                target for label, target in TARGETS[platform].items() if label not in _TARGETS.values()
            )
            await world.map(world.lost_id, integration, target=lost)
        rows = [await world.lead(**_complete(number)) for number in range(leads)]
        return list(labels.values()), [row.id for row in rows if row.id is not None]
    finally:
        await database.close()


def is_shared(lead: LeadRow) -> bool:
    """Whether several callers change its status; the others are changed once."""
    return (lead.unique_identifier or "").startswith(_SHARED)


def _complete(number: int) -> dict[str, Any]:
    """A lead that every platform takes and that shares no click with another."""
    now = utc_now()
    own = {
        "unique_identifier": f"{_SHARED}{number}",
        "email": f"shared-{number}@example.com",
        "msclkid": f"{number:0>32}",
        "clicked_at": now - timedelta(days=2),
        "created_at": now - timedelta(days=1),
    }
    return COMPLETE_LEAD | own
