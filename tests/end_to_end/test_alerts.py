"""The operator hears of what goes wrong, from the mutation to their own address over real HTTP."""

import base64
import hashlib
import hmac

from app.database.database import Database
from app.queue.port import ALERT_LANE
from app.settings import Settings
from app.tables.jobs import DeliveryRow
from app.tables.labels import LabelRow
from app.values import DeliveryState, Platform
from tests.connectors.http_server import HttpServer, answer, http_server
from tests.end_to_end.live import Live, open_live

KEY = b"0123456789abcdef0123456789abcdef"


def settings(server: HttpServer) -> Settings:
    return Settings(
        alert_webhook_url=f"{server.url}/alerts",
        alert_webhook_secret="whsec_" + base64.b64encode(KEY).decode(),
    )


async def go_wrong(live: Live) -> None:
    """Google refuses the conversion action, Meta refuses one conversion, then the token."""
    label = await live.label_everywhere()
    await live.script("google_ads", fail="INVALID_CONVERSION_ACTION_ID", times=1)
    await refuse_at_meta(live, label)
    await until_there_are(live, 1, DeliveryState.HELD, Platform.GOOGLE_ADS)
    await live.script("meta", fail="190", times=1)
    await live.update({"leadId": await live.lead_now()}, label.id)
    await until_there_are(live, 1, DeliveryState.HELD, Platform.META)


async def refuse_at_meta(live: Live, label: LabelRow) -> None:
    await live.script("meta", fail="100/2804003", times=1)
    before = await count(live, DeliveryState.REJECTED, Platform.META)
    await live.update({"leadId": await live.lead_now()}, label.id)
    await until_there_are(live, before + 1, DeliveryState.REJECTED, Platform.META)


async def count(live: Live, state: DeliveryState, platform: Platform) -> int:
    rows = await live.rows(DeliveryRow)
    return len([row for row in rows if (row.platform, row.state) == (platform, state)])


async def until_there_are(live: Live, number: int, state: DeliveryState, platform: Platform) -> None:
    async def look() -> bool:
        return await count(live, state, platform) == number

    await live.until(look)


def kinds(server: HttpServer) -> list[str]:
    return sorted(alert["kind"] for request in server.received for alert in request.json["data"]["alerts"])


async def test_each_kind_is_told_once_signed_and_without_anything_personal(database: Database) -> None:
    async with http_server() as server, open_live(database, settings(server)) as live:
        server.tell("", answer(204))

        async def tell_until(number: int) -> None:
            async def look() -> bool:
                return len(kinds(server)) >= number

            live.wake([ALERT_LANE])
            await live.until(look)

        await go_wrong(live)
        await tell_until(3)
        other = await live.world.label("Other")
        await live.world.map(other.id, await live.world.integration(Platform.META, "Other"))
        await refuse_at_meta(live, other)
        await tell_until(4)

    assert kinds(server) == ["delivery.unsent", "delivery.unsent", "integration.held", "mapping.held"]
    for request in server.received:
        signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
        mac = hmac.new(KEY, signed + request.body, hashlib.sha256).digest()
        # The server keeps headers in lower case.
        assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}".lower()
        for personal in (b"ada@", b"example.com", b"7700900123", b"crm-1", b"sandbox-access-token"):
            assert personal not in request.body.lower()
