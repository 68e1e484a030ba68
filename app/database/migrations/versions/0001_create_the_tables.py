"""Create the tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
expand = True


def upgrade() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("country_code", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_api_key_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_api_key"),
        sa.UniqueConstraint("key_hash", name="uq_api_key_key_hash"),
    )
    op.create_index("ix_api_key_project_id", "api_key", ["project_id"])
    op.create_table(
        "conversion_label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("built_in", sa.Boolean(), nullable=False),
        sa.Column("mark_as_done", sa.Boolean(), nullable=False),
        sa.Column("convert_once", sa.Boolean(), nullable=False),
        sa.Column("undo_on_lost", sa.Boolean(), nullable=False),
        sa.Column("default_price_cents", sa.BigInteger(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_conversion_label_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conversion_label"),
    )
    op.create_index("ix_label_project", "conversion_label", ["project_id"])
    op.create_index(
        "uq_label_built_in",
        "conversion_label",
        ["project_id"],
        unique=True,
        sqlite_where=sa.text("built_in"),
        postgresql_where=sa.text("built_in"),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("answer", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_idempotency_key_project_id"),
        sa.PrimaryKeyConstraint("project_id", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_created", "idempotency_key", ["created_at"])
    op.create_table(
        "integration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("credentials", sa.String(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("test_mode", sa.Boolean(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(32), nullable=True),
        sa.Column("pause_message", sa.String(), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_integration_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_integration"),
    )
    op.create_index("ix_integration_project_id", "integration", ["project_id"])
    op.create_table(
        "label_mapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_message", sa.String(), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["integration_id"], ["integration.id"], name="fk_label_mapping_integration_id"
        ),
        sa.ForeignKeyConstraint(["label_id"], ["conversion_label.id"], name="fk_label_mapping_label_id"),
        sa.PrimaryKeyConstraint("id", name="pk_label_mapping"),
        sa.UniqueConstraint("label_id", "integration_id", name="uq_mapping_label_integration"),
    )
    op.create_index("ix_label_mapping_integration_id", "label_mapping", ["integration_id"])
    op.create_table(
        "lead",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("unique_identifier", sa.String(), nullable=True),
        sa.Column("unique_event_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=True),
        sa.Column("current_job_id", sa.Uuid(), nullable=True),
        sa.Column("first_name", sa.String(), nullable=True),
        sa.Column("last_name", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("phone_e164", sa.String(), nullable=True),
        sa.Column("company_name", sa.String(), nullable=True),
        sa.Column("country_code", sa.String(), nullable=True),
        sa.Column("postal_code", sa.String(), nullable=True),
        sa.Column("city", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("form_name", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("form_data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("gclid", sa.String(), nullable=True),
        sa.Column("gbraid", sa.String(), nullable=True),
        sa.Column("wbraid", sa.String(), nullable=True),
        sa.Column("google_captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("google_clicked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fbclid", sa.String(), nullable=True),
        sa.Column("fbc", sa.String(), nullable=True),
        sa.Column("meta_captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("meta_clicked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("msclkid", sa.String(), nullable=True),
        sa.Column("microsoft_captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("microsoft_clicked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("li_fat_id", sa.String(), nullable=True),
        sa.Column("linkedin_captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("linkedin_clicked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ttclid", sa.String(), nullable=True),
        sa.Column("tiktok_captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tiktok_clicked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fbp", sa.String(), nullable=True),
        sa.Column("meta_lead_id", sa.String(), nullable=True),
        sa.Column("ttp", sa.String(), nullable=True),
        sa.Column("ga_client_id", sa.String(), nullable=True),
        sa.Column("ga_session_id", sa.String(), nullable=True),
        sa.Column("landing_page_url", sa.String(), nullable=True),
        sa.Column("ad_storage", sa.String(32), nullable=True),
        sa.Column("analytics_storage", sa.String(32), nullable=True),
        sa.Column("ad_user_data", sa.String(32), nullable=True),
        sa.Column("ad_personalization", sa.String(32), nullable=True),
        sa.Column("ip_address", sa.String(), nullable=True),
        sa.Column("user_agent", sa.String(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["label_id"], ["conversion_label.id"], name="fk_lead_label_id"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_lead_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_lead"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lead_email_key", "lead", ["project_id", "email_key", "id"])
    op.create_index("ix_lead_phone_e164", "lead", ["project_id", "phone_e164", "id"])
    op.create_index("ix_lead_unique_identifier", "lead", ["project_id", "unique_identifier", "id"])
    op.create_index("uq_lead_unique_event_id", "lead", ["project_id", "unique_event_id"], unique=True)
    op.create_table(
        "conversion_job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("lead_status_after", sa.String(32), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warnings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["label_id"], ["conversion_label.id"], name="fk_conversion_job_label_id"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_conversion_job_lead_id"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_conversion_job_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_conversion_job"),
    )
    op.create_index(
        "ix_job_active_created",
        "conversion_job",
        ["created_at"],
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_index("ix_job_lead", "conversion_job", ["lead_id", "id"])
    op.create_index(
        "uq_job_active_lead",
        "conversion_job",
        ["lead_id"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("label_id", sa.Uuid(), nullable=False),
        sa.Column("integration_id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("warning", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("platform_event_id", sa.String(), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("consent", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uncertain_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unknown_errors", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("turn_id", sa.Uuid(), nullable=True),
        sa.Column("sending_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back", sa.Boolean(), nullable=False),
        sa.Column("platform_request_id", sa.String(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.Column("request", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("response", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["follows_id"], ["delivery.id"], name="fk_delivery_follows_id"),
        sa.ForeignKeyConstraint(["integration_id"], ["integration.id"], name="fk_delivery_integration_id"),
        sa.ForeignKeyConstraint(["job_id"], ["conversion_job.id"], name="fk_delivery_job_id"),
        sa.ForeignKeyConstraint(["label_id"], ["conversion_label.id"], name="fk_delivery_label_id"),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name="fk_delivery_lead_id"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_delivery_project_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint(
            "job_id", "integration_id", "kind", "platform_event_id", name="uq_delivery_identity"
        ),
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["integration_id", "next_attempt_at"],
        sqlite_where=sa.text("state = 'SCHEDULED'"),
        postgresql_where=sa.text("state = 'SCHEDULED'"),
    )
    op.create_index(
        "ix_delivery_expiry",
        "delivery",
        ["expires_at"],
        sqlite_where=sa.text("state IN ('SCHEDULED', 'HELD')"),
        postgresql_where=sa.text("state IN ('SCHEDULED', 'HELD')"),
    )
    op.create_index(
        "ix_delivery_follows",
        "delivery",
        ["follows_id"],
        sqlite_where=sa.text("follows_id IS NOT NULL"),
        postgresql_where=sa.text("follows_id IS NOT NULL"),
    )
    op.create_index(
        "ix_delivery_held",
        "delivery",
        ["integration_id"],
        sqlite_where=sa.text("state = 'HELD'"),
        postgresql_where=sa.text("state = 'HELD'"),
    )
    op.create_index(
        "ix_delivery_lane",
        "delivery",
        ["integration_id", "expires_at", "next_attempt_at"],
        sqlite_where=sa.text("state = 'SCHEDULED'"),
        postgresql_where=sa.text("state = 'SCHEDULED'"),
    )
    op.create_index("ix_delivery_lead", "delivery", ["lead_id", "label_id", "integration_id"])
    op.create_index(
        "ix_delivery_sending",
        "delivery",
        ["integration_id"],
        sqlite_where=sa.text("state = 'SENDING'"),
        postgresql_where=sa.text("state = 'SENDING'"),
    )
    op.create_table(
        "delivery_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error_message", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name="fk_delivery_attempt_delivery_id"),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_attempt"),
        sa.UniqueConstraint("delivery_id", "number", name="uq_attempt_number"),
    )


def downgrade() -> None:
    op.drop_table("delivery_attempt")
    op.drop_table("delivery")
    op.drop_table("conversion_job")
    op.drop_table("lead")
    op.drop_table("label_mapping")
    op.drop_table("integration")
    op.drop_table("idempotency_key")
    op.drop_table("conversion_label")
    op.drop_table("api_key")
    op.drop_table("project")
