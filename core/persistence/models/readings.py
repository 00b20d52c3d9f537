"""Tables of what was read: latest wallets, balances and positions, equity history, ledger, prices."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.persistence.models.accounts import owned
from core.persistence.models.base import Base


class WalletStateRow(Base):
    """Latest state of one wallet; figures are USD."""

    __tablename__ = "wallet_states"
    __table_args__ = (owned(),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet: Mapped[str] = mapped_column(String(64), primary_key=True)
    client_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    ok: Mapped[bool]
    attempted_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(64))
    as_of: Mapped[datetime | None]
    equity: Mapped[float | None]
    unrealized_pnl: Mapped[float | None]
    unpriced: Mapped[list[Any]] = mapped_column(JSON)
    first_ok_at: Mapped[datetime | None]
    first_equity: Mapped[float | None]
    maintenance_margin: Mapped[float | None]
    margin_ratio: Mapped[float | None]


class BalanceRow(Base):
    """Latest amount of one asset in one wallet, in the order the exchange listed them."""

    __tablename__ = "balances"
    __table_args__ = (owned(),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet: Mapped[str] = mapped_column(String(64), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    asset: Mapped[str] = mapped_column(String(64))
    free: Mapped[Decimal | None]
    locked: Mapped[Decimal | None]
    total: Mapped[Decimal]
    debt: Mapped[Decimal]
    price: Mapped[Decimal | None]
    value: Mapped[float | None]
    as_of: Mapped[datetime]


class PositionRow(Base):
    """Latest state of one open position, in the order the exchange listed them."""

    __tablename__ = "positions"
    __table_args__ = (owned(),)

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet: Mapped[str] = mapped_column(String(64), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID]
    symbol: Mapped[str] = mapped_column(String(64))
    venue_symbol: Mapped[str] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(10))
    size_base: Mapped[Decimal]
    settle_asset: Mapped[str] = mapped_column(String(64))
    as_of: Mapped[datetime]
    entry_price: Mapped[Decimal | None]
    mark_price: Mapped[Decimal | None]
    liquidation_price: Mapped[Decimal | None]
    leverage: Mapped[Decimal | None]
    margin_mode: Mapped[str | None] = mapped_column(String(20))
    hedged: Mapped[bool | None]
    inverse: Mapped[bool]
    unrealized_pnl: Mapped[Decimal | None]
    unrealized_usd: Mapped[float | None]
    notional_usd: Mapped[float | None]
    opened_at: Mapped[datetime | None]
    seen_since: Mapped[datetime | None]


class EquityPointRow(Base):
    """Equity of one account in one bucket, USD. `bucket` = floor(unix / bucket_seconds), `at_us` = microseconds.

    The newest stretch of history lies here; what is older lies in equity_packs.

    The primary key is the table itself on SQLite (no row ids), so that a curve is one walk over neighbouring rows.
    """

    __tablename__ = "equity_points"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_key", "client_id"],
            ["exchange_accounts.number", "exchange_accounts.user_id"],
            ondelete="CASCADE",
        ),
        {"sqlite_with_rowid": False},
    )

    account_key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    bucket_seconds: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    client_id: Mapped[UUID]
    at_us: Mapped[int] = mapped_column(BigInteger)
    open: Mapped[float]
    high: Mapped[float]
    low: Mapped[float]
    close: Mapped[float]
    unrealized: Mapped[float]
    complete: Mapped[bool]


class LedgerEntryRow(Base):
    """A signed change of a balance; unique by (account, wallet, dedupe_key)."""

    __tablename__ = "ledger_entries"
    __table_args__ = (owned(), Index("ix_ledger_entries_account_id_booked_at", "account_id", "booked_at"))

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    wallet: Mapped[str] = mapped_column(String(64), primary_key=True)
    dedupe_key: Mapped[str] = mapped_column(String(255), primary_key=True)
    client_id: Mapped[UUID]
    native_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(30))
    asset: Mapped[str] = mapped_column(String(64))
    amount: Mapped[Decimal]
    booked_at: Mapped[datetime]
    price: Mapped[Decimal | None]
    symbol: Mapped[str | None] = mapped_column(String(64))
    txid: Mapped[str | None]
    ref: Mapped[str | None]
    venue_type: Mapped[str | None] = mapped_column(String(128))
    internal: Mapped[bool | None]


class PriceRow(Base):
    """Latest USD price of an asset at one exchange."""

    __tablename__ = "prices"

    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
    asset: Mapped[str] = mapped_column(String(64), primary_key=True)
    price: Mapped[Decimal]
    as_of: Mapped[datetime]
    path: Mapped[str]
