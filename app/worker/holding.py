"""What stops a lane or one of its mappings, and what lets it go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.connectors.base import Outcome, OutcomeKind
from app.repositories.lanes import Hold, held_mappings, hold_mapping, pause_lane, release_mapping, resume_lane
from app.services.holds import hold_finding
from app.services.warnings import warning_json
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.values import PauseReason
from app.worker.attempts import Channel, Ended

PROBE_EVERY = timedelta(minutes=15)
"""How often one held delivery is let through."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds a lane's deliveries just now."""

    integration: IntegrationRow
    held: Mapping[UUID, LabelMappingRow]
    """Held mappings, by label."""

    @property
    def paused(self) -> bool:
        """Everything is held."""
        return self.integration.paused_at is not None

    def warning(self, label_id: UUID | None, now: datetime) -> dict[str, Any] | None:
        """What a held delivery for the label carries; None: it is not to be held."""
        finding = hold_finding(self.integration, self.held.get(label_id) if label_id else None)
        if finding is None:
            return None
        return warning_json(
            finding, integration_id=self.integration.id, platform=self.integration.platform, now=now
        )


@dataclass(frozen=True, slots=True)
class Reaction:
    """What outcomes did to the lane."""

    notices: tuple[str, ...] = ()
    """For the log: what is held, or goes again."""
    outdated: frozenset[UUID] = frozenset()
    """Deliveries with a target that is refused, but is not what their label is mapped to any more."""


def read_standing(session: Session, integration: IntegrationRow) -> Standing:
    """What holds the lane's deliveries."""
    mappings = held_mappings(session, integration.id)
    return Standing(integration, {mapping.label_id: mapping for mapping in mappings})


def react(
    session: Session, standing: Standing, ended: Sequence[Ended], channel: Channel | None, now: datetime
) -> Reaction:
    """Hold or release the lane and its mappings as these outcomes demand. For the lane's owner only."""
    notices = _release(session, standing, ended)
    # Credentials that were replaced while an attempt was under way say nothing about the new ones.
    refused = [e for e in ended if e.outcome.kind is OutcomeKind.AUTHENTICATION and e.channel is channel]
    if refused:
        notices += pause(session, standing, PauseReason.AUTHENTICATION, _hold_of(refused[0].outcome, now))
    outdated: set[UUID] = set()
    for (label_id, target), group in _refused_targets(ended).items():
        hold = _hold_of(group[0].outcome, now)
        mapping_id = hold_mapping(session, standing.integration.id, label_id, target, hold)
        if mapping_id is None:
            outdated |= {one.delivery.id for one in group}
        elif label_id not in standing.held:
            notices.append(_notice(standing, f"mapping {mapping_id} is held", group[0].outcome.code))
    return Reaction(tuple(notices), frozenset(outdated))


def pause(session: Session, standing: Standing, reason: PauseReason, hold: Hold) -> list[str]:
    """Pause the lane, unless somebody did so by hand; answers what is to be logged."""
    integration = standing.integration
    pause_lane(session, integration.id, reason, hold)
    return [] if standing.paused else [_notice(standing, "held", reason.value)]


def _release(session: Session, standing: Standing, ended: Sequence[Ended]) -> list[str]:
    notices: list[str] = []
    if standing.paused and any(probe.proves_connection for probe in ended):
        resume_lane(session, standing.integration.id)
        notices.append(_notice(standing, "released"))
    for probe in ended:
        mapping = standing.held.get(probe.delivery.label_id)
        if mapping is not None and probe.proves_mapping:
            release_mapping(session, mapping.id)
            notices.append(_notice(standing, f"mapping {mapping.id} is released"))
    return notices


def _refused_targets(ended: Sequence[Ended]) -> dict[tuple[UUID, str], list[Ended]]:
    groups: dict[tuple[UUID, str], list[Ended]] = {}
    for one in ended:
        if one.outcome.kind is OutcomeKind.CONFIGURATION:
            groups.setdefault((one.delivery.label_id, one.delivery.target), []).append(one)
    return groups


def _hold_of(outcome: Outcome, now: datetime) -> Hold:
    return Hold(at=now, message=outcome.message or outcome.code or "", probe_at=now + PROBE_EVERY)


def _notice(standing: Standing, what: str, why: str | None = None) -> str:
    integration = standing.integration
    return f"lane {integration.id} ({integration.platform.value}): {what}" + (f": {why}" if why else "")
