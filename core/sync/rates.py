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
    """What accounts take of one count: `slot_units` by each slot, `other_rate` units a second by all else."""

    limit: int
    window_seconds: int
    slot_units: float
    other_rate: float

    @property
    def slots_per_second(self) -> float:
        """How many slots the limit allows in a second."""
        left = rate_of(self.limit, self.window_seconds).per_second * PLANNED_PART - self.other_rate
        return max(left, 0.001) / self.slot_units


def slots_allowed(loads: list[Load]) -> float | None:
    """Return how many slots a second the tightest of these counts allows; None where none is touched."""
    return min((load.slots_per_second for load in loads if load.slot_units > 0), default=None)


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
