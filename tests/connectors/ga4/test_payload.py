from app.connectors.base import Consent
from app.connectors.ga4.payload import build, redact
from app.connectors.ga4.settings import Ga4Settings
from app.connectors.hashing import hashed
from app.values import ConsentState
from tests.connectors.leads import EVENT_AT, EVENT_ID, bare_lead, conversion, lead

SETTINGS = Ga4Settings(measurement_id="G-TEST123456")


def sha256(value: str) -> list[str | None]:
    return [hashed(value, lambda text: text)]


def test_a_complete_conversion_is_what_google_documents() -> None:
    body = build(lead(), conversion(target=" close_convert_lead "), SETTINGS, test_mode=False)
    assert body == {
        "client_id": "1234567890.1795100000",
        "timestamp_micros": int(EVENT_AT.timestamp()) * 1_000_000,
        "consent": {"ad_user_data": "GRANTED", "ad_personalization": "GRANTED"},
        "user_data": {
            "sha256_email_address": sha256("alexz@example.com"),
            "sha256_phone_number": sha256("+442079460018"),
        },
        "events": [
            {
                "name": "close_convert_lead",
                "params": {
                    "transaction_id": EVENT_ID,
                    "value": 1250.5,
                    "currency": "EUR",
                    "session_id": "1795100000",
                    "engagement_time_msec": 1,
                },
            }
        ],
    }


def test_of_a_bare_lead_only_the_frame_is_left() -> None:
    body = build(bare_lead(), conversion(value_cents=None, consent=Consent()), SETTINGS, test_mode=False)
    assert set(body) == {"client_id", "timestamp_micros", "events"}
    assert body["events"][0]["params"] == {"transaction_id": EVENT_ID}


def test_personal_data_stays_here_when_advertising_was_refused() -> None:
    consent = Consent(ad_user_data=ConsentState.DENIED, analytics_storage=ConsentState.GRANTED)
    body = build(lead(), conversion(consent=consent), SETTINGS, test_mode=False)
    assert "user_data" not in body
    assert body["consent"] == {"ad_user_data": "DENIED"}


def test_personal_data_stays_here_where_that_was_chosen() -> None:
    settings = SETTINGS.model_copy(update={"user_data": False})
    assert "user_data" not in build(lead(), conversion(), settings, test_mode=False)


def test_a_phone_that_came_hashed_is_passed_on() -> None:
    body = build(bare_lead(phone="A" * 64), conversion(), SETTINGS, test_mode=False)
    assert body["user_data"] == {"sha256_phone_number": ["a" * 64]}


def test_test_mode_shows_the_event_in_debug_view() -> None:
    body = build(lead(), conversion(), SETTINGS, test_mode=True)
    assert body["events"][0]["params"]["debug_mode"] is True


def test_what_is_kept_is_what_was_sent_but_for_addresses_in_wrong_places() -> None:
    body = build(lead(ga_session_id="jane@example.com"), conversion(), SETTINGS, test_mode=False)
    assert redact(body)["events"][0]["params"]["session_id"] == "[e-mail]"
    assert redact(body)["user_data"] == body["user_data"]
