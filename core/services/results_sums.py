"""Sums and rates of days: bars of the waterfall, returns, risk, the parts of a total; pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import prod

from core.domain.day_result import DayResult
from core.domain.growth import growth_of
from core.domain.performance import YEAR_DAYS, Drawdown, RiskStats, annualised, drawdown, risk_stats
from core.domain.pnl.book import DEFAULTS
from core.services.results_types import CLOSING, MONEY, OPENING, STEPS, Day, Part, Returns

NOISE = 1e-9
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def bars_of(days: Sequence[Day]) -> dict[str, float | None]:
    """Return opening, flows, components and closing of neighbouring days; what one day does not know is unknown."""
    if not days:
        return {}
    middle = {name: sum_of(getattr(day.result, name) for day in days) for name in STEPS}
    return {OPENING: days[0].result.equity0, **middle, CLOSING: days[-1].result.equity1}


def total_of(days: Sequence[Day]) -> float | None:
    """Return the P&L of neighbouring days; unknown while nobody knows what the end is worth (a gap, no rate)."""
    if not days or days[-1].result.equity1 is None:
        return None
    return sum_of(day.result.total for day in days)


def sum_of(values: Iterable[float | None]) -> float | None:
    """Return the sum, None where a part is unknown."""
    found = list(values)
    known = [value for value in found if value is not None]
    return sum(known) if len(known) == len(found) else None


def within_tolerance(bars: Mapping[str, float | None], per_usd: float | None = 1.0) -> bool | None:
    """Tell whether what the ledger cannot explain is within tolerance (PNL.md section 4), None where it is unknown.

    `per_usd` is the rate at the end: the tolerance is a dollar, whatever the currency.
    """
    odd = bars.get("unexplained")
    if odd is None or per_usd is None:
        return None
    known = [abs(value) for value in (bars.get(OPENING), bars.get(CLOSING)) if value is not None]
    mean = sum(known) / len(known) if known else 0.0
    return abs(odd) <= max(DEFAULTS["tol_abs_usd"] * per_usd, DEFAULTS["tol_rel"] * mean)


def returns_of(
    days: Sequence[Day], moves: Sequence[tuple[datetime, float]], began: datetime | None, per_usd: float | None = 1.0
) -> Returns:
    """Return the returns of neighbouring days; `moves` are money in and out of what is measured, `began` its start.

    `per_usd` is the rate at the end: capital of less than a dollar is none.
    """
    rates = [day.result.twr for day in days if day.result.twr is not None]
    if not rates or days[-1].result.equity1 is None:
        return Returns()
    wiped_out = any(rate <= -1 for rate in rates)
    twr = prod(1 + rate for rate in rates) - 1
    first, last = days[0].result, days[-1].result
    start = max(first.begins_at, began) if began is not None else first.begins_at
    length = (last.ends_at - start).total_seconds() / 86_400
    span = (_us(first.begins_at), _us(last.ends_at))
    flows = [(_us(at), value) for at, value in moves]
    growth = None
    if last.equity1 is not None and per_usd is not None:
        least = DEFAULTS["min_capital_usd"] * per_usd
        growth = growth_of(first.equity0 or 0.0, last.equity1, flows, span, least)
    mwr = None if growth is None else growth - 1
    whole_year = length >= YEAR_DAYS
    return Returns(
        twr=twr,
        mwr=mwr,
        twr_per_year=annualised(twr, length) if whole_year else None,
        mwr_per_year=annualised(mwr, length) if whole_year and mwr is not None else None,
        wiped_out=wiped_out,
        days=length,
    )


def risk_of(days: Sequence[Day]) -> tuple[RiskStats, Drawdown]:
    """Return risk and the deepest fall of the TWR index over the closed days."""
    closed = [day.result for day in days if not day.is_open]
    start = closed[0].day if closed else None
    rows = [{"ts": row.day, "r": row.twr} for row in closed]
    return risk_stats([row.twr for row in closed]), drawdown(rows, start)


def money_of(rows: Iterable[DayResult]) -> dict[str, float]:
    """Return the sums of every money column that adds up; an unknown one counts nothing here."""
    found = dict.fromkeys(MONEY, 0.0)
    for row in rows:
        for name in MONEY:
            found[name] += getattr(row, name) or 0.0
    return found


def added(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    """Return the sums of two parts, column by column."""
    return {name: one.get(name, 0.0) + other.get(name, 0.0) for name in MONEY}


def with_rest(parts: Sequence[Part], whole: Mapping[str, float], *, by: str, key: str) -> tuple[Part, ...]:
    """Return the parts, largest first, and a last one with what is missing to the whole, so that they add up to it."""
    rest = {name: whole[name] - sum(part.money[name] for part in parts) for name in MONEY}
    shown = [part for part in parts if any(abs(value) > NOISE for value in part.money.values())]
    ordered = sorted(shown, key=lambda part: (-part.total, part.name))
    has_rest = any(abs(value) > size_of_noise(whole[name]) for name, value in rest.items())
    return (*ordered, Part(by, key, key, rest)) if has_rest else tuple(ordered)


def size_of_noise(value: float) -> float:
    """Return below which difference two sums of that size are the same."""
    return 1e-6 + 1e-9 * abs(value)


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
