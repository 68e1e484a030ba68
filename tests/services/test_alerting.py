"""What the operator's webhook is sent."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from app.repositories.alerts import Untold
from app.services.alerting import alert_body, alert_id
from app.values import DeliveryState, Platform
from tests.world import START

PLACE: dict[str, Any] = {
    "project_id": UUID(int=1),
    "project_name": "Example",
    "integration_id": UUID(int=2),
    "integration_name": "Main account",
    "platform": Platform.META,
}
LANE = Untold(
    table="integration",
    id=UUID(int=2),
    at=START,
    reason="AUTHENTICATION",
    message="The token has ended.",
    **PLACE,
)
LABEL: dict[str, Any] = {"label_id": UUID(int=3), "label_name": "Won"}
MAPPING = Untold(
    table="label_mapping",
    id=UUID(int=4),
    at=START + timedelta(minutes=2),
    reason="CONFIGURATION",
    message=None,
    target="Purchase",
    **PLACE,
    **LABEL,
)
DELIVERY = Untold(
    table="delivery",
    id=UUID(int=5),
    at=START + timedelta(minutes=1),
    reason="2804003",
    message="Too old.",
    job_id=UUID(int=6),
    lead_id=7,
    state=DeliveryState.REJECTED,
    **PLACE,
    **LABEL,
)
ID = "00000000-0000-0000-0000-00000000000{}"


def test_each_kind_says_where_it_happened_and_why() -> None:
    body = alert_body([LANE, MAPPING, DELIVERY])

    place = {
        "project": {"id": ID.format(1), "name": "Example"},
        "integration": {"id": ID.format(2), "name": "Main account", "platform": "META"},
    }
    label = {"label": {"id": ID.format(3), "name": "Won"}}
    assert body == {
        "type": "leadwire.alert",
        "timestamp": "2026-11-23T09:32:00+00:00",
        "data": {
            "alerts": [
                {
                    "kind": "integration.held",
                    **place,
                    "reason": "AUTHENTICATION",
                    "message": "The token has ended.",
                    "at": "2026-11-23T09:30:00+00:00",
                },
                {
                    "kind": "mapping.held",
                    **place,
                    **label,
                    "mapping": {"id": ID.format(4), "target": "Purchase"},
                    "reason": "CONFIGURATION",
                    "message": None,
                    "at": "2026-11-23T09:32:00+00:00",
                },
                {
                    "kind": "delivery.unsent",
                    **place,
                    **label,
                    "delivery": {"id": ID.format(5), "state": "REJECTED"},
                    "job": {"id": ID.format(6)},
                    "lead": {"id": "7"},
                    "reason": "2804003",
                    "message": "Too old.",
                    "at": "2026-11-23T09:31:00+00:00",
                },
            ]
        },
    }


def test_the_same_things_have_the_same_id_in_any_order() -> None:
    assert alert_id([LANE, DELIVERY]) == alert_id([DELIVERY, LANE])


def test_other_things_and_the_same_thing_at_another_time_have_another_id() -> None:
    later = LANE._replace(at=START + timedelta(seconds=1))

    assert len({alert_id([LANE]), alert_id([LANE, DELIVERY]), alert_id([later])}) == 3


def test_an_id_can_be_signed() -> None:
    assert alert_id([LANE]).isascii()
    assert "." not in alert_id([LANE])
