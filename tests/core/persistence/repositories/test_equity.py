"""Equity history: four bucket sizes written by each reading, curves and points at given times read back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from core.domain.types import ExchangeAccount, User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from core.persistence.buckets import BUCKETS
from core.persistence.models import EquityPointRow as Row
from core.persistence.models import ExchangeAccountRow
from core.persistence.types import EPOCH, to_micros
from core.persistence.unit_of_work import SqlUnitOfWork
from core.ports import PointWindow
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    add_account,
    make_ledger,
    make_point,
    make_reading,
    make_wallet,
)

START = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

Bar = tuple[datetime, float, float, float, float, bool]


def store(storage: SqlStorage, account: ExchangeAccount, *readings: tuple[timedelta, float]) -> None:
    with storage.begin() as uow:
        for after, equity in readings:
            uow.readings.store(make_reading(account, START + after, equity))


def read(storage: SqlStorage, account: ExchangeAccount, seconds: int) -> list[Bar]:
    """Return (at, open, high, low, close, complete) of every bucket of one size."""
    columns = (Row.at_us, Row.open, Row.high, Row.low, Row.close, Row.complete)
    statement = select(*columns).join(ExchangeAccountRow, ExchangeAccountRow.number == Row.account_key)
    own = (Row.client_id == account.user_id, ExchangeAccountRow.id == account.id, Row.bucket_seconds == seconds)
    with storage.begin(write=False) as uow:
        rows = uow.connection.execute(statement.where(*own).order_by(Row.bucket)).all()
    return [(EPOCH + timedelta(microseconds=row[0]), *row[1:]) for row in rows]


def test_a_bucket_keeps_open_high_low_and_the_newest_close(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    store(storage, account, (0 * SECOND, 100.0), (30 * SECOND, 120.0), (60 * SECOND, 90.0), (90 * SECOND, 95.5))
    bar = (START + 90 * SECOND, 100.0, 120.0, 90.0, 95.5, True)
    assert [read(storage, account, seconds) for seconds in (300, 3600, 86_400)] == [[bar]] * 3
    assert [close for *_, close, _ in read(storage, account, 30)] == [100.0, 120.0, 90.0, 95.5]


def test_a_late_reading_extends_a_bucket_and_does_not_close_it(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    store(storage, account, (60 * SECOND, 100.0), (30 * SECOND, 150.0))
    assert read(storage, account, 300) == [(START + 60 * SECOND, 100.0, 150.0, 100.0, 100.0, True)]


def test_completeness_is_that_of_the_newest_reading(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        uow.readings.store(make_reading(account, START, complete=True))
        uow.readings.store(make_reading(account, START + 30 * SECOND, complete=False))
    assert [complete for *_, complete in read(storage, account, 300)] == [False]


def test_points_are_exact_to_the_microsecond_and_bounded_by_the_period(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    first, last = START + timedelta(microseconds=1), START + HOUR + timedelta(microseconds=999_999)
    with storage.begin() as uow:
        for at in (first, last):
            uow.readings.store(make_reading(account, at))

        def between(since: datetime, until: datetime) -> list[datetime]:
            points = uow.readings.points([account.id], None, [PointWindow(30, since, until)])
            return [EPOCH + timedelta(microseconds=at) for _, at, *_ in points]

        assert between(first, last) == [first, last]
        assert between(first + timedelta(microseconds=1), last) == [last]
        assert between(first, last - timedelta(microseconds=1)) == [first]


def test_points_of_a_foreign_client_are_not_found(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    store(storage, account, (0 * SECOND, 100.0))
    period = {"since": START - DAY, "until": START + DAY}
    with storage.begin() as uow:
        assert uow.readings.points([account.id], {stranger.id}, [PointWindow(30, **period)]) == []
        assert uow.readings.last_points_before([account.id], {stranger.id}, [START]) == {START: {}}
        assert uow.readings.first_point_at([account.id], {stranger.id}) == {}
        assert list(uow.readings.iter_points([account.id], {stranger.id}, **period)) == []


def test_points_of_several_accounts_come_one_account_after_the_other(storage: SqlStorage, client: User) -> None:
    accounts = [add_account(storage, client) for _ in range(3)]
    for account in accounts:
        store(storage, account, (30 * SECOND, 2.0), (0 * SECOND, 1.0))
    later = START + 2 * DAY
    store(storage, accounts[0], (2 * DAY, 3.0))
    windows = [PointWindow(3600, START + DAY, later), PointWindow(30, START, START + HOUR)]
    with storage.begin(write=False) as uow:
        points = uow.readings.points([account.id for account in accounts], {client.id}, windows)
        assert uow.readings.points([accounts[0].id], {client.id}, []) == []
    first, second = to_micros(START), to_micros(START + 30 * SECOND)
    assert points == [
        (accounts[0].id, first, 1.0, 1.0, True),
        (accounts[0].id, second, 2.0, 1.0, True),
        (accounts[0].id, to_micros(later), 3.0, 1.0, True),
        *(
            (account.id, at, equity, 1.0, True)
            for account in accounts[1:]
            for at, equity in ((first, 1.0), (second, 2.0))
        ),
    ]
    assert all(type(row[4]) is bool for row in points)


def test_the_last_point_before_each_time_is_found_at_once(storage: SqlStorage, client: User) -> None:
    one, two = add_account(storage, client), add_account(storage, client)
    store(storage, one, (0 * SECOND, 1.0), (30 * SECOND, 2.0), (2 * HOUR, 3.0))
    store(storage, two, (HOUR, 10.0))
    times = [START - SECOND, START, START + MINUTE, START + 3 * HOUR]
    with storage.begin(write=False) as uow:
        found = uow.readings.last_points_before([one.id, two.id], {client.id}, times)
        assert uow.readings.last_points_before([], {client.id}, times) == {at: {} for at in times}
        assert uow.readings.last_points_before([one.id], {client.id}, []) == {}
    equities = [{key: point.equity for key, point in found[at].items()} for at in times]
    assert equities == [{}, {one.id: 1.0}, {one.id: 2.0}, {one.id: 3.0, two.id: 10.0}]
    assert found[START + MINUTE][one.id].at == START + 30 * SECOND


def test_a_thinned_past_still_answers_from_the_coarser_buckets(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    store(storage, account, (0 * SECOND, 1.0), (30 * SECOND, 2.0), (10 * MINUTE, 3.0))
    with storage.begin() as uow:
        assert uow.readings.thin(account, START + 3 * DAY) == 3
        found = uow.readings.last_points_before([account.id], {client.id}, [START + MINUTE])
        first = uow.readings.first_point_at([account.id], {client.id})
    assert found[START + MINUTE][account.id].equity == 2.0
    assert (first[account.id].open, first[account.id].at) == (1.0, START + 30 * SECOND)


def test_thinning_keeps_each_size_for_its_time(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    with storage.begin() as uow:
        uow.readings.store(make_reading(account, START))
    left = {}
    for days in (1, 3, 31, 400):
        with storage.begin() as uow:
            uow.readings.thin(account, START + days * DAY)
            left[days] = sizes(uow)
    assert left == {1: [30, 300, 3600, 86_400], 3: [300, 3600, 86_400], 31: [3600, 86_400], 400: [86_400]}


def sizes(uow: SqlUnitOfWork) -> list[int]:
    statement = text("SELECT bucket_seconds /* every client */ FROM equity_points ORDER BY 1")
    return list(uow.connection.execute(statement).scalars())


def test_the_first_point_opens_with_the_first_equity(storage: SqlStorage, client: User) -> None:
    account, empty = add_account(storage, client), add_account(storage, client)
    store(storage, account, (0 * SECOND, 7.0), (30 * SECOND, 8.0), (2 * DAY, 9.0))
    with storage.begin(write=False) as uow:
        found = uow.readings.first_point_at([account.id, empty.id], {client.id})
    assert {key: (point.at, point.open, point.equity) for key, point in found.items()} == {
        account.id: (START, 7.0, 7.0)
    }


def test_history_is_streamed_from_the_finest_size_still_kept(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    old = [(number * 30 * SECOND, float(number)) for number in range(20)]
    new = [(3 * DAY + number * 30 * SECOND, 100.0 + number) for number in range(3)]
    store(storage, account, *old, *new)
    with storage.begin() as uow:
        uow.readings.thin(account, START + 3 * DAY)
        points = list(uow.readings.iter_points([account.id], {client.id}, since=START - DAY, until=START + 10 * DAY))
        some = list(
            uow.readings.iter_points([account.id], {client.id}, since=START + 5 * MINUTE, until=START + 3 * DAY)
        )
    assert [point.equity for point in points] == [9.0, 19.0, 100.0, 101.0, 102.0]
    assert [point.equity for point in some] == [19.0, 100.0]


def test_added_history_equals_readings_stored_one_by_one(storage: SqlStorage, client: User) -> None:
    one, two = add_account(storage, client), add_account(storage, client)
    readings = [(number * 150 * SECOND, 100.0 + number % 7) for number in range(150)]
    store(storage, one, *readings)
    points = [make_point(two.id, client.id, START + after, equity, unrealized_pnl=1.0) for after, equity in readings]
    with storage.begin() as uow:
        uow.readings.add_history(reversed(points), [make_ledger(two)])
        uow.readings.add_history(points[:5], [make_ledger(two)])
    for seconds in BUCKETS:
        assert read(storage, two, seconds) == read(storage, one, seconds)


def test_history_cannot_join_two_clients(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises((ConflictError, NotFoundError)), storage.begin() as uow:
        uow.readings.add_history([make_point(account.id, stranger.id, START, 1.0)], [])


def test_a_longer_past_moves_the_start_of_a_wallet_back(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    store(storage, account, (0 * SECOND, 100.0))
    start = make_wallet(account, first_ok_at=START - 30 * DAY, first_equity=55.0)
    with storage.begin() as uow:
        for moved in (start, replace(start, first_ok_at=START + DAY, first_equity=1.0)):
            uow.readings.add_history([make_point(account.id, client.id, START - 30 * DAY, 55.0)], [], [moved])
        (wallet,) = uow.readings.wallets([account.id], {client.id})
    assert (wallet.first_ok_at, wallet.first_equity, wallet.equity) == (START - 30 * DAY, 55.0, 100.0)
