"""What is odd about a project's labels, integrations and mappings. Pure; in words for a marketer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.connectors.base import PlatformFacts
from app.services.health_findings import HealthFinding, Severity, clause, minute, quoted
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.values import PauseReason, Platform


@dataclass(frozen=True, slots=True)
class _Setup:
    """What is in use: labels that are not archived, integrations that are connected, what joins them."""

    labels: Mapping[UUID, LabelRow]
    integrations: Mapping[UUID, IntegrationRow]
    mappings: Sequence[LabelMappingRow]
    facts: Mapping[Platform, PlatformFacts]

    def of_integration(self, integration_id: UUID) -> list[LabelMappingRow]:
        return [mapping for mapping in self.mappings if mapping.integration_id == integration_id]

    def of_label(self, label_id: UUID) -> list[LabelMappingRow]:
        return [mapping for mapping in self.mappings if mapping.label_id == label_id]

    def label_names(self, mappings: Sequence[LabelMappingRow]) -> str:
        return quoted(self.labels[mapping.label_id].name for mapping in mappings)


def lint_mappings(
    labels: Sequence[LabelRow],
    integrations: Sequence[IntegrationRow],
    mappings: Sequence[LabelMappingRow],
    facts: Mapping[Platform, PlatformFacts],
) -> list[HealthFinding]:
    """All that is odd about one project, what matters most first.

    `facts`: of the platforms this version can send to.
    """
    in_use = {label.id: label for label in labels if label.archived_at is None}
    connected = {one.id: one for one in integrations if one.disconnected_at is None}
    joined = [one for one in mappings if one.label_id in in_use and one.integration_id in connected]
    setup = _Setup(in_use, connected, joined, facts)
    rules = (_stopped, _held, _same_target, _unmapped_label, _unused_integration, _test_mode, _undo, _repeats)
    findings = [finding for rule in rules for finding in rule(setup)]
    order = list(Severity)
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def _stopped(setup: _Setup) -> Iterator[HealthFinding]:
    """Integrations that labels are mapped to and that send nothing."""
    for one in setup.integrations.values():
        mappings = setup.of_integration(one.id)
        if not mappings or (one.enabled and one.paused_at is None):
            continue
        ids = {"integration_ids": (one.id,), "label_ids": tuple(mapping.label_id for mapping in mappings)}
        names = setup.label_names(mappings)
        if not one.enabled:
            text = f"{one.name} is switched off, so nothing goes there for {names}. Enable it if it should."
            yield HealthFinding(code="INTEGRATION_DISABLED", severity=Severity.NOTICE, text=text, **ids)
        elif one.pause_reason is PauseReason.MANUAL:
            text = (
                f"{one.name} was paused by hand on {_since(one)}. Conversions for {names} wait, and are lost "
                "when the platform's time window closes. Resume it."
            )
            yield HealthFinding(code="INTEGRATION_PAUSED", severity=Severity.WARNING, text=text, **ids)
        else:
            text = (
                f"{one.name} has sent nothing since {_since(one)}: "
                f"{clause(one.pause_message, 'it is paused')}. Conversions for {names} wait; {_next_try(one)}"
            )
            yield HealthFinding(code="INTEGRATION_PAUSED", severity=Severity.ERROR, text=text, **ids)


def _held(setup: _Setup) -> Iterator[HealthFinding]:
    """Mappings whose target the platform refuses."""
    for mapping in setup.mappings:
        if mapping.held_at is None:
            continue
        integration, label = setup.integrations[mapping.integration_id], setup.labels[mapping.label_id]
        text = (
            f"'{mapping.target}', which '{label.name}' is mapped to at {integration.name}, cannot be used "
            f"since {minute(mapping.held_at)}: {clause(mapping.hold_message, 'the platform refuses it')}. "
            f"Conversions wait; {_next_try(mapping)}"
        )
        yield HealthFinding(
            code="MAPPING_HELD",
            severity=Severity.ERROR,
            text=text,
            label_ids=(label.id,),
            integration_ids=(integration.id,),
            mapping_ids=(mapping.id,),
        )


def _same_target(setup: _Setup) -> Iterator[HealthFinding]:
    """Labels that a platform cannot tell apart."""
    groups: dict[tuple[UUID, str], list[LabelMappingRow]] = {}
    for mapping in setup.mappings:
        groups.setdefault((mapping.integration_id, mapping.target.strip()), []).append(mapping)
    for (integration_id, target), mappings in groups.items():
        if len(mappings) < 2:  # noqa: PLR2004 - two is what the rule is about
            continue
        integration = setup.integrations[integration_id]
        text = (
            f"{setup.label_names(mappings)} are all '{target}' at {integration.name}, which then counts one "
            "lead several times and cannot tell these stages apart. Map each to a target of its own."
        )
        yield HealthFinding(
            code="SAME_TARGET",
            severity=Severity.WARNING,
            text=text,
            label_ids=tuple(mapping.label_id for mapping in mappings),
            integration_ids=(integration_id,),
            mapping_ids=tuple(mapping.id for mapping in mappings),
        )


def _unmapped_label(setup: _Setup) -> Iterator[HealthFinding]:
    for label in setup.labels.values():
        if setup.of_label(label.id):
            continue
        if label.built_in:
            severity = Severity.NOTICE
            text = (
                f"'{label.name}' is not mapped anywhere: no platform hears of lost leads. That may be meant."
            )
        else:
            severity = Severity.WARNING
            text = (
                f"'{label.name}' is not mapped anywhere, so no platform hears of it. Map it, or archive it."
            )
        yield HealthFinding(code="LABEL_NOT_MAPPED", severity=severity, text=text, label_ids=(label.id,))


def _unused_integration(setup: _Setup) -> Iterator[HealthFinding]:
    for one in setup.integrations.values():
        if one.enabled and not setup.of_integration(one.id):
            text = (
                f"No label is mapped to {one.name}: nothing is ever sent to it. Map a label, or disable it."
            )
            yield HealthFinding(
                code="INTEGRATION_NOT_MAPPED",
                severity=Severity.WARNING,
                text=text,
                integration_ids=(one.id,),
            )


def _test_mode(setup: _Setup) -> Iterator[HealthFinding]:
    for one in setup.integrations.values():
        if one.enabled and one.test_mode:
            text = (
                f"{one.name} is in test mode: the platform is told that its conversions are tests, and may "
                "not count them. Switch testMode off once you are done."
            )
            yield HealthFinding(
                code="TEST_MODE", severity=Severity.WARNING, text=text, integration_ids=(one.id,)
            )


def _undo(setup: _Setup) -> Iterator[HealthFinding]:
    """Labels that are to be undone where nothing can be."""
    for label in setup.labels.values():
        if not label.undo_on_lost or label.built_in:
            continue
        fixed = [
            setup.integrations[mapping.integration_id]
            for mapping in setup.of_label(label.id)
            if not _can_undo(setup, mapping)
        ]
        if fixed:
            text = (
                f"'{label.name}' is to be undone when a lead is lost, but what was sent to "
                f"{quoted(one.name for one in fixed)} stays counted: it cannot be retracted or changed there."
            )
            yield HealthFinding(
                code="CANNOT_BE_UNDONE",
                severity=Severity.NOTICE,
                text=text,
                label_ids=(label.id,),
                integration_ids=tuple(one.id for one in fixed),
            )


def _can_undo(setup: _Setup, mapping: LabelMappingRow) -> bool:
    facts = setup.facts.get(setup.integrations[mapping.integration_id].platform)
    return facts is None or facts.can_retract or facts.can_restate


def _repeats(setup: _Setup) -> Iterator[HealthFinding]:
    """Labels that count again and again though they describe something that happens once."""
    for label in setup.labels.values():
        if label.convert_once or not setup.of_label(label.id):
            continue
        if label.built_in:
            why = "each time a lead is lost"
        elif label.mark_as_done:
            why = "each time it is set, although it marks the lead as done"
        else:
            continue
        text = f"'{label.name}' counts again {why}. If a lead counts once, switch convertOnce on."
        yield HealthFinding(code="CONVERTS_AGAIN", severity=Severity.NOTICE, text=text, label_ids=(label.id,))


def _since(integration: IntegrationRow) -> str:
    return minute(integration.paused_at) if integration.paused_at else "an unknown time"


def _next_try(held: IntegrationRow | LabelMappingRow) -> str:
    if held.probe_at is None:
        return "it is not tried again by itself."
    return f"it is tried again by itself at {minute(held.probe_at)}."
