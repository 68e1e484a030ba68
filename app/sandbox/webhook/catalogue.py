"""How a receiver can be told to fail: by status, because that is all a sender goes by."""

from app.sandbox.cases import Case, Refuse, catalogue
from app.sandbox.transport_cases import TRANSPORT_CASES
from app.sandbox.webhook.answers import refused


def _status(status: int, says: str) -> Case:
    return Case(
        name=str(status),
        says=f"{status}: {says}",
        behaviour=Refuse(lambda _call: refused(status, says)),
    )


_REFUSALS = (
    _status(400, "the message cannot be read"),
    _status(401, "the signature does not fit"),
    _status(403, "this address is not for you"),
    _status(404, "there is nothing here"),
    _status(405, "only GET is answered here"),
    _status(409, "the record is being changed by somebody else"),
    _status(410, "no more messages, please"),
    _status(415, "only XML is taken here"),
    _status(422, "there is no such lead"),
    _status(500, "the receiver has a defect"),
    _status(503, "the receiver is being maintained"),
)

CASES = catalogue(_REFUSALS, TRANSPORT_CASES)
