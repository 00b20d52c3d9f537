"""Details of every kept point, packed, and results by local day."""

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MONEY = (
    "equity0",
    "equity1",
    "net_flows",
    "scope_flows",
    "total",
    "realised",
    "unrealised_change",
    "funding",
    "fees",
    "other_income",
    "price_effect",
    "fx_effect",
    "unexplained",
)


def upgrade() -> None:
    """Make the details anew (they held nothing but the account's mode) and add packs and days."""
    op.drop_table("snapshot_details")
    _create_details("snapshot_details", sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False))
    _create_details(
        "detail_packs",
        sa.Column("bucket_seconds", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Integer(), autoincrement=False, nullable=False),
    )
    _create_days()


def _create_details(name: str, *keys: sa.Column[int]) -> None:
    op.create_table(
        name,
        sa.Column("account_key", sa.Integer(), autoincrement=False, nullable=False),
        *keys,
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_key", "client_id"],
            ["exchange_accounts.number", "exchange_accounts.user_id"],
            name=op.f(f"fk_{name}_account_key_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_key", *(key.name for key in keys), name=op.f(f"pk_{name}")),
        sqlite_with_rowid=name != "snapshot_details",
    )


def _create_days() -> None:
    op.create_table(
        "day_results",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.String(length=36), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("begins_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=True) for name in MONEY),
        sa.Column("unexplained_ok", sa.Boolean(), nullable=True),
        sa.Column("twr", sa.Double(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("revised", sa.Boolean(), nullable=False),
        sa.Column("computed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "client_id"],
            ["exchange_accounts.id", "exchange_accounts.user_id"],
            name=op.f("fk_day_results_account_id_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["client_id"], ["users.id"], name=op.f("fk_day_results_client_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("client_id", "scope", "day", "currency", name=op.f("pk_day_results")),
    )
