"""Finding what a mutation names."""

from sqlmodel import Session

from app.errors import IntegrationNotFoundError
from app.ids import parse_id
from app.repositories.integrations import lock_integration
from app.services.viewer import Viewer
from app.tables.integrations import IntegrationRow


def integration_to_change(session: Session, viewer: Viewer, given: str) -> IntegrationRow:
    """The viewer's connected integration with this id, locked; IntegrationNotFoundError."""
    integration_id = parse_id(given)
    row = lock_integration(session, viewer.project_id, integration_id) if integration_id else None
    if row is None:
        raise IntegrationNotFoundError
    return row
