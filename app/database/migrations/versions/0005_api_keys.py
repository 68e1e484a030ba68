"""Keys for browsers, and what tells keys apart."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None
expand = True


def upgrade() -> None:
    op.add_column("api_key", sa.Column("prefix", sa.String(), nullable=True))
    op.add_column(
        "api_key", sa.Column("kind", sa.String(length=32), nullable=False, server_default="SECRET")
    )
    op.add_column("api_key", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_key") as batch:
        for column in ("prefix", "kind", "last_used_at"):
            batch.drop_column(column)
