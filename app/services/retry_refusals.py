"""Why a delivery must not be tried again: what was said since, and conversions that count already."""

from app.connectors.base import Finding
from app.services.history import COUNTS, MAY_COUNT, standing
from app.services.retries import Retry
from app.tables.jobs import DeliveryRow
from app.values import DeliveryKind, DeliveryState, WarningCode

_AT_THE_PLATFORM = MAY_COUNT - {DeliveryState.SCHEDULED, DeliveryState.HELD}


def refusal_of(retry: Retry) -> Finding | None:
    """Why it must not be sent whatever the platform's own requirements say; None: it may."""
    if retry.delivery.id not in retry.around.named and not retry.is_recognised:
        return _MAY_HAVE_ARRIVED
    if retry.delivery.kind is DeliveryKind.RETRACT:
        return _retraction_refusal(retry)
    return _statement_refusal(retry) or _second_conversion(retry)


def _statement_refusal(retry: Retry) -> Finding | None:
    if any(one.kind is DeliveryKind.RETRACT and one.state in COUNTS for one in retry.of_event()):
        return _TAKEN_BACK
    if _was_lost_since(retry):
        return _LOST_SINCE
    if any(_overtakes(one, retry.delivery) for one in retry.of_event()):
        return _NEWER_VALUE
    if retry.delivery.kind is DeliveryKind.RESTATE and _is_stated(retry):
        return _ALREADY_CONVERTED
    return None


def _retraction_refusal(retry: Retry) -> Finding | None:
    others = list(retry.of_event())
    if any(one.kind is DeliveryKind.RETRACT and one.state in MAY_COUNT for one in others):
        return _TAKEN_BACK
    if not any(one.state in MAY_COUNT for one in others if one.kind is not DeliveryKind.RETRACT):
        return _NOTHING_TO_TAKE_BACK
    followed = retry.followed()
    label_id = followed.label_id if followed else None
    for other in retry.history.deliveries:
        said_since = other.id > retry.delivery.id and other.kind is not DeliveryKind.RETRACT
        here = other.integration_id == retry.delivery.integration_id and other.label_id == label_id
        if said_since and here and other.state is not DeliveryState.CANCELED:
            return _CONVERTED_SINCE
    return None


def _was_lost_since(retry: Retry) -> bool:
    """Whether a later `lost` took back what the label sends: it canceled what was waiting then."""
    if not retry.label.undo_on_lost or retry.label.built_in:
        return False
    later = (job for job in retry.history.jobs if job.id > retry.delivery.job_id)
    return any(retry.around.labels[job.label_id].built_in for job in later)


def _overtakes(other: DeliveryRow, delivery: DeliveryRow) -> bool:
    """Whether sending the delivery would undo what a restatement says, or said."""
    if other.kind is not DeliveryKind.RESTATE or other.id < delivery.id:
        return False
    # A restatement that waits is sent after its SEND, and not before an older restatement.
    waits = delivery.kind is DeliveryKind.SEND and other.state not in _AT_THE_PLATFORM
    return other.state in MAY_COUNT and not waits


def _is_stated(retry: Retry) -> bool:
    """Whether the platform has the value already."""
    delivery = retry.delivery
    counting = [
        one for one in retry.of_event() if one.kind is not DeliveryKind.RETRACT and one.state in COUNTS
    ]
    return bool(counting) and (counting[-1].value_cents, counting[-1].currency) == (
        delivery.value_cents,
        delivery.currency,
    )


def _second_conversion(retry: Retry) -> Finding | None:
    """Another conversion of the lead for the label counts, where only one may; None: none does."""
    if not retry.label.convert_once:
        return None
    delivery = retry.delivery
    for one in standing(retry.of_others(), retry.integration, COUNTS):
        if one.send.label_id == delivery.label_id:
            same = delivery.value_cents is None or one.states(delivery.value_cents, delivery.currency)
            return _ALREADY_CONVERTED if same else _ANOTHER_VALUE_COUNTS
    return None


def _refused(code: WarningCode, reason: str, field: str | None = None) -> Finding:
    return Finding(code=code, field=field, reason=reason, will_skip=True)


NOT_MAPPED = _refused(
    WarningCode.NOT_MAPPED, "The label is not mapped to anything at this integration, and was not then."
)
TOO_LATE = _refused(WarningCode.OUTSIDE_TIME_WINDOW, "It is too late for this conversion.")
_MAY_HAVE_ARRIVED = _refused(
    WarningCode.ALREADY_CONVERTED,
    "An earlier attempt may have arrived, and a copy would be counted. Named by its id, it is sent.",
)
_ALREADY_CONVERTED = _refused(
    WarningCode.ALREADY_CONVERTED,
    "This lead already has a conversion for this label there, with the same value.",
)
_ANOTHER_VALUE_COUNTS = _refused(
    WarningCode.CANNOT_BE_RESTATED,
    "This lead has another conversion for this label there, with another value, and only one may count.",
    field="price",
)
_NEWER_VALUE = _refused(
    WarningCode.CANNOT_BE_RESTATED, "A newer value was stated since, which this would undo.", field="price"
)
_TAKEN_BACK = _refused(WarningCode.CANNOT_BE_RESTATED, "The conversion was taken back, or is being so.")
_LOST_SINCE = _refused(
    WarningCode.CANNOT_BE_RESTATED, "The lead was lost since, which takes back conversions for this label."
)
_NOTHING_TO_TAKE_BACK = _refused(
    WarningCode.CANNOT_BE_UNDONE, "The conversion never arrived, so there is nothing to take back."
)
_CONVERTED_SINCE = _refused(
    WarningCode.CANNOT_BE_UNDONE, "The lead got the label again since, so the conversion counts again."
)
