"""What settings and credentials must be before they are stored. No problem repeats what was given."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.connectors.base import Connector
from app.errors import Problem, invalid
from app.services.lead_fields import camel
from app.services.texts import LONG, json_problem, name_problem, reject
from app.values import Platform


def check_shape(name: str | None, parts: Mapping[str, Any]) -> None:
    """InvalidInputError for what no platform could want. `name`: None when none was given.

    `parts`: `settings` and `credentials`, as far as they were given; any JSON.
    """
    found = [name_problem(name)] if name is not None else []
    for part, value in parts.items():
        if isinstance(value, dict):
            found.append(json_problem((part,), value, LONG))
        else:
            found.append(Problem((part,), "must be a JSON object"))
    reject([problem for problem in found if problem is not None])


def checked_settings(
    platform: Platform, connectors: Mapping[Platform, Connector], parts: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The settings as they are stored: with the fields' own names, and defaults for what was left out.

    `parts`: as in check_shape(); empty settings when they are not among them.

    Raises:
        InvalidInputError: no connector for the platform, or a part is not what it needs.
    """
    connector = connectors.get(platform)
    if connector is None:
        raise invalid("platform", message="cannot be connected by this version")
    models = {"settings": connector.settings_model, "credentials": connector.credentials_model}
    problems: list[Problem] = []
    checked: dict[str, BaseModel] = {}
    for part, given in parts.items():
        try:
            checked[part] = models[part].model_validate(dict(given))
        except ValidationError as error:
            problems += _problems(part, error)
    reject(problems)
    return checked["settings"].model_dump(mode="json") if "settings" in checked else {}


def _problems(part: str, error: ValidationError) -> list[Problem]:
    # Never the value itself: it may be a secret.
    details = error.errors(include_input=False, include_url=False, include_context=False)
    return [Problem((part, *(camel(str(step)) for step in one["loc"])), one["msg"]) for one in details]
