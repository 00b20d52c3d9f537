"""Tables of the sidecar's work: jobs, sync states with leases, pauses, heartbeats, plans and budgets."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.types import JobKind, JobStatus, Tier
from core.persistence.models.accounts import owned
from core.persistence.models.base import Base, one_of

UNFINISHED_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING)
UNFINISHED = one_of("status", UNFINISHED_STATUSES)


class JobRow(Base):
    """Work asked of the sidecar; at most one unfinished job of a kind per account."""

    __tablename__ = "jobs"
    __table_args__ = (
        owned(),
        CheckConstraint(one_of("kind", JobKind), name="kind"),
        CheckConstraint(one_of("status", JobStatus), name="status"),
        Index(
            "uq_jobs_unfinished",
            "account_id",
            "kind",
            unique=True,
            sqlite_where=text(UNFINISHED),
            postgresql_where=text(UNFINISHED),
        ),
        Index("ix_jobs_account_id_kind_created_at", "account_id", "kind", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    client_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    steps: Mapped[list[Any]] = mapped_column(JSON)
    error_code: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class SyncStateRow(Base):
    """When an account is due, who holds it, and how its last reading went."""

    __tablename__ = "sync_states"
    __table_args__ = (
        owned(),
        CheckConstraint(one_of("tier", Tier), name="tier"),
        Index("ix_sync_states_next_due_at", "next_due_at"),
        Index("ix_sync_states_looked_at", "looked_at"),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    planned_interval_seconds: Mapped[int]
    next_due_at: Mapped[datetime]
    fence: Mapped[int] = mapped_column(BigInteger)
    leased_by: Mapped[str | None] = mapped_column(String(128))
    leased_until: Mapped[datetime | None]
    last_attempt_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_error_code: Mapped[str | None] = mapped_column(String(64))
    last_error_at: Mapped[datetime | None]
    failures: Mapped[int]
    ledger_read_to: Mapped[datetime | None]
    ledger_since: Mapped[datetime | None]
    data_version: Mapped[int] = mapped_column(BigInteger)
    ledger_cursor: Mapped[datetime | None]
    tier: Mapped[str] = mapped_column(String(10), server_default=Tier.ACTIVE)
    looked_at: Mapped[datetime | None]
    egress: Mapped[str | None] = mapped_column(String(64))
    slow_read_at: Mapped[datetime | None]
    seldom_read_at: Mapped[datetime | None]
    closed_since: Mapped[datetime | None]
    closed_read_to: Mapped[datetime | None]


class ExchangePauseRow(Base):
    """No request to this exchange from this address before `until`."""

    __tablename__ = "exchange_pauses"

    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
    egress: Mapped[str] = mapped_column(String(64), primary_key=True, server_default="")
    until: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(64))


class HeartbeatRow(Base):
    """Last sign of life of one sidecar."""

    __tablename__ = "heartbeats"

    sidecar_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    keys: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str]
    egress: Mapped[str] = mapped_column(String(64), server_default="")
    clock_seconds: Mapped[float] = mapped_column(server_default="0")
    kids: Mapped[str] = mapped_column(server_default="")


class ReadingPlanRow(Base):
    """How often one address reads the accounts of one exchange, and how many it could read as often as wanted."""

    __tablename__ = "reading_plans"

    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
    egress: Mapped[str] = mapped_column(String(64), primary_key=True)
    accounts: Mapped[int]
    allowed: Mapped[int | None]
    seconds: Mapped[dict[str, Any]] = mapped_column(JSON)
    wanted: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime]


class RateBudgetRow(Base):
    """What one address has used of one of an exchange's counts (core/sync/meter.py)."""

    __tablename__ = "rate_budgets"

    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
    egress: Mapped[str] = mapped_column(String(64), primary_key=True)
    bucket: Mapped[str] = mapped_column(String(200), primary_key=True)
    limit: Mapped[int]
    window_seconds: Mapped[int]
    free_at: Mapped[int] = mapped_column(BigInteger)
    window: Mapped[int] = mapped_column(BigInteger)
    units: Mapped[int]
    slot_units: Mapped[float]
    other_rate: Mapped[float]
    ledger_units: Mapped[float] = mapped_column(server_default="0")
    ledger_rate: Mapped[float] = mapped_column(server_default="0")


class TurnRow(Base):
    """When a piece of housekeeping that one sidecar does for all was last begun."""

    __tablename__ = "turns"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    at: Mapped[datetime]
