"""Closed stretches of equity points become packs; the newest points stay rows."""

from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from core.persistence.equity_codec import pack_equity

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MICROS = 1_000_000
CLOSED_SECONDS = 900
SPANS = {30: 14_400, 300: 345_600, 3600: 3_456_000, 86_400: 31_104_000}
BAR = ("at_us", "open", "high", "low", "close", "unrealized", "complete")
POINTS = sa.table(
    "equity_points",
    *(sa.column(name, sa.Integer()) for name in ("account_key", "bucket_seconds", "bucket")),
    sa.column("client_id", sa.Uuid()),
    sa.column("at_us", sa.BigInteger()),
    *(sa.column(name, sa.Double()) for name in BAR[1:-1]),
    sa.column("complete", sa.Boolean()),
)


def upgrade() -> None:
    """Add the table, and pack what is closed: older than the newest reading of its account by a quarter of an hour."""
    packs = op.create_table(
        "equity_packs",
        *(
            sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)
            for name in ("account_key", "bucket_seconds", "period")
        ),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_key", "client_id"],
            ["exchange_accounts.number", "exchange_accounts.user_id"],
            name=op.f("fk_equity_packs_account_key_client_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_key", "bucket_seconds", "period", name=op.f("pk_equity_packs")),
    )
    connection = op.get_bind()
    columns = POINTS.c
    newest = sa.select(columns.account_key, columns.client_id, sa.func.max(columns.at_us))
    for key, client_id, last in connection.execute(newest.group_by(columns.account_key, columns.client_id)).all():
        for seconds in SPANS:
            _pack(connection, packs, (key, client_id, seconds), (last // MICROS - CLOSED_SECONDS) // seconds)


def _pack(connection: sa.Connection, packs: sa.Table, place: tuple[int, UUID, int], closed: int) -> None:
    key, client_id, seconds = place
    columns, span = POINTS.c, SPANS[seconds]
    own = sa.and_(columns.account_key == key, columns.client_id == client_id, columns.bucket_seconds == seconds)
    old = sa.and_(own, columns.bucket < closed)
    rows = connection.execute(sa.select(*(columns[name] for name in BAR)).where(old).order_by(columns.bucket)).all()
    for period, group in groupby(rows, key=lambda row: row[0] // (span * MICROS)):
        bars = [tuple(row) for row in group]
        packed = pack_equity(bars, seconds)
        row = {
            "account_key": key, "bucket_seconds": seconds, "period": period, "client_id": client_id,
            "first_us": bars[0][0], "points": packed,
        }  # fmt: skip
        connection.execute(packs.insert(), row)
    connection.execute(sa.delete(POINTS).where(old))
