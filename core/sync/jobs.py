"""The jobs that the web process asks for: verify a key, replace one, read an account now."""

from datetime import timedelta

from connectors.errors import ConnectorError
from core.domain.types import Job, JobKind, JobStatus
from core.sync.ports import Tools
from core.sync.slot import run_slot
from core.sync.verify import Retry, Verification

BUSY_SECONDS = 1.0


def run_job(tools: Tools, job: Job) -> Retry | None:
    """Do one claimed job as far as it goes; return when to try again if it could not be done now."""
    with tools.storage.begin(write=False) as uow:
        stored = uow.jobs.get(job.id, {job.client_id})
    if stored is None or stored.status is not JobStatus.RUNNING:
        return None
    if stored.kind is JobKind.SYNC:
        return _read_now(tools, stored)
    return Verification(tools, stored).run()


def fail_job(tools: Tools, job: Job, code: str) -> None:
    """End a job that broke off for a reason of our own."""
    with tools.storage.begin() as uow:
        uow.jobs.finish(job.id, JobStatus.FAILED, tools.clock(), error_code=code)


def _read_now(tools: Tools, job: Job) -> Retry | None:
    now = tools.clock()
    with tools.storage.begin() as uow:
        lease = uow.syncing.claim_one(job.account_id, now, owner=tools.owner, lease_seconds=tools.lease_seconds)
    if lease is None:
        return Retry(now + timedelta(seconds=BUSY_SECONDS))
    try:
        code = run_slot(tools, lease)
    except ConnectorError as e:
        code = e.code
    with tools.storage.begin() as uow:
        status = JobStatus.DONE if code is None else JobStatus.FAILED
        uow.jobs.finish(job.id, status, tools.clock(), error_code=code)
    return None
