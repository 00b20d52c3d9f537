"""What a year of history costs: bytes per account, time of a page's queries over it, processor time of storing it.

100 accounts (25 read every 30 s, the others every 5 min) are given a year as the sidecar would have left it after
thinning and packing; 10,000 accounts are that times 100. What is stored and written is in tests/bench/history_data.py
and tests/bench/writes.py.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine, insert, text

from core.domain.types import ExchangeAccount, User
from core.persistence import SqlStorage
from core.persistence.engine import StorageRole, make_engine, parse_url
from core.persistence.models import DayResultRow, DetailPackRow, EquityPackRow, EquityPointRow, LedgerEntryRow
from core.ports import PointWindow
from tests.bench.history_data import (
    ASSETS,
    ENTRIES_A_DAY,
    NOW,
    as_stored,
    write,
    year_of_days,
    year_of_entries,
    year_of_equity,
    year_of_packs,
)
from tests.bench.report import show
from tests.bench.writes import inserts, write_naive_points
from tests.core.persistence.makers import add_account, make_user
from tests.databases import BACKENDS, fresh_url

ACCOUNTS, FAST, CLIENTS = 100, 25, 10
FLEET = 10_000
NAIVE_ROW_BYTES = 178  # uuid, uuid, NUMERIC and time in PostgreSQL, with its index (PERFORMANCE.md, Storage)
ROUNDS = 5


def main() -> None:
    """Measure both databases."""
    show("an account of the measure", f"{ASSETS} assets, 2 positions", f"{ENTRIES_A_DAY} ledger entries a day")
    for backend in BACKENDS:
        with tempfile.TemporaryDirectory() as folder, fresh_url(backend, Path(folder)) as url:
            storage, owner = SqlStorage(url), make_engine(parse_url(url), role=StorageRole.CLI)
            try:
                measure(backend, storage, owner)
            finally:
                storage.dispose()
                owner.dispose()


def measure(backend: str, storage: SqlStorage, owner: Engine) -> None:
    """Fill a database with a year of 100 accounts and print what it costs."""
    clients, accounts = people(storage)
    began = time.perf_counter()
    points = fill(storage, accounts)
    naive_points = write_naive_points(owner)
    show(f"{backend}: filled", f"{time.perf_counter() - began:.0f} s", f"{points['equity']:,} equity points")
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if backend == "postgresql" else "ANALYZE"))
    sizes = table_sizes(storage)
    naive_point = sizes.pop("naive_points") / naive_points
    total = sum(sizes.values())
    for name, size in sizes.items():
        show(f"{backend}: {name}", f"{size / ACCOUNTS / 1e6:.2f} MB", "per account and year")
    show(f"{backend}: history", f"{total / ACCOUNTS / 1e6:.2f} MB", "per account and year")
    show(f"{backend}: {FLEET:,} accounts, a year", f"{total / ACCOUNTS * FLEET / 1e9:.0f} GB", "goal < 100 GB")
    point = (sizes["equity_points"] + sizes["equity_packs"]) / points["equity"]
    show(f"{backend}: an equity point", f"{point:.1f} B, {point / NAIVE_ROW_BYTES:.3f} of naive", "goal <= 0.10")
    ratio = f"{point / naive_point:.3f} of {naive_point:.0f} B"
    show(f"{backend}: of a naive row of the same figures", ratio, "goal <= 0.10")
    detail = sizes["detail_packs"] / points["details"]
    naive = NAIVE_ROW_BYTES * ASSETS
    show(f"{backend}: all balances of a point", f"{detail:.0f} B, {detail / naive:.3f} of naive", "goal <= 0.05")
    queries(backend, storage, clients[0], [account for account in accounts if account.user_id == clients[0].id])
    inserts(backend, storage, owner, accounts[0])


def people(storage: SqlStorage) -> tuple[list[User], list[ExchangeAccount]]:
    """Store clients with ten accounts each."""
    clients = [make_user(f"client-{n}") for n in range(CLIENTS)]
    with storage.begin() as uow:
        for client in clients:
            uow.users.add(client, None)
    return clients, [add_account(storage, clients[n % CLIENTS], name=f"Account {n}") for n in range(ACCOUNTS)]


def fill(storage: SqlStorage, accounts: Sequence[ExchangeAccount]) -> dict[str, int]:
    """Write a year of all accounts as it stands after thinning; return how many points that is."""
    with storage.engine.connect() as connection:
        numbers = {UUID(str(i)): n for i, n in connection.execute(text("SELECT id, number FROM exchange_accounts"))}
    counted = {"equity": 0, "details": 0}
    packs = {fast: list(year_of_packs(fast=fast)) for fast in (False, True)}
    for n, account in enumerate(accounts):
        fast, key = n < FAST, numbers[account.id]
        sizes = list(year_of_equity(n, fast=fast))
        stored = [as_stored(account, key, seconds, bars) for seconds, bars in sizes]
        rows = [
            {
                "account_key": key,
                "client_id": account.user_id,
                "bucket_seconds": seconds,
                "period": period,
                "details": packed,
            }
            for seconds, period, packed, _count in packs[fast]
        ]
        with storage.engine.begin() as connection:
            connection.execute(insert(EquityPackRow), [row for packed, _ in stored for row in packed])
            write(connection, EquityPointRow, [row for _, left in stored for row in left])
            connection.execute(insert(DetailPackRow), rows)
            write(connection, LedgerEntryRow, list(year_of_entries(account)))
            connection.execute(insert(DayResultRow), list(year_of_days(account)))
        counted["equity"] += sum(len(bars) for _, bars in sizes)
        counted["details"] += sum(count for *_rest, count in packs[fast])
    return counted


def table_sizes(storage: SqlStorage) -> dict[str, int]:
    """Return the bytes of each table of history with its indexes."""
    names = ("equity_points", "equity_packs", "detail_packs", "ledger_entries", "day_results", "naive_points")
    with storage.engine.connect() as connection:
        if not storage.is_sqlite:
            size = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
            return {name: connection.execute(size, {"name": name}).scalar_one() for name in names}
        of_objects = text(
            "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name GROUP BY m.tbl_name"
        )
        found: dict[str, int] = {name: size for name, size in connection.execute(of_objects)}
        return {name: found[name] for name in names}


def queries(backend: str, storage: SqlStorage, client: User, accounts: Sequence[ExchangeAccount]) -> None:
    """Print how long the queries of pages take over the year."""
    ids, clients = [account.id for account in accounts], {client.id}
    month, week = NOW - timedelta(days=30), NOW - timedelta(days=7)

    def timed(name: str, work: Callable[[], object]) -> None:
        work()
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
        show(f"{backend}: {name}", f"{statistics.median(times) * 1000:.0f} ms", "goal < 50 ms")

    with storage.begin(write=False) as uow:
        hourly = [PointWindow(3600, month, NOW)]
        timed("30-day curve of one account", lambda: uow.readings.points(ids[:1], clients, hourly))
        timed(f"30-day curve of {len(ids)} accounts", lambda: uow.readings.points(ids, clients, hourly))
        timed("points at three times", lambda: uow.readings.last_points_before(ids, clients, [NOW, week, month]))
        span = {"since": (NOW - timedelta(days=365)).date(), "until": NOW.date(), "currency": "USD"}
        timed("a year of day rows", lambda: uow.days.find(clients, {str(ids[0])}, **span))  # type: ignore[arg-type]
        timed(
            "details of a day",
            lambda: uow.history.points(ids[-1:], clients, since=week, until=week + timedelta(days=1)),
        )
        flows = {"since": week, "until": NOW, "kinds": {"funding", "deposit"}}
        timed("a week's ledger", lambda: uow.ledger.flows(ids[:1], clients, **flows))  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
