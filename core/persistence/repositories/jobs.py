"""Work asked of the sidecar; at most one unfinished job of a kind per account."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, text, update

from core.domain.types import Job, JobKind, JobStatus, JobStep, StepState
from core.persistence.models import JobRow
from core.persistence.models.syncing import UNFINISHED, UNFINISHED_STATUSES
from core.persistence.repositories.base import EVERY_CLIENT, Query, Repository
from core.ports import ClientIds

JOB_COLUMNS = (
    JobRow.id,
    JobRow.account_id,
    JobRow.client_id,
    JobRow.kind,
    JobRow.status,
    JobRow.created_at,
    JobRow.steps,
    JobRow.error_code,
    JobRow.started_at,
    JobRow.finished_at,
)


class JobRepository(Repository):
    """Implements `core.ports.Jobs`."""

    def add(self, job: Job) -> Job:
        """Queue a job, and return it, or the unfinished one of its kind when the account has one.

        Raises:
            ConflictError: the account is not of that client.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(job.client_id)
        values = {**asdict(job), "steps": _packed(job.steps)}
        statement = self._insert(JobRow).values(values)
        self.run(statement.on_conflict_do_nothing(index_elements=["account_id", "kind"], index_where=text(UNFINISHED)))
        own = and_(JobRow.account_id == job.account_id, JobRow.client_id == job.client_id, JobRow.kind == job.kind)
        unfinished = select(*JOB_COLUMNS).where(own, JobRow.status.in_(UNFINISHED_STATUSES))
        row = self.run(unfinished).one_or_none()
        return job if row is None else to_job(row)

    def get(self, job_id: UUID, client_ids: ClientIds) -> Job | None:
        """Return one job."""
        statement = self._scoped(select(*JOB_COLUMNS), JobRow.client_id, client_ids)
        row = self.run(statement.where(JobRow.id == job_id)).one_or_none()
        return None if row is None else to_job(row)

    def latest(self, account_ids: Collection[UUID], client_ids: ClientIds, *, kind: JobKind | None = None) -> list[Job]:
        """Return the newest job of each account and kind, the newest first."""
        wanted: list[ColumnElement[bool]] = [JobRow.account_id.in_(sorted(account_ids))]
        if kind is not None:
            wanted.append(JobRow.kind == kind)
        clients = self._narrow(client_ids)
        if clients is not None:
            wanted.append(JobRow.client_id.in_(sorted(clients)))
        statement = newest_jobs(*wanted)
        rows = self.run(statement.prefix_with(EVERY_CLIENT) if clients is None else statement)
        return [to_job(row) for row in sorted(rows, key=lambda row: (-row[5].timestamp(), row[0]))]

    def claim(self, now: datetime, *, stale_after_seconds: float, limit: int) -> list[Job]:
        """Take the oldest queued jobs, and running ones that were taken too long ago; they count as started now."""
        stale = and_(
            JobRow.status == JobStatus.RUNNING, JobRow.started_at <= now - timedelta(seconds=stale_after_seconds)
        )
        waiting = (
            select(*JOB_COLUMNS)
            .prefix_with(EVERY_CLIENT)
            .where(or_(JobRow.status == JobStatus.QUEUED, stale))
            .order_by(JobRow.created_at, JobRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self.run(waiting).all()
        if not rows:
            return []
        taken = update(JobRow).prefix_with(EVERY_CLIENT).where(JobRow.id.in_([row.id for row in rows]))
        self.run(taken.values(status=JobStatus.RUNNING, started_at=now))
        return [replace(to_job(row), status=JobStatus.RUNNING, started_at=now) for row in rows]

    def set_steps(self, job_id: UUID, steps: Sequence[JobStep]) -> None:
        """Store the check list as it stands."""
        self._set(job_id, steps=_packed(steps))

    def finish(self, job_id: UUID, status: JobStatus, at: datetime, *, error_code: str | None = None) -> None:
        """Store how the job ended."""
        self._set(job_id, status=status, error_code=error_code, finished_at=at)

    def _set(self, job_id: UUID, **values: object) -> None:
        self.run(update(JobRow).prefix_with(EVERY_CLIENT).where(JobRow.id == job_id).values(values))


def _packed(steps: Sequence[JobStep]) -> list[dict[str, str]]:
    return [{"code": step.code, "state": step.state, "detail": step.detail} for step in steps]


def newest_jobs(*wanted: ColumnElement[bool]) -> Query:
    """Return the query (JOB_COLUMNS, in no order) of the newest wanted job of each account and kind."""
    newest_first = (JobRow.created_at.desc(), JobRow.id)
    rank = func.row_number().over(partition_by=(JobRow.account_id, JobRow.kind), order_by=newest_first)
    jobs = select(*JOB_COLUMNS, rank.label("rank")).where(*wanted).subquery("ranked_jobs")
    return select(*(jobs.c[column.key] for column in JOB_COLUMNS)).where(jobs.c.rank == 1)


def to_job(row: Sequence[Any]) -> Job:
    """Make a job from JOB_COLUMNS."""
    job_id, account_id, client_id, kind, status, created_at, steps, *rest = row
    check_list = tuple(JobStep(step["code"], StepState(step["state"]), step["detail"]) for step in steps)
    return Job(job_id, account_id, client_id, JobKind(kind), JobStatus(status), created_at, check_list, *rest)
