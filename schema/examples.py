"""What the explorer offers to do: ready to run in the demo, to be filled in elsewhere."""

from collections.abc import Mapping, Sequence

from schema.example_documents import (
    CONNECT_INTEGRATION,
    CREATE_API_KEY,
    CREATE_CONVERSION_LABEL,
    CREATE_LEAD,
    ERASE_LEAD,
    FIND_LEADS,
    LABELS_AND_INTEGRATIONS,
    LEAD_DELIVERIES,
    PREVIEW_LEAD_STATUS,
    RETRY_DELIVERIES,
    UNSENT_DELIVERIES,
    UPDATE_LEAD_STATUS,
    WATCH_JOB,
)
from schema.explorer import ExplorerExamples, ExplorerTask

_STATUS = "A lead's status"
_SENDING = "What became of it"
_LEADS = "Leads"
_SETUP = "Setting up"


def demo_examples(
    *, api_key: str, unique_identifier: str, conversion_id: str, price_cents: int, signing_secret: str
) -> ExplorerExamples:
    """Examples that run as they are: the first click on Run queues a conversion of this lead."""
    return _examples(
        api_key=api_key,
        lead={"uniqueIdentifier": unique_identifier},
        status={"conversionId": conversion_id, "price": price_cents},
        signing_secret=signing_secret,
    )


def blank_examples() -> ExplorerExamples:
    """Examples with placeholders. Run before they are filled in, they find no lead and no label."""
    return _examples(
        api_key="",
        lead={"uniqueIdentifier": "the lead's id in your CRM"},
        status={"conversionId": "a label's id, from LabelsAndIntegrations"},
        signing_secret="whsec_ and the base64 of 24 to 64 random bytes",  # noqa: S106 - says what to put there
    )


def _examples(
    *, api_key: str, lead: Mapping[str, str], status: Mapping[str, object], signing_secret: str
) -> ExplorerExamples:
    return ExplorerExamples(
        headers={"X-API-Key": api_key},
        tasks=(*_changing(lead, status), *_looking_after(), *_of_leads(), *_setting_up(signing_secret)),
    )


def _changing(lead: Mapping[str, str], status: Mapping[str, object]) -> Sequence[ExplorerTask]:
    return (
        ExplorerTask(
            group=_STATUS,
            title="Say what became of a lead; its conversion is queued.",
            query=UPDATE_LEAD_STATUS,
            # The default, spelled out: the editor underlines an input that lacks a non-null field.
            variables={"input": {"lead": lead, **status, "onConflict": "REJECT"}},
            open=True,
        ),
        ExplorerTask(
            group=_SENDING,
            title="The lead's newest job, and what each platform made of it.",
            query=LEAD_DELIVERIES,
            variables={"by": lead},
            open=True,
        ),
        ExplorerTask(
            group=_STATUS,
            title="What losing the lead would do, without doing it.",
            query=PREVIEW_LEAD_STATUS,
            variables={"input": {"lead": lead, "conversionId": "lost", "onConflict": "SUPERSEDE"}},
            open=True,
        ),
        ExplorerTask(
            group=_SENDING,
            title="A job as it moves, until all platforms have answered.",
            query=WATCH_JOB,
            variables={"jobId": "the id of a job, from the answer in the first tab"},
            open=True,
        ),
    )


def _looking_after() -> Sequence[ExplorerTask]:
    return (
        ExplorerTask(
            group=_SENDING,
            title="What was not sent, or not yet, and why.",
            query=UNSENT_DELIVERIES,
            variables={
                "filter": {"state": ["SKIPPED", "HELD", "REJECTED", "EXPIRED", "FAILED", "UNCONFIRMED"]}
            },
        ),
        ExplorerTask(
            group=_SENDING,
            title="Try again what failed. With dryRun it is only counted.",
            query=RETRY_DELIVERIES,
            variables={"filter": {"state": ["FAILED", "REJECTED", "EXPIRED", "SKIPPED"]}, "dryRun": True},
        ),
    )


def _of_leads() -> Sequence[ExplorerTask]:
    return (
        ExplorerTask(
            group=_LEADS,
            title="Leads by a part of a name, an address or an id.",
            query=FIND_LEADS,
            variables={"filter": {"search": "example.com"}, "first": 20, "after": None},
        ),
        ExplorerTask(
            group=_LEADS,
            title="Store a lead with its click id and consent.",
            query=CREATE_LEAD,
            variables={
                "input": {
                    "uniqueEventId": "form-example-1",
                    "firstName": "Ada",
                    "lastName": "Example",
                    "email": "ada@example.com",
                    "countryCode": "NL",
                    "formName": "Request an offer",
                    "attribution": {"gclid": "Cj0KCQjw-example_EALw_wcB"},
                    "consent": {"adUserData": "GRANTED", "adPersonalization": "GRANTED"},
                }
            },
        ),
        ExplorerTask(
            group=_LEADS,
            title="Erase who a lead was, for good; the counts stay.",
            query=ERASE_LEAD,
            variables={"by": {"email": "ada@example.com"}},
        ),
    )


def _setting_up(signing_secret: str) -> Sequence[ExplorerTask]:
    return (
        ExplorerTask(
            group=_SETUP,
            title="The labels to give a lead, and what is connected.",
            query=LABELS_AND_INTEGRATIONS,
            variables={},
            open=True,
        ),
        ExplorerTask(
            group=_SETUP,
            title="Connect a platform, or a webhook of your own.",
            query=CONNECT_INTEGRATION,
            variables={
                "input": {
                    "platform": "WEBHOOK",
                    "name": "My webhook",
                    "settings": {"url": "https://crm.example.com/conversions"},
                    "credentials": {"signingSecret": signing_secret},
                    "testMode": False,
                }
            },
        ),
        ExplorerTask(
            group=_SETUP,
            title="Make a label, with what each platform calls it.",
            query=CREATE_CONVERSION_LABEL,
            variables={
                "input": {
                    "name": "Offer sent",
                    "markAsDone": False,
                    "convertOnce": True,
                    "undoOnLost": False,
                    "defaultPrice": 5000,
                    "mappings": [],
                }
            },
        ),
        ExplorerTask(
            group=_SETUP,
            title="Make an API key that may change statuses, no more.",
            query=CREATE_API_KEY,
            variables={"input": {"name": "CRM", "kind": "SECRET", "scopes": ["STATUS_WRITE"]}},
        ),
    )
