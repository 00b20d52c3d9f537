"""Exchanges that ask for peace, are down, or whose clock differs from ours."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.faults import FaultKind
from core.domain.types import AccountStatus
from core.services.curves import day_start
from tests.core.sync.house import EXCHANGE
from tests.faults.house import OTHER, FaultHouse

PRICES = "/api/v3/ticker/price"


@pytest.mark.parametrize(
    ("status", "asks", "code", "pause"),
    [(429, 45, "rate_limited", 45), (418, 7, "ip_banned", 120), (418, 600, "ip_banned", 600)],
)
def test_nobody_asks_an_exchange_again_before_it_allows(
    any_house: FaultHouse, status: int, asks: int, code: str, pause: int
) -> None:
    house = any_house
    before = house.figures(house.good), house.figures(house.spot)
    house.strike(FaultKind.STATUS, status=status, retry_after=asks, path_prefix="/api/v3/account")
    house.once()
    assert house.pauses() == {EXCHANGE: code}
    house.heal()
    house.sandbox.requests.clear()
    runner = house.runner()
    house.tick(runner)
    house.clock.move(pause - 5)
    house.tick(runner)
    house.tick(runner)
    assert house.asked() == 0
    assert house.asked(exchange=OTHER) > 0
    assert (house.figures(house.good), house.figures(house.spot)) == before
    assert house.account(house.spot).status is AccountStatus.ACTIVE
    house.clock.move(40)
    house.once()
    assert house.age(house.good) == house.age(house.spot) == 0


def test_each_further_ban_lasts_twice_as_long(house: FaultHouse) -> None:
    runner = house.runner()
    house.strike(FaultKind.STATUS, status=418)
    lengths = []
    for _ in range(3):
        while not house.pauses():
            house.pass_time()
            house.tick(runner)
        with house.storage.begin(write=False) as uow:
            (pause,) = uow.syncing.pauses(house.clock())
        lengths.append((pause.until - house.clock()).total_seconds())
        house.clock.move(lengths[-1])
    assert lengths == [120, 240, 480]


def test_the_screen_says_until_when_an_exchange_is_left_alone(house: FaultHouse) -> None:
    house.strike(FaultKind.STATUS, status=429, retry_after=1200)
    house.once()
    assert "Binance asked for a pause until" in house.reads("overview")


def test_an_exchange_under_maintenance_is_asked_once_a_minute_and_comes_back_by_itself(house: FaultHouse) -> None:
    runner = house.runner()
    house.tick(runner)
    house.strike(FaultKind.STATUS, status=503)
    failures = 0
    while not house.pauses():
        house.pass_time()
        house.tick(runner)
        failures += 1
    assert failures <= 5
    assert house.pauses() == {EXCHANGE: "maintenance"}
    assert "Binance is under maintenance" in house.reads()
    house.sandbox.requests.clear()
    house.ticks(runner, seconds=180, step=20)
    asked = house.requests()
    assert set(asked) == {PRICES}
    assert asked[PRICES] <= 3 * 4  # a probe a minute, each with its retries
    assert house.age(house.other) <= 45
    house.heal()
    house.ticks(runner, seconds=100, step=20)
    assert max(house.age(house.good), house.age(house.spot)) <= 45


@pytest.mark.parametrize("seconds", [90.0, -90.0, 3.0])
def test_a_clock_that_differs_is_measured_and_used(
    house: FaultHouse, caplog: pytest.LogCaptureFixture, seconds: float
) -> None:
    house.strike(FaultKind.SKEW, seconds=seconds)
    house.pass_time(20)
    house.once()
    assert house.state(house.good).last_error_code is None
    assert house.age(house.good) == 0
    assert house.amounts(house.good) == house.truth("good")
    assert ("clock differs" in caplog.text) is (abs(seconds) >= 5)


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_that_jumps_leaves_the_slots_their_pace(house: FaultHouse, hours: int) -> None:
    runner = house.runner()
    house.tick(runner)
    house.clock.move(hours * 3600)
    house.ticks(runner, seconds=60, step=20)
    reads = []
    for _ in range(8):
        house.clock.move(15)
        house.tick(runner)
        read_at = house.state(house.good).last_ok_at
        if read_at not in reads:
            reads.append(read_at)
    assert 3 <= len(reads) <= 5
    assert house.age(house.good) <= 30
    assert not [name for wallet in house.wallets(house.good).values() for name in wallet.unpriced]


@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("America/New_York", datetime(2026, 3, 6, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 10, 30, tzinfo=UTC)),
        ("America/Santiago", datetime(2026, 9, 4, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2026, 2, 13, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 5, 1, tzinfo=UTC)),
    ],
)
def test_no_local_day_is_missing_or_double_when_clocks_change(zone: str, first: datetime) -> None:
    starts = [day_start(first + timedelta(minutes=15 * step), zone) for step in range(4 * 24 * 5)]
    days = sorted(set(starts))
    assert starts == sorted(starts)
    assert 5 <= len(days) <= 6
    assert all(
        timedelta(hours=23) <= two - one <= timedelta(hours=25) for one, two in zip(days, days[1:], strict=False)
    )
