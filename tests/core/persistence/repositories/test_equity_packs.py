"""Packed equity answers every question as the rows did, whenever it is packed and by however many at once."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, MetaData, create_engine, insert, select, text

from core.domain.types import EquityPoint, ExchangeAccount, User
from core.errors import NotFoundError
from core.persistence import SqlStorage, migrate
from core.persistence.buckets import BUCKETS, SPANS
from core.persistence.schema import upgrade
from core.ports import PointRow, PointWindow
from tests.core.persistence.makers import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    add_account,
    make_point,
    make_reading,
    make_user,
    scope_of,
)
from tests.databases import empty_url, fresh_storage

START = datetime(2026, 3, 1, 7, 30, 5, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
Answers = tuple[list[PointRow], dict[datetime, list[EquityPoint]], list[EquityPoint], list[EquityPoint]]


def past(account: ExchangeAccount, *, days: float, step: timedelta, seed: int = 1) -> list[EquityPoint]:
    """Return a walk with gaps, odd instants, carried wallets and figures of every length."""
    chance, at, equity, points = random.Random(seed), START, 1000.0, list[EquityPoint]()
    while at < START + days * DAY:
        equity *= 1 + chance.gauss(0, 1e-3)
        shown = chance.choice([equity, round(equity, 2), equity])
        jitter = chance.randrange(10**6) * MICROSECOND
        points.append(
            make_point(
                account.id, account.user_id, at + jitter, shown,
                unrealized_pnl=round(chance.gauss(0, 9), 8), complete=chance.random() < 0.9,
            )
        )  # fmt: skip
        at += step * (1 if chance.random() < 0.98 else 30)
    return points


def add(storage: SqlStorage, points: list[EquityPoint]) -> None:
    with storage.begin() as uow:
        uow.readings.add_history(points, [])


def pack(storage: SqlStorage, account: ExchangeAccount, now: datetime) -> int:
    """Pack as the sidecar does; return how many packs were written."""
    written = 0
    while True:
        with storage.begin() as uow:
            if not uow.readings.pack(account, now):
                return written
        written += 1


def ask(storage: SqlStorage, accounts: list[ExchangeAccount], *, seed: int = 2) -> Answers:
    """Ask everything that is ever asked of equity, at odd instants."""
    chance, ids, clients = random.Random(seed), [account.id for account in accounts], {accounts[0].user_id}
    instants = sorted(START + chance.uniform(-1, 5) * DAY for _ in range(60))
    since, until = instants[5], instants[-6]
    with storage.begin(write=False) as uow:
        windows = [PointWindow(size, instants[n], instants[-n - 1]) for n, size in enumerate(BUCKETS)]
        points = [row for window in windows for row in uow.readings.points(ids, clients, [window])]
        points += uow.readings.points(ids, clients, windows)
        before = uow.readings.last_points_before(ids, clients, instants)
        firsts = uow.readings.first_point_at(ids, clients)
        streamed = list(uow.readings.iter_points(ids, clients, since=since, until=until))
    return (
        points,
        {at: sorted(found.values(), key=lambda point: point.account_id) for at, found in before.items()},
        sorted(firsts.values(), key=lambda point: point.account_id),
        streamed,
    )


def count(storage: SqlStorage, table: str) -> int:
    with storage.begin(write=False) as uow:
        statement = text(f"SELECT count(*) /* every client */ FROM {table}")  # noqa: S608 - our own tables
        return int(uow.connection.execute(statement).scalar_one())


def test_every_size_has_its_packs() -> None:
    assert tuple(SPANS) == BUCKETS
    assert all(span % size == 0 for size, span in SPANS.items())


def test_every_answer_is_the_same_after_packing(storage: SqlStorage, client: User) -> None:
    accounts = [add_account(storage, client) for _ in range(2)]
    for n, account in enumerate(accounts):
        add(storage, past(account, days=4, step=(2 + n) * MINUTE, seed=n))
    before, rows = ask(storage, accounts), count(storage, "equity_points")
    assert pack(storage, accounts[0], START + 3 * DAY) > 15
    assert ask(storage, accounts) == before
    pack(storage, accounts[0], START + 9 * DAY)
    pack(storage, accounts[1], START + 9 * DAY)
    assert ask(storage, accounts) == before
    assert count(storage, "equity_points") < rows / 20


def test_packing_again_changes_nothing_and_the_newest_points_stay_rows(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    add(storage, past(account, days=1, step=MINUTE))
    now = START + 12 * HOUR
    assert pack(storage, account, now) > 0
    left = count(storage, "equity_points")
    assert pack(storage, account, now) == 0
    assert count(storage, "equity_points") == left
    with storage.begin(write=False) as uow:
        newest = text("SELECT min(bucket) /* every client */ FROM equity_points WHERE bucket_seconds = 30")
        first = uow.connection.execute(newest).scalar_one()
    assert first * 30 >= (now - 15 * MINUTE).timestamp() - 30


def test_thinning_packs_deletes_what_thinning_rows_deletes(storage: SqlStorage, client: User) -> None:
    packed, plain = add_account(storage, client), add_account(storage, client)
    for account in (packed, plain):
        add(storage, past(account, days=4, step=5 * MINUTE))
    pack(storage, packed, START + 5 * DAY)
    for age in (1.9, 2.7, 4.03, 31.4, 33.0, 366.3, 500):
        deleted = []
        for account in (packed, plain):
            with storage.begin() as uow:
                deleted.append(uow.readings.thin(account, START + age * DAY))
        assert deleted[0] == deleted[1]
        answers = [ask(storage, [account]) for account in (packed, plain)]
        assert nameless(answers[0], packed) == nameless(answers[1], plain)
    assert count(storage, "equity_points") > 0


def nameless(answers: Answers, account: ExchangeAccount) -> str:
    return repr(answers).replace(repr(account.id), "id")


def test_a_reading_that_comes_late_to_a_packed_bucket_extends_it_as_it_does_a_row(
    storage: SqlStorage, client: User
) -> None:
    packed, plain = add_account(storage, client), add_account(storage, client)
    points = [[make_point(a.id, client.id, START + n * MINUTE, 100.0 + n) for n in range(240)] for a in (packed, plain)]
    for some in points:
        add(storage, some)
    pack(storage, packed, START + DAY)
    answers = []
    for account in (packed, plain):
        late = [
            make_point(account.id, client.id, START + 31 * MINUTE - MICROSECOND, 7.0, complete=False),
            make_point(account.id, client.id, START + 32 * MINUTE + SECOND, 999.0, unrealized_pnl=3.5),
        ]
        add(storage, late)
        answers.append(nameless(ask(storage, [account]), account))
    assert answers[0] == answers[1]
    add(storage, past(packed, days=1, step=MINUTE, seed=5))
    add(storage, past(plain, days=1, step=MINUTE, seed=5))
    pack(storage, packed, START + 3 * DAY)
    assert nameless(ask(storage, [packed]), packed) == nameless(ask(storage, [plain]), plain)


def test_a_picture_takes_its_points_from_packs_too(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    add(storage, past(account, days=2, step=5 * MINUTE))
    pack(storage, account, START + 3 * DAY)
    times = [START + n * 7 * HOUR for n in range(3)]
    with storage.begin(write=False) as uow:
        picture = uow.pictures.of_client(client.id, times=times, flows_since=START, kinds=[], now=START)
        assert picture.boundaries == uow.readings.last_points_before([account.id], {client.id}, times)
    assert times[2] - 3 * HOUR < picture.boundaries[times[2]][account.id].at <= times[2]


def test_a_pack_that_is_cut_off_leaves_everything_as_it_was(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    add(storage, past(account, days=1, step=MINUTE))
    before = (count(storage, "equity_points"), count(storage, "equity_packs"))
    with pytest.raises(RuntimeError), storage.begin() as uow:
        assert uow.readings.pack(account, START + 2 * DAY) > 0
        raise RuntimeError("the process ends here")
    assert (count(storage, "equity_points"), count(storage, "equity_packs")) == before


def test_nobody_packs_another_s_account(storage: SqlStorage, client: User, stranger: User) -> None:
    account = add_account(storage, client)
    with pytest.raises(NotFoundError), storage.begin(scope_of(stranger)) as uow:
        uow.readings.pack(account, START)


def test_packs_go_with_their_account(storage: SqlStorage, client: User) -> None:
    account = add_account(storage, client)
    add(storage, past(account, days=1, step=MINUTE))
    pack(storage, account, START + 2 * DAY)
    assert count(storage, "equity_packs") > 0
    with storage.begin() as uow:
        statement = "DELETE FROM exchange_accounts WHERE user_id = user_id"
        uow.connection.execute(text(statement))
    assert (count(storage, "equity_packs"), count(storage, "equity_points")) == (0, 0)


def test_two_who_pack_and_one_who_writes_lose_nothing(storage: SqlStorage, client: User) -> None:
    account, twin = add_account(storage, client), add_account(storage, client)
    points = [past(each, days=0.5, step=MINUTE) for each in (account, twin)]
    late = [[point for n, point in enumerate(each) if n % 5 == 0] for each in points]
    early = [[point for n, point in enumerate(each) if n % 5] for each in points]
    for some in early:
        add(storage, some)
    failures: list[Exception] = []

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as e:  # noqa: BLE001 - told to the test
                failures.append(e)

        return run

    def write() -> None:
        for point in late[0]:
            with storage.begin() as uow:
                nothing = {"wallets": (), "balances": (), "fresh_wallets": ()}
                figures = {"unrealized_pnl": point.unrealized_pnl, "complete": point.complete}
                uow.readings.store(make_reading(account, point.at, point.equity, **nothing, **figures))

    works = (write, lambda: pack(storage, account, START + DAY), lambda: pack(storage, account, START + DAY))
    threads = [threading.Thread(target=guarded(work)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for point in late[1]:
        add(storage, [point])
    assert nameless(ask(storage, [account]), account) == nameless(ask(storage, [twin]), twin)


def test_the_migration_packs_what_was_there_and_every_answer_stays(backend: str, tmp_path: Path) -> None:
    with fresh_storage(backend, tmp_path) as rows, empty_url(backend, tmp_path) as url:
        client = make_user("ana")
        with rows.begin() as uow:
            uow.users.add(client, None)
        accounts = [add_account(rows, client) for _ in range(2)]
        for n, account in enumerate(accounts):
            add(rows, past(account, days=3 + n, step=3 * MINUTE, seed=n))
        make_old(rows, url)
        migrate(url)
        moved = SqlStorage(url)
        try:
            assert ask(moved, accounts) == ask(rows, accounts)
            assert count(moved, "equity_packs") > 35
            assert 0 < count(moved, "equity_points") < 60
        finally:
            moved.dispose()


def make_old(rows: SqlStorage, url: str) -> None:
    """Fill a database of the revision before packs with the people, accounts and points of a storage."""
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).touch()
    engine, found = create_engine(url), MetaData()
    try:
        upgrade(engine, "0012")
        found.reflect(engine)
        copy_people_and_points(rows, engine, found)
    finally:
        engine.dispose()


def copy_people_and_points(rows: SqlStorage, engine: Engine, found: MetaData) -> None:
    with engine.begin() as target, rows.engine.connect() as source:
        for name in ("users", "data_keys", "exchange_accounts", "equity_points"):
            table = found.tables[name]
            copied = source.execute(select(table)).mappings().all()
            target.execute(insert(table), [dict(row) for row in copied])
