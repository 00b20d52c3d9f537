"""Jobs: one unfinished of a kind per account, taken by one sidecar at a time."""

from dataclasses import replace

import pytest

from core.domain.types import JobKind, JobStatus, JobStep, StepState, User
from core.errors import ConflictError
from core.persistence import SqlStorage
from tests.core.persistence.makers import MINUTE, NOW, SECOND, add_account, make_account, make_job

STEPS = (JobStep("clock", StepState.OK, "12"), JobStep("signature", StepState.RUNNING))


def test_an_unfinished_job_is_returned_instead_of_a_second_one(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    first, again = make_job(account, steps=STEPS), make_job(account)
    other = make_job(account, kind=JobKind.REPLACE_KEY)
    with storage.begin() as uow:
        assert uow.jobs.add(first) == first
        assert uow.jobs.add(again) == first
        assert uow.jobs.add(other) == other
        uow.jobs.finish(first.id, JobStatus.DONE, NOW)
        assert uow.jobs.add(again) == again


def test_a_foreign_job_is_not_found(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        job = uow.jobs.add(make_job(account))
        assert uow.jobs.get(job.id, {client.id}) == job
        assert uow.jobs.get(job.id, None) == job
        assert uow.jobs.get(job.id, {stranger.id}) is None
        assert uow.jobs.latest([account.id], {stranger.id}) == []


def test_a_job_cannot_join_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.jobs.add(make_job(replace(account, user_id=stranger.id)))


def test_the_newest_job_of_each_account_and_kind_is_found(storage: SqlStorage, client: User) -> None:
    one, two = add_account(storage, client), add_account(storage, client)
    old = make_job(one, status=JobStatus.DONE)
    new = make_job(one, created_at=NOW + MINUTE, steps=STEPS)
    sync = make_job(one, kind=JobKind.SYNC, created_at=NOW - MINUTE)
    other = make_job(two, created_at=NOW + SECOND)
    with storage.begin() as uow:
        for job in (old, new, sync, other):
            uow.jobs.add(job)
        assert uow.jobs.latest([one.id, two.id], {client.id}) == [new, other, sync]
        assert uow.jobs.latest([one.id], {client.id}, kind=JobKind.VERIFY) == [new]
        assert uow.jobs.latest([], {client.id}) == []


def test_jobs_are_taken_once_and_again_when_stale(storage: SqlStorage, client: User) -> None:
    first = make_job(add_account(storage, client))
    second = make_job(add_account(storage, client), created_at=NOW + SECOND)
    with storage.begin() as uow:
        for job in (second, first):
            uow.jobs.add(job)
    with storage.begin() as uow:
        taken = uow.jobs.claim(NOW, stale_after_seconds=60, limit=1)
        assert taken == [replace(first, status=JobStatus.RUNNING, started_at=NOW)]
    with storage.begin() as uow:
        assert [job.id for job in uow.jobs.claim(NOW + SECOND, stale_after_seconds=60, limit=5)] == [second.id]
    with storage.begin() as uow:
        assert uow.jobs.claim(NOW + SECOND, stale_after_seconds=60, limit=5) == []
        late = uow.jobs.claim(NOW + MINUTE, stale_after_seconds=60, limit=5)
    assert [job.id for job in late] == [first.id]


def test_steps_and_the_end_of_a_job_are_stored(storage: SqlStorage, client: User) -> None:
    job = make_job(add_account(storage, client))
    with storage.begin() as uow:
        uow.jobs.add(job)
        uow.jobs.set_steps(job.id, STEPS)
        uow.jobs.finish(job.id, JobStatus.FAILED, NOW + SECOND, error_code="bad_key")
        ended = replace(job, steps=STEPS, status=JobStatus.FAILED, finished_at=NOW + SECOND, error_code="bad_key")
        assert uow.jobs.get(job.id, {client.id}) == ended


def test_a_job_of_an_unknown_account_is_refused(storage: SqlStorage, client: User) -> None:
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.jobs.add(make_job(make_account(client)))
