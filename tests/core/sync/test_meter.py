"""Counting: nothing leaves above a limit, whoever else books it; the exchange's own count corrects ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path

import pytest

from connectors.errors import RateLimitedError
from connectors.types import Cost
from core.domain.reading_plans import Budget
from core.persistence import SqlStorage
from core.sync.meter import Meter, Meters, ledger_calls
from core.sync.rates import MICROS, rate_of
from tests.core.sync.conftest import BACKEND_PARAMS
from tests.databases import fresh_storage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPOT = Cost("api", 20, 6_000, 60)
UNIT = rate_of(6_000, 60).unit_us / MICROS


@dataclass
class SleptClock:
    """A clock that moves by being slept on."""

    now: datetime = NOON + timedelta(seconds=5)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture(params=BACKEND_PARAMS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStorage]:
    with fresh_storage(str(request.param), tmp_path) as made:
        yield made


@pytest.fixture
def clock() -> SleptClock:
    return SleptClock()


def meter(storage: SqlStorage, clock: SleptClock, *, egress: str = "", stretch: float = 1.0) -> Meter:
    return Meter(storage, clock, "acme", egress, stretch, clock.sleep)


def budget(storage: SqlStorage, egress: str = "") -> Budget:
    with storage.begin(write=False) as uow:
        return next(item for item in uow.planning.budgets("acme") if item.egress == egress)


def spend(meters: list[Meter], clock: SleptClock, seconds: float) -> int:
    """Let all want as much as they can for a while; return the units that left."""
    begin, units = clock.now, 0
    while clock.now - begin < timedelta(seconds=seconds):
        for one in meters:
            one.pay((SPOT,))
            units += SPOT.units
    return units


def test_under_overload_a_window_is_filled_and_never_overfilled(storage: SqlStorage, clock: SleptClock) -> None:
    one = meter(storage, clock)
    assert 0.95 * 6_000 <= spend([one], clock, 60) <= 6_000
    assert 0.95 * 6_000 <= spend([one], clock, 60) <= 6_000


def test_two_processes_behind_one_address_share_its_count(storage: SqlStorage, clock: SleptClock) -> None:
    both = [meter(storage, clock), meter(storage, clock)]
    assert 0.95 * 6_000 <= spend(both, clock, 60) <= 6_000


def test_two_addresses_have_a_count_each(storage: SqlStorage, clock: SleptClock) -> None:
    for egress in ("one", "two"):
        meter(storage, clock, egress=egress).pay((SPOT,))
    assert budget(storage, "one").free_at == budget(storage, "two").free_at


def test_what_a_process_booked_before_it_was_killed_stays_booked(storage: SqlStorage, clock: SleptClock) -> None:
    spend([meter(storage, clock)], clock, 20)
    ahead = budget(storage).free_at / MICROS - clock.now.timestamp()
    assert meter(storage, clock).pay((SPOT,)) == pytest.approx(max(0.0, ahead), abs=0.01)


def test_after_an_idle_time_hardly_more_leaves_at_once(storage: SqlStorage, clock: SleptClock) -> None:
    one = meter(storage, clock)
    one.pay((SPOT,))
    clock.sleep(600)
    at_once = 0
    while not one.pay((SPOT,)):
        at_once += SPOT.units
    assert at_once <= 0.03 * 6_000


def test_the_use_of_others_behind_the_address_slows_us_down(storage: SqlStorage, clock: SleptClock) -> None:
    one = meter(storage, clock)
    one.pay((SPOT,))
    before = budget(storage).free_at
    one.learn(SPOT, 40, clock.now)
    assert budget(storage).free_at == before
    one.learn(SPOT, 3_000, clock.now)
    seconds = (budget(storage).free_at - before) / MICROS
    assert seconds == pytest.approx((3_000 - 300 - budget_units(one)) * UNIT, rel=0.1)
    with pytest.raises(RateLimitedError):
        one.pay((SPOT,))
    clock.sleep(seconds)
    assert one.pay((SPOT,)) < 2


def budget_units(one: Meter) -> int:
    """Return what the meter has booked at its first payment: a stretch, counted twice at a window's begin."""
    return 2 * 20 * ceil(one.stretch_seconds / UNIT / 20)


def test_a_limit_that_the_exchange_calls_used_up_stops_until_its_window_ends(
    storage: SqlStorage, clock: SleptClock
) -> None:
    one = meter(storage, clock)
    one.pay((SPOT,))
    one.learn(SPOT, 6_000, clock.now)
    assert budget(storage).free_at >= (NOON + timedelta(seconds=60)).timestamp() * MICROS


def test_a_count_told_at_a_window_s_begin_may_be_the_last_one_s_and_is_not_believed(
    storage: SqlStorage, clock: SleptClock
) -> None:
    one = meter(storage, clock)
    one.pay((SPOT,))
    before = budget(storage).free_at
    one.learn(SPOT, 5_900, NOON + timedelta(seconds=61))
    assert budget(storage).free_at == before


@pytest.mark.parametrize(
    ("asked", "banned", "seconds"),
    [(17, False, 17), (None, False, 60), (7, True, 120), (600, True, 600), (0, False, 1)],
)
def test_a_refusal_stops_the_address_for_every_process_and_no_other(
    storage: SqlStorage, clock: SleptClock, asked: float | None, banned: bool, seconds: float
) -> None:
    one, same, other = meter(storage, clock), meter(storage, clock), meter(storage, clock, egress="two")
    for each in (one, same, other):
        each.pay((SPOT,))
    clock.sleep(20)
    one.halt(asked, banned=banned)
    with pytest.raises(RateLimitedError) as caught:
        one.pay((SPOT,))
    assert caught.value.retry_after == pytest.approx(seconds, abs=0.01)
    assert one.room() == 0
    assert budget(storage).free_at >= (clock.now.timestamp() + seconds) * MICROS - 1
    assert other.pay((SPOT,)) == 0
    clock.sleep(seconds)
    assert one.pay((SPOT,)) < 1


def test_what_a_slot_takes_is_measured_apart_from_what_is_read_for_all(storage: SqlStorage, clock: SleptClock) -> None:
    meters = Meters(storage, clock, is_alone=True, sleep=clock.sleep)
    own, everybody = meters.of("acme"), meters.for_all("acme")
    for _ in range(10):
        own.pay((SPOT,))
        own.pay((SPOT,))
        own.count_slot()
    everybody.pay((Cost("api", 60, 6_000, 60),))
    clock.sleep(60)
    (found,) = meters.measure()
    assert found.slot_units == 40
    assert found.other_rate == pytest.approx(1, rel=0.1)
    room = own.room()
    assert room is not None
    assert 4 <= room <= 5
    assert Meters(storage, clock).of("acme").room() is None


def test_a_ledger_s_price_is_known_apart_and_far_booked_counts_let_no_more_begin(
    storage: SqlStorage, clock: SleptClock
) -> None:
    one = Meter(storage, clock, "acme", "", 1.0, lambda seconds: None)
    history = Cost("history", 150, 12_000, 60)
    one.pay((SPOT,))
    assert not one.is_crowded()
    for _ in range(8):
        with ledger_calls():
            one.pay((SPOT,))
            one.pay((history,))
    one.count_slot()
    assert one.is_crowded()
    clock.sleep(30)
    assert not one.is_crowded()
    found = {item.bucket: item for item in one.measure()}
    assert (found["api"].slot_units, found["api"].ledger_units) == (20, 20)
    assert (found["history"].slot_units, found["history"].ledger_units) == (0, 150)
    assert found["history"].ledger_rate == found["history"].other_rate > 0


def test_of_a_count_that_slots_need_ledgers_take_half_at_most(storage: SqlStorage, clock: SleptClock) -> None:
    one = meter(storage, clock)
    one.pay((SPOT,))
    one.count_slot()
    one.measure()
    clock.sleep(1)
    one.measure()
    while not one.is_crowded():
        with ledger_calls():
            one.pay((SPOT,))
        assert one.room() is not None
    ahead = budget(storage).free_at / MICROS - clock.now.timestamp()
    assert ahead < 3
