"""List status changes in the audit log."""

import sqlalchemy as sa
from alembic import op

from app.database.migrations.indexes import create_index

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
expand = True

HAS_KEY = sa.text("key_id IS NOT NULL")


def upgrade() -> None:
    create_index(
        "ix_job_audit",
        "conversion_job",
        ["project_id", "created_at", "id"],
        sqlite_where=HAS_KEY,
        postgresql_where=HAS_KEY,
    )


def downgrade() -> None:
    op.drop_index("ix_job_audit", "conversion_job")
