"""What the answer to a probe means: it counts nothing, so nothing can be rejected or remain uncertain."""

from dataclasses import replace

from app.connectors.base import Outcome, OutcomeKind


def works(answered: Outcome, message: str) -> Outcome:
    """The connection does what was tried. `message`: what that was, and what was not checked."""
    return Outcome(
        kind=OutcomeKind.DELIVERED,
        http_status=answered.http_status,
        message=message,
        request_id=answered.request_id,
        response=answered.response,
    )


def as_probe(answered: Outcome, *, title: str) -> Outcome:
    """An attempt's outcome as that of a probe: what tells nothing of the connection is to be tried again."""
    if answered.kind is OutcomeKind.AMBIGUOUS:
        text = f"{title} gave no answer that can be understood."
        return replace(answered, kind=OutcomeKind.RETRY, message=text)
    if answered.kind in {OutcomeKind.REJECTED, OutcomeKind.ACCEPTED}:
        return replace(answered, kind=OutcomeKind.RETRY)
    return answered
