"""Finished runs: the last fifty of an account, and counts by exchange over an hour and a day."""

from datetime import timedelta

import pytest

from core.domain.sync_runs import RunCount, RunOutcome, RunTally, SyncRun
from core.domain.types import Role, Scope, User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from core.persistence.repositories.sync_runs import KEPT_RUNS
from tests.core.persistence.makers import NOW, Change, add_account, make_run

MINUTE = timedelta(minutes=1)


def add(storage: SqlStorage, *runs: SyncRun) -> None:
    with storage.begin() as uow:
        for run in runs:
            uow.runs.add(run)


def tally(**changes: Change) -> RunTally:
    usual = {"sidecar_id": "one", "exchange": "alpha", "at": NOW, "outcome": RunOutcome.OK, "error_code": "",
             "runs": 1, "requests": 3, "busy_ms": 250}  # fmt: skip
    return RunTally(**{**usual, **changes})


def test_a_run_comes_back_as_it_was_stored(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    run = make_run(account, 7, outcome=RunOutcome.PARTIAL, wallets_failed={"futures": "network"}, requests=4)
    failed = make_run(account, 8, outcome=RunOutcome.FAILED, error_code="bad_key")
    add(storage, run, failed)
    with storage.begin(write=False) as uow:
        assert uow.runs.of_accounts([account.id], [client.id]) == {account.id: [failed, run]}
        assert uow.runs.of_accounts([account.id], None, limit=1) == {account.id: [failed]}


def test_an_account_keeps_its_last_fifty_runs(storage: SqlStorage, client: User) -> None:
    account, other = add_account(storage, client), add_account(storage, client)
    add(storage, make_run(other, 3), *(make_run(account, number) for number in range(1, KEPT_RUNS + 14)))
    with storage.begin(write=False) as uow:
        kept = uow.runs.of_accounts([account.id, other.id], None)
    assert [run.number for run in kept[account.id]] == list(range(KEPT_RUNS + 13, 13, -1))
    assert [run.number for run in kept[other.id]] == [3]


def test_an_older_run_never_replaces_a_newer_one(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    add(storage, make_run(account, KEPT_RUNS + 1), make_run(account, 1))
    with storage.begin(write=False) as uow:
        assert [run.number for run in uow.runs.of_accounts([account.id], None)[account.id]] == [KEPT_RUNS + 1]


def test_runs_of_another_client_are_neither_shown_nor_written(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    account = add_account(storage, client)
    add(storage, make_run(account, 1))
    scope = Scope(stranger.id, Role.CLIENT, frozenset({stranger.id}))
    with storage.begin(scope, write=False) as uow:
        assert uow.runs.of_accounts([account.id], None) == {}
    with pytest.raises(NotFoundError), storage.begin(scope) as uow:
        uow.runs.add(make_run(account, 2))
    with pytest.raises(ConflictError):
        add(storage, make_run(account, 2, client_id=stranger.id))


def test_tallies_of_the_same_five_minutes_add_up_and_are_counted_by_hour_and_day(storage: SqlStorage) -> None:
    late, early = NOW - 10 * MINUTE, NOW - 90 * MINUTE
    failed = {"outcome": RunOutcome.FAILED, "error_code": "network", "requests": 1}
    with storage.begin() as uow:
        uow.runs.add_tallies([tally(at=late, runs=2), tally(at=early, runs=5), tally(at=late, runs=4, **failed)])
        uow.runs.add_tallies([tally(at=late, runs=3), tally(at=late, sidecar_id="two", runs=1)])
        uow.runs.add_tallies([])
    with storage.begin(write=False) as uow:
        assert uow.runs.counts(NOW) == [
            RunCount("alpha", RunOutcome.FAILED, "network", 4, 4, 1),
            RunCount("alpha", RunOutcome.OK, "", 6, 11, 9),
        ]


def test_tallies_of_more_than_a_day_ago_are_forgotten(storage: SqlStorage) -> None:
    with storage.begin() as uow:
        uow.runs.add_tallies([tally(at=NOW - timedelta(hours=26))])
        uow.runs.add_tallies([tally(at=NOW)])
    with storage.begin(write=False) as uow:
        assert [count.last_day for count in uow.runs.counts(NOW - timedelta(hours=26))] == [1]
