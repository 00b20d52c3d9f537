"""Under overload the tightest limit is used up and never exceeded, and the plan stays where it has settled.

Four hundred main accounts behind one Binance address, in simulated time: the real meter, plan and grid of slots.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from connectors.types import Cost
from core.domain.reading_plans import ReadingPlan
from core.domain.types import Tier
from core.persistence import SqlStorage
from core.ports import FleetRow
from core.sync.due import Intervals, next_due
from core.sync.meter import Meter, ledger_calls
from core.sync.planner import decide, loads_of
from core.sync.rates import ledger_interval
from tests.core.sync.worlds import CLIENT, NOON
from tests.databases import fresh_storage

RULES = Intervals()
ACCOUNTS, THREADS = 400, 8
BASE = (Cost("api", 20, 6_000, 60), Cost("fapi", 10, 2_400, 60))
EARN = tuple(Cost(f"earn {kind}", 150, 12_000, 60) for kind in ("flexible", "locked"))
HISTORY = tuple(Cost(f"earn history {number}", 150, 12_000, 60) for number in range(4))
CHEAP_INCOME, DEAR_INCOME = Cost("fapi", 3, 2_400, 60), Cost("fapi", 30, 2_400, 60)
SETTLED, SHOWN = 600, 1_200  # seconds


@dataclass
class Held:
    """One account: when it is due, how often it is read, when its ledger and its earn wallets were last read."""

    number: int
    due: datetime = NOON
    interval: int = 30
    ledger_at: datetime | None = None
    earn_at: datetime | None = None


@dataclass
class World:
    """An address, its accounts, and everything that has left."""

    storage: SqlStorage
    income: Cost
    now: datetime = NOON
    accounts: list[Held] = field(default_factory=lambda: [Held(number) for number in range(ACCOUNTS)])
    left: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    plan: ReadingPlan | None = None
    ledger_seconds: int = RULES.ledger_seconds
    seconds: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.meter = Meter(self.storage, lambda: self.now, "acme", "", 10.0, lambda seconds: None)

    def live(self, seconds: int) -> None:
        """Tick every second, plan every ten."""
        for second in range(seconds):
            if second % 10 == 0:
                self._plan()
            room = self.meter.room()
            self._start(THREADS if room is None else min(THREADS, room))
            self.now += timedelta(seconds=1)

    def _plan(self) -> None:
        measured = self.meter.measure()
        with self.storage.begin() as uow:
            uow.planning.measure(measured)
            budgets = uow.planning.budgets()
        fleet = [
            FleetRow(UUID(int=a.number), CLIENT, "acme", False, True, Tier.MAIN, "", None, None, a.interval)
            for a in self.accounts
        ]
        decision = decide(fleet, {""}, budgets, now=self.now, intervals=RULES)
        (self.plan,) = decision.plans
        loads, counts = loads_of(budgets).get(("acme", ""), []), {Tier.MAIN: ACCOUNTS}
        self.ledger_seconds = ledger_interval(counts, RULES.of_tiers(), loads, RULES.ledger_seconds)
        self.seconds.append(self.plan.seconds[Tier.MAIN])
        for pacing in decision.pacings:
            held = self.accounts[pacing.account_id.int]
            held.interval = pacing.interval_seconds
            held.due = min(held.due, self.now + timedelta(seconds=pacing.interval_seconds))

    def _start(self, room: int) -> None:
        ahead = timedelta(0)
        if self.plan is not None and self.plan.is_stretched:
            ahead = timedelta(seconds=self.plan.seconds[Tier.MAIN] - 30)
        for held in sorted(self.accounts, key=lambda held: held.due)[:room]:
            if held.due <= self.now + ahead:
                self._read(held)

    def _read(self, held: Held) -> None:
        self._pay(BASE)
        if held.number % 10 == 0 and is_old(held.earn_at, self.now, RULES.seldom_wallet_seconds):
            held.earn_at = self.now
            self._pay(EARN)
        if is_old(held.ledger_at, self.now, self.ledger_seconds) and not self.meter.is_crowded(
            is_old=is_old(held.ledger_at, self.now, 2 * self.ledger_seconds)
        ):
            held.ledger_at = self.now
            with ledger_calls():
                self._pay((*HISTORY, self.income))
        self.meter.count_slot()
        held.interval = 30 if self.plan is None else self.plan.seconds[Tier.MAIN]
        held.due = next_due(min(held.due, self.now), self.now, interval_seconds=held.interval)

    def _pay(self, costs: tuple[Cost, ...]) -> None:
        for cost in costs:
            at = self.now.timestamp() + self.meter.pay((cost,))
            self.left[cost.bucket].append((at, cost.units))


def is_old(at: datetime | None, now: datetime, seconds: int) -> bool:
    return at is None or now - at >= timedelta(seconds=seconds)


def most_in_a_window(left: list[tuple[float, int]], seconds: float) -> int:
    """Return the most units that left within any stretch of so many seconds."""
    ordered, first, within, most = sorted(left), 0, 0, 0
    for at, units in ordered:
        within += units
        while ordered[first][0] <= at - seconds:
            within -= ordered[first][1]
            first += 1
        most = max(most, within)
    return most


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[SqlStorage]:
    with fresh_storage("sqlite", tmp_path) as made:
        yield made


@pytest.mark.parametrize("income", [CHEAP_INCOME, DEAR_INCOME])
def test_four_hundred_accounts_use_up_the_tightest_limit_and_the_plan_does_not_swing(
    storage: SqlStorage, income: Cost
) -> None:
    world = World(storage, income)
    world.live(SETTLED)
    since, planned = world.now.timestamp(), len(world.seconds)
    world.live(SHOWN)
    limits = {cost.bucket: cost.limit for cost in (*BASE, *EARN, *HISTORY)}
    for bucket, left in world.left.items():
        assert most_in_a_window(left, 60) <= limits[bucket]
    used = {
        bucket: sum(units for at, units in left if at >= since) / (limits[bucket] * SHOWN / 60)
        for bucket, left in world.left.items()
    }
    assert max(used.values()) >= 0.95
    shown = world.seconds[planned:]
    assert max(shown) <= 1.1 * min(shown)
    oldest = max(world.now - (held.ledger_at or NOON) for held in world.accounts)
    assert oldest < timedelta(seconds=2 * world.ledger_seconds)
