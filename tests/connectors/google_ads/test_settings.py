import pytest
from pydantic import ValidationError

from app.connectors.google_ads.settings import GoogleAdsSettings


@pytest.mark.parametrize("given", ["123-456-7890", "1234567890", " 1234567890 "])
def test_an_account_is_kept_as_its_ten_digits(given: str) -> None:
    settings = GoogleAdsSettings(customer_id=given, login_customer_id=given)
    assert settings.customer_id == settings.login_customer_id == "1234567890"


@pytest.mark.parametrize(
    "given", ["", "123456789", "12345678901", "123 456 7890", "abcdefghij", "١٢٣٤٥٦٧٨٩٠"]
)
def test_anything_else_is_refused_in_plain_words(given: str) -> None:
    with pytest.raises(ValidationError, match="10 digits of a Google Ads account, such as 123-456-7890"):
        GoogleAdsSettings(customer_id=given)


def test_the_usual_is_web_with_personal_data_and_unknown_consent_sent() -> None:
    settings = GoogleAdsSettings(customer_id="1234567890")
    assert (settings.event_source, settings.user_data, settings.unknown_consent) == ("WEB", True, "send")
