"""Takes the values out of errors and logs: they are parts of rows, and both end up on screens."""

import logging
import re

from sqlalchemy import ExceptionContext
from sqlalchemy.exc import SQLAlchemyError

_QUOTES_A_VALUE = re.compile(r"(invalid input (?:for query argument|syntax for type) [^:]*):.*", re.DOTALL)


def _is_no_row(record: logging.LogRecord) -> bool:
    """Keep what is about statements and drop what is about what they found."""
    return record.levelno >= logging.INFO


# At DEBUG SQLAlchemy logs every row it reads: hide_parameters hides only what statements are given.
logging.getLogger("sqlalchemy.engine.Engine").addFilter(_is_no_row)


def forget_values(context: ExceptionContext) -> None:
    """For SQLAlchemy's event handle_error: hide_parameters covers only what SQLAlchemy itself says."""
    adapted = context.original_exception
    driver = adapted.__cause__
    if getattr(driver, "detail", None) is not None:
        # "Failing row contains (...)", "Key (email)=(...) already exists".
        driver.detail = None  # type: ignore[union-attr]
    for error in (context.sqlalchemy_exception, adapted, driver):
        if error is not None and error.args and _QUOTES_A_VALUE.search(text := str(error.args[0])):
            error.args = (_QUOTES_A_VALUE.sub(r"\1", text), *error.args[1:])
            # What made asyncpg refuse a value quotes it as well.
            error.__cause__ = None if error is driver else error.__cause__


def plain_text(error: SQLAlchemyError) -> str:
    """In a line what happened: the error's own text has statements, and the driver's may have values."""
    cause = getattr(error, "orig", None) or error
    return f"the database could not do it: {type(cause.__cause__ or cause).__name__}"
