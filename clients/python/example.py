"""Change a lead's status and say what came of it.

Usage: python example.py [LEAD [CONVERSION]], with the lead's id in your system, and a label's id, "open" or
"lost".
"""

import os
import sys
import uuid

from httpx import HTTPError
from leadwire_client import (
    GraphQLClientError,
    LeadIdentifierInput,
    LeadwireClient,
    UpdateLeadStatusInput,
)
from update_lead_status import update_lead_status

URL = os.environ.get("LEADWIRE_URL", "http://127.0.0.1:8000/graphql")
API_KEY = os.environ.get("LEADWIRE_API_KEY", "demo-key")


def main(lead: str = "crm-1003", conversion: str = "01900000-0000-7000-8000-000000000003") -> str:
    """What the demo's lead, or the one named, is told."""
    change = UpdateLeadStatusInput(
        lead=LeadIdentifierInput(unique_identifier=lead),
        conversion_id=conversion,
        # The same call with the same key is done once, so it may be repeated when no answer came.
        idempotency_key=str(uuid.uuid4()),
    )
    with LeadwireClient(url=URL, headers={"X-API-Key": API_KEY}) as client:
        return update_lead_status(client, change)


if __name__ == "__main__":
    try:
        print(main(*sys.argv[1:]))
    except (GraphQLClientError, HTTPError) as error:
        # The request itself was refused (its key, its document, a value of the wrong type), or not answered.
        sys.exit(str(error))
