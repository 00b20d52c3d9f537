"""The last runs of every account, and counts of all runs by exchange."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables; they begin empty."""
    op.create_table(
        "sync_runs",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("sidecar_id", sa.String(length=128), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("wallets_failed", sa.JSON(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('ok', 'partial', 'failed', 'missed')", name=op.f("ck_sync_runs_outcome")),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_sync_runs_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "place", name=op.f("pk_sync_runs")),
    )
    op.create_table(
        "run_tallies",
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("sidecar_id", sa.String(length=128), nullable=False),
        sa.Column("exchange", sa.String(length=50), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("requests", sa.BigInteger(), nullable=False),
        sa.Column("busy_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("at", "sidecar_id", "exchange", "outcome", "error_code", name=op.f("pk_run_tallies")),
    )
