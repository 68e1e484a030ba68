"""What the receiver answers."""

from app.sandbox.calls import Answer, json_answer


def received(*, is_copy: bool) -> Answer:
    """The message was taken, now or before."""
    return json_answer(200, {"received": True, "copy": is_copy})


def refused(status: int, message: str) -> Answer:
    """It was not."""
    return json_answer(status, {"error": message})
