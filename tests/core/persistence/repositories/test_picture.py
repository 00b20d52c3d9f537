"""A client's whole state in one query equals what the repositories read one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import event

from core.domain.types import Heartbeat, JobKind, JobStatus, Role, Scope, User
from core.errors import NotFoundError
from core.persistence import SqlStorage
from core.ports import ExchangePause
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    add_account,
    make_balance,
    make_job,
    make_ledger,
    make_position,
    make_reading,
    make_wallet,
)

TIMES = [NOW - DAY, NOW - HOUR, NOW]


@contextmanager
def counted(storage: SqlStorage) -> Iterator[list[str]]:
    """Collect the statements that run within the block, without the driver's BEGIN."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(storage.engine, "before_cursor_execute", note)
    yield statements
    event.remove(storage.engine, "before_cursor_execute", note)


def fill(storage: SqlStorage, client: User) -> None:
    """Store accounts with everything a picture shows, one of them removed."""
    accounts = [add_account(storage, client, uid=f"{client.login}{number}") for number in range(3)]
    with storage.begin() as uow:
        for number, account in enumerate(accounts):
            balances = tuple(make_balance(account, asset) for asset in ("ETH", "BTC", "USDT"))
            positions = (make_position(account), make_position(account, "ETH/USDT:USDT", margin_mode="cross"))
            for age in (2 * HOUR, number * SECOND):
                reading = make_reading(
                    account,
                    NOW - age,
                    100.0 + number,
                    wallets=(make_wallet(account), make_wallet(account, "futures", ok=False, reason="timeout")),
                    fresh_wallets=("spot", "futures"),
                    balances=balances,
                    positions=positions,
                )
                uow.readings.store(reading)
            uow.ledger.add(
                make_ledger(account, str(day), booked_at=NOW - day * DAY, price=Decimal("1.5")) for day in range(4)
            )
            old = make_job(account, created_at=NOW - HOUR, status=JobStatus.DONE, finished_at=NOW)
            for job in (old, make_job(account), make_job(account, kind=JobKind.SYNC)):
                uow.jobs.add(job)
        uow.accounts.remove(accounts[0], NOW)
        uow.accounts.set_main(client.id, accounts[1].id, NOW)


def test_a_picture_equals_the_repositories_and_costs_one_query(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    fill(storage, client)
    fill(storage, stranger)
    with storage.begin() as uow:
        uow.syncing.pause(ExchangePause("alpha", NOW + MINUTE, "rate_limit"))
        uow.syncing.pause(ExchangePause("beta", NOW, "over"))
        uow.syncing.beat(Heartbeat("one", NOW - HOUR, NOW - SECOND, "ok"))
        uow.syncing.beat(Heartbeat("two", NOW - HOUR, NOW, "locked", "kid1"))
    with storage.begin(write=False) as uow:
        with counted(storage) as statements:
            picture = uow.pictures.of_client(
                client.id, times=TIMES, flows_since=NOW - 2 * DAY, kinds=["deposit", "withdrawal"], now=NOW
            )
        assert len(statements) == 1
        clients, ids = {client.id}, [account.id for account in picture.accounts]
        assert picture.accounts == uow.accounts.all(clients, with_removed=True)
        assert len(ids) == 3
        assert picture.states == uow.syncing.states(clients)
        assert picture.jobs == uow.jobs.latest(ids, clients)
        assert picture.wallets == uow.readings.wallets(ids, clients)
        assert picture.balances == uow.readings.balances(ids, clients)
        assert picture.positions == uow.readings.positions(ids, clients)
        flows = uow.ledger.flows(ids, clients, since=NOW - 2 * DAY, until=NOW, kinds=["deposit"])
        assert picture.flows == flows
        assert len(flows) == 6
        assert picture.pauses == uow.syncing.pauses(NOW)
        assert picture.heartbeats == uow.syncing.heartbeats()
        assert picture.boundaries == uow.readings.last_points_before(ids, clients, TIMES)
        assert [len(by_account) for by_account in picture.boundaries.values()] == [0, 3, 3]


def test_a_client_without_anything_has_an_empty_picture(storage: SqlStorage, client: User, stranger: User) -> None:
    fill(storage, stranger)
    with storage.begin(write=False) as uow:
        picture = uow.pictures.of_client(client.id, times=[], flows_since=NOW, kinds=[], now=NOW)
    assert (picture.accounts, picture.balances, picture.flows, picture.boundaries) == ([], [], [], {})


def test_a_scope_gets_no_picture_of_another_client(storage: SqlStorage, client: User, stranger: User) -> None:
    scope = Scope(client.id, Role.CLIENT, frozenset({client.id}))
    with storage.begin(scope, write=False) as uow, pytest.raises(NotFoundError):
        uow.pictures.of_client(stranger.id, times=TIMES, flows_since=NOW, kinds=[], now=NOW)
