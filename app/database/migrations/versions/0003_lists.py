"""List leads and deliveries in any order there is, and by what few of them have."""

import sqlalchemy as sa
from alembic import op

from app.database.migrations.indexes import create_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None
expand = True

LEAD = {
    "ix_lead_created": ["project_id", "created_at", "id"],
    "ix_lead_updated": ["project_id", "updated_at", "id"],
    "ix_lead_first_name": ["project_id", "first_name", "id"],
    "ix_lead_last_name": ["project_id", "last_name", "id"],
    "ix_lead_price": ["project_id", "price_cents", "id"],
    "ix_lead_status": ["project_id", "status", "created_at", "id"],
    "ix_lead_label": ["project_id", "label_id", "created_at", "id"],
    "ix_lead_form_name": ["project_id", "form_name", "created_at", "id"],
}
DELIVERY = {
    "ix_delivery_created": ["project_id", "created_at", "id", "integration_id", "platform"],
    "ix_delivery_state": ["project_id", "state", "created_at", "id", "integration_id", "platform"],
}
HAS_ERROR = sa.text("error_code IS NOT NULL")


def upgrade() -> None:
    for name, columns in LEAD.items():
        create_index(name, "lead", columns)
    for name, columns in DELIVERY.items():
        create_index(name, "delivery", columns)
    create_index(
        "ix_delivery_error",
        "delivery",
        ["project_id", "error_code", "created_at", "id", "state", "integration_id", "platform"],
        sqlite_where=HAS_ERROR,
        postgresql_where=HAS_ERROR,
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_error", "delivery")
    for name in DELIVERY:
        op.drop_index(name, "delivery")
    for name in LEAD:
        op.drop_index(name, "lead")
