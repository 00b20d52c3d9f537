"""The first schema, part one: people, data keys, exchange accounts, waiting credentials."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_people()
    _create_keys()
    _create_accounts()
    _create_candidates()


def _create_people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("login", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.CheckConstraint("role IN ('client', 'analyst', 'admin')", name=op.f("ck_users_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("login", name=op.f("uq_users_login")),
    )
    op.create_table(
        "login_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("authenticated_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_sessions_token_hash")),
    )
    op.create_index(op.f("ix_login_sessions_user_id"), "login_sessions", ["user_id"], unique=False)
    op.create_table(
        "one_time_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("token_hash", sa.String(length=128), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_one_time_links_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_links_token_hash")),
    )
    op.create_index(op.f("ix_one_time_links_user_id"), "one_time_links", ["user_id"], unique=False)
    op.create_table(
        "sign_in_attempts",
        sa.Column("key", sa.String(length=320), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempts")),
    )


def _create_keys() -> None:
    op.create_table(
        "data_keys",
        sa.Column("dek_id", sa.String(length=32), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_data_keys_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("dek_id", name=op.f("pk_data_keys")),
        sa.UniqueConstraint("dek_id", "client_id", name=op.f("uq_data_keys_dek_id_client_id")),
    )
    op.create_index(op.f("ix_data_keys_client_id"), "data_keys", ["client_id"], unique=False)
    op.create_index(op.f("ix_data_keys_kid"), "data_keys", ["kid"], unique=False)
    op.create_table(
        "key_checks",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_key_checks")),
    )


def _create_accounts() -> None:
    op.create_table(
        "exchange_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("exchange", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=True),
        sa.Column("secret_key", sa.Text(), nullable=True),
        sa.Column("passphrase", sa.Text(), nullable=True),
        sa.Column("testnet", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.Column("wants_main", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("dek_id", sa.String(length=32), nullable=True),
        sa.Column("origin_mac", sa.String(length=128), nullable=True),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("duplicate_index", sa.String(length=128), nullable=True),
        sa.Column("exchange_uid", sa.String(length=128), nullable=True),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("can_read", sa.Boolean(), nullable=True),
        sa.Column("can_trade", sa.Boolean(), nullable=True),
        sa.Column("can_transfer", sa.Boolean(), nullable=True),
        sa.Column("can_withdraw", sa.Boolean(), nullable=True),
        sa.Column("ip_restricted", sa.Boolean(), nullable=True),
        sa.Column("key_expires_at", UtcDateTime(), nullable=True),
        sa.Column("rights_checked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "status IN ('pending', 'active', 'needs_attention', 'refused', 'unverified', 'damaged')",
            name=op.f("ck_exchange_accounts_status"),
        ),
        sa.CheckConstraint("NOT is_main OR removed_at IS NULL", name=op.f("ck_exchange_accounts_removed_is_not_main")),
        sa.ForeignKeyConstraint(
            ["dek_id", "user_id"],
            ["data_keys.dek_id", "data_keys.client_id"],
            name=op.f("fk_exchange_accounts_dek_id_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_exchange_accounts_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_accounts")),
        sa.UniqueConstraint("id", "user_id", name=op.f("uq_exchange_accounts_id_user_id")),
        sa.UniqueConstraint("number", "user_id", name=op.f("uq_exchange_accounts_number_user_id")),
        sa.UniqueConstraint("number", name=op.f("uq_exchange_accounts_number")),
    )
    op.create_index(op.f("ix_exchange_accounts_dek_id"), "exchange_accounts", ["dek_id"], unique=False)
    op.create_index(
        op.f("ix_exchange_accounts_duplicate_index"), "exchange_accounts", ["duplicate_index"], unique=False
    )
    op.create_index(op.f("ix_exchange_accounts_user_id"), "exchange_accounts", ["user_id"], unique=False)
    op.create_index(
        "uq_exchange_accounts_exchange_uid",
        "exchange_accounts",
        ["exchange", "testnet", "exchange_uid"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL AND status <> 'refused' AND exchange_uid IS NOT NULL"),
        postgresql_where=sa.text("removed_at IS NULL AND status <> 'refused' AND exchange_uid IS NOT NULL"),
    )
    op.create_index(
        "uq_exchange_accounts_main",
        "exchange_accounts",
        ["user_id"],
        unique=True,
        sqlite_where=sa.text("is_main"),
        postgresql_where=sa.text("is_main"),
    )


def _create_candidates() -> None:
    op.create_table(
        "credential_candidates",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("dek_id", sa.String(length=32), nullable=False),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("secret_key", sa.Text(), nullable=False),
        sa.Column("passphrase", sa.Text(), nullable=True),
        sa.Column("origin_mac", sa.String(length=128), nullable=False),
        sa.Column("hint", sa.String(length=20), nullable=False),
        sa.Column("duplicate_index", sa.String(length=128), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_credential_candidates_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["dek_id", "client_id"],
            ["data_keys.dek_id", "data_keys.client_id"],
            name=op.f("fk_credential_candidates_dek_id_client_id"),
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credential_candidates")),
    )
    op.create_index(op.f("ix_credential_candidates_dek_id"), "credential_candidates", ["dek_id"], unique=False)
