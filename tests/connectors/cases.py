"""Every connector as the contract suite needs it. A new connector joins by one more case."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.clock import Clock
from app.connectors.base import Connection, Connector, Conversion, Endpoint, OutcomeKind
from app.connectors.http import Timeouts, Wire
from app.connectors.registry import build_connectors
from app.sandbox.webhook.signatures import SECRET as WEBHOOK_SECRET
from app.values import Platform, WarningCode
from tests.connectors.http_server import HttpServer, answer
from tests.connectors.leads import NOW, conversion

INTEGRATION_ID = UUID("018f4c3e-7b1a-7c3d-9e2f-000000000001")
ACCESS_TOKEN = "ya29.test-access-token"
QUICK = Timeouts(connect_s=5, pool_s=5, write_s=5, read_s=0.05, whole_s=5)
"""For tests in which no answer comes."""


@dataclass(frozen=True)
class Case:
    """One connector in one mode."""

    name: str
    platform: Platform
    settings: dict[str, Any]
    credentials: dict[str, str]
    target: str
    path: str
    """How the target of its requests begins."""
    success: Any
    success_kind: OutcomeKind
    secrets: tuple[str, ...] = field(default=())
    has_test_mode: bool = True
    """False: the platform knows no tests, so in test mode nothing is sent."""
    has_event_id: bool = True
    """False: the platform takes none and tells copies by other things, which are frozen too."""
    has_base_url: bool = True
    """False: every integration has an address of its own."""
    hashes: bool = True
    """False: nothing it sends is hashed."""
    never_skips_for: frozenset[WarningCode] = frozenset()
    """What a platform demands, and this one does not."""
    statuses: Mapping[int, OutcomeKind] = field(default_factory=dict)
    """What an HTTP status means there, where that is not what it means elsewhere."""
    is_in_force: bool = False
    """Whether the sandbox accepts these credentials as they are."""

    def connector(self, *, clock: Clock = lambda: NOW, timeouts: Timeouts | None = None) -> Connector:
        return build_connectors(Wire(clock=clock, timeouts=timeouts or Timeouts()))[self.platform]

    def conversion(self, **overrides: Any) -> Conversion:
        return conversion(**{"target": self.target, **overrides})

    def connection(
        self, connector: Connector, server: HttpServer, http: httpx.AsyncClient, *, test_mode: bool = False
    ) -> Connection:
        server.tell("/token", answer(200, {"access_token": ACCESS_TOKEN, "expires_in": 3600}))
        return Connection(
            integration_id=INTEGRATION_ID,
            settings=connector.settings_model.model_validate(self.settings),
            credentials=connector.credentials_model.model_validate(self.credentials),
            endpoint=Endpoint(
                base_url=server.url,
                api_version=connector.facts.api_version,
                token_url=f"{server.url}/token",
            ),
            test_mode=test_mode,
            http=http,
        )


CASES = [
    Case(
        name="google_ads",
        platform=Platform.GOOGLE_ADS,
        settings={"customer_id": "123-456-7890", "login_customer_id": "9876543210"},
        credentials={
            "client_id": "client.apps.example.com",
            "client_secret": "client-secret-0001",
            "refresh_token": "1//refresh-token-0001",
        },
        target="987654321",
        path="/v1/events:ingest",
        success={"requestId": "request-1"},
        success_kind=OutcomeKind.ACCEPTED,
        secrets=("client-secret-0001", "1//refresh-token-0001", ACCESS_TOKEN),
    ),
    Case(
        name="meta_website",
        platform=Platform.META,
        settings={"dataset_id": "1234567890123456", "mode": "website", "test_event_code": "TEST123"},
        credentials={"access_token": "EAAtest0access0token"},
        target="Purchase",
        path="/v26.0/1234567890123456/events",
        success={"events_received": 1, "messages": [], "fbtrace_id": "AbCdEf"},
        success_kind=OutcomeKind.DELIVERED,
        secrets=("EAAtest0access0token",),
    ),
    Case(
        name="meta_crm",
        platform=Platform.META,
        settings={
            "dataset_id": "1234567890123456",
            "mode": "crm",
            "crm_name": "Example CRM",
            "test_event_code": "TEST123",
        },
        credentials={"access_token": "EAAtest0access0token"},
        target="Qualified lead",
        path="/v26.0/1234567890123456/events",
        success={"events_received": 1, "fbtrace_id": "AbCdEf"},
        success_kind=OutcomeKind.DELIVERED,
        secrets=("EAAtest0access0token",),
    ),
    Case(
        name="ga4",
        platform=Platform.GA4,
        settings={"measurement_id": "G-TEST123456"},
        credentials={"api_secret": "api-secret-0001"},
        target="close_convert_lead",
        path="/mp/collect?measurement_id=G-TEST123456&api_secret=api-secret-0001",
        success=b"",
        success_kind=OutcomeKind.DELIVERED,
        secrets=("api-secret-0001",),
    ),
    Case(
        name="microsoft_ads",
        platform=Platform.MICROSOFT_ADS,
        settings={"customer_id": "250000001", "account_id": "180000001"},
        credentials={
            "client_id": "ab01c23d-4e56-7f8a-90bc-1d23efabc45d",
            "client_secret": "client-secret-0003",
            "refresh_token": "M.C5-refresh-token-0003",
            "developer_token": "DEVTOKEN0003",
        },
        target="Won lead",
        path="/CampaignManagement/v13/OfflineConversions/Apply",
        success={"PartialErrors": []},
        success_kind=OutcomeKind.DELIVERED,
        secrets=("client-secret-0003", "M.C5-refresh-token-0003", "DEVTOKEN0003", ACCESS_TOKEN),
        has_test_mode=False,
        has_event_id=False,
    ),
    Case(
        name="linkedin",
        platform=Platform.LINKEDIN,
        settings={"ad_account_id": "512345678"},
        credentials={"access_token": "AQX-test-access-token"},
        target="104012",
        path="/rest/conversionEvents",
        success={"elements": [{"status": 201}]},
        success_kind=OutcomeKind.DELIVERED,
        secrets=("AQX-test-access-token",),
        has_test_mode=False,
    ),
    Case(
        name="linkedin_refreshing",
        platform=Platform.LINKEDIN,
        settings={"ad_account_id": "512345678", "user_data": False},
        credentials={
            "client_id": "86abcdefgh",
            "client_secret": "client-secret-0002",
            "refresh_token": "AQY-refresh-token-0002",
        },
        target="urn:lla:llaPartnerConversion:104012",
        path="/rest/conversionEvents",
        success={"elements": [{"status": 201}]},
        success_kind=OutcomeKind.DELIVERED,
        secrets=("client-secret-0002", "AQY-refresh-token-0002", ACCESS_TOKEN),
        has_test_mode=False,
    ),
    *(
        Case(
            name=f"tiktok_{mode}",
            platform=Platform.TIKTOK,
            settings={
                "mode": mode,
                "event_source_id": event_source_id,
                "crm_name": "Example CRM",
                "test_event_code": "TEST123",
            },
            credentials={"access_token": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"},
            target="CompletePayment",
            path="/open_api/v1.3/event/track/",
            success={"code": 0, "message": "OK", "request_id": "20261123120000ABC", "data": {}},
            success_kind=OutcomeKind.DELIVERED,
            secrets=("0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",),
        )
        for mode, event_source_id in (
            ("crm", "7000000000000000001"),
            ("web", "C17TA5JC77UDOT6CA5FG"),
            ("offline", "7000000000000000002"),
        )
    ),
    *(
        Case(
            name=name,
            platform=Platform.WEBHOOK,
            settings={"url": "https://hooks.example.com/conversions", "personal_data": personal_data},
            credentials={"signing_secret": WEBHOOK_SECRET},
            target="lead.won",
            path="/conversions",
            success={"received": True},
            success_kind=OutcomeKind.DELIVERED,
            secrets=(WEBHOOK_SECRET,),
            has_base_url=False,
            hashes=False,
            never_skips_for=frozenset({WarningCode.MISSING_IDENTIFIER, WarningCode.OUTSIDE_TIME_WINDOW}),
            statuses={
                **dict.fromkeys((400, 413, 418, 422), OutcomeKind.RETRY),
                **dict.fromkeys((302, 307), OutcomeKind.CONFIGURATION),
            },
            is_in_force=True,
        )
        for name, personal_data in (("webhook", False), ("webhook_personal", True))
    ),
]


def _each(cases: list[Case]) -> Callable[..., Any]:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


every_connector = _each(CASES)
every_connector_with_tests = _each([case for case in CASES if case.has_test_mode])
every_connector_without_tests = _each([case for case in CASES if not case.has_test_mode])

A_YEAR_AGO = NOW - timedelta(days=365)
