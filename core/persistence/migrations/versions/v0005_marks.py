"""Marks on figures, prices of the past, and which ledger entries moved money between own accounts."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import ExactDecimal, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables and add the column; None stands for what was stored before."""
    op.add_column("ledger_entries", sa.Column("internal", sa.Boolean(), nullable=True))
    op.create_table(
        "marks",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("noted_at", UtcDateTime(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.CheckConstraint("kind IN ('large_move', 'suspect', 'late')", name=op.f("ck_marks_kind")),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_marks_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "kind", "at", name=op.f("pk_marks")),
    )
    op.create_index("ix_marks_client_id_kind_noted_at", "marks", ["client_id", "kind", "noted_at"], unique=False)
    op.create_table(
        "price_points",
        sa.Column("asset", sa.String(length=64), nullable=False),
        sa.Column("exchange", sa.String(length=50), nullable=False),
        sa.Column("step_seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bucket", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("price", ExactDecimal(), nullable=False),
        sa.PrimaryKeyConstraint("asset", "exchange", "step_seconds", "bucket", name=op.f("pk_price_points")),
        sqlite_with_rowid=False,
    )
