"""Let the next owner of a lane keep the platform's limit, too."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
expand = True

COLUMNS = ("pace_full_at", "rests_until")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("integration", sa.Column(column, sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("integration") as batch:
        for column in COLUMNS:
            batch.drop_column(column)
