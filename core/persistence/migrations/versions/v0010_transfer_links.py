"""What people have said of transfers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from core.persistence.types import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SHAPE = (
    "(out_account_id IS NULL) = (out_at IS NULL) AND (in_account_id IS NULL) = (in_at IS NULL) AND "
    "CASE kind WHEN 'pair' THEN out_account_id IS NOT NULL AND in_account_id IS NOT NULL "
    "WHEN 'pending' THEN out_account_id IS NOT NULL AND in_account_id IS NULL "
    "ELSE out_account_id IS NOT NULL OR in_account_id IS NOT NULL END"
)


def _sides() -> list[sa.Column[Any]]:
    """Return where the leg that left and the leg that came are to be found."""
    return [
        column
        for side in ("out", "in")
        for column in (
            sa.Column(f"{side}_account_id", sa.Uuid(), nullable=True),
            sa.Column(f"{side}_wallet", sa.String(length=64), nullable=True),
            sa.Column(f"{side}_key", sa.String(length=255), nullable=True),
            sa.Column(f"{side}_at", UtcDateTime(), nullable=True),
        )
    ]


def _ties() -> list[sa.ForeignKeyConstraint]:
    """Return what ties each leg to an account of the client, and to its ledger entry."""
    account = ["exchange_accounts.id", "exchange_accounts.user_id"]
    entry = ["ledger_entries.account_id", "ledger_entries.wallet", "ledger_entries.dedupe_key"]
    return [
        tie
        for side in ("out", "in")
        for tie in (
            sa.ForeignKeyConstraint(
                [f"{side}_account_id", "client_id"], account,
                name=op.f(f"fk_transfer_links_{side}_account_id_client_id"), ondelete="CASCADE",
            ),
            sa.ForeignKeyConstraint(
                [f"{side}_account_id", f"{side}_wallet", f"{side}_key"], entry,
                name=op.f(f"fk_transfer_links_{side}_account_id_{side}_wallet_{side}_key"), ondelete="CASCADE",
            ),
        )
    ]  # fmt: skip


def upgrade() -> None:
    """Make the table; it begins empty."""
    op.create_table(
        "transfer_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        *_sides(),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("undone_at", UtcDateTime(), nullable=True),
        sa.Column("undone_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('pair', 'external', 'pending')", name=op.f("ck_transfer_links_kind")),
        sa.CheckConstraint(SHAPE, name=op.f("ck_transfer_links_shape")),
        sa.ForeignKeyConstraint(
            ["client_id"], ["users.id"], name=op.f("fk_transfer_links_client_id"), ondelete="CASCADE"
        ),
        *_ties(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_links")),
    )
    in_force = sa.text("undone_at IS NULL")
    for side in ("out", "in"):
        columns = [f"{side}_account_id", f"{side}_wallet", f"{side}_key"]
        op.create_index(
            f"uq_transfer_links_{side}", "transfer_links", columns, unique=True,
            sqlite_where=in_force, postgresql_where=in_force,
        )  # fmt: skip
    op.create_index("ix_transfer_links_client_id_changed_at", "transfer_links", ["client_id", "changed_at"])
