"""Trying an integration without a conversion: its credentials, and what labels are mapped to."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.connectors.base import Connection, Connector, Outcome, OutcomeKind
from app.connectors.opening import Opener, UnusableIntegrationError
from app.database.database import Database, after_commit
from app.errors import IntegrationNotFoundError
from app.ids import parse_id
from app.repositories.integrations import find_integration, lock_integration
from app.repositories.labels import mappings_in_use
from app.services.applying import Wake
from app.services.pausing import try_at_once
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow
from app.values import PauseReason

AT_ONCE: Final = 4
"""Targets tried at the same time: some platforms count these requests like any other."""

_WORKS: Final = frozenset({OutcomeKind.DELIVERED, OutcomeKind.ACCEPTED})


@dataclass(frozen=True, slots=True)
class Report:
    """What came of trying an integration."""

    ok: bool
    """Nothing that could be checked is wrong."""
    message: str
    """What was checked, and what could not be; for people."""
    problems: Sequence[str]
    """One sentence or more for each thing that does not work; for people."""
    is_accepted: bool = False
    """Whether the platform accepts the connection, whatever it says of targets."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is to be tried."""

    integration: IntegrationRow
    targets: Mapping[str, Sequence[str]]
    """What labels in use are mapped to, with the names of these labels."""
    may_be_stopped: bool
    """Whether a success should be followed up: it, or one of its mappings, is held."""


@dataclass(frozen=True, slots=True)
class ProbeService:
    """Tries integrations."""

    database: Database
    opener: Opener
    wake: Wake
    clock: Clock

    async def test(self, viewer: Viewer, given_id: str) -> Report:
        """Try it now, outside any transaction; what is held goes on soon if this went well.

        IntegrationNotFoundError. Nothing else about the integration or its platform raises.
        """
        integration_id = parse_id(given_id)
        subject = None
        if integration_id is not None:
            subject = await self.database.read(lambda session: _look(session, viewer, integration_id))
        if subject is None:
            raise IntegrationNotFoundError
        report = await try_out(self.opener, subject.integration, subject.targets)
        if report.is_accepted and subject.may_be_stopped:
            await self._follow_up(viewer, subject.integration)
        return report

    async def _follow_up(self, viewer: Viewer, tried: IntegrationRow) -> None:
        def work(session: Session) -> None:
            integration = lock_integration(session, viewer.project_id, tried.id)
            if integration is not None:  # not disconnected meanwhile
                try_at_once(session, integration, self.clock())
                after_commit(session, lambda: self.wake([tried.id]))

        await self.database.write(work)


async def try_out(
    opener: Opener, integration: IntegrationRow, targets: Mapping[str, Sequence[str]]
) -> Report:
    """Ask the platform about the connection, and if that works about the targets; writes nothing.

    `targets`: with the names of the labels that are mapped to each.
    """
    try:
        connector, connection = opener.open(integration)
    except UnusableIntegrationError as error:
        return Report(
            ok=False, message="Nothing was tried: the integration cannot be used.", problems=[error.message]
        )
    outcome = await connector.probe(connection, None)
    if outcome.kind not in _WORKS:
        return _refused(connector.facts.title, outcome, targets)
    answers = await _probe_targets(connector, connection, list(targets))
    return _report(connector.facts.title, outcome, answers, targets, integration)


def _look(session: Session, viewer: Viewer, integration_id: UUID) -> _Subject | None:
    integration = find_integration(session, viewer.project_id, integration_id)
    if integration is None:
        return None
    targets: dict[str, list[str]] = {}
    held = integration.paused_at is not None
    for label, mapping in mappings_in_use(session, integration.id):
        targets.setdefault(mapping.target, []).append(label.name)
        held = held or mapping.held_at is not None
    return _Subject(integration, targets, held)


async def _probe_targets(
    connector: Connector, connection: Connection, targets: Sequence[str]
) -> dict[str, Outcome]:
    free = asyncio.Semaphore(AT_ONCE)

    async def probe(target: str) -> Outcome:
        async with free:
            return await connector.probe(connection, target)

    return dict(zip(targets, await asyncio.gather(*map(probe, targets)), strict=True))


def _refused(title: str, outcome: Outcome, targets: Mapping[str, Sequence[str]]) -> Report:
    rest = " What labels are mapped to was not tried." if targets else ""
    message = f"{title} does not accept the connection."
    if outcome.kind in {OutcomeKind.RETRY, OutcomeKind.AMBIGUOUS}:
        message = f"{title} could not tell just now whether the connection works. Test again later."
    return Report(ok=False, message=message + rest, problems=[_said(outcome)])


def _report(
    title: str,
    connection: Outcome,
    answers: Mapping[str, Outcome],
    targets: Mapping[str, Sequence[str]],
    integration: IntegrationRow,
) -> Report:
    problems = [
        f"{_labels(targets[target])} to '{target}': {_said(outcome)}"
        for target, outcome in answers.items()
        if outcome.kind not in _WORKS
    ]
    said = [outcome.message for outcome in (connection, *answers.values()) if outcome.kind in _WORKS]
    sentences = [
        f"{title} was asked about the credentials {_count(len(answers))}.",
        *dict.fromkeys(message for message in said if message),
        *_standing(integration),
    ]
    return Report(ok=not problems, message=" ".join(sentences), problems=problems, is_accepted=True)


def _labels(names: Sequence[str]) -> str:
    quoted = " and ".join(f"'{name}'" for name in names)
    return f"The label {quoted} is mapped" if len(names) == 1 else f"The labels {quoted} are mapped"


def _count(targets: int) -> str:
    if targets == 0:
        return "alone, because no label in use is mapped to it"
    return f"and the {targets} targets of labels" if targets > 1 else "and the one target of labels"


def _standing(integration: IntegrationRow) -> list[str]:
    """What keeps it from sending, though it may work."""
    switched_off = (
        [] if integration.enabled else ["It is switched off, and sends nothing until it is enabled."]
    )
    by_hand = integration.pause_reason is PauseReason.MANUAL
    return switched_off + (
        ["It is paused by hand, and sends nothing until it is resumed."] if by_hand else []
    )


def _said(outcome: Outcome) -> str:
    return outcome.message or f"It failed with {outcome.code or outcome.kind.value}."
