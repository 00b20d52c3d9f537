"""Returns, drawdown and risk from bare numbers (PNL.md sections 6 and 7): ratios, never percent; unknown is None.

Flows are money into (+) and out of (-) what is measured; times are anything pandas reads as an instant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.domain.growth import dietz_capital, only_root

DAY_US = 86_400_000_000
YEAR_DAYS = 365
RULES = {"max_bracket_s": 7200.0, "min_capital_usd": 1.0, "min_obs": 30.0, "low_obs": 90.0}
NO_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Flow:
    """Money at `us`, first seen by the point at `seen`; a scope flow is valued at that very point."""

    us: int
    value: float
    seen: int
    scope: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch between total losses: ISO or Timestamp bounds and its return."""

    start: pd.Timestamp
    end: pd.Timestamp
    twr: float


@dataclass(frozen=True, slots=True)
class Twr:
    """Time-weighted return: `twr` is None without two points or capital, -1 after a total loss (`wiped_out`).

    `intervals` were measured, `empty` held nothing, `undefined` had no positive capital, `dietz` were too long for
    the plain rule.
    """

    twr: float | None
    wiped_out: bool = False
    segments: list[Segment] = field(default_factory=list)
    intervals: int = 0
    empty: int = 0
    undefined: int = 0
    dietz: int = 0


@dataclass(frozen=True, slots=True)
class Drawdown:
    """Deepest fall of an index that starts at 1.0 before the first return, as a ratio <= 0, and where it is now."""

    max_drawdown: float
    peak_ts: Any
    trough_ts: Any
    recovered_ts: Any
    current: float
    index: float


@dataclass(frozen=True, slots=True)
class RiskStats:
    """Statistics of daily returns, annualised with 365 days; None where the sample is too small or does not vary."""

    n: int
    skipped: int
    low_sample: bool
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    volatility: float | None
    cagr: float | None
    max_drawdown: float | None
    best: float | None
    worst: float | None
    positive_days: float | None


def twr(
    points: Sequence[Mapping[str, Any]],
    flows: Sequence[Mapping[str, Any]] = (),
    cfg: Mapping[str, float] | None = None,
) -> Twr:
    """Return the time-weighted return over points {ts, value} with flows {ts, value}, seen by the point after them."""
    times = [_us(point["ts"]) for point in points]
    values = [float(point["value"]) for point in points]
    order = np.argsort(times, kind="stable")
    at, worth = np.array(times, dtype=np.int64)[order], np.array(values)[order]
    moved = []
    for flow in flows:
        us = _us(flow["ts"])
        after = int(np.searchsorted(at, us, side="right"))
        if 0 < after < len(at):
            moved.append(Flow(us, float(flow["value"]), int(at[after])))
    return chain(at, worth, moved, cfg)


def chain(
    at: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    flows: Iterable[Flow],
    cfg: Mapping[str, float] | None = None,
) -> Twr:
    """Link the returns between neighbouring points (microseconds, ascending), flows in the bracket that sees them."""
    rules = {**RULES, **(cfg or {})}
    if len(at) < 2:
        return Twr(None)
    inside: dict[int, list[Flow]] = {}
    for flow in flows:
        inside.setdefault(int(np.searchsorted(at, flow.seen, side="left")), []).append(flow)
    links = _Links(rules)
    for n in range(1, len(at)):
        if at[n] > at[n - 1]:
            links.add(_Bracket(int(at[n - 1]), int(at[n]), float(values[n - 1]), float(values[n]), inside.get(n, [])))
    return links.result()


@dataclass(frozen=True, slots=True)
class _Bracket:
    u: int
    v: int
    before: float
    after: float
    flows: list[Flow]

    @property
    def external(self) -> list[Flow]:
        return [flow for flow in self.flows if not flow.scope]

    @property
    def joined(self) -> float:
        return sum(flow.value for flow in self.flows if flow.scope)

    @property
    def deposits(self) -> float:
        return sum(flow.value for flow in self.external if flow.value > 0)

    @property
    def withdrawals(self) -> float:
        return -sum(flow.value for flow in self.external if flow.value < 0)


@dataclass(slots=True)
class _Links:
    """The chain being made."""

    rules: Mapping[str, float]
    segments: list[Segment] = field(default_factory=list)
    factor: float = 1.0
    start: int | None = None
    last: int = 0
    wiped_out: bool = False
    intervals: int = 0
    empty: int = 0
    undefined: int = 0
    dietz: int = 0

    def add(self, bracket: _Bracket) -> None:
        least = self.rules["min_capital_usd"]
        if abs(bracket.before) < least and bracket.deposits < least:
            self.empty += 1
            return
        if bracket.before + bracket.deposits < least:
            self.undefined += 1
            return
        rate = self._long_rate(bracket)
        if rate is None:
            gained = bracket.after - bracket.joined + bracket.withdrawals
            rate = gained / (bracket.before + bracket.deposits) - 1
        self.intervals += 1
        self.start = bracket.u if self.start is None else self.start
        self.last = bracket.v
        self.factor *= max(1 + rate, 0.0)
        if rate <= -1:
            self.wiped_out = True
            self._close()

    def _long_rate(self, bracket: _Bracket) -> float | None:
        """Return the modified Dietz return of a bracket too long for the plain rule, None where that rule holds."""
        flows = [(flow.us, flow.value) for flow in bracket.external if flow.value]
        if (bracket.v - bracket.u) / 1e6 <= self.rules["max_bracket_s"] or not flows:
            return None
        after = bracket.after - bracket.joined
        moved = sum(value for _us, value in flows)
        capital = dietz_capital(bracket.before, after, flows, (bracket.u, bracket.v), self.rules["min_capital_usd"])
        if capital <= 0:
            return None
        self.dietz += 1
        return (after - bracket.before - moved) / capital

    def _close(self) -> None:
        if self.start is not None:
            self.segments.append(Segment(_stamp(self.start), _stamp(self.last), self.factor - 1))
        self.start, self.factor = None, 1.0

    def result(self) -> Twr:
        self._close()
        whole: float | None = None
        if self.intervals:
            whole = -1.0 if self.wiped_out else self.segments[0].twr
        return Twr(whole, self.wiped_out, self.segments, self.intervals, self.empty, self.undefined, self.dietz)


def modified_dietz(
    v0: float,
    v1: float,
    flows: Sequence[Mapping[str, Any]],
    t0: Any,  # noqa: ANN401
    t1: Any,  # noqa: ANN401
) -> float | None:
    """Return the gain over the average capital of (t0, t1], flows {ts, value} weighted by the time they stayed.

    None where the average capital is not positive.
    """
    moves = [(_us(flow["ts"]), float(flow["value"])) for flow in flows]
    capital = dietz_capital(v0, v1, moves, (_us(t0), _us(t1)), RULES["min_capital_usd"])
    return (v1 - v0 - sum(value for _at, value in moves)) / capital if capital > 0 else None


def xirr(cashflows: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the annual internal rate of return of {ts, value} (money in is negative), time of day included.

    None unless exactly one rate fits.
    """
    if len(cashflows) < 2:
        return None
    at = np.array([_us(flow["ts"]) for flow in cashflows], dtype=np.float64)
    amounts = np.array([float(flow["value"]) for flow in cashflows])
    days = (at.max() - at.min()) / DAY_US
    if days <= 0:
        return None
    growth = only_root(amounts, (at.max() - at) / (at.max() - at.min()))
    return None if growth is None else annualised(growth - 1, days)


def annualised(rate: float, days: float) -> float | None:
    """Return a period's return per year of 365 days; None where it is too large to say."""
    try:
        return float((1 + rate) ** (YEAR_DAYS / days) - 1)
    except OverflowError:
        return None


def drawdown(returns: Sequence[Mapping[str, Any]], start: Any = None) -> Drawdown:  # noqa: ANN401
    """Return the deepest fall of the index of returns {ts, r}; a return of None is left out.

    `start` is the time of the index 1.0 before the first return.
    """
    index = peak = 1.0
    deepest, peak_at = 0.0, start
    worst: tuple[Any, Any, Any] = (None, None, None)
    target = 1.0
    for row in returns:
        if row["r"] is None or np.isnan(row["r"]):
            continue
        index *= 1 + float(row["r"])
        if worst[1] is not None and worst[2] is None and index >= target:
            worst = (worst[0], worst[1], row["ts"])
        if index >= peak:
            peak, peak_at = index, row["ts"]
        fall = index / peak - 1
        if fall < deepest:
            deepest, target = fall, peak
            worst = (peak_at, row["ts"], None)
    return Drawdown(deepest, *worst, index / peak - 1, index)


def risk_stats(daily: Sequence[float | None], rf: float = 0.0, cfg: Mapping[str, float] | None = None) -> RiskStats:
    """Return the statistics of daily returns (ratios; None: a day without one) at a yearly risk-free rate `rf`."""
    rules = {**RULES, **(cfg or {})}
    r = np.array([value for value in daily if value is not None and not np.isnan(value)], dtype=np.float64)
    n = len(r)
    fall = drawdown([{"ts": day, "r": float(value)} for day, value in enumerate(r)]).max_drawdown if n else None
    enough, many = n >= max(rules["min_obs"], 2), n >= rules["low_obs"]
    sd = float(r.std(ddof=1)) if n > 1 else 0.0
    excess = r - ((1 + rf) ** (1 / YEAR_DAYS) - 1)
    mean = float(excess.mean()) * YEAR_DAYS**0.5 if n else 0.0
    down = float(np.sqrt(np.mean(np.minimum(excess, 0) ** 2))) if n else 0.0
    cagr = annualised(float(np.prod(1 + r)) - 1, n) if many else None
    return RiskStats(
        n=n,
        skipped=len(daily) - n,
        low_sample=not many,
        sharpe=mean / sd if enough and sd >= NO_VARIANCE else None,
        sortino=mean / down if enough and down >= NO_VARIANCE else None,
        calmar=cagr / abs(fall) if cagr is not None and fall else None,
        volatility=(sd if sd >= NO_VARIANCE else 0.0) * YEAR_DAYS**0.5 if enough else None,
        cagr=cagr,
        max_drawdown=fall,
        best=float(r.max()) if n else None,
        worst=float(r.min()) if n else None,
        positive_days=float((r > 0).mean()) if n else None,
    )


def _us(value: Any) -> int:  # noqa: ANN401 (text, datetime or Timestamp)
    stamp = pd.Timestamp(value)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    return int(stamp.asm8.astype("datetime64[us]").astype("int64"))


def _stamp(us: int) -> pd.Timestamp:
    return pd.Timestamp(us, unit="us", tz="UTC")
