"""Setting up: projects, each with its built-in label."""

from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from app.clock import Clock
from app.database.database import Database
from app.errors import invalid
from app.ids import new_id
from app.repositories.projects import find_project_by_name
from app.services.auditing import Author, differences, record
from app.services.contacts import is_region
from app.tables.labels import LabelRow
from app.tables.projects import ProjectRow
from app.values import AuditAction


@dataclass(frozen=True, slots=True)
class ProjectService:
    """Creates projects; for whoever runs the installation."""

    database: Database
    clock: Clock

    async def create(self, *, name: str, country_code: str, currency: str) -> ProjectRow:
        """Create a project with its *Lost* label; InvalidInputError: the name is taken or a code is none."""
        _check_codes(country_code, currency)

        def work(session: Session) -> ProjectRow:
            if find_project_by_name(session, name) is not None:
                raise invalid("name", message=f"a project named '{name}' exists already")
            project = add_project(
                session, self.clock, name=name, country_code=country_code, currency=currency
            )
            values = {"name": name, "countryCode": country_code, "currency": currency}
            created, now = AuditAction.PROJECT_CREATED, self.clock()
            changes = differences({}, values)
            record(session, Author(project.id), created, project.id, now, changes=changes)
            return project

        return await self.database.write(work)


def add_project(
    session: Session,
    clock: Clock,
    *,
    name: str,
    country_code: str,
    currency: str,
    lost_label_id: UUID | None = None,
) -> ProjectRow:
    """Add a project and its built-in label within a transaction."""
    now = clock()
    project = ProjectRow(id=new_id(), name=name, country_code=country_code, currency=currency, created_at=now)
    session.add(project)
    # The label refers to the project, and without relationships the session would not know the order.
    session.flush()
    session.add(
        LabelRow(
            id=lost_label_id or new_id(),
            project_id=project.id,
            name="Lost",
            built_in=True,
            convert_once=True,
            created_at=now,
        )
    )
    return project


def _check_codes(country_code: str, currency: str) -> None:
    if not is_region(country_code):
        raise invalid("country", message="must be an ISO 3166-1 alpha-2 country code, e.g. NL")
    if not (len(currency) == len("EUR") and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise invalid("currency", message="must be an ISO 4217 currency code, e.g. EUR")
