"""How a lead was won, and what the person consented to."""

from datetime import datetime
from typing import Self

import strawberry

from app.services.lead_fields import CLICK_GROUPS
from app.tables.leads import LeadRow
from schema.enums import ConsentState
from schema.fields import described


@strawberry.type(description="The clicks and browser ids that brought a lead; each as it was captured.")
class Attribution:
    """The attribution columns of a lead, shown."""

    gclid: str | None = described("Google click id.")
    gbraid: str | None = described("Google click id of an iOS app click that ended on the web.")
    wbraid: str | None = described("Google click id of an iOS web click.")
    fbclid: str | None = described("Meta click id, from the landing page's address.")
    fbc: str | None = described("Meta's `_fbc` cookie.")
    fbp: str | None = described("Meta's `_fbp` cookie.")
    meta_lead_id: str | None = described("Id of a lead from a Meta instant form, 15 to 17 digits.")
    msclkid: str | None = described("Microsoft click id.")
    li_fat_id: str | None = described("LinkedIn's first-party click id.")
    ttclid: str | None = described("TikTok click id.")
    ttp: str | None = described("TikTok's `_ttp` cookie.")
    ga_client_id: str | None = described("Client id of Google Analytics, from its `_ga` cookie.")
    ga_session_id: str | None = described("Session id of Google Analytics.")
    landing_page_url: str | None = described("The page the visitor landed on.")
    clicked_at: datetime | None = described("When the latest click happened; null when nobody said.")

    @classmethod
    def of(cls, row: LeadRow) -> Self:
        """Show the attribution of a row."""
        times = [getattr(row, f"{group}_clicked_at") for group in CLICK_GROUPS]
        return cls(
            gclid=row.gclid,
            gbraid=row.gbraid,
            wbraid=row.wbraid,
            fbclid=row.fbclid,
            fbc=row.fbc,
            fbp=row.fbp,
            meta_lead_id=row.meta_lead_id,
            msclkid=row.msclkid,
            li_fat_id=row.li_fat_id,
            ttclid=row.ttclid,
            ttp=row.ttp,
            ga_client_id=row.ga_client_id,
            ga_session_id=row.ga_session_id,
            landing_page_url=row.landing_page_url,
            clicked_at=max((time for time in times if time is not None), default=None),
        )


@strawberry.type(description="What the person consented to; null where it is not known.")
class Consent:
    """The consent columns of a lead, shown."""

    ad_storage: ConsentState | None = described("Storage for advertising.")
    analytics_storage: ConsentState | None = described("Storage for analytics.")
    ad_user_data: ConsentState | None = described("Sending user data to ad platforms.")
    ad_personalization: ConsentState | None = described("Personalised advertising.")
