"""Days of a person's zone: 23, 24, 25 or 0 hours long, never "+24 h" (PNL.md section 5)."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd


@dataclass(frozen=True, slots=True)
class DayBounds:
    """[start, end) of a local date in UTC, and its length."""

    start: pd.Timestamp
    end: pd.Timestamp
    hours: float


def day_bounds(date: str | dt.date, tz: str) -> DayBounds:
    """Return the first instant of a local date (ISO text) and of the next one, in UTC.

    Where midnight does not exist the day begins when the clock resumes; where it happens twice, at the first.
    """
    day = dt.datetime.fromisoformat(str(date)).date()
    start, end = _first_instant(day, tz), _first_instant(day + dt.timedelta(days=1), tz)
    return DayBounds(start, end, (end - start).total_seconds() / 3600)


def dates_between(d0: str | dt.date, d1: str | dt.date) -> list[dt.date]:
    """Return all dates from d0 to d1, both included."""
    first, last = dt.datetime.fromisoformat(str(d0)).date(), dt.datetime.fromisoformat(str(d1)).date()
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def _first_instant(day: dt.date, tz: str) -> pd.Timestamp:
    midnight = dt.datetime.combine(day, dt.time(), tzinfo=ZoneInfo(tz))
    return pd.Timestamp(midnight.astimezone(dt.UTC)).as_unit("us")
