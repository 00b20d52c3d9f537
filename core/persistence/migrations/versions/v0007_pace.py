"""How often accounts are read and by which address; plans, budgets and turns of the sidecars."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIERS = "tier IN ('main', 'watched', 'active', 'rest')"


def upgrade() -> None:
    """Add the columns and tables; pauses, which last minutes, are begun anew with their address."""
    with op.batch_alter_table("sync_states") as batch:
        batch.add_column(sa.Column("tier", sa.String(10), server_default="active", nullable=False))
        batch.add_column(sa.Column("looked_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("egress", sa.String(64), nullable=True))
        batch.add_column(sa.Column("slow_read_at", UtcDateTime(), nullable=True))
        batch.add_column(sa.Column("seldom_read_at", UtcDateTime(), nullable=True))
        batch.create_check_constraint(op.f("ck_sync_states_tier"), TIERS)
    op.create_index("ix_sync_states_looked_at", "sync_states", ["looked_at"])
    with op.batch_alter_table("heartbeats") as batch:
        batch.add_column(sa.Column("egress", sa.String(64), server_default="", nullable=False))
    op.drop_table("exchange_pauses")
    op.create_table(
        "exchange_pauses",
        sa.Column("exchange", sa.String(50), nullable=False),
        sa.Column("egress", sa.String(64), server_default="", nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "egress", name=op.f("pk_exchange_pauses")),
    )
    _create_plans()


def _create_plans() -> None:
    op.create_table(
        "reading_plans",
        sa.Column("exchange", sa.String(50), nullable=False),
        sa.Column("egress", sa.String(64), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "egress", name=op.f("pk_reading_plans")),
    )
    op.create_table(
        "rate_budgets",
        sa.Column("exchange", sa.String(50), nullable=False),
        sa.Column("egress", sa.String(64), nullable=False),
        sa.Column("bucket", sa.String(200), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("slot_units", sa.Double(), nullable=False),
        sa.Column("other_rate", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("exchange", "egress", "bucket", name=op.f("pk_rate_budgets")),
    )
    op.create_table(
        "turns",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turns")),
    )
