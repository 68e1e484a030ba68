"""What is odd about labels and mappings, in words for a marketer."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.connectors.registry import build_connectors
from app.ids import new_id
from app.services.health_findings import HealthFinding, Severity, needs_person
from app.services.lint import lint_mappings
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow, LabelRow
from app.values import PauseReason, Platform
from tests.world import START

FACTS = {platform: connector.facts for platform, connector in build_connectors().items()}
META_FACTS = FACTS[Platform.META]
PROJECT = new_id()
HOUR = timedelta(hours=1)


def label(name: str = "Won", **columns: Any) -> LabelRow:
    return LabelRow(id=new_id(), project_id=PROJECT, name=name, created_at=START, **columns)


def integration(name: str = "Meta", platform: Platform = Platform.META, **columns: Any) -> IntegrationRow:
    return IntegrationRow(
        id=new_id(),
        project_id=PROJECT,
        platform=platform,
        name=name,
        settings={},
        credentials="",
        created_at=START,
        updated_at=START,
        **columns,
    )


def mapping(of: LabelRow, at: IntegrationRow, target: str = "Purchase", **columns: Any) -> LabelMappingRow:
    return LabelMappingRow(id=new_id(), label_id=of.id, integration_id=at.id, target=target, **columns)


def lint(*rows: LabelRow | IntegrationRow | LabelMappingRow) -> list[HealthFinding]:
    return lint_mappings(
        [row for row in rows if isinstance(row, LabelRow)],
        [row for row in rows if isinstance(row, IntegrationRow)],
        [row for row in rows if isinstance(row, LabelMappingRow)],
        FACTS,
    )


def seen(findings: list[HealthFinding]) -> list[tuple[str, Severity]]:
    return [(finding.code, finding.severity) for finding in findings]


def ids(*rows: Any) -> tuple[UUID, ...]:
    return tuple(row.id for row in rows)


def test_a_label_that_is_mapped_where_it_can_be_sent_is_in_order() -> None:
    won, meta = label(), integration()

    assert lint(won, meta, mapping(won, meta)) == []


def test_two_labels_that_are_one_event_at_one_platform_are_named() -> None:
    won, sold, meta = label(), label("Sold"), integration()
    one, other = mapping(won, meta), mapping(sold, meta, " Purchase ")

    [finding] = lint(won, sold, meta, one, other)

    assert seen([finding]) == [("SAME_TARGET", Severity.WARNING)]
    assert finding.text == (
        "'Won' and 'Sold' are all 'Purchase' at Meta, which then counts one lead several times and cannot tell "
        "these stages apart. Map each to a target of its own."
    )
    assert (finding.label_ids, finding.integration_ids) == (ids(won, sold), ids(meta))
    assert finding.mapping_ids == ids(one, other)


def test_one_event_at_two_integrations_is_in_order() -> None:
    won, meta, other = label(), integration(), integration("Other")

    assert lint(won, meta, other, mapping(won, meta), mapping(won, other)) == []


def test_a_label_that_is_mapped_nowhere_is_named() -> None:
    won = label()

    [finding] = lint(won)

    assert seen([finding]) == [("LABEL_NOT_MAPPED", Severity.WARNING)]
    assert (finding.text, finding.label_ids) == (
        "'Won' is not mapped anywhere, so no platform hears of it. Map it, or archive it.",
        ids(won),
    )


def test_the_built_in_label_may_be_mapped_nowhere() -> None:
    findings = lint(label("Lost", built_in=True))

    assert seen(findings) == [("LABEL_NOT_MAPPED", Severity.NOTICE)]
    assert not needs_person(findings)


def test_archived_labels_and_what_is_mapped_to_them_do_not_count() -> None:
    old, meta = label(archived_at=START), integration()

    findings = lint(old, meta, mapping(old, meta, held_at=START))

    assert seen(findings) == [("INTEGRATION_NOT_MAPPED", Severity.WARNING)]
    assert findings[0].text.startswith("No label is mapped to Meta: nothing is ever sent to it.")


def test_disconnected_integrations_do_not_count() -> None:
    won, gone = label(), integration(disconnected_at=START, enabled=False)

    assert seen(lint(won, gone, mapping(won, gone))) == [("LABEL_NOT_MAPPED", Severity.WARNING)]


def test_a_disabled_integration_needs_no_label() -> None:
    assert lint(integration(enabled=False)) == []


def test_a_held_mapping_says_why_since_when_and_what_comes_next() -> None:
    won, meta = label(), integration()
    held = mapping(won, meta, held_at=START, hold_message="The event is not allowed.", probe_at=START + HOUR)

    [finding] = lint(won, meta, held)

    assert seen([finding]) == [("MAPPING_HELD", Severity.ERROR)]
    assert finding.text == (
        "'Purchase', which 'Won' is mapped to at Meta, cannot be used since 2026-11-23 09:30 UTC: The event is not "
        "allowed. Conversions wait; it is tried again by itself at 2026-11-23 10:30 UTC."
    )
    assert finding.mapping_ids == ids(held)


def test_a_paused_integration_says_why_since_when_and_what_comes_next() -> None:
    won = label()
    meta = integration(
        paused_at=START,
        pause_reason=PauseReason.AUTHENTICATION,
        pause_message="The token has ended.",
        probe_at=START + HOUR,
    )

    [finding] = lint(won, meta, mapping(won, meta))

    assert seen([finding]) == [("INTEGRATION_PAUSED", Severity.ERROR)]
    assert finding.text == (
        "Meta has sent nothing since 2026-11-23 09:30 UTC: The token has ended. Conversions for 'Won' wait; it is "
        "tried again by itself at 2026-11-23 10:30 UTC."
    )


def test_a_hold_that_nothing_ends_by_itself_says_so() -> None:
    won, meta = label(), integration(paused_at=START, pause_reason=PauseReason.API_SUNSET)

    [finding] = lint(won, meta, mapping(won, meta))

    assert finding.text.endswith("it is paused. Conversions for 'Won' wait; it is not tried again by itself.")


def test_a_pause_by_hand_is_a_warning() -> None:
    won, meta = label(), integration(paused_at=START, pause_reason=PauseReason.MANUAL)

    findings = lint(won, meta, mapping(won, meta))

    assert seen(findings) == [("INTEGRATION_PAUSED", Severity.WARNING)]
    assert "paused by hand on 2026-11-23 09:30 UTC" in findings[0].text


def test_a_disabled_integration_with_mappings_is_told_but_may_be_meant() -> None:
    won, meta = label(), integration(enabled=False, test_mode=True)

    findings = lint(won, meta, mapping(won, meta))

    assert seen(findings) == [("INTEGRATION_DISABLED", Severity.NOTICE)]
    assert "nothing goes there for 'Won'" in findings[0].text


def test_test_mode_left_on_is_a_warning() -> None:
    won, meta = label(), integration(test_mode=True)

    findings = lint(won, meta, mapping(won, meta))

    assert seen(findings) == [("TEST_MODE", Severity.WARNING)]
    assert findings[0].integration_ids == ids(meta)


def test_what_cannot_be_undone_names_the_platforms_where_it_stays_counted() -> None:
    won, meta, google = label(undo_on_lost=True), integration(), integration("Google", Platform.GOOGLE_ADS)
    ga4 = integration("Analytics", Platform.GA4)
    rows = (won, meta, google, ga4)

    [finding] = lint(*rows, *(mapping(won, at) for at in (meta, google, ga4)))

    assert seen([finding]) == [("CANNOT_BE_UNDONE", Severity.NOTICE)]
    assert "what was sent to 'Meta' and 'Analytics' stays counted" in finding.text
    assert finding.integration_ids == ids(meta, ga4)


@pytest.mark.parametrize("platform", [Platform.GOOGLE_ADS, Platform.META])
def test_what_can_be_undone_or_is_not_to_be_is_in_order(platform: Platform) -> None:
    won, at = label(undo_on_lost=platform is Platform.GOOGLE_ADS), integration(platform=platform)

    assert lint(won, at, mapping(won, at)) == []


def test_of_a_platform_that_is_not_known_nothing_is_said() -> None:
    won, meta = label(undo_on_lost=True), integration()

    assert lint_mappings([won], [meta], [mapping(won, meta)], {}) == []


def test_a_platform_that_can_only_restate_can_undo() -> None:
    won, meta = label(undo_on_lost=True), integration()
    facts = {Platform.META: replace(META_FACTS, can_restate=True)}

    assert lint_mappings([won], [meta], [mapping(won, meta)], facts) == []


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"mark_as_done": True}, "although it marks the lead as done"), ({"built_in": True}, "a lead is lost")],
)
def test_a_label_of_something_final_that_counts_again_is_told(columns: dict[str, Any], said: str) -> None:
    won, meta = label(convert_once=False, **columns), integration()

    [finding] = lint(won, meta, mapping(won, meta))

    assert seen([finding]) == [("CONVERTS_AGAIN", Severity.NOTICE)]
    assert said in finding.text


def test_a_label_of_something_that_can_happen_again_may_count_again() -> None:
    again, meta = label("Repeat order", convert_once=False), integration()

    assert lint(again, meta, mapping(again, meta)) == []


def test_what_matters_most_comes_first() -> None:
    won, lost, meta = label(), label("Lost", built_in=True), integration(test_mode=True)

    findings = lint(lost, won, meta, mapping(won, meta, held_at=START))

    assert [finding.severity for finding in findings] == [Severity.ERROR, Severity.WARNING, Severity.NOTICE]
    assert needs_person(findings)
