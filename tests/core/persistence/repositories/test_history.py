"""Points with their details: stored once per slot, packed by the hour, thinned as they age, each client's own."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.domain.points import DetailPoint
from core.domain.types import ExchangeAccount, User
from core.errors import ConflictError, NotFoundError
from core.persistence import SqlStorage
from tests.core.persistence.makers import DAY, HOUR, MINUTE, SECOND, add_account, make_detail, make_reading, scope_of

START = datetime(2026, 3, 1, tzinfo=UTC)
FAR = START + 1000 * DAY


def live(storage: SqlStorage, account: ExchangeAccount, count: int, step: timedelta, since: datetime = START) -> None:
    """Store that many readings, the amount being their number."""
    with storage.begin() as uow:
        for n in range(count):
            at = since + n * step
            uow.readings.store(make_reading(account, at, details=make_detail(at, str(n))))


def amounts(storage: SqlStorage, account: ExchangeAccount, since: datetime = START, until: datetime = FAR) -> list[int]:
    with storage.begin(write=False) as uow:
        found = uow.history.points([account.id], {account.user_id}, since=since, until=until)[account.id]
    return [int(point.wallets[0].assets[0].amount) for point in found]


def count(storage: SqlStorage, table: str) -> int:
    with storage.begin(write=False) as uow:
        statement = text(f"SELECT count(*) /* every client */ FROM {table}")  # noqa: S608 - our own tables
        return int(uow.connection.execute(statement).scalar_one())


def every_third(points: Sequence[DetailPoint]) -> list[DetailPoint]:
    return list(points[::3])


def test_points_come_back_within_their_times(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 5, 30 * SECOND)
    assert amounts(storage, account) == [0, 1, 2, 3, 4]
    assert amounts(storage, account, START + 30 * SECOND, START + 90 * SECOND) == [1, 2, 3]
    assert amounts(storage, account, START + 31 * SECOND, START + 59 * SECOND) == []


def test_a_second_reading_in_a_slot_takes_the_first_one_s_place(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 2, 10 * SECOND)
    assert amounts(storage, account) == [1]


def test_details_of_another_s_account_are_refused_and_not_shown(
    storage: SqlStorage, client: User, stranger: User
) -> None:
    account = add_account(storage, client)
    live(storage, account, 1, MINUTE)
    with storage.begin(scope_of(stranger), write=False) as uow:
        assert uow.history.points([account.id], None, since=START, until=FAR) == {account.id: []}
    with pytest.raises(NotFoundError), storage.begin(scope_of(stranger)) as uow:
        uow.history.pack(account, before=FAR, limit=1)
    foreign = make_reading(account, START, details=make_detail(START, "1"), client_id=stranger.id)
    with pytest.raises(ConflictError), storage.begin() as uow:
        uow.history.save(foreign, make_detail(START, "1"))


def test_whole_hours_are_packed_and_read_as_before(storage: SqlStorage, client: User) -> None:
    account, other = add_account(storage, client), add_account(storage, client)
    live(storage, account, 25, 10 * MINUTE)
    live(storage, other, 1, HOUR)
    before = amounts(storage, account)
    with storage.begin() as uow:
        assert uow.history.pack(account, before=START + 3 * HOUR + MINUTE, limit=48) == 3
        assert uow.history.pack(account, before=START + 3 * HOUR + MINUTE, limit=48) == 0
    assert amounts(storage, account) == before
    assert (count(storage, "snapshot_details"), count(storage, "detail_packs")) == (25 - 18 + 1, 3)


def test_packing_goes_on_where_it_stopped(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 30, 10 * MINUTE)
    before, written = amounts(storage, account), []
    for _ in range(4):
        with storage.begin() as uow:
            written.append(uow.history.pack(account, before=FAR, limit=2))
    assert written == [2, 2, 1, 0]
    assert amounts(storage, account) == before


def test_an_hour_that_was_cut_by_the_limit_loses_nothing(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 130, 30 * SECOND)
    before = amounts(storage, account)
    with storage.begin() as uow:
        assert uow.history.pack(account, before=FAR, limit=1) == 1
        assert uow.history.pack(account, before=FAR, limit=1) == 1
    assert amounts(storage, account) == before


def test_the_oldest_day_is_thinned_and_its_neighbours_stay(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 60, HOUR)
    with storage.begin() as uow:
        uow.history.pack(account, before=FAR, limit=100)
        assert uow.history.coarsen(account, bucket_seconds=30, before=START + 2 * DAY, keep=every_third) == 24
    assert amounts(storage, account) == [*range(0, 24, 3), *range(24, 60)]
    with storage.begin() as uow:
        assert uow.history.coarsen(account, bucket_seconds=30, before=START + 2 * DAY, keep=every_third) == 24
        assert uow.history.coarsen(account, bucket_seconds=30, before=START + 2 * DAY, keep=every_third) == 0
    assert amounts(storage, account) == [*range(0, 48, 3), *range(48, 60)]


def test_days_end_in_packs_of_a_month(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 9 * 4, 6 * HOUR)
    with storage.begin() as uow:
        uow.history.pack(account, before=FAR, limit=100)
        for seconds in (30, 300, 3600):
            while uow.history.coarsen(
                account, bucket_seconds=seconds, before=FAR, keep=lambda points: list(points[-1:])
            ):
                pass
    assert amounts(storage, account) == [3 + 4 * n for n in range(9)]
    assert count(storage, "detail_packs") <= 2


def test_a_point_that_comes_late_joins_its_pack(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    live(storage, account, 3, 10 * MINUTE)
    with storage.begin() as uow:
        uow.history.pack(account, before=FAR, limit=10)
    live(storage, account, 1, MINUTE, START + 15 * MINUTE)
    with storage.begin() as uow:
        assert uow.history.pack(account, before=FAR, limit=10) == 1
    assert amounts(storage, account) == [0, 1, 0, 2]
