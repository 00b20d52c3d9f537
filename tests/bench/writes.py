"""What storing costs in processor time, and naive tables of a first design to compare with, in pairs."""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

from sqlalchemy import Boolean, DateTime, Double, Engine, Index, Integer, Numeric, Uuid, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from core.domain.types import ExchangeAccount
from core.persistence import SqlStorage
from core.ports import StoredReading
from tests.bench.history_data import ASSETS, NOW, World, year_of_equity
from tests.bench.report import show
from tests.core.persistence.makers import (
    make_balance,
    make_ledger,
    make_point,
    make_position,
    make_reading,
    make_wallet,
)

ROUNDS = 5
READINGS = 100
BULK = 5000


class NaiveBase(DeclarativeBase):
    """Base of the tables that a first design would have."""


class NaivePoint(NaiveBase):
    """One equity point with all its figures, as a first design would have it."""

    __tablename__ = "naive_points"
    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=uuid4)
    account_id: Mapped[UUID] = mapped_column(Uuid())
    bucket_seconds: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    open: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    high: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    low: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    close: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    unrealized: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    complete: Mapped[bool] = mapped_column(Boolean)
    __table_args__ = (Index("ix_naive_points_place", "account_id", "bucket_seconds", "at"),)


class NaiveReading(NaiveBase):
    """One amount of one asset at one instant."""

    __tablename__ = "naive_readings"
    id: Mapped[UUID] = mapped_column(Uuid(), primary_key=True, default=uuid4)
    account_id: Mapped[UUID] = mapped_column(Uuid(), index=True)
    at: Mapped[int] = mapped_column(Integer)
    amount: Mapped[Decimal] = mapped_column(Numeric(38, 18))
    value: Mapped[float] = mapped_column(Double())


def write_naive_points(owner: Engine) -> int:
    """Write the points of a few days as naive rows; return how many. PostgreSQL's NUMERIC keeps a float's digits."""
    NaiveBase.metadata.create_all(owner)
    account, rows = uuid4(), []
    for seconds, bars in year_of_equity(1, fast=False):
        for at, *money, complete in bars[-3000:]:
            figures = dict(zip(("open", "high", "low", "close", "unrealized"), map(to_amount, money), strict=True))
            instant = datetime.fromtimestamp(at / 1e6, UTC)
            place = {"id": uuid4(), "account_id": account, "bucket_seconds": seconds, "at": instant}
            rows.append({**place, **figures, "complete": complete})
    with owner.begin() as connection:
        connection.execute(insert(NaivePoint), rows)
    return len(rows)


def to_amount(value: float) -> Decimal:
    """Return a float as the amount a first design would store."""
    return Decimal(repr(value))


def inserts(backend: str, storage: SqlStorage, owner: Engine, account: ExchangeAccount) -> None:
    """Print the processor time of storing against naive rows through the ORM, in pairs: one by one, and in bulk."""
    NaiveBase.metadata.create_all(owner)
    world, rows = World(), ASSETS + 3
    single: list[tuple[float, float]] = []
    for number in range(ROUNDS):
        readings = [one_reading(world, account, number * READINGS + n) for n in range(READINGS)]
        ours = processor(partial(store, storage, readings))
        naive = processor(partial(add_naive, owner, account, rows, times=READINGS))
        single.append((ours / READINGS, naive / READINGS))
    ours, naive = medians(single)
    show(f"{backend}: storing a reading, processor", f"{ours * 1000:.2f} ms, {ours / naive:.2f} of ORM add_all", "")
    for name, bulk in (("equity points", bulk_points), ("ledger rows", bulk_ledger)):
        pairs, count = [], 0
        for number in range(ROUNDS):
            work, count = bulk(storage, account, number)
            pairs.append((processor(work), processor(partial(add_naive, owner, account, count))))
        ours, naive = medians(pairs)
        value = f"{count / ours / 1000:.0f}k rows/s, {ours / naive:.2f} of ORM add_all"
        show(f"{backend}: {name} in bulk, processor", value, "goal <= 0.10")


def one_reading(world: World, account: ExchangeAccount, number: int) -> StoredReading:
    """Return the next reading: every price has moved, one amount in fifty."""
    at = NOW + timedelta(seconds=30 * number)
    point = world.point(int(at.timestamp()))
    balances = tuple(
        make_balance(account, held.asset, wallet=wallet.wallet, total=held.amount, free=held.amount, price=held.price,
                     value=float(held.amount), as_of=at)
        for wallet in point.wallets for held in wallet.assets
    )  # fmt: skip
    legs = [leg for wallet in point.wallets for leg in wallet.legs]
    positions = tuple(make_position(account, leg.symbol, wallet="usdm", mark_price=leg.mark, as_of=at) for leg in legs)
    wallets = tuple(make_wallet(account, name, attempted_at=at, as_of=at) for name in ("spot", "usdm"))
    return make_reading(
        account, at, wallets=wallets, fresh_wallets=("spot", "usdm"), balances=balances, positions=positions,
        details=point,
    )  # fmt: skip


def store(storage: SqlStorage, readings: Sequence[StoredReading]) -> None:
    """Store readings, each in its transaction."""
    for reading in readings:
        with storage.begin() as uow:
            uow.readings.store(reading)


def bulk_points(storage: SqlStorage, account: ExchangeAccount, number: int) -> tuple[Callable[[], object], int]:
    """Return the storing of five-minute points of the past, and how many rows that is in all bucket sizes."""
    begin = NOW - timedelta(days=3000 - 20 * number)
    points = [
        make_point(account.id, account.user_id, begin + timedelta(minutes=5 * n), 1000.0 + n / 7) for n in range(BULK)
    ]
    rows = sum(len({int(point.at.timestamp()) // size for point in points}) for size in (30, 300, 3600, 86_400))

    def work() -> None:
        with storage.begin() as uow:
            uow.readings.add_history(points, [])

    return work, rows


def bulk_ledger(storage: SqlStorage, account: ExchangeAccount, number: int) -> tuple[Callable[[], object], int]:
    """Return the storing of a first reading's ledger entries, and how many these are."""
    rows = [make_ledger(account, f"{number}:{n}", amount=Decimal(n).scaleb(-8)) for n in range(BULK)]

    def work() -> None:
        with storage.begin() as uow:
            uow.ledger.add(rows)

    return work, BULK


def add_naive(owner: Engine, account: ExchangeAccount, count: int, *, times: int = 1) -> None:
    """Store naive rows through the ORM, as often as said, each time in its transaction."""
    for _ in range(times):
        with Session(owner) as session:
            session.add_all(
                [NaiveReading(account_id=account.id, at=n, amount=Decimal("1.5"), value=1.5) for n in range(count)]
            )
            session.commit()


def processor(work: Callable[[], object]) -> float:
    """Return the processor seconds of this process that a piece of work takes."""
    began = time.process_time()
    work()
    return time.process_time() - began


def medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the medians of both columns."""
    ours, naive = (statistics.median(column) for column in zip(*pairs, strict=True))
    return ours, naive
