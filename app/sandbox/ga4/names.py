"""Names the Measurement Protocol does not take.

From "Reserved names" and "Limitations"
(developers.google.com/analytics/devguides/collection/protocol/ga4/reference and .../sending-events, read
2026-11-23).
"""

import re

MAX_NAME_LENGTH = 40
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_EVENTS = """
ad_activeview ad_click ad_exposure ad_impression ad_query ad_reward adunit_exposure app_background
app_clear_data app_exception app_install app_remove app_store_refund app_store_subscription_cancel
app_store_subscription_convert app_store_subscription_renew app_uninstall app_update app_upgrade
dynamic_link_app_open dynamic_link_app_update dynamic_link_first_open error firebase_campaign
firebase_in_app_message_action firebase_in_app_message_dismiss firebase_in_app_message_impression first_open
first_visit in_app_purchase notification_dismiss notification_foreground notification_open
notification_receive notification_send os_update session_start session_start_with_rollout user_engagement
"""
RESERVED_EVENTS = frozenset(_EVENTS.split())
RESERVED_PARAMETERS = frozenset({"firebase_conversion"})
RESERVED_PREFIXES = ("_", "firebase_", "ga_", "google_", "gtag.")


def name_fault(name: str, *, reserved: frozenset[str]) -> tuple[str, str] | None:
    """The validation code and what is wrong with a name; None: nothing.

    Args:
        name: of an event or a parameter.
        reserved: names of its kind that are taken.
    """
    if name in reserved or name.startswith(RESERVED_PREFIXES[1:]):
        return "NAME_RESERVED", f"The name [{name[:80]}] is reserved."
    if _NAME.fullmatch(name) is None:
        return (
            "NAME_INVALID",
            f"The name [{name[:80]}] must start with a letter and have letters, digits and _ only.",
        )
    if len(name) > MAX_NAME_LENGTH:
        return "NAME_INVALID", f"The name [{name[:80]}] is longer than {MAX_NAME_LENGTH} characters."
    return None
