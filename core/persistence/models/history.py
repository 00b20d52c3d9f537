"""Tables of the past in detail: what each slot read, the packs that thinning makes of it, results by local day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from core.persistence.models.accounts import owned
from core.persistence.models.base import Base


def numbered() -> ForeignKeyConstraint:
    """Return the foreign key that ties (account_key, client_id) to one account of that client by its number."""
    return ForeignKeyConstraint(
        ["account_key", "client_id"], ["exchange_accounts.number", "exchange_accounts.user_id"], ondelete="CASCADE"
    )


class SnapshotDetailRow(Base):
    """What one slot read of every wallet (core/persistence/point_codec.py). `slot` = floor(unix / 30)."""

    __tablename__ = "snapshot_details"
    __table_args__ = (numbered(), {"sqlite_with_rowid": False})

    account_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    slot: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID]
    details: Mapped[bytes] = mapped_column(LargeBinary)


class DetailPackRow(Base):
    """Kept points of one account and stretch of time. `period` = floor(unix / span of that bucket size)."""

    __tablename__ = "detail_packs"
    __table_args__ = (numbered(),)

    account_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    bucket_seconds: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    period: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID]
    details: Mapped[bytes] = mapped_column(LargeBinary)


class EquityPackRow(Base):
    """Closed equity points of one account and stretch of time (core/persistence/equity_codec.py), `first_us` the first.

    `period` = floor(unix / span of that bucket size). A point is here or in equity_points; one that came late to a
    packed bucket is in both, until it is packed too.
    """

    __tablename__ = "equity_packs"
    __table_args__ = (numbered(),)

    account_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    bucket_seconds: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    period: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID]
    first_us: Mapped[int] = mapped_column(BigInteger)
    points: Mapped[bytes] = mapped_column(LargeBinary)


class DayResultRow(Base):
    """P&L of one local day of a scope ("all", "testnet" or an account id) in one currency (PNL.md sections 4 and 5).

    `settled` tells that the ledger was read past the day's end, `revised` that a settled figure has changed since.
    """

    __tablename__ = "day_results"
    __table_args__ = (owned(),)

    client_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(36), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    currency: Mapped[str] = mapped_column(String(10), primary_key=True)
    account_id: Mapped[UUID | None]
    time_zone: Mapped[str] = mapped_column(String(64))
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    equity0: Mapped[float | None]
    equity1: Mapped[float | None]
    net_flows: Mapped[float | None]
    scope_flows: Mapped[float | None]
    total: Mapped[float | None]
    realised: Mapped[float | None]
    unrealised_change: Mapped[float | None]
    funding: Mapped[float | None]
    fees: Mapped[float | None]
    other_income: Mapped[float | None]
    price_effect: Mapped[float | None]
    fx_effect: Mapped[float | None]
    unexplained: Mapped[float | None]
    unexplained_ok: Mapped[bool | None]
    twr: Mapped[float | None]
    status: Mapped[str] = mapped_column(String(10))
    settled: Mapped[bool]
    revised: Mapped[bool]
    computed_at: Mapped[datetime]
    unpriced: Mapped[int | None]
