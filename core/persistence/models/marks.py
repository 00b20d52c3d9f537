"""Tables beside the readings: what was remarkable about them, and prices of the past."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.marks import MarkKind
from core.persistence.models.accounts import owned
from core.persistence.models.base import Base, one_of


class MarkRow(Base):
    """Something to know about an account's figures at `at`, noted at `noted_at`; `value` is USD where there is one."""

    __tablename__ = "marks"
    __table_args__ = (
        owned(),
        CheckConstraint(one_of("kind", MarkKind), name="kind"),
        Index("ix_marks_client_id_kind_noted_at", "client_id", "kind", "noted_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    noted_at: Mapped[datetime]
    value: Mapped[float | None]


class PricePointRow(Base):
    """USD price of an asset in one bucket of `step_seconds`, as it was at `at_us` (microseconds since 1970).

    `exchange` is empty for the price over all exchanges, and names one whose asset of this ticker is another coin.
    """

    __tablename__ = "price_points"
    __table_args__ = ({"sqlite_with_rowid": False},)

    asset: Mapped[str] = mapped_column(String(64), primary_key=True)
    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
    step_seconds: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at_us: Mapped[int] = mapped_column(BigInteger)
    price: Mapped[Decimal]


class FxRateRow(Base):
    """Units of a currency for one USD from `at` on, as a source told it (`read_at`: when we were told)."""

    __tablename__ = "fx_rates"
    __table_args__ = ({"sqlite_with_rowid": False},)

    currency: Mapped[str] = mapped_column(String(10), primary_key=True)
    source: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    per_usd: Mapped[Decimal]
    read_at: Mapped[datetime]


class ClientCurrencyRow(Base):
    """A currency in which a client's results were asked for, beside the dollar: its days are computed from then on."""

    __tablename__ = "client_currencies"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(10), primary_key=True)
    wanted_at: Mapped[datetime]
