"""Writing the audit log."""

from app.services.auditing import SUBJECTS, Change, changed_fields, differences
from app.values import AuditAction


def test_every_action_is_done_to_something() -> None:
    assert set(SUBJECTS) == set(AuditAction)


def test_only_what_is_not_the_same_is_a_difference() -> None:
    before, after = {"kept": 1, "changed": False, "gone": "x"}, {"kept": 1, "changed": True, "new": "y"}

    assert differences(before, after) == [
        Change("changed", False, True),
        Change("gone", "x", None),
        Change("new", None, "y"),
    ]
    assert changed_fields(before, after) == [Change("changed"), Change("gone"), Change("new")]


def test_a_value_that_is_false_or_nought_is_kept() -> None:
    assert Change("price", 0, None).stored() == {"field": "price", "before": 0}
    assert Change("archived", None, False).stored() == {"field": "archived", "after": False}
