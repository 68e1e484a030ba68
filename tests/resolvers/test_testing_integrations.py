"""testIntegration: what is tried, what is said, and what goes on afterwards."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.connectors.base import Outcome, OutcomeKind
from app.tables.integrations import IntegrationRow
from app.tables.jobs import AttemptRow, DeliveryRow
from app.tables.labels import LabelMappingRow
from app.values import PauseReason, Platform
from tests.api import NOWHERE, Api
from tests.resolvers.integrations import (
    ProbedConnector,
    change,
    probe,
    probed,
    set_columns,
    stored,
    unknown_ids,
)
from tests.world import START

K = OutcomeKind
LATER = START + timedelta(minutes=10)


@pytest.fixture
def meta(api: Api) -> ProbedConnector:
    return probed(api)


async def labelled(api: Api, row: IntegrationRow, *names: str, target: str, **columns: Any) -> None:
    for name in names:
        label = await api.world.label(name, **columns)
        await api.world.map(label.id, row, target=target)


def refusal(kind: OutcomeKind = K.CONFIGURATION, message: str | None = "There is no such event.") -> Outcome:
    return Outcome(kind=kind, code="NOPE", message=message)


async def test_the_credentials_and_each_target_are_tried_once(api: Api, meta: ProbedConnector) -> None:
    row = await api.world.integration(Platform.META, test_mode=True)
    await labelled(api, row, "Won", "Repeat", target="Purchase")
    await labelled(api, row, "Qualified", target="Qualified")
    await labelled(api, row, "Old", target="Old", archived_at=START)
    meta.answers[None] = Outcome(kind=K.DELIVERED, message="Names of events are not checked.")

    report = await probe(api, row.id)

    assert report == {
        "__typename": "IntegrationTestReport",
        "ok": True,
        "message": "Meta was asked about the credentials and the 2 targets of labels."
        " Names of events are not checked.",
        "problems": [],
        "notes": [
            (
                "'Won' and 'Repeat' are all 'Purchase' at meta, which then counts one lead several times and cannot"
                " tell these stages apart. Map each to a target of its own."
            ),
            (
                "meta is in test mode: the platform is told that its conversions are tests, and may not count them."
                " Switch testMode off once you are done."
            ),
        ],
    }
    assert meta.probed == [None, "Purchase", "Qualified"]
    opened = meta.connections[0]
    assert (opened.integration_id, opened.test_mode) == (row.id, True)
    assert api.woken == []


async def test_each_target_that_does_not_work_is_a_problem_that_names_its_labels(
    api: Api, meta: ProbedConnector
) -> None:
    row = await api.world.integration(Platform.META)
    await labelled(api, row, "Won", "Repeat", target="Purchase")
    await labelled(api, row, "Qualified", target="Qualified")
    await labelled(api, row, "Fine", target="Fine")
    meta.answers |= {"Purchase": refusal(), "Qualified": refusal(K.RETRY, None)}

    report = await probe(api, row.id)

    assert not report["ok"]
    assert report["problems"] == [
        "The labels 'Won' and 'Repeat' are mapped to 'Purchase': There is no such event.",
        "The label 'Qualified' is mapped to 'Qualified': It failed with NOPE.",
    ]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (K.AUTHENTICATION, "Meta does not accept the connection."),
        (K.API_SUNSET, "Meta does not accept the connection."),
        (K.RETRY, "Meta could not tell just now"),
    ],
)
async def test_without_a_connection_no_target_is_tried(
    api: Api, meta: ProbedConnector, kind: OutcomeKind, said: str
) -> None:
    row = await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.AUTHENTICATION, probe_at=LATER
    )
    await labelled(api, row, "Won", target="Purchase")
    meta.answers[None] = refusal(kind, "The token has expired.")

    report = await probe(api, row.id)

    assert (report["ok"], report["problems"]) == (False, ["The token has expired."])
    assert report["message"].startswith(said)
    assert report["message"].endswith("What labels are mapped to was not tried.")
    assert meta.probed == [None]
    assert (await stored(api, row.id)).probe_at == LATER
    assert api.woken == []


async def test_an_integration_no_label_is_mapped_to_says_so(api: Api, meta: ProbedConnector) -> None:
    row = await api.world.integration(Platform.META)

    report = await probe(api, row.id)

    assert report["ok"]
    assert "no label in use is mapped to it" in report["message"]


@pytest.mark.parametrize(
    "reason", [PauseReason.AUTHENTICATION, PauseReason.CONFIGURATION, PauseReason.API_SUNSET]
)
async def test_what_works_again_is_tried_at_once(
    api: Api, meta: ProbedConnector, reason: PauseReason
) -> None:
    row = await api.world.integration(Platform.META, paused_at=START, pause_reason=reason, probe_at=LATER)

    assert (await probe(api, row.id))["ok"]

    after = await stored(api, row.id)
    assert (after.paused_at, after.pause_reason, after.probe_at) == (START, reason, api.world.clock())
    assert api.woken == [row.id]


async def test_a_held_mapping_is_tried_at_once_too(api: Api, meta: ProbedConnector) -> None:
    row, label = await api.world.integration(Platform.META), await api.world.label()
    await api.world.map(label.id, row, held_at=START, probe_at=LATER)

    await probe(api, row.id)

    [mapping] = await api.rows(LabelMappingRow)
    assert (mapping.held_at, mapping.probe_at) == (START, api.world.clock())
    assert api.woken == [row.id]


async def test_a_pause_by_hand_stays_and_is_spoken_of(api: Api, meta: ProbedConnector) -> None:
    row = await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.MANUAL, probe_at=None, enabled=False
    )

    report = await probe(api, row.id)

    assert report["ok"]
    assert report["message"].endswith(
        "It is switched off, and sends nothing until it is enabled."
        " It is paused by hand, and sends nothing until it is resumed."
    )
    after = await stored(api, row.id)
    assert (after.pause_reason, after.probe_at) == (PauseReason.MANUAL, None)


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"settings": {}}, "The settings are not what the platform needs. Enter them again."),
        ({"credentials": "nonsense"}, "LEADWIRE_SECRET_KEY does not fit the stored credentials"),
    ],
)
async def test_what_is_stored_and_cannot_be_used_is_a_problem_and_no_error(
    api: Api, meta: ProbedConnector, columns: dict[str, Any], problem: str
) -> None:
    row = await api.world.integration(Platform.META)
    await set_columns(api, row.id, **columns)

    report = await probe(api, row.id)

    assert (report["ok"], report["problems"]) == (False, [problem])
    assert meta.probed == []


async def test_many_targets_are_tried_some_at_a_time(api: Api, meta: ProbedConnector) -> None:
    row = await api.world.integration(Platform.META)
    for number in range(10):
        await labelled(api, row, f"Label {number}", target=f"Target{number}")

    await probe(api, row.id)

    assert len(meta.probed) == 11
    assert meta.most_probing == 4


async def test_one_that_is_disconnected_meanwhile_is_left_alone(api: Api) -> None:
    row = await api.world.integration(
        Platform.META, paused_at=START, pause_reason=PauseReason.AUTHENTICATION, probe_at=LATER
    )

    class Slow(ProbedConnector):
        async def probe(self, *given: Any) -> Outcome:
            await change(api, "disconnectIntegration", row.id)
            return await super().probe(*given)

    api.world.connectors[Platform.META] = Slow(api.world.connectors[Platform.META])  # type: ignore[assignment]

    assert (await probe(api, row.id))["ok"]
    assert (await stored(api, row.id)).probe_at is None


async def test_nothing_is_sent_or_written_down(api: Api, meta: ProbedConnector) -> None:
    row = await api.world.integration(Platform.META)
    await labelled(api, row, "Won", target="Purchase")

    await probe(api, row.id)

    assert (await api.rows(DeliveryRow), await api.rows(AttemptRow)) == ([], [])
    assert (await stored(api, row.id)).model_dump() == row.model_dump()


async def test_an_unknown_or_foreign_integration_is_not_found_and_not_tried(
    api: Api, meta: ProbedConnector
) -> None:
    for given in await unknown_ids(api):
        assert (await probe(api, given))["code"] == "INTEGRATION_NOT_FOUND"
    assert meta.probed == []


async def test_an_api_version_that_ends_soon_is_shown_and_noted(api: Api, meta: ProbedConnector) -> None:
    facts = api.world.connectors[Platform.META].facts
    meta.facts = replace(facts, api_version=NOWHERE.api_version, sunset_on=date(2027, 1, 31))
    row = await api.world.integration(Platform.META)

    shown = (await api.ask("{ integrations { apiVersion apiEndsOn } }"))["integrations"]
    report = await probe(api, row.id)

    assert shown == [{"apiVersion": "v1", "apiEndsOn": "2027-01-31"}]
    assert report["ok"]
    assert "ends on 2027-01-31" in report["notes"][0]


async def test_of_a_platform_this_version_cannot_send_to_nothing_is_known(api: Api) -> None:
    row = await api.world.integration(Platform.META)
    del api.world.connectors[Platform.META]

    shown = (await api.ask("{ integrations { apiVersion apiEndsOn } }"))["integrations"]
    report = await probe(api, row.id)

    assert shown == [{"apiVersion": None, "apiEndsOn": None}]
    assert (report["ok"], report["problems"]) == (False, ["This version cannot send to META."])
    assert report["notes"] == []
