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
from app.worker.attempts import Channel, Ended, Judged, Result, Tried

PROBE_EVERY = timedelta(minutes=15)
"""How often one held delivery is let through."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds a lane's deliveries just now."""

    integration: IntegrationRow
    held: Mapping[UUID, LabelMappingRow]
    """Held mappings, by label."""

    @property
    def stopped(self) -> bool:
        """Everything is held: paused, or switched off."""
        return self.integration.paused_at is not None or not self.integration.enabled

    @property
    def paused(self) -> bool:
        """Paused, by itself or by a person."""
        return self.integration.paused_at is not None

    @property
    def is_tried_by_itself(self) -> bool:
        """Whether it may be tried: what a person stopped is a person's to start."""
        integration = self.integration
        return integration.enabled and not (self.paused and integration.pause_reason is PauseReason.MANUAL)

    def mapping_of(self, label_id: UUID, target: str) -> LabelMappingRow | None:
        """The mapping that is held for just this target; None: the target is not what is refused."""
        mapping = self.held.get(label_id)
        return mapping if mapping is not None and mapping.target == target else None

    def warning(self, mapping: LabelMappingRow | None, now: datetime) -> dict[str, Any] | None:
        """What a held delivery carries, `mapping` being its own if that is held; None: nothing holds it."""
        finding = hold_finding(self.integration, mapping)
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
    changed: bool = False
    """The standing may be another by now."""


def read_standing(session: Session, integration: IntegrationRow) -> Standing:
    """What holds the lane's deliveries."""
    mappings = held_mappings(session, integration.id)
    return Standing(integration, {mapping.label_id: mapping for mapping in mappings})


def react(
    session: Session, standing: Standing, results: Sequence[Result], channel: Channel | None, now: datetime
) -> Reaction:
    """Hold or release the lane and its mappings as these results demand. For the lane's owner only."""
    sent = [one for one in results if isinstance(one, Ended | Judged)]
    # Credentials that were replaced while a trial was under way say nothing about the new ones.
    tried = [one for one in results if isinstance(one, Tried) and one.trial.channel is channel]
    notices = _release(session, standing, [one for one in sent if isinstance(one, Ended)], tried)
    current = [one.outcome for one in sent if one.channel is channel] + [one.outcome for one in tried]
    reason, outcome = _pause_reason(current, tried)
    if reason is not None and outcome is not None:
        notices += pause(session, standing, reason, _hold_of(outcome, now))
    outdated: set[UUID] = set()
    refused = _refused_targets(sent, tried)
    for (label_id, target), group in refused.items():
        mapping_id = hold_mapping(
            session, standing.integration.id, label_id, target, _hold_of(group[0][1], now)
        )
        if mapping_id is None:
            outdated |= {delivery_id for delivery_id, _ in group if delivery_id}
        elif label_id not in standing.held:
            notices.append(_notice(standing, f"mapping {mapping_id} is held", group[0][1].code))
    changed = bool(notices or reason or refused)
    return Reaction(tuple(notices), frozenset(outdated), changed)


def _pause_reason(
    outcomes: Sequence[Outcome], tried: Sequence[Tried]
) -> tuple[PauseReason | None, Outcome | None]:
    """Why the whole lane is to stop, and the outcome that says so."""
    for kind, reason in _PAUSES.items():
        for outcome in outcomes:
            if outcome.kind is kind:
                return reason, outcome
    for one in tried:
        if one.trial.label_id is None and one.outcome.kind is OutcomeKind.CONFIGURATION:
            return PauseReason.CONFIGURATION, one.outcome
    return None, None


_PAUSES = {
    OutcomeKind.API_SUNSET: PauseReason.API_SUNSET,
    OutcomeKind.AUTHENTICATION: PauseReason.AUTHENTICATION,
}


def pause(session: Session, standing: Standing, reason: PauseReason, hold: Hold) -> list[str]:
    """Pause the lane, unless somebody did so by hand; answers what is to be logged."""
    integration = standing.integration
    pause_lane(session, integration.id, reason, hold)
    return [] if standing.paused else [_notice(standing, "held", reason.value)]


def _release(
    session: Session, standing: Standing, probes: Sequence[Ended], tried: Sequence[Tried]
) -> list[str]:
    notices: list[str] = []
    proven = any(one.proves_connection for one in probes) or any(one.works for one in tried)
    if standing.paused and proven:
        resume_lane(session, standing.integration.id)
        notices.append(_notice(standing, "released"))
    proven_targets = [(one.delivery.label_id, one.delivery.target) for one in probes if one.proves_mapping]
    trials = [one.trial for one in tried if one.works]
    proven_targets += [(one.label_id, one.target) for one in trials if one.label_id and one.target]
    for label_id, target in proven_targets:
        mapping = standing.mapping_of(label_id, target)
        if mapping is not None:
            release_mapping(session, mapping.id)
            notices.append(_notice(standing, f"mapping {mapping.id} is released"))
    return notices


def _refused_targets(
    sent: Sequence[Ended | Judged], tried: Sequence[Tried]
) -> dict[tuple[UUID, str], list[tuple[UUID | None, Outcome]]]:
    """What is refused, by label and target: the deliveries, None for a trial, and what was said."""
    groups: dict[tuple[UUID, str], list[tuple[UUID | None, Outcome]]] = {}
    for one in sent:
        of_conversion = isinstance(one, Ended) or one.is_final
        if one.outcome.kind is OutcomeKind.CONFIGURATION and of_conversion:
            key = (one.delivery.label_id, one.delivery.target)
            groups.setdefault(key, []).append((one.delivery.id, one.outcome))
    for trial, outcome in ((one.trial, one.outcome) for one in tried):
        if outcome.kind is OutcomeKind.CONFIGURATION and trial.label_id and trial.target is not None:
            groups.setdefault((trial.label_id, trial.target), []).append((None, outcome))
    return groups


def _hold_of(outcome: Outcome, now: datetime) -> Hold:
    return Hold(at=now, message=outcome.message or outcome.code or "", probe_at=now + PROBE_EVERY)


def _notice(standing: Standing, what: str, why: str | None = None) -> str:
    integration = standing.integration
    return f"lane {integration.id} ({integration.platform.value}): {what}" + (f": {why}" if why else "")
