"""Tables of the sidecar's work: jobs, sync states with leases, pauses, heartbeats."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.types import JobKind, JobStatus
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
    __table_args__ = (owned(), Index("ix_sync_states_next_due_at", "next_due_at"))

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


class ExchangePauseRow(Base):
    """No request to this exchange before `until`."""

    __tablename__ = "exchange_pauses"

    exchange: Mapped[str] = mapped_column(String(50), primary_key=True)
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
