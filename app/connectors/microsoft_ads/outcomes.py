"""Microsoft's error catalogue, by number.

Sources, read 2026-11-23: https://learn.microsoft.com/en-us/advertising/guides/operation-error-codes and
.../guides/handle-service-errors-exceptions. That REST uses the same numbers is not said anywhere.
"""

from app.connectors.base import OutcomeKind
from app.connectors.catalogue import Entry, entries
from app.connectors.microsoft_ads.api import CALLS_RECOVER_S, GOAL_SETTLES_S

_BUSY = "{title} is not available for the moment."
_SIGN_IN = "{title} does not accept this user. Connect the integration again, with the user it asks for."
_CONTENT = "{title} refused the content of the conversion."
_TIME = "{title} does not accept the conversion's time. Check occurredAt."
_NO_GOAL = (
    "Microsoft Advertising has no offline conversion goal of this name in the account. Map the label to the "
    "goal's exact name."
)
_VERSION = "This version of Microsoft's API has ended."

CATALOGUE: dict[int, Entry] = {
    **entries(
        OutcomeKind.AUTHENTICATION,
        {
            105: "{title} does not accept the connection or the developer token. Connect the integration "
            "again.",
            108: "Microsoft has locked this user for safety. Sign in there, then connect the integration "
            "again.",
            109: "The access has run out. Connect the integration again.",
            120: _SIGN_IN,
            122: _SIGN_IN,
            123: _SIGN_IN,
            124: _SIGN_IN,
            125: _SIGN_IN,
        },
    ),
    **entries(OutcomeKind.API_SUNSET, {205: _VERSION, 303: _VERSION}),
    **entries(
        OutcomeKind.CONFIGURATION,
        {
            106: "The connected user may not write to this account. Check customerId and accountId, or "
            "give the user access in Microsoft Advertising.",
            116: "{title} misses the customer or the account. Check customerId and accountId.",
            208: "{title} does not know the account. Check accountId.",
            5605: "This label is not mapped to the name of an offline conversion goal.",
            5606: _NO_GOAL,
            5613: "Microsoft has not opened offline conversions for this customer.",
        },
    ),
    **entries(
        OutcomeKind.REJECTED,
        {
            100: _CONTENT,
            113: _CONTENT,
            201: _CONTENT,
            203: _CONTENT,
            204: _CONTENT,
            206: _CONTENT,
            5600: _CONTENT,
            5601: "{title} takes at most 1,000 conversions at once.",
            5602: _CONTENT,
            5603: "Microsoft got nothing to find the click by: no msclkid, e-mail or phone that it takes.",
            5604: "Microsoft cannot read the msclkid. It must be stored exactly as it stood in the address.",
            5607: _TIME,
            5608: _TIME,
            5609: "The conversion is too old for Microsoft, which takes 90 days.",
            5610: "Microsoft does not accept the value.",
            5611: "Microsoft does not know the currency.",
            5614: "The conversion lies in the future. Check occurredAt.",
            5616: "The conversion happened before the click. Check occurredAt.",
            5617: "The conversion happened too long after the click: the goal counts a shorter time.",
            5618: _CONTENT,
            5619: _CONTENT,
            5620: _CONTENT,
            5621: _CONTENT,
            5622: _CONTENT,
            5623: "The conversion is too old to be changed or taken back.",
            5624: _CONTENT,
            5625: "Microsoft changes a conversion only to a new value.",
            5626: "Microsoft misses the currency of the new value.",
            # Said of the goal, but only of adjustments: to hold its mapping would keep conversions waiting.
            5627: "Conversions of this goal cannot be changed or taken back.",
        },
    ),
    **entries(OutcomeKind.RETRY, {0: _BUSY, 202: _BUSY, 5612: _BUSY}),
    **entries(
        OutcomeKind.RETRY,
        {117: "{title} takes no more requests for the moment."},
        retry_after_s=CALLS_RECOVER_S,
    ),
    **entries(
        OutcomeKind.RETRY,
        {5615: "The conversion goal is younger than two hours."},
        retry_after_s=GOAL_SETTLES_S,
    ),
}
"""What is not listed has nothing to do with offline conversions."""

TOKEN_EXPIRED = 109

GRAVITY = (
    OutcomeKind.AUTHENTICATION,
    OutcomeKind.API_SUNSET,
    OutcomeKind.CONFIGURATION,
    OutcomeKind.REJECTED,
    OutcomeKind.RETRY,
)
"""Which of several errors decides: what no retry and no other mends comes first."""
