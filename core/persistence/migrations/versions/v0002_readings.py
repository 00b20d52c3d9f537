"""The first schema, part two: the sidecar's work, readings, history, ledger, audit log."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import ExactDecimal, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_syncing()
    _create_sidecars()
    _create_latest()
    _create_positions()
    _create_history()
    _create_ledger()
    _create_audit()
    _protect_audit_log()


def _create_syncing() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('verify', 'replace_key', 'sync')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint("status IN ('queued', 'running', 'done', 'failed')", name=op.f("ck_jobs_status")),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_jobs_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_account_id_kind_created_at", "jobs", ["account_id", "kind", "created_at"], unique=False)
    op.create_index(
        "uq_jobs_unfinished",
        "jobs",
        ["account_id", "kind"],
        unique=True,
        sqlite_where=sa.text("status IN ('queued', 'running')"),
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "sync_states",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("planned_interval_seconds", sa.Integer(), nullable=False),
        sa.Column("next_due_at", UtcDateTime(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("leased_by", sa.String(length=128), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("last_attempt_at", UtcDateTime(), nullable=True),
        sa.Column("last_ok_at", UtcDateTime(), nullable=True),
        sa.Column("last_error_code", sa.String(length=64), nullable=True),
        sa.Column("last_error_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("ledger_read_to", UtcDateTime(), nullable=True),
        sa.Column("ledger_since", UtcDateTime(), nullable=True),
        sa.Column("data_version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_sync_states_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_sync_states")),
    )
    op.create_index("ix_sync_states_next_due_at", "sync_states", ["next_due_at"], unique=False)


def _create_sidecars() -> None:
    op.create_table(
        "exchange_pauses",
        sa.Column("exchange", sa.String(length=50), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("exchange", name=op.f("pk_exchange_pauses")),
    )
    op.create_table(
        "heartbeats",
        sa.Column("sidecar_id", sa.String(length=128), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.Column("keys", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sidecar_id", name=op.f("pk_heartbeats")),
    )
    op.create_table(
        "prices",
        sa.Column("exchange", sa.String(length=50), nullable=False),
        sa.Column("asset", sa.String(length=64), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "asset", name=op.f("pk_prices")),
    )


def _create_latest() -> None:
    op.create_table(
        "wallet_states",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("as_of", UtcDateTime(), nullable=True),
        sa.Column("equity", sa.Double(), nullable=True),
        sa.Column("unrealized_pnl", sa.Double(), nullable=True),
        sa.Column("unpriced", sa.JSON(), nullable=False),
        sa.Column("first_ok_at", UtcDateTime(), nullable=True),
        sa.Column("first_equity", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_wallet_states_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "wallet", name=op.f("pk_wallet_states")),
    )
    op.create_table(
        "balances",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("asset", sa.String(length=64), nullable=False),
        sa.Column("free", ExactDecimal(), nullable=True),
        sa.Column("locked", ExactDecimal(), nullable=True),
        sa.Column("total", ExactDecimal(), nullable=False),
        sa.Column("debt", ExactDecimal(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_balances_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "wallet", "ordinal", name=op.f("pk_balances")),
    )


def _create_positions() -> None:
    op.create_table(
        "positions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("symbol", sa.String(length=64), nullable=False),
        sa.Column("venue_symbol", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("size_base", ExactDecimal(), nullable=False),
        sa.Column("settle_asset", sa.String(length=64), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("entry_price", ExactDecimal(), nullable=True),
        sa.Column("mark_price", ExactDecimal(), nullable=True),
        sa.Column("liquidation_price", ExactDecimal(), nullable=True),
        sa.Column("leverage", ExactDecimal(), nullable=True),
        sa.Column("margin_mode", sa.String(length=20), nullable=True),
        sa.Column("hedged", sa.Boolean(), nullable=True),
        sa.Column("inverse", sa.Boolean(), nullable=False),
        sa.Column("unrealized_pnl", ExactDecimal(), nullable=True),
        sa.Column("unrealized_usd", sa.Double(), nullable=True),
        sa.Column("notional_usd", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_positions_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "wallet", "ordinal", name=op.f("pk_positions")),
    )


def _create_history() -> None:
    op.create_table(
        "equity_points",
        sa.Column("account_key", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket_seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Double(), nullable=False),
        sa.Column("high", sa.Double(), nullable=False),
        sa.Column("low", sa.Double(), nullable=False),
        sa.Column("close", sa.Double(), nullable=False),
        sa.Column("unrealized", sa.Double(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_key", "client_id"],
            ["exchange_accounts.number", "exchange_accounts.user_id"],
            name=op.f("fk_equity_points_account_key_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_key", "bucket_seconds", "bucket", name=op.f("pk_equity_points")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "snapshot_details",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_snapshot_details_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "slot", name=op.f("pk_snapshot_details")),
    )


def _create_ledger() -> None:
    op.create_table(
        "ledger_entries",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wallet", sa.String(length=64), nullable=False),
        sa.Column("dedupe_key", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("asset", sa.String(length=64), nullable=False),
        sa.Column("amount", ExactDecimal(), nullable=False),
        sa.Column("booked_at", UtcDateTime(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=True),
        sa.Column("symbol", sa.String(length=64), nullable=True),
        sa.Column("txid", sa.Text(), nullable=True),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("venue_type", sa.String(length=128), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_ledger_entries_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "wallet", "dedupe_key", name=op.f("pk_ledger_entries")),
    )
    op.create_index(
        "ix_ledger_entries_account_id_booked_at", "ledger_entries", ["account_id", "booked_at"], unique=False
    )


def _create_audit() -> None:
    op.create_table(
        "audit_log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("object_type", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=255), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("prev_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "facts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_facts")),
    )


def _protect_audit_log() -> None:
    """Let the database itself refuse to change or delete audited acts."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_log_no_{act.lower()} BEFORE {act} ON audit_log "
                "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = '23000'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
    )
