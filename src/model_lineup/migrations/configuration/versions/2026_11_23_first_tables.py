"""The first tables of the configuration: instance, journal, access, catalog.

Revision ID: 2026_11_23
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "2026_11_23"
down_revision = None
branch_labels = None
depends_on = None

Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Flag = sa.Integer


def upgrade() -> None:
    op.create_table(
        "change_sets",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("revision", Number, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.Column("actor", Words, nullable=False),
        sa.Column("operation", Words, nullable=False),
        sa.Column("request_id", Words, nullable=True),
        sa.Column("touched", Flag, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("revision"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "instance",
        sa.Column("id", Flag, sa.CheckConstraint("id = 1"), autoincrement=False, nullable=False),
        sa.Column("revision", Number, nullable=False),
        sa.Column("canary", Words, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_strict=True,
    )
    op.create_table(
        "people",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("email", Words, nullable=False),
        sa.Column("email_folded", Words, nullable=False),
        sa.Column("role", Words, sa.CheckConstraint("role IN ('admin', 'viewer', 'user')"), nullable=False),
        sa.Column("password_hash", Words, nullable=True),
        sa.Column("disabled", Flag, nullable=False),
        sa.Column("session_epoch", Number, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.Column("deleted_at", Number, nullable=True),
        sa.Column("changed_at_revision", Number, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ux_people_email",
        "people",
        ["email_folded"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "providers",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("slug", Words, nullable=False),
        sa.Column("kind", Words, nullable=False),
        sa.Column("base_url", Words, nullable=False),
        sa.Column("sealed_key", Words, nullable=True),
        sa.Column("key_origin", Words, nullable=True),
        sa.Column("key_hint", Words, nullable=True),
        sa.Column("enabled", Flag, nullable=False),
        sa.Column("network_scope", Words, nullable=False),
        sa.Column("headers", Words, nullable=False),
        sa.Column("api_version", Words, nullable=True),
        sa.Column("ca_bundle", Words, nullable=True),
        sa.Column("proxy", Words, nullable=True),
        sa.Column("timeouts", Words, nullable=False),
        sa.Column("position", Number, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.Column("deleted_at", Number, nullable=True),
        sa.Column("changed_at_revision", Number, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index(
        "ux_providers_slug",
        "providers",
        ["slug"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "setup_links",
        sa.Column("token_hash", Words, nullable=False),
        sa.Column("expires_at", Number, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
        sqlite_strict=True,
    )
    op.create_table(
        "change_entries",
        sa.Column("change_id", Number, nullable=False),
        sa.Column("position", Flag, nullable=False),
        sa.Column("entity", Words, nullable=False),
        sa.Column("entity_id", Number, nullable=False),
        sa.Column("label", Words, nullable=False),
        sa.Column("before", Words, nullable=False),
        sa.Column("after", Words, nullable=False),
        sa.ForeignKeyConstraint(["change_id"], ["change_sets.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("change_id", "position"),
        sqlite_strict=True,
    )
    op.create_index("ix_change_entries_entity", "change_entries", ["entity", "entity_id"], unique=False)
    op.create_table(
        "keys",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("name", Words, nullable=False),
        sa.Column("kind", Words, sa.CheckConstraint("kind IN ('user', 'agent', 'admin')"), nullable=False),
        sa.Column("role", Words, sa.CheckConstraint("role IN ('admin', 'viewer')"), nullable=True),
        sa.Column("owner_id", Number, nullable=True),
        sa.Column("token_hash", Words, nullable=False),
        sa.Column("hint", Words, nullable=False),
        sa.Column("limits", Words, nullable=False),
        sa.Column("expires_at", Number, nullable=True),
        sa.Column("disabled", Flag, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.Column("deleted_at", Number, nullable=True),
        sa.Column("changed_at_revision", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["people.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token_hash"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_keys_owner", "keys", ["owner_id"], unique=False)
    op.create_table(
        "models",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("provider_id", Number, nullable=False),
        sa.Column("model_id", Words, nullable=False),
        sa.Column("display_name", Words, nullable=False),
        sa.Column("description", Words, nullable=True),
        sa.Column(
            "task", Words, sa.CheckConstraint("task IN ('chat', 'embedding', 'other', 'unknown')"), nullable=False
        ),
        sa.Column("context_length", Number, nullable=True),
        sa.Column("max_output_tokens", Number, nullable=True),
        sa.Column("supports_tools", Flag, nullable=True),
        sa.Column("supports_vision", Flag, nullable=True),
        sa.Column("supports_streaming", Flag, nullable=True),
        sa.Column("pricing", Words, nullable=True),
        sa.Column("lifecycle", Words, nullable=True),
        sa.Column("facts", Words, nullable=False),
        sa.Column("visible", Flag, nullable=False),
        sa.Column("listed", Flag, nullable=False),
        sa.Column("agents_enabled", Flag, nullable=False),
        sa.Column("source", Words, sa.CheckConstraint("source IN ('manual', 'discovered', 'file')"), nullable=False),
        sa.Column("missing_since", Number, nullable=True),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.Column("deleted_at", Number, nullable=True),
        sa.Column("changed_at_revision", Number, nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["providers.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("provider_id", "model_id", name="uq_models_provider_model"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_models_changed", "models", ["changed_at_revision"], unique=False)
    op.create_index("ix_models_display_name", "models", ["display_name"], unique=False)
    op.create_index("ix_models_lower_model_id", "models", [sa.literal_column("lower(model_id)")], unique=False)
    op.create_index("ix_models_model_id", "models", ["model_id"], unique=False)
    op.create_table(
        "aliases",
        sa.Column("id", Number, autoincrement=True, nullable=False),
        sa.Column("alias", Words, nullable=False),
        sa.Column("folded", Words, nullable=False),
        sa.Column("model_row", Number, nullable=False),
        sa.Column("description", Words, nullable=True),
        sa.Column("fallbacks", Words, nullable=False),
        sa.Column("version", Number, nullable=False),
        sa.Column("created_at", Number, nullable=False),
        sa.Column("updated_at", Number, nullable=False),
        sa.Column("deleted_at", Number, nullable=True),
        sa.Column("deleted_with_model", Flag, nullable=False),
        sa.Column("changed_at_revision", Number, nullable=False),
        sa.ForeignKeyConstraint(["model_row"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_aliases_changed", "aliases", ["changed_at_revision"], unique=False)
    op.create_index("ix_aliases_model_row", "aliases", ["model_row"], unique=False)
    op.create_index(
        "ux_aliases_folded",
        "aliases",
        ["folded"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "model_facts",
        sa.Column("model_row", Number, nullable=False),
        sa.Column("field", Words, nullable=False),
        sa.Column("source", Words, nullable=False),
        sa.Column("value", Words, nullable=False),
        sa.Column("at", Number, nullable=False),
        sa.ForeignKeyConstraint(["model_row"], ["models.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("model_row", "field", "source"),
        sqlite_strict=True,
    )


def downgrade() -> None:
    op.drop_table("model_facts")
    op.drop_table("aliases")
    op.drop_table("models")
    op.drop_table("keys")
    op.drop_table("change_entries")
    op.drop_table("setup_links")
    op.drop_table("providers")
    op.drop_table("people")
    op.drop_table("instance")
    op.drop_table("change_sets")
