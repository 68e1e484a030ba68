"""What a status change makes of each integration: its deliveries, and the warnings about them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.connectors.base import Finding
from app.services.drafting import assessed, draft, follow, skipped
from app.services.history import COUNTS, MAY_COUNT, Standing, standing
from app.services.situation import Plan, Planned, Situation
from app.services.warnings import warning_json
from app.tables.integrations import IntegrationRow
from app.tables.labels import LabelMappingRow
from app.tables.making import put
from app.values import DeliveryKind, DeliveryPlan, DeliveryState, WarningCode


def plan_job(situation: Situation) -> Plan:
    """Plan every integration. Pure but for fresh ids."""
    planned: list[Planned] = []
    warnings: list[dict[str, Any]] = []
    for integration in situation.integrations:
        sent = _plan_send(situation, integration)
        undone, findings = _plan_undo(situation, integration)
        planned += [sent, *undone]
        warnings += [
            warning_json(
                finding, integration_id=integration.id, platform=integration.platform, now=situation.now
            )
            for finding in (*sent.findings, *findings)
        ]
    return Plan(tuple(planned), warnings)


def _plan_send(situation: Situation, integration: IntegrationRow) -> Planned:
    mapping = situation.mappings.get(integration.id)
    sent = draft(situation, integration, mapping)
    if mapping is None:
        reason = f"The label '{situation.label.name}' is not mapped to anything at {integration.name}."
        return skipped(situation, sent, replace(_NOT_MAPPED, reason=reason))
    earlier = _earlier(situation, integration, COUNTS)
    if not earlier:
        planned = assessed(situation, integration, mapping, sent)
        if planned.plan is DeliveryPlan.SKIP or not _earlier(situation, integration, MAY_COUNT):
            return planned
        return replace(planned, findings=(*planned.findings, _MAY_HAVE_CONVERTED))
    for one in earlier:
        if sent.value_cents is None or one.states(sent.value_cents, sent.currency):
            finding = _CONVERTED_OR_TAKEN_BACK if one.may_be_taken_back else _ALREADY_CONVERTED
            return replace(skipped(situation, sent, finding), relies_on=one.on_their_way)
    return _plan_restatement(situation, integration, mapping, earlier[-1])


def _plan_restatement(
    situation: Situation, integration: IntegrationRow, mapping: LabelMappingRow, earlier: Standing
) -> Planned:
    restated = draft(situation, integration, mapping)
    connector = situation.connectors.get(integration.platform)
    if connector is None or not connector.facts.can_restate:
        return replace(skipped(situation, restated, _CANNOT_BE_RESTATED), relies_on=earlier.on_their_way)
    planned = assessed(situation, integration, mapping, follow(restated, DeliveryKind.RESTATE, earlier.send))
    if planned.plan is DeliveryPlan.SKIP:
        return replace(planned, relies_on=earlier.on_their_way)
    relies_on = tuple(one for one in earlier.on_their_way if one not in earlier.restating)
    doubts = (_MAY_BE_TAKEN_BACK,) if earlier.may_be_taken_back else ()
    return replace(
        planned,
        findings=(*planned.findings, *doubts),
        relies_on=relies_on,
        replaces=earlier.restating,
    )


def _earlier(
    situation: Situation, integration: IntegrationRow, states: frozenset[DeliveryState]
) -> Sequence[Standing]:
    """The label's conversions in `states` at the integration, if it may count only once; oldest first."""
    if not situation.history or not situation.label.convert_once:
        return []
    found = standing(situation.history, integration, states)
    return [one for one in found if one.send.label_id == situation.label.id]


def _plan_undo(
    situation: Situation, integration: IntegrationRow
) -> tuple[Sequence[Planned], Sequence[Finding]]:
    """Retractions of what `lost` takes back. What had not been sent yet is canceled by then."""
    if not situation.undo_labels:
        return (), ()
    planned: list[Planned] = []
    findings: list[Finding] = []
    for one in standing(situation.history, integration, MAY_COUNT):
        if one.send.label_id not in situation.undo_labels:
            continue
        retraction = _plan_retraction(situation, integration, one)
        if retraction is None or retraction.plan is DeliveryPlan.SKIP:
            findings.append(_CANNOT_BE_UNDONE)
        else:
            findings += retraction.findings
        planned += [retraction] if retraction else []
    return planned, list(dict.fromkeys(findings))


def _plan_retraction(
    situation: Situation, integration: IntegrationRow, standing_one: Standing
) -> Planned | None:
    connector = situation.connectors.get(integration.platform)
    if connector is None or not connector.facts.can_retract:
        return None
    retracted = follow(draft(situation, integration, None), DeliveryKind.RETRACT, standing_one.send)
    put(retracted, value_cents=0, currency=standing_one.send.currency)
    return assessed(situation, integration, None, retracted)


_NOT_MAPPED = Finding(code=WarningCode.NOT_MAPPED, field=None, reason="", will_skip=True)
_ALREADY_CONVERTED = Finding(
    code=WarningCode.ALREADY_CONVERTED,
    field=None,
    reason="This lead already has a conversion for this label there, with the same value.",
    will_skip=True,
)
_CONVERTED_OR_TAKEN_BACK = Finding(
    code=WarningCode.ALREADY_CONVERTED,
    field=None,
    reason="This lead already has a conversion for this label there, with the same value, unless its "
    "retraction arrived: the answer to that never came. Look there whether it still counts.",
    will_skip=True,
)
_MAY_BE_TAKEN_BACK = Finding(
    code=WarningCode.CANNOT_BE_RESTATED,
    field="price",
    reason="A retraction of this lead's conversion may have arrived there: its answer never came. If it did, "
    "the new value is not counted. Look there whether the conversion still counts.",
    will_skip=False,
)
_MAY_HAVE_CONVERTED = Finding(
    code=WarningCode.ALREADY_CONVERTED,
    field=None,
    reason="An earlier conversion of this lead for this label may have arrived there: its answer never came. "
    "If it did, both are counted.",
    will_skip=False,
)
_CANNOT_BE_RESTATED = Finding(
    code=WarningCode.CANNOT_BE_RESTATED,
    field="price",
    reason="This lead already has a conversion for this label there, and its value cannot be changed.",
    will_skip=True,
)
_CANNOT_BE_UNDONE = Finding(
    code=WarningCode.CANNOT_BE_UNDONE,
    field=None,
    reason="What was sent there for an earlier label stays: it cannot be taken back.",
    will_skip=False,
)
