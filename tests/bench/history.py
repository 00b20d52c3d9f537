"""What a year of history costs: bytes per account, time of a page's queries over it, processor time of storing it.

100 accounts (25 read every 30 s, the others every 5 min) are given a year as the sidecar would have left it after
thinning; 10,000 accounts are that times 100.
"""

import io
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Double, Integer, Numeric, Uuid, insert, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from core.domain.points import DetailPoint, HeldAsset, OpenLeg, WalletPoint
from core.domain.types import ExchangeAccount, User
from core.persistence import SqlStorage
from core.persistence.models import DayResultRow, DetailPackRow, EquityPointRow, LedgerEntryRow
from core.persistence.point_codec import pack_points
from core.ports import PointWindow
from tests.bench.report import show
from tests.core.persistence.makers import add_account, make_balance, make_position, make_reading, make_user, make_wallet
from tests.databases import BACKENDS, fresh_storage

ACCOUNTS, FAST, CLIENTS = 100, 25, 10
FLEET = 10_000
ASSETS, ENTRIES_A_DAY = 20, 20
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEPT = ((30, 2), (300, 30), (3600, 365), (86_400, 365))
SPANS = {30: 3600, 300: 86_400, 3600: 86_400, 86_400: 30 * 86_400}
NAIVE_ROW_BYTES = 178  # uuid, uuid, NUMERIC and time in PostgreSQL, with its index (PERFORMANCE.md, Storage)
ROUNDS = 5
READINGS = 200


class NaiveBase(DeclarativeBase):
    """Base of the tables that a first design would have."""


class NaiveReading(NaiveBase):
    """One amount of one asset at one instant."""

    __tablename__ = "naive_readings"
    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=uuid4)
    account_id: Mapped[UUID] = mapped_column(Uuid(), index=True)
    at: Mapped[int] = mapped_column(Integer)
    amount: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    value: Mapped[float] = mapped_column(Double())


def main() -> None:
    """Measure both databases."""
    show("an account of the measure", f"{ASSETS} assets, 2 positions", f"{ENTRIES_A_DAY} ledger entries a day")
    for backend in BACKENDS:
        with tempfile.TemporaryDirectory() as folder, fresh_storage(backend, Path(folder)) as storage:
            measure(backend, storage)


def measure(backend: str, storage: SqlStorage) -> None:
    """Fill a database with a year of 100 accounts and print what it costs."""
    clients, accounts = people(storage)
    began = time.perf_counter()
    points = fill(storage, accounts)
    show(f"{backend}: filled", f"{time.perf_counter() - began:.0f} s", f"{points['equity']:,} equity points")
    with storage.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if backend == "postgresql" else "ANALYZE"))
    sizes = table_sizes(storage)
    total = sum(sizes.values())
    for name, size in sizes.items():
        show(f"{backend}: {name}", f"{size / ACCOUNTS / 1e6:.2f} MB", "per account and year")
    show(f"{backend}: history", f"{total / ACCOUNTS / 1e6:.2f} MB", "per account and year")
    show(f"{backend}: {FLEET:,} accounts, a year", f"{total / ACCOUNTS * FLEET / 1e9:.0f} GB", "goal < 100 GB")
    point = sizes["equity_points"] / points["equity"]
    show(f"{backend}: an equity point", f"{point:.0f} B, {point / NAIVE_ROW_BYTES:.2f} of naive", "goal <= 0.10")
    detail = sizes["detail_packs"] / points["details"]
    naive = NAIVE_ROW_BYTES * ASSETS
    show(f"{backend}: all balances of a point", f"{detail:.0f} B, {detail / naive:.3f} of naive", "goal <= 0.05")
    queries(backend, storage, clients[0], [account for account in accounts if account.user_id == clients[0].id])
    inserts(backend, storage, accounts[0])


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
        points = list(year_of_points(account, key, fast=fast))
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
            copy(storage, connection, EquityPointRow, points)
            connection.execute(insert(DetailPackRow), rows)
            copy(storage, connection, LedgerEntryRow, list(year_of_entries(account)))
            connection.execute(insert(DayResultRow), list(year_of_days(account)))
        counted["equity"] += len(points)
        counted["details"] += sum(count for *_rest, count in packs[fast])
    return counted


def copy(storage: SqlStorage, connection: object, model: type, rows: Sequence[dict[str, object]]) -> None:
    """Write many rows the quick way: COPY where there is one."""
    if storage.is_sqlite:
        connection.execute(insert(model), rows)  # type: ignore[attr-defined]
        return
    names = list(rows[0])
    lines = io.StringIO()
    for row in rows:
        lines.write("\t".join("\\N" if row[name] is None else str(row[name]) for name in names) + "\n")
    table = model.__tablename__  # type: ignore[attr-defined]
    driver = connection.connection.driver_connection  # type: ignore[attr-defined]
    quoted = ", ".join(f'"{name}"' for name in names)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({quoted}) FROM STDIN") as target:
        target.write(lines.getvalue())


def year_of_points(account: ExchangeAccount, key: int, *, fast: bool) -> Iterator[dict[str, object]]:
    """Return the equity points that a year leaves."""
    equity, now = 100_000.0, int(NOW.timestamp())
    for seconds, days in KEPT:
        step = seconds if fast or seconds > 30 else 300
        for at in range(now - days * 86_400, now, step):
            equity *= 1 + random.gauss(0, 1e-4)
            yield {
                "account_key": key, "bucket_seconds": seconds, "bucket": at // seconds, "client_id": account.user_id,
                "at_us": at * 1_000_000 + 412_345, "open": equity, "high": equity * 1.0003, "low": equity * 0.9998,
                "close": equity * 1.0001, "unrealized": equity * 0.0123, "complete": True,
            }  # fmt: skip


def year_of_packs(*, fast: bool) -> Iterator[tuple[int, int, bytes, int]]:
    """Return (bucket size, period, pack, points in it) of one account's year."""
    world, now = World(), int(NOW.timestamp())
    for seconds, days in KEPT:
        step, span = seconds if fast or seconds > 30 else 300, SPANS[seconds]
        begins = range((now - days * 86_400) // span * span, now // span * span, span)
        for begin in begins:
            points = [world.point(at) for at in range(begin, begin + span, step)]
            yield seconds, begin // span, pack_points(points), len(points)


class World:
    """Prices that walk, amounts of which one in fifty changes from one reading to the next, two open positions."""

    def __init__(self) -> None:
        """Start somewhere."""
        self._prices = [Decimal(random.randint(1000, 9_999_999)).scaleb(-3) for _ in range(ASSETS)]
        self._amounts = [Decimal(random.randint(10**6, 10**12)).scaleb(-8) for _ in range(ASSETS)]

    def point(self, at: int) -> DetailPoint:
        """Return the next reading."""
        for n in range(ASSETS):
            self._prices[n] = max(Decimal("0.001"), self._prices[n] + Decimal(random.randint(-400, 400)).scaleb(-3))
            if random.random() < 0.02:
                self._amounts[n] += Decimal(random.randint(-(10**8), 10**9)).scaleb(-8)
        held = [HeldAsset(f"AST{n}", self._amounts[n], self._prices[n]) for n in range(ASSETS)]
        legs = tuple(
            OpenLeg(
                f"AST{n}/USDT:USDT", "long", "USDT", qty=Decimal("1.5"), upnl=(self._prices[n] - 500) * Decimal("1.5"),
                settle_price=Decimal(1), mark=self._prices[n], entry=Decimal(500),
            )
            for n in range(2)
        )  # fmt: skip
        wallets = (
            WalletPoint("spot", True, tuple(held[: ASSETS // 2])),
            WalletPoint("usdm", True, tuple(held[ASSETS // 2 :]), legs),
        )
        return DetailPoint(datetime.fromtimestamp(at, UTC) + timedelta(microseconds=random.randint(0, 10**6)), wallets)


def year_of_entries(account: ExchangeAccount) -> Iterator[dict[str, object]]:
    """Return a year of ledger rows."""
    step = timedelta(days=1) / ENTRIES_A_DAY
    for n in range(365 * ENTRIES_A_DAY):
        yield {
            "account_id": account.id, "wallet": "usdm", "dedupe_key": f"FUNDING_FEE:{9_000_000_000 + n}:USDT",
            "client_id": account.user_id, "native_id": str(9_000_000_000 + n), "kind": "funding", "asset": "USDT",
            "amount": Decimal(random.randint(-(10**9), 10**9)).scaleb(-8), "booked_at": NOW - n * step,
            "price": Decimal(1), "symbol": "BTC/USDT:USDT", "venue_type": "FUNDING_FEE",
        }  # fmt: skip


def year_of_days(account: ExchangeAccount) -> Iterator[dict[str, object]]:
    """Return a year of day rows: the account's own and a tenth of the client's."""
    figures = {
        name: random.gauss(0, 1000)
        for name in (
            "equity0", "equity1", "net_flows", "scope_flows", "total", "realised", "unrealised_change", "funding",
            "fees", "other_income", "price_effect", "fx_effect", "unexplained", "twr",
        )
    }  # fmt: skip
    for n in range(365):
        begin = NOW.replace(hour=3) - timedelta(days=n + 1)
        yield {
            "client_id": account.user_id, "scope": str(account.id), "day": begin.date(), "currency": "USD",
            "account_id": account.id, "time_zone": "America/Sao_Paulo", "begins_at": begin,
            "ends_at": begin + timedelta(days=1), **figures, "unexplained_ok": True, "status": "ok", "settled": True,
            "revised": False, "computed_at": NOW,
        }  # fmt: skip


def table_sizes(storage: SqlStorage) -> dict[str, int]:
    """Return the bytes of each table of history with its indexes."""
    names = ("equity_points", "detail_packs", "ledger_entries", "day_results")
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


def inserts(backend: str, storage: SqlStorage, account: ExchangeAccount) -> None:
    """Print the processor time of storing readings against naive rows through the ORM, in pairs."""
    NaiveBase.metadata.create_all(storage.engine)
    world = World()
    balances = tuple(make_balance(account, f"AST{n}", wallet="spot") for n in range(ASSETS))
    positions = tuple(make_position(account, f"AST{n}/USDT:USDT", wallet="usdm") for n in range(2))
    wallets = tuple(make_wallet(account, name) for name in ("spot", "usdm"))
    ratios = []
    for round_number in range(ROUNDS):
        began = time.process_time()
        for n in range(READINGS):
            at = NOW + timedelta(seconds=30 * (round_number * READINGS + n))
            point = world.point(int(at.timestamp()))
            reading = make_reading(
                account, at, wallets=wallets, fresh_wallets=("spot", "usdm"), balances=balances, positions=positions,
                details=point,
            )  # fmt: skip
            with storage.begin() as uow:
                uow.readings.store(reading)
        ours = time.process_time() - began
        began = time.process_time()
        for n in range(READINGS):
            with Session(storage.engine) as session:
                session.add_all(
                    [
                        NaiveReading(account_id=account.id, at=n, amount=Decimal("1.5"), value=1.5)
                        for _ in range(ASSETS + 3)
                    ]
                )
                session.commit()
        ratios.append((ours / READINGS, (time.process_time() - began) / READINGS))
    ours, naive = (statistics.median(column) * 1000 for column in zip(*ratios, strict=True))
    show(
        f"{backend}: storing a reading, processor", f"{ours:.1f} ms, {ours / naive:.2f} of ORM add_all", "goal <= 0.10"
    )


if __name__ == "__main__":
    main()
