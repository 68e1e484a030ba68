"""What docs/operating.md says is so."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from app.connectors.alerting import AlertReceiver
from app.connectors.http import Wire
from app.database.database import Waiting
from app.limits import Load
from app.metrics.families import installation_families, process_families
from app.metrics.instruments import Instruments
from app.repositories.metering import Measurement
from app.settings import Settings
from app.values import Platform
from tests.services.test_alerting import DELIVERY, alert_body

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "operating.md").read_text()
SECRET = "whsec_" + "QUJD" * 8


def block(language: str) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0]  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_in_the_table(name: str) -> None:
    variable = f"LEADWIRE_{name.upper()}"
    [platform] = [p.value for p in Platform if variable.startswith(f"LEADWIRE_{p.value}_")] or ["-"]

    assert f"`{variable}`" in PAGE or f"`{variable.replace(platform, '<PLATFORM>', 1)}`" in PAGE
    assert platform == "-" or f"`{platform}`" in PAGE


def test_every_code_of_the_doctor_is_explained() -> None:
    sources = [*(ROOT / "app" / "services").glob("*.py"), *(ROOT / "app" / "doctor").glob("*.py")]
    of_findings = re.compile(r"(?:HealthFinding|Check|partial)\(\s*(?:Check, )?code=\"(\w+)\"")
    codes = {code for path in sources for code in of_findings.findall(path.read_text())}

    assert len(codes) > 12
    assert {code for code in codes if f"`{code}`" not in PAGE} == set()


def test_the_example_of_an_alert_is_what_an_alert_looks_like() -> None:
    shown, sent = json.loads(block("json")), alert_body([DELIVERY])

    assert shape(shown) == shape(sent)


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


async def test_the_example_tells_what_leadwire_sent_from_what_it_did_not() -> None:
    example: dict[str, Any] = {}
    exec(block("python"), example)
    is_genuine = example["is_genuine"]
    seen: list[tuple[httpx.Headers, bytes]] = []

    async def keep(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers, await request.aread()))
        return httpx.Response(204, stream=httpx.ByteStream(b""))

    async with httpx.AsyncClient(transport=httpx.MockTransport(keep)) as http:
        receiver = AlertReceiver(
            url="http://127.0.0.1/alerts",
            secret=SecretStr(SECRET),
            http=http,
            wire=Wire(clock=lambda: datetime.now(UTC)),
        )
        await receiver.tell(alert_body([DELIVERY]), message_id="alert_1")

    [(headers, body)] = seen
    assert is_genuine(headers, body, SECRET)
    assert not is_genuine(headers, body + b" ", SECRET)
    assert not is_genuine(headers, body, "whsec_" + "QUJE" * 8)
    assert not is_genuine({**headers, "webhook-timestamp": "1"}, body, SECRET)


def test_every_metric_is_in_the_table() -> None:
    load, now = Load(1), datetime.now(UTC)
    measured = Measurement(at=now, lanes=(), open=(), unsent=(), held_mappings=(), active_jobs=0)
    registry = Instruments().registry
    families = [
        *registry.collect(),
        *process_families(load, Waiting(0, 0)),
        *installation_families(measured),
    ]
    counters = {family.name for family in families if family.type == "counter"}
    names = {family.name for family in families if family.name.startswith("leadwire_")}

    assert len(names) > 15
    assert {name for name in names if f"`{name}{'_total' * (name in counters)}`" not in PAGE} == set()
