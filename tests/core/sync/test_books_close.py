"""Days lived at the sandbox with the sidecar's own readings make books that close."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors.sandbox.server import Sandbox
from core.domain.day_result import DayResult
from core.domain.pnl import Book, equity_at, period_pnl
from core.domain.types import Job
from core.persistence import SqlStorage
from core.services.books import load_book
from tests.core.sync.conftest import make_house
from tests.core.sync.house import House, MovableClock

# one unified wallet; classic wallets and trades that are told pair by pair; a ledger over several wallets
ACCOUNTS = ("bybit", "binance", "kraken")
STEP = 4 * 3600
LIVED = timedelta(hours=40)


@pytest.fixture
def lived(tmp_path: Path, sandbox: Sandbox, clock: MovableClock) -> tuple[House, dict[str, Job], datetime]:
    """Give a house whose sidecar has read three accounts for two days and a bit, and when it began."""
    clock.move(7)  # funding is stamped on the hour
    house = next(make_house("sqlite", tmp_path, sandbox, clock))
    jobs = {exchange: house.add("good", exchange=exchange) for exchange in ACCOUNTS}
    runner, start = house.runner(), clock()
    while clock() < start + LIVED:
        for _ in range(2):
            house.tick(runner)
        clock.move(STEP)
    for _ in range(6):  # a ledger that is read in parts catches up, and the days behind it settle
        house.tick(runner)
        clock.move(400)
    house.tick(runner)
    return house, jobs, start


def day_rows(house: House, job: Job) -> list[DayResult]:
    with house.storage.begin(write=False) as uow:
        scopes = {str(job.account_id)}
        return uow.days.find(None, scopes, since=date(2026, 1, 1), until=date(2027, 1, 1), currency="USD")


def load(house: House, job: Job, since: datetime) -> Book:
    with house.storage.begin(write=False) as uow:
        return load_book(uow, None, [job.account_id], since, house.clock(), time_zone="America/Sao_Paulo")


def test_the_books_of_lived_days_close(lived: tuple[House, Mapping[str, Job], datetime]) -> None:
    house, jobs, start = lived
    for exchange, job in jobs.items():
        rows = day_rows(house, job)
        assert [(row.day, row.settled) for row in rows] == [(date(2026, 3, 1), True), (date(2026, 3, 2), True)], (
            exchange
        )
        for row in rows:
            assert row.equity1 is not None and row.unexplained is not None and row.total is not None
            assert abs(row.unexplained) <= 0.01, exchange
            assert abs(row.total) > 10, exchange
        book = load(house, job, start)
        shown = sum(wallet.equity or 0.0 for wallet in house.wallets(job).values())
        assert equity_at(book, house.clock()).equity == pytest.approx(shown, rel=1e-9), exchange
        whole = period_pnl(book, start, rows[-1].ends_at)
        assert whole.total == pytest.approx(sum(row.total or 0.0 for row in rows), abs=1e-6), exchange
        lost = forget_an_entry(house, job)
        missing = period_pnl(load(house, job, start), start, house.clock()).unexplained
        assert missing == pytest.approx((period_pnl(book, start, house.clock()).unexplained or 0.0) + lost), exchange


def forget_an_entry(house: House, job: Job) -> float:
    """Delete an entry in dollars of the lived days from the ledger and return what it moved."""
    row = next(
        row
        for row in house.ledger_rows(job)
        if row.kind in ("funding", "fee", "interest")
        and row.asset in ("USD", "USDT", "USDC")
        and row.booked_at > house.clock() - LIVED + timedelta(hours=1)
    )
    statement = text("DELETE FROM ledger_entries WHERE dedupe_key = :key AND wallet = :wallet")
    assert isinstance(house.storage, SqlStorage)
    with house.storage.engine.begin() as connection:
        assert connection.execute(statement, {"key": row.dedupe_key, "wallet": row.wallet}).rowcount == 1
    return float(row.amount)
