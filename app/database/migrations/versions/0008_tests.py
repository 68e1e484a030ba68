"""Let what a platform only tested be told from what it counts."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None
expand = True


def upgrade() -> None:
    op.add_column(
        "delivery", sa.Column("only_tested", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.drop_column("only_tested")
