"""Counts what requests cost the limits that all accounts behind one address share, and makes them wait their turn.

The counts are kept in the database, so that any number of sidecars behind one address share them and a restart forgets
nothing. Each process books a stretch of time of a count and lets its requests leave within it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil

from connectors.errors import RateLimitedError
from connectors.types import Cost
from core.domain.reading_plans import Budget
from core.ports import Clock, Storage
from core.sync.budgets import BAN_PAUSE_SECONDS, RATE_PAUSE_SECONDS
from core.sync.rates import LEDGER_PART, MICROS, Load, Rate, rate_of

OWN_SCOPE = "own"  # of a rate limit that our own counting found, not the exchange
MOST_WAIT_SECONDS = 15.0
ROOM_SECONDS = 2.0
SLACK_PART = 0.05  # of a limit: what the exchange may count otherwise than we without others having used it
EDGE_SECONDS = 3.0  # at a window's begin, when the exchange may still count in the one before
SHORTEST_TOLD_WINDOW = 30
KNOWN_AFTER_SLOTS = 200  # what comes in few slots only (earn wallets, rights) must be in the mean
KNOWN_AFTER_LEDGERS = 50
CROWDED_SECONDS = 3.0  # booked ahead of a count that ledgers take of: no more of them begin
CROWDED_OLD_SECONDS = 8.0  # the same for ledgers that have waited long

_ledger: ContextVar[set[str] | None] = ContextVar("ledger", default=None)


@contextmanager
def ledger_calls(goes_on: str = "") -> Iterator[None]:
    """Count what this thread asks for in the block as one reading of a ledger, and not as a part of its slot.

    `goes_on` names the exchange where it is the rest of one that has been counted.
    """
    token = _ledger.set({goes_on})
    try:
        yield
    finally:
        _ledger.reset(token)


@dataclass(slots=True)
class Bucket:
    """One count as this process knows it: the stretch it has booked, up to `ends_us`, is free from `next_us` on."""

    budget: Budget
    rate: Rate
    next_us: float = 0.0
    ends_us: float = 0.0
    slot_used: int = 0
    other_used: int = 0
    ledger_used: int = 0


@dataclass(slots=True)
class Measure:
    """What a meter has seen since it was last asked."""

    since: datetime
    slots: int = 0
    ledgers: int = 0


@dataclass(slots=True)
class Meter:
    """The counts of one exchange for one address. Thread-safe; `pay` sleeps outside of the lock."""

    storage: Storage
    clock: Clock
    exchange: str
    egress: str = ""
    stretch_seconds: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _halted_us: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _measure: Measure | None = None
    _slots: int = 0

    def pay(self, costs: tuple[Cost, ...], *, other: bool = False) -> float:
        """Wait until the costs fit and return the seconds waited; `other`: for no account's slot.

        Raises:
            RateLimitedError: that would take longer than fifteen seconds.
        """
        with self._lock:
            now_us = self._now_us()
            at_us = now_us
            if self._halted_us > now_us:
                raise self._refusal(self._halted_us - now_us)
            for cost in costs:
                at_us = max(at_us, self._book(cost, now_us))
                bucket = self._buckets[cost.bucket]
                self._count(bucket, cost.units, other=other)
        seconds = (at_us - now_us) / MICROS
        if seconds > 0:
            self.sleep(seconds)
            with self._lock:
                if self._halted_us > at_us:
                    raise self._refusal(self._halted_us - at_us)
        return seconds

    def learn(self, cost: Cost, used: int, at: datetime) -> None:
        """Compare the exchange's own count with ours; what others have used behind our address slows us down."""
        bucket = self._buckets.get(cost.bucket)
        span = cost.window_seconds
        if bucket is None or span < SHORTEST_TOLD_WINDOW or at.timestamp() % span < EDGE_SECONDS:
            return
        slack, window = int(cost.limit * SLACK_PART), int(at.timestamp()) // span
        with self._lock:
            known = bucket.budget.units if bucket.budget.window == window else 0
            if used <= known + slack:
                return
            now_us, rate = self._now_us(), bucket.rate
            budget = replace(bucket.budget, window=window)
            with self.storage.begin() as uow:
                free_at = uow.planning.correct(
                    budget, used=used, slack=slack, unit_us=rate.unit_us, floor_us=round(now_us - rate.burst_us)
                )
            bucket.budget = replace(budget, units=max(known, used))
            if free_at is not None:
                bucket.next_us = bucket.ends_us = 0.0

    def halt(self, seconds: float | None, *, banned: bool) -> None:
        """Let nothing more leave for so long; every sidecar behind the address sees it at its next booking."""
        least = BAN_PAUSE_SECONDS if banned else RATE_PAUSE_SECONDS
        wait = least if seconds is None else max(seconds, BAN_PAUSE_SECONDS if banned else 1.0)
        with self._lock:
            until = self._now_us() + wait * MICROS
            self._halted_us = max(self._halted_us, until)
            for bucket in self._buckets.values():
                bucket.next_us = bucket.ends_us = 0.0
        with self.storage.begin() as uow:
            uow.planning.hold_back(self.exchange, self.egress, round(until))

    def room(self) -> int | None:
        """Return how many slots may begin now without waiting long; None where nothing is known to bound them."""
        with self._lock:
            now_us = self._now_us()
            if self._halted_us > now_us:
                return 0
            rooms = [_room(bucket, now_us) for bucket in self._buckets.values() if bucket.budget.slot_units > 0]
        return min(rooms, default=None)

    def is_crowded(self, *, is_old: bool = False) -> bool:
        """Tell whether one more ledger had better wait: a count that ledgers take of is booked far ahead.

        Of a count that slots need too they take half at most. One that `is_old` waits for less, or might never come.
        """
        with self._lock:
            now_us, since = self._now_us(), self._measured().since.timestamp() * MICROS
            latest = now_us + (CROWDED_OLD_SECONDS if is_old else CROWDED_SECONDS) * MICROS
            seconds = max(0.0, now_us - since) / MICROS
            return any(_is_crowded(bucket, latest, seconds) for bucket in self._buckets.values())

    def count_slot(self) -> None:
        """Note that one account's slot has ended."""
        with self._lock:
            self._measured().slots += 1

    def measure(self) -> list[Budget]:
        """Return the counts with what slots, ledgers and all else took since the last time, blended with the known."""
        with self._lock:
            seen, now = self._measured(), self.clock()
            seconds = (now - seen.since).total_seconds()
            if seconds <= 0:
                return [bucket.budget for bucket in self._buckets.values()]
            for bucket in self._buckets.values():
                bucket.budget = _blend(bucket, seen, seconds, counted=self._slots)
                bucket.other_used = bucket.ledger_used = 0
                bucket.slot_used = 0 if seen.slots else bucket.slot_used
            self._slots += seen.slots
            self._measure = Measure(now)
            return [bucket.budget for bucket in self._buckets.values()]

    def _count(self, bucket: Bucket, units: int, *, other: bool) -> None:
        """Add units to what they were for: a slot, a ledger, or all else."""
        ledger = _ledger.get()
        if other:
            bucket.other_used += units
        elif ledger is None:
            bucket.slot_used += units
        else:
            if self.exchange not in ledger:
                ledger.add(self.exchange)
                self._measured().ledgers += 1
            bucket.ledger_used += units

    def _book(self, cost: Cost, now_us: float) -> float:
        """Return when the units may leave, from the booked stretch or a new one."""
        bucket = self._buckets.get(cost.bucket) or self._open(cost)
        took = cost.units * bucket.rate.unit_us
        floor = now_us - max(0.0, bucket.rate.burst_us - took)  # the last request of a window reaches over its end
        at = max(bucket.next_us, floor)
        if at + took > bucket.ends_us:
            calls = ceil(self.stretch_seconds * MICROS / took)
            units = cost.units * max(1, calls)
            span = round(units * bucket.rate.unit_us)
            latest = now_us + MOST_WAIT_SECONDS * MICROS
            budget = replace(bucket.budget, window=int(now_us / MICROS) // cost.window_seconds)
            with self.storage.begin() as uow:
                begin = uow.planning.book(
                    budget,
                    units=units,
                    span_us=span,
                    floor_us=round(floor),
                    latest_us=round(latest),
                )
            if begin is None:
                raise self._refusal(MOST_WAIT_SECONDS * MICROS)
            known = bucket.budget.units if bucket.budget.window == budget.window else units
            bucket.budget = replace(budget, units=known + units)
            goes_on = abs(begin - bucket.ends_us) < 2  # nobody has booked between: what is left is not lost
            at, bucket.ends_us = at if goes_on else float(begin), float(begin + span)
        bucket.next_us = at + took
        return at

    def _open(self, cost: Cost) -> Bucket:
        budget = Budget(self.exchange, self.egress, cost.bucket, cost.limit, cost.window_seconds)
        with self.storage.begin() as uow:
            stored = uow.planning.ensure_budget(budget)
        bucket = self._buckets[cost.bucket] = Bucket(stored, rate_of(cost.limit, cost.window_seconds))
        return bucket

    def _measured(self) -> Measure:
        if self._measure is None:
            self._measure = Measure(self.clock())
        return self._measure

    def _now_us(self) -> float:
        return self.clock().timestamp() * MICROS

    def _refusal(self, wait_us: float) -> RateLimitedError:
        return RateLimitedError("own-budget", exchange=self.exchange, retry_after=wait_us / MICROS)


class OtherMeter:
    """The same counts for what is read for everybody (prices), told apart so that a slot's cost stays known."""

    def __init__(self, meter: Meter) -> None:
        """Pay into that meter."""
        self._meter = meter

    def pay(self, costs: tuple[Cost, ...]) -> float:
        """Pay as the meter does, for no account's slot."""
        return self._meter.pay(costs, other=True)

    def learn(self, cost: Cost, used: int, at: datetime) -> None:
        """Hand on."""
        self._meter.learn(cost, used, at)

    def halt(self, seconds: float | None, *, banned: bool) -> None:
        """Hand on."""
        self._meter.halt(seconds, banned=banned)


class Meters:
    """The meters of one process, one for each exchange."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        *,
        egress: str = "",
        is_alone: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start with none. `is_alone`: no other process books, so that longer stretches cost nobody anything."""
        self._storage, self._clock, self.egress, self._sleep = storage, clock, egress, sleep
        self._stretch_seconds = 10.0 if is_alone else 1.0
        self._meters: dict[str, Meter] = {}
        self._lock = threading.Lock()

    def of(self, exchange: str) -> Meter:
        """Return the meter of an exchange."""
        with self._lock:
            meter = self._meters.get(exchange)
            if meter is None:
                meter = self._meters[exchange] = Meter(
                    self._storage, self._clock, exchange, self.egress, self._stretch_seconds, self._sleep
                )
            return meter

    def for_all(self, exchange: str) -> OtherMeter:
        """Return the meter of what is read for everybody."""
        return OtherMeter(self.of(exchange))

    def measure(self) -> list[Budget]:
        """Return what every count was found to take."""
        with self._lock:
            meters = list(self._meters.values())
        return [budget for meter in meters for budget in meter.measure()]


def load_of(budget: Budget) -> Load:
    """Return a count as the plan sees it."""
    other = max(0.0, budget.other_rate - budget.ledger_rate)
    return Load(budget.limit, budget.window_seconds, budget.slot_units, other, budget.ledger_units)


def paused_until(retry_after: float | None, now: datetime) -> datetime:
    """Return when a slot that did not fit into the limits is tried again."""
    return now + timedelta(seconds=min(retry_after or ROOM_SECONDS, RATE_PAUSE_SECONDS))


def _room(bucket: Bucket, now_us: float) -> int:
    ahead = max(0.0, bucket.next_us - now_us) / MICROS
    if ahead >= ROOM_SECONDS:
        return 0
    return max(1, int((ROOM_SECONDS - ahead) * bucket.rate.per_second / bucket.budget.slot_units))


def _is_crowded(bucket: Bucket, latest_us: float, seconds: float) -> bool:
    if not bucket.ledger_used and not bucket.budget.ledger_units:
        return False
    most = LEDGER_PART * bucket.rate.per_second * seconds
    is_over = bucket.budget.slot_units > 0 and bucket.ledger_used > most
    return is_over or bucket.next_us > latest_us


def _blend(bucket: Bucket, seen: Measure, seconds: float, *, counted: int) -> Budget:
    """Mix what was just seen into what was known, the more of it the more was seen; `counted` slots came before."""
    budget = bucket.budget
    part = min(1.0, seconds / 60)
    rate = budget.ledger_rate + (bucket.ledger_used / seconds - budget.ledger_rate) * part
    used = bucket.other_used + bucket.ledger_used
    other = budget.other_rate + (used / seconds - budget.other_rate) * part
    units, per_ledger = budget.slot_units, budget.ledger_units
    if seen.slots:
        known = min(KNOWN_AFTER_SLOTS, counted + seen.slots)
        weight = min(1.0, seen.slots / known) if units else 1.0
        units += (bucket.slot_used / seen.slots - units) * weight
    if seen.ledgers:
        weight = min(1.0, seen.ledgers / KNOWN_AFTER_LEDGERS) if per_ledger else 1.0
        per_ledger += (bucket.ledger_used / seen.ledgers - per_ledger) * weight
    return replace(budget, slot_units=units, other_rate=other, ledger_units=per_ledger, ledger_rate=rate)
