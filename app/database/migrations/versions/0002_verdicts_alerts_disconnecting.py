"""Ask for verdicts, tell the operator, disconnect."""

import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None
expand = True

NEW_COLUMNS = {
    "delivery": ("accepted_at", "verdict_at", "alerted_at"),
    "integration": ("alerted_at", "disconnected_at"),
    "label_mapping": ("alerted_at",),
}
UNSENT = "state IN ('REJECTED', 'EXPIRED', 'FAILED', 'UNCONFIRMED')"
ACCEPTED = "state = 'ACCEPTED'"


def upgrade() -> None:
    for table, columns in NEW_COLUMNS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_delivery_verdict",
        "delivery",
        ["integration_id", "verdict_at"],
        sqlite_where=sa.text(ACCEPTED),
        postgresql_where=sa.text(ACCEPTED),
    )
    op.create_index(
        "ix_delivery_unsent",
        "delivery",
        ["finished_at", "alerted_at"],
        sqlite_where=sa.text(UNSENT),
        postgresql_where=sa.text(UNSENT),
    )


def downgrade() -> None:
    op.drop_index("ix_delivery_unsent", "delivery")
    op.drop_index("ix_delivery_verdict", "delivery")
    for table, columns in NEW_COLUMNS.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.drop_column(column)
