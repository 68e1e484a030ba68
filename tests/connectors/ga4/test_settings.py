import pytest
from pydantic import ValidationError

from app.connectors.ga4.settings import Ga4Settings


@pytest.mark.parametrize("wrong", ["", "UA-12345-1", "g-abc123def4", "G-", "G-ABC&x=1", "123456789"])
def test_only_the_measurement_id_of_a_web_stream_is_taken(wrong: str) -> None:
    with pytest.raises(ValidationError):
        Ga4Settings(measurement_id=wrong)


def test_spaces_around_it_are_dropped() -> None:
    assert Ga4Settings(measurement_id=" G-ABC123DEF4 ").measurement_id == "G-ABC123DEF4"
