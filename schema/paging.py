"""Pages of lists, as Relay has them: the arguments that ask for one, and what is said of it."""

from typing import Annotated, Any, Self

import strawberry

from app.services.paging import Page, PageRequest
from schema.fields import described
from schema.inputs import given

First = Annotated[
    int | None,
    strawberry.argument(description="How many from the start, or after `after`: 1 to 100. Left out: 50."),
]
After = Annotated[
    str | None, strawberry.argument(description="A cursor of this list: only what comes after it.")
]
Last = Annotated[
    int | None,
    strawberry.argument(description="How many up to the end, or before `before`: 1 to 100. Left out: 50."),
]
Before = Annotated[
    str | None, strawberry.argument(description="A cursor of this list: only what comes before it.")
]


def page_request(first: Any, after: Any, last: Any, before: Any) -> PageRequest:
    """What services take."""
    return PageRequest(first=given(first), after=given(after), last=given(last), before=given(before))


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Shows a Page."""

    has_next_page: bool = described(
        "Whether there is more after this page. Paging backward: whether `before` was given."
    )
    has_previous_page: bool = described(
        "Whether there is more before this page. Paging forward: whether `after` was given."
    )
    start_cursor: str | None = described("The cursor of the first edge; null: the page is empty.")
    end_cursor: str | None = described("The cursor of the last edge; null: the page is empty.")

    @classmethod
    def of(cls, page: Page[Any]) -> Self:
        """Show a page."""
        return cls(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        )
