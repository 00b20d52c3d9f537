"""Decides every few seconds, for all sidecars, how often each account is read and by which address."""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor
from uuid import UUID

from core.config import Settings
from core.domain.reading_plans import Budget, ReadingPlan
from core.domain.types import STOPPED, Tier
from core.ports import FleetRow, Pacing, Storage
from core.sync.due import Intervals, tier_of
from core.sync.meter import Meters, load_of
from core.sync.rates import Fit, Load, fit, ledger_interval

log = logging.getLogger(__name__)

PLAN_SECONDS = 10
TURN = "plan"
ALIVE = timedelta(seconds=60)
SOONER_PART = 0.9  # of its planned interval: one that has become shorter than that need not run out first
UNEVEN_PART = 0.1  # of its share, that an address may have more than the others before accounts move
TESTNET = "testnet "
ORDER = list(Tier)


@dataclass(frozen=True, slots=True)
class Decision:
    """The plans of all exchanges and addresses, and the accounts for which something changes."""

    plans: list[ReadingPlan]
    pacings: list[Pacing]


def intervals_of(settings: Settings) -> Intervals:
    """Return the intervals that this installation is set to."""
    return Intervals(
        main_seconds=settings.sync_interval_seconds,
        slow_seconds=settings.sync_slow_interval_seconds,
        ledger_seconds=settings.ledger_interval_seconds,
        rest_seconds=settings.sync_rest_interval_seconds,
        slow_wallet_seconds=settings.slow_wallet_interval_seconds,
        seldom_wallet_seconds=settings.earn_interval_seconds,
        active_days=settings.client_active_days,
    )


class Planner:
    """Keeps the plan of this sidecar's address at hand, and makes everybody's when it is its turn."""

    def __init__(self, storage: Storage, intervals: Intervals, meters: Meters) -> None:
        """Begin without a plan: every tier at its wanted interval."""
        self._storage, self._intervals, self._meters = storage, intervals, meters
        self._wanted = intervals.of_tiers()
        self._plans: dict[str, ReadingPlan] = {}
        self._planned_at: datetime | None = None
        self._ledgers: dict[str, int] = {}

    def seconds(self, exchange: str, tier: Tier, *, testnet: bool = False) -> int:
        """Return how often an account of this tier is read now."""
        plan = None if testnet else self._plans.get(exchange)
        return self._wanted[tier] if plan is None else int(plan.seconds.get(tier, self._wanted[tier]))

    def ledger_seconds(self, exchange: str, *, testnet: bool = False) -> int:
        """Return how often the ledger of an account is read now."""
        return (
            self._intervals.ledger_seconds if testnet else self._ledgers.get(exchange, self._intervals.ledger_seconds)
        )

    def ahead_seconds(self, exchange: str) -> float:
        """Return how much sooner than planned main accounts may be read where limits have room: as wanted at most."""
        plan = self._plans.get(exchange)
        if plan is None or not plan.is_stretched:
            return 0.0
        return float(max(0, plan.seconds.get(Tier.MAIN, 0) - self._wanted[Tier.MAIN]))

    def tick(self, now: datetime) -> None:
        """Bring accounts that have come on a screen forward; make or take over the plan when it is time."""
        fastest = max((self.seconds(name, Tier.WATCHED) for name in self._plans), default=self._wanted[Tier.WATCHED])
        with self._storage.begin() as uow:
            uow.planning.watch(now, look_seconds=self._intervals.look_seconds, interval_seconds=fastest)
        if self._planned_at is not None and timedelta(0) <= now - self._planned_at < timedelta(seconds=PLAN_SECONDS):
            return
        self._planned_at = now
        measured = self._meters.measure()
        with self._storage.begin() as uow:
            uow.planning.measure(measured)
            if uow.planning.take_turn(TURN, now, every_seconds=PLAN_SECONDS - 1):
                beats = uow.syncing.heartbeats()
                living = (beat for beat in beats if beat.keys != STOPPED and now - beat.beat_at < ALIVE)
                alive = {beat.egress for beat in living} | {self._meters.egress}
                decision = decide(
                    uow.planning.fleet(), alive, uow.planning.budgets(), now=now, intervals=self._intervals
                )
                uow.planning.save_plans(decision.plans)
                uow.planning.pace(decision.pacings, now)
            plans = uow.planning.plans(self._meters.egress)
            loads = loads_of(uow.planning.budgets())
        self._plans = {plan.exchange: plan for plan in plans if now - plan.made_at < ALIVE}
        self._ledgers = {name: self._ledger_interval(plan, loads) for name, plan in self._plans.items()}

    def _ledger_interval(self, plan: ReadingPlan, loads: Mapping[tuple[str, str], list[Load]]) -> int:
        counts = {Tier.MAIN: plan.accounts}
        own = loads.get((plan.exchange, plan.egress), [])
        return ledger_interval(counts, self._wanted, own, self._intervals.ledger_seconds)


def decide(
    fleet: Sequence[FleetRow],
    alive: Collection[str],
    budgets: Iterable[Budget],
    *,
    now: datetime,
    intervals: Intervals,
) -> Decision:
    """Return who reads what how often; pure. `alive` are the addresses that have a sidecar."""
    wanted = intervals.of_tiers()
    tiers = {
        row.account_id: tier_of(
            is_main=row.is_main,
            looked_at=row.looked_at,
            client_seen_at=row.client_seen_at,
            now=now,
            intervals=intervals,
        )
        for row in fleet
    }
    places = divide(fleet, alive)
    counts: dict[tuple[str, str], Counter[Tier]] = {}
    for row in fleet:
        if not row.testnet:
            counts.setdefault((row.exchange, places[row.account_id]), Counter())[tiers[row.account_id]] += 1
    loads = loads_of(budgets)
    plans = {}
    for (exchange, egress), count in sorted(counts.items()):
        found = fit(count, wanted, loads.get((exchange, egress), []), intervals.ledger_seconds)
        plans[exchange, egress] = _plan(exchange, egress, count, found, wanted, now)
    pacings = []
    for row in fleet:
        tier, place = tiers[row.account_id], places[row.account_id]
        plan = None if row.testnet else plans[row.exchange, place]
        seconds = wanted[tier] if plan is None else int(plan.seconds.get(tier, wanted[tier]))
        is_shorter = seconds < row.interval_seconds * SOONER_PART
        if tier == row.tier and place == row.egress and not is_shorter:
            continue
        is_sooner = is_shorter or ORDER.index(tier) < ORDER.index(Tier(row.tier))
        pacings.append(Pacing(row.account_id, tier.value, place, seconds, is_sooner))
    return Decision(list(plans.values()), pacings)


def loads_of(budgets: Iterable[Budget]) -> dict[tuple[str, str], list[Load]]:
    """Return what is known to be taken of each count, by exchange and address; those of testnets bound nothing."""
    loads: dict[tuple[str, str], list[Load]] = defaultdict(list)
    for budget in budgets:
        if not budget.bucket.startswith(TESTNET):
            loads[budget.exchange, budget.egress].append(load_of(budget))
    return loads


def divide(fleet: Sequence[FleetRow], alive: Collection[str]) -> dict[UUID, str]:
    """Return the address of each account: its own as long as that lives and has no more than its share; pure.

    Each exchange's accounts are divided by themselves. Where one address has over a tenth more than its share, as
    after another has joined, the surplus moves, main accounts last.
    """
    addresses = sorted(alive)
    places: dict[UUID, str] = {}
    for exchange in sorted({row.exchange for row in fleet}):
        own = [row for row in fleet if row.exchange == exchange]
        share = ceil(len(own) / len(addresses))
        most = ceil(share * (1 + UNEVEN_PART))
        held: dict[str, list[FleetRow]] = {address: [] for address in addresses}
        homeless = [row for row in own if row.egress not in held]
        for row in own:
            if row.egress in held:
                held[row.egress].append(row)
        for rows in held.values():
            if len(rows) > most:
                rows.sort(key=lambda row: (not row.is_main, row.account_id))
                homeless += rows[share:]
                del rows[share:]
        for row in homeless:
            address = min(addresses, key=lambda name: (len(held[name]), name))
            held[address].append(row)
        places |= {row.account_id: address for address, rows in held.items() for row in rows}
    return places


def _plan(
    exchange: str,
    egress: str,
    counts: Mapping[Tier, int],
    found: Fit,
    wanted: Mapping[Tier, int],
    now: datetime,
) -> ReadingPlan:
    seconds, allowed = found.seconds, found.allowed
    return ReadingPlan(
        exchange=exchange,
        egress=egress,
        accounts=sum(counts.values()),
        allowed=None if allowed is None else floor(allowed * wanted[Tier.MAIN]),
        seconds={tier.value: seconds[tier] for tier in wanted if counts.get(tier)},
        wanted={tier.value: interval for tier, interval in wanted.items()},
        made_at=now,
    )
