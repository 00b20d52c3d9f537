"""How fast units of an exchange's limit may leave, and how intervals stretch where accounts want more; pure.

Whatever way an exchange lays its windows, and however late some requests arrive, no window ever gets more than its
limit: units leave evenly, a little below the published rate, and hardly any of an idle time is made up for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor

from core.domain.types import Tier

BURST_PART = 0.02  # of a limit, that may leave at once after an idle time
JITTER_PART, JITTER_LEAST, JITTER_MOST = 0.03, 0.1, 0.5  # how much later than others a request may arrive, in seconds
PLANNED_PART = 0.985  # of the rate, that accounts are planned for
LONGEST_STRETCH = 6.0  # of other accounts' intervals, before those of main accounts give way too
LEDGER_PART = 0.5  # of a limit that slots need too, that goes to ledgers at most
LEDGER_STRETCH = 3.0  # of the interval of ledgers, where slots need the same limit
SETTLING = 20
GIVING_WAY = ((Tier.REST, Tier.ACTIVE), (Tier.WATCHED,), (Tier.MAIN,))
MICROS = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """The pace of one count: a unit each `unit_us` microseconds, `burst_us` of an idle time can be made up for."""

    unit_us: float
    burst_us: int

    @property
    def per_second(self) -> float:
        """Units that may leave in a second."""
        return MICROS / self.unit_us


def rate_of(limit: int, window_seconds: int) -> Rate:
    """Return the pace that keeps a limit in every window of that length."""
    jitter = min(max(JITTER_PART * window_seconds, JITTER_LEAST), JITTER_MOST)
    burst = BURST_PART * limit
    unit_us = (window_seconds + jitter) * MICROS / (limit - burst)
    return Rate(unit_us, floor(burst * unit_us))


@dataclass(frozen=True, slots=True)
class Load:
    """What accounts take of one count: `slot_units` by each slot, `ledger_units` by each reading of a ledger.

    `other_rate` units a second go to all else.
    """

    limit: int
    window_seconds: int
    slot_units: float
    other_rate: float
    ledger_units: float = 0.0

    @property
    def per_second(self) -> float:
        """Units a second that accounts are planned for."""
        return max(rate_of(self.limit, self.window_seconds).per_second * PLANNED_PART - self.other_rate, 0.001)

    def slots_per_second(self, ledgers_per_second: float) -> float:
        """How many slots the limit allows in a second beside so many readings of ledgers."""
        return max(self.per_second - self.ledger_units * ledgers_per_second, 0.001) / self.slot_units


@dataclass(frozen=True, slots=True)
class Fit:
    """What fits into the limits: intervals by tier and of ledgers, and slots a second (None: nothing bounds them)."""

    seconds: dict[Tier, int]
    ledger_seconds: int
    allowed: float | None


def slots_allowed(loads: list[Load], ledgers_per_second: float = 0.0) -> float | None:
    """Return how many slots a second the tightest of these counts allows; None where none is touched."""
    each = (load.slots_per_second(ledgers_per_second) for load in loads if load.slot_units > 0)
    return min(each, default=None)


def ledger_interval(counts: Mapping[Tier, int], wanted: Mapping[Tier, int], loads: list[Load], seconds: int) -> int:
    """Return how often ledgers can be read that are wanted every `seconds`.

    A count that only ledgers take of bounds them alone. Where slots take of the same count, ledgers wait as much as
    slots do, up to three times their interval, and take half of it at most; closed positions and large moves have them
    read at once all the same.
    """
    accounts, factor = sum(counts.values()), 1.0
    slots = sum(count / wanted[tier] for tier, count in counts.items())
    for load in (load for load in loads if load.ledger_units > 0):
        alone = accounts * load.ledger_units / seconds / load.per_second
        together = alone + slots * load.slot_units / load.per_second
        shared = max(min(together, LEDGER_STRETCH), alone / LEDGER_PART) if together > 1 else 1.0
        factor = max(factor, shared if load.slot_units > 0 else alone)
    return ceil(round(seconds * factor, 6))


def fit(counts: Mapping[Tier, int], wanted: Mapping[Tier, int], loads: list[Load], ledger_seconds: int) -> Fit:
    """Return the intervals that fit into the limits.

    The price of slots and that of ledgers are known apart, for an account that is read half as often has its ledger
    read in twice as many of its slots: a mean of both would keep slow intervals slow.
    """
    ledgers = ledger_interval(counts, wanted, loads, ledger_seconds)
    seconds: Mapping[Tier, float] = wanted
    each, allowed = 0.0, None
    for turn in range(SETTLING):
        now = sum(count / max(seconds[tier], ledgers) for tier, count in counts.items())
        each = now if not turn else (each + now) / 2
        allowed = slots_allowed(loads, each)
        seconds = stretch(counts, wanted, allowed)
    return Fit({tier: ceil(interval) for tier, interval in seconds.items()}, ledgers, allowed)


def stretch(counts: Mapping[Tier, int], wanted: Mapping[Tier, int], allowed: float | None) -> dict[Tier, int]:
    """Return the intervals in seconds at which so many accounts need no more than the allowed slots a second.

    All of a tier wait alike. Accounts of the slow tiers give way first, up to six times their interval, then those on
    a screen, and the main accounts last.
    """
    seconds = {tier: float(interval) for tier, interval in wanted.items()}
    if allowed is None:
        return {tier: ceil(interval) for tier, interval in seconds.items()}
    for group in GIVING_WAY:
        own = sum(counts.get(tier, 0) / seconds[tier] for tier in group)
        others = sum(counts.get(tier, 0) / seconds[tier] for tier in seconds if tier not in group)
        if own + others <= allowed or not own:
            continue
        factor = own / (allowed - others) if allowed > others else float("inf")
        if Tier.MAIN not in group:
            factor = min(factor, LONGEST_STRETCH)
        factor = min(factor, own / (allowed * 0.05))  # what others take leaves at least something
        for tier in group:
            seconds[tier] *= max(1.0, factor)
    return {tier: ceil(round(interval, 6)) for tier, interval in seconds.items()}
