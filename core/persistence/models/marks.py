"""Tables beside the readings: what was remarkable about them, and prices of the past."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, String
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
