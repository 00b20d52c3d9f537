"""Table of closed positions."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.persistence.models.accounts import owned
from core.persistence.models.base import Base


class ClosedPositionRow(Base):
    """A position that was closed; an exchange may use one id again for a later close, so the instant is in the key."""

    __tablename__ = "closed_positions"
    __table_args__ = (owned(), Index("ix_closed_positions_account_id_closed_at", "account_id", "closed_at"))

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    native_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    symbol: Mapped[str] = mapped_column(String(64))
    venue_symbol: Mapped[str] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(10))
    settle_asset: Mapped[str] = mapped_column(String(64))
    net_pnl: Mapped[Decimal]
    size_base: Mapped[Decimal | None]
    entry_price: Mapped[Decimal | None]
    exit_price: Mapped[Decimal | None]
    gross_pnl: Mapped[Decimal | None]
    fee: Mapped[Decimal | None]
    funding: Mapped[Decimal | None]
    price: Mapped[Decimal | None]
    opened_at: Mapped[datetime | None]
