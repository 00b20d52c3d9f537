"""Closed positions beside the ledger: what the exchange's books hold is what is stored, whatever is read again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.sandbox.faults import Fault, FaultKind
from core.domain.closed import ClosedRow
from core.domain.types import AccountStatus, Job
from tests.core.sync.house import House

ZERO, CENT = Decimal(0), Decimal("0.01")
DAY = timedelta(days=1)
TELLING = {
    "bybit": "/v5/position/closed-pnl",
    "okx": "/api/v5/account/positions-history",
    "bitget": "/api/v2/mix/position/history-position",
    "bingx": "/openApi/swap/v1/trade/positionHistory",
    "gateio": "/api/v4/futures/usdt/position_close",
    "kucoin": "/api/v1/history-positions",
}
KEY = "one_way"
SLOW = ("bingx",)  # its own limits make reading again take minutes where the clock stands still
Told = tuple[str, str, Decimal, Decimal | None, datetime]


def closed(house: House, job: Job) -> list[ClosedRow]:
    with house.storage.begin(write=False) as uow:
        ages = {"since": datetime(2000, 1, 1, tzinfo=UTC), "until": house.clock() + DAY}
        return uow.closed.between({job.account_id}, {job.client_id}, **ages)


def add(house: House, exchange: str) -> Job:
    """Add an account and read it; a person says of a key whose rights nobody can tell that it may be used."""
    job = house.add(KEY, exchange=exchange)
    house.once()
    account = house.account(job)
    if account.status is AccountStatus.UNVERIFIED:
        with house.storage.begin() as uow:
            uow.accounts.set_status(account, AccountStatus.ACTIVE, None, house.clock())
        house.once()
    return job


def true(house: House, exchange: str, days: int) -> list[Told]:
    """Return what the exchange's books hold of the last days; Bybit's net knows no funding, its gross is not told."""
    uid, now = house.sandbox.key(exchange, KEY).uid, house.clock()
    return [
        (
            f"{trip.base}/USDT:{trip.settle}",
            trip.side.value,
            trip.gross + trip.open_fee + trip.close_fee + (ZERO if exchange == "bybit" else trip.funding),
            None if exchange == "bybit" else trip.gross,
            trip.closed_at.replace(microsecond=0),
        )
        for trip in house.sandbox.world.closed_trips(uid, now - days * DAY, now)
    ]


def stored(rows: Sequence[ClosedRow]) -> list[Told]:
    return [(row.symbol, row.side, row.net_pnl, row.gross_pnl, row.closed_at.replace(microsecond=0)) for row in rows]


def alike(found: list[Told], expected: list[Told]) -> bool:
    """Tell whether both are the same trips; an exchange may round the net it tells to the cent."""
    pairs = zip(sorted(found, key=by_time), sorted(expected, key=by_time), strict=False)
    is_same = all((*a[:2], *a[3:]) == (*b[:2], *b[3:]) and abs(a[2] - b[2]) <= CENT / 2 for a, b in pairs)
    return is_same and len(found) == len(expected)


def by_time(told: Told) -> tuple[datetime, str, str]:
    return told[-1], told[0], told[1]


@pytest.mark.parametrize("exchange", TELLING)
def test_what_is_stored_is_what_the_exchange_s_books_hold(house: House, exchange: str) -> None:
    job = add(house, exchange)
    state = house.state(job)
    assert state.last_error_code is None
    assert (state.closed_since, state.closed_read_to) == (house.clock() - 30 * DAY, house.clock())
    before = closed(house, job)
    assert before
    assert alike(stored(before), true(house, exchange, 30))
    assert all(row.net_usd is not None for row in before if row.settle_asset in ("USDT", "USDC"))


@pytest.mark.parametrize("exchange", [name for name in TELLING if name not in SLOW])
def test_reading_again_goes_back_ninety_days_and_changes_nothing_of_what_is_stored(house: House, exchange: str) -> None:
    job = add(house, exchange)
    begun, first = house.clock(), closed(house, job)
    for _ in range(3):
        house.clock.move(300)
        house.once()
    assert house.state(job).closed_since == begun - 90 * DAY + timedelta(seconds=600)
    before = closed(house, job)
    assert set(first) <= set(before)
    assert alike(stored(before), true(house, exchange, 90))
    house.clock.move(300)
    house.once()
    assert closed(house, job)[: len(before)] == before
    assert house.state(job).closed_read_to == house.clock()


def test_a_position_that_closes_is_stored_once_on_each_database(any_house: House) -> None:
    house, exchange = any_house, "bitget"
    job = house.add(KEY, exchange=exchange)
    house.once()
    for _ in range(2):
        house.clock.move(86400)
        house.once()
    begun = house.state(job).closed_since
    assert begun is not None
    assert alike(stored(closed(house, job)), true(house, exchange, (house.clock() - begun).days))


def test_an_exchange_that_tells_none_is_read_as_ever(house: House) -> None:
    job = house.add("good")
    house.once()
    state = house.state(job)
    assert (state.last_error_code, state.closed_since, state.closed_read_to) == (None, None, None)
    assert state.ledger_read_to == house.clock()
    assert closed(house, job) == []


@pytest.mark.parametrize(("exchange", "status"), [("okx", 403), ("bitget", 500)])
def test_a_read_that_fails_fails_neither_slot_nor_ledger(house: House, exchange: str, status: int) -> None:
    house.sandbox.fault(Fault(exchange, FaultKind.STATUS, status=status, path_prefix=TELLING[exchange]))
    job = house.add(KEY, exchange=exchange)
    house.once()
    state = house.state(job)
    assert (state.last_error_code, state.closed_read_to, state.ledger_read_to) == (None, None, house.clock())
    assert house.ledger(job)
    house.sandbox.faults.clear()
    house.clock.move(300)
    house.once()
    assert alike(stored(closed(house, job)), true(house, exchange, 30))


def test_a_sidecar_that_slept_for_months_begins_anew(house: House) -> None:
    job = house.add(KEY, exchange="okx")
    house.once()
    house.clock.move(100 * 86400)
    house.once()
    assert house.state(job).closed_since == house.clock() - 30 * DAY
    assert alike(stored([row for row in closed(house, job) if row.closed_at >= house.clock() - 30 * DAY]),
                 true(house, "okx", 30))  # fmt: skip
