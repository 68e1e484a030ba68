"""Questions that count nothing: what became of what was accepted, and whether a connection still works."""

from typing import cast

from app.connectors.base import Outcome, OutcomeKind, VerdictConnector
from app.worker.attempts import Judged, Question, Trial, Tried
from app.worker.sending import INTERNAL, log_defect

_DEFECT = Outcome(
    kind=OutcomeKind.RETRY, code=INTERNAL, message="A defect of this program ended the question.", known=False
)
_NAMELESS = Outcome(kind=OutcomeKind.ACCEPTED)
"""The platform did not say what it calls the request: there is nothing to ask about."""


async def ask(question: Question) -> Judged:
    """Ask for the verdict. Raises nothing but CancelledError."""
    delivery, channel = question.delivery, question.channel
    connector = cast("VerdictConnector", channel.connector)
    if delivery.platform_request_id is None:
        return Judged(delivery=delivery, outcome=_NAMELESS, is_final=False, channel=channel)
    try:
        verdict = await connector.verdict(channel.connection, delivery.platform_request_id, delivery.kind)
    except Exception as error:  # noqa: BLE001 - a connector's defect must not stop the lane
        log_defect(f"verdict of delivery {delivery.id}", error)
        return Judged(delivery=delivery, outcome=_DEFECT, is_final=False, channel=channel)
    return Judged(delivery=delivery, outcome=verdict.outcome, is_final=verdict.is_final, channel=channel)


async def carry_out(trial: Trial) -> Tried:
    """Try the connection. Raises nothing but CancelledError."""
    channel = trial.channel
    try:
        outcome = await channel.connector.probe(channel.connection, trial.target)
    except Exception as error:  # noqa: BLE001 - as above
        log_defect(f"probe of integration {channel.connection.integration_id}", error)
        outcome = _DEFECT
    return Tried(trial=trial, outcome=outcome)
