"""Growth that explains money in and out: average capital (modified Dietz), the root of a money-weighted return."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

GRID = np.exp(np.linspace(np.log(1e-9), np.log(1e9), 4001)) * 1.000000123
STEPS = 200


def dietz_capital(
    v0: float, v1: float, flows: Sequence[tuple[int, float]], span: tuple[int, int], min_capital: float
) -> float:
    """Return the average capital of a span (microseconds): v0 plus each flow for the share of time it stayed.

    The clock starts at the first flow where nothing was there before, and ends at the last where nothing is left.
    """
    start, end = clock(v0, v1, [at for at, _value in flows], span, min_capital)
    length = end - start
    weights = [((end - min(max(at, start), end)) / length if length > 0 else 1.0) for at, _value in flows]
    return v0 + sum(weight * value for weight, (_at, value) in zip(weights, flows, strict=True))


def clock(v0: float, v1: float, times: Sequence[int], span: tuple[int, int], min_capital: float) -> tuple[int, int]:
    """Return when money was at work: from the first flow where v0 is nothing, to the last where v1 is nothing."""
    start, end = span
    if times and abs(v0) < min_capital:
        start = min(max(min(times), start), end)
    if times and abs(v1) < min_capital:
        end = max(min(max(times), end), start)
    return start, end


def growth_of(
    v0: float, v1: float, flows: Sequence[tuple[int, float]], span: tuple[int, int], min_capital: float
) -> float | None:
    """Return g with v0*g + sum F*g^w = v1, w the share of time each flow had left; None unless one g fits."""
    if v1 < 0:
        return None
    start, end = clock(v0, v1, [at for at, _value in flows], span, min_capital)
    if not flows:
        return v1 / v0 if v0 >= min_capital else None
    if end <= start:
        return None
    weights = [(end - min(max(at, start), end)) / (end - start) for at, _value in flows]
    amounts = np.array([-v0, *(-value for _at, value in flows), v1])
    return only_root(amounts, np.array([1.0, *weights, 0.0]))


def only_root(amounts: npt.NDArray[np.float64], weights: npt.NDArray[np.float64]) -> float | None:
    """Return the growth g with sum amounts*g^weights = 0, by bisection on a log grid; None unless there is just one."""

    def total(g: float) -> float:
        return float(np.sum(amounts * g**weights))

    signs = np.sign([total(float(g)) for g in GRID])
    crossings = np.flatnonzero(signs[1:] * signs[:-1] < 0)
    exact = np.flatnonzero(signs == 0)
    if len(exact) == 1 and not len(crossings):
        return float(GRID[exact[0]])
    if len(crossings) != 1 or len(exact):
        return None
    low, high = float(GRID[crossings[0]]), float(GRID[crossings[0] + 1])
    rising = total(high) > 0
    for _step in range(STEPS):
        middle = (low * high) ** 0.5
        if (total(middle) > 0) == rising:
            high = middle
        else:
            low = middle
        if high / low - 1 < 1e-15:
            break
    return float((low * high) ** 0.5)
