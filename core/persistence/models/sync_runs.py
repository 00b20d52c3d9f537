"""Tables of finished runs: the last ones of each account, and counts of all of them by exchange."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.sync_runs import RunOutcome
from core.persistence.models.accounts import owned
from core.persistence.models.base import Base, one_of


class SyncRunRow(Base):
    """A run of an account. Runs go round through a fixed number of places, so the newest replaces the oldest."""

    __tablename__ = "sync_runs"
    __table_args__ = (owned(), CheckConstraint(one_of("outcome", RunOutcome), name="outcome"))

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    client_id: Mapped[UUID]
    number: Mapped[int] = mapped_column(BigInteger)
    slot: Mapped[int] = mapped_column(BigInteger)
    sidecar_id: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(20))
    error_code: Mapped[str | None] = mapped_column(String(64))
    wallets_failed: Mapped[dict[str, Any]] = mapped_column(JSON)
    requests: Mapped[int] = mapped_column(Integer)


class RunTallyRow(Base):
    """How many runs of an exchange one sidecar ended in five minutes, by outcome and error code."""

    __tablename__ = "run_tallies"

    at: Mapped[datetime] = mapped_column(primary_key=True)
    sidecar_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20), primary_key=True)
    error_code: Mapped[str] = mapped_column(String(64), primary_key=True)
    runs: Mapped[int] = mapped_column(Integer)
    requests: Mapped[int] = mapped_column(BigInteger)
    busy_ms: Mapped[int] = mapped_column(BigInteger)
