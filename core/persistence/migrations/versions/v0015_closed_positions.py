"""Closed positions as exchanges tell them, and how far they are read."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import ExactDecimal, UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the next readings fill it, ninety days back where the exchange keeps so much."""
    op.create_table(
        "closed_positions",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("native_id", sa.String(length=255), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("symbol", sa.String(length=64), nullable=False),
        sa.Column("venue_symbol", sa.String(length=64), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("settle_asset", sa.String(length=64), nullable=False),
        sa.Column("net_pnl", ExactDecimal(), nullable=False),
        *(
            sa.Column(name, ExactDecimal(), nullable=True)
            for name in ("size_base", "entry_price", "exit_price", "gross_pnl", "fee", "funding", "price")
        ),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_closed_positions_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "native_id", "closed_at", name=op.f("pk_closed_positions")),
    )
    op.create_index("ix_closed_positions_account_id_closed_at", "closed_positions", ["account_id", "closed_at"])
    for name in ("closed_since", "closed_read_to"):
        op.add_column("sync_states", sa.Column(name, UtcDateTime(), nullable=True))
