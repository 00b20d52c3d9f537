"""Thinning takes points and never a total."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.domain.pnl import daily_pnl
from core.domain.pnl.book import COMPONENTS
from core.services.books import load_book
from core.sync.days import close_days, closed_until
from core.sync.thinning import thin_account
from tests.core.sync.conftest import BACKEND_PARAMS
from tests.core.sync.past import DAY, START, Past, fresh_past

MONEY = ("equity0", "equity1", "net_flows", "scope_flows", "total", *COMPONENTS)


@pytest.fixture(params=BACKEND_PARAMS)
def any_past(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Past]:
    """Give an account on each database."""
    with fresh_past(str(request.param), tmp_path) as made:
        yield made


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """Give an account on SQLite."""
    with fresh_past("sqlite", tmp_path) as made:
        yield made


def thin(past: Past, now: datetime) -> int:
    while close_days(past.storage, past.client, now):
        pass
    closed = closed_until(past.storage, past.client, now)
    zone = past.client.time_zone
    return thin_account(past.storage, past.account, time_zone=zone, now=now, closed_until=closed)


def days(past: Past, until: datetime) -> list[dict[str, float | None]]:
    """Return the money of each local day, and its return."""
    with past.storage.begin(write=False) as uow:
        book = load_book(uow, None, [past.account.id], START, until, time_zone=past.client.time_zone)
    rows = daily_pnl(book, START.date().isoformat(), until.date().isoformat(), now=until)
    return [{name: asdict(row)[name] for name in (*MONEY, "twr")} for row in rows]


def kept(past: Past, until: datetime) -> list[datetime]:
    with past.storage.begin(write=False) as uow:
        points = uow.history.points([past.account.id], None, since=START, until=until)
    return [point.at for point in points[past.account.id]]


def test_no_day_s_money_changes_by_thinning_and_few_points_are_left(any_past: Past) -> None:
    past = any_past
    end = past.live(2.5, step=timedelta(minutes=20))
    before, points = days(past, end), kept(past, end)
    thin(past, START + 32.6 * DAY)
    for row, old in zip(days(past, end), before, strict=True):
        assert {name: row[name] for name in MONEY} == pytest.approx({name: old[name] for name in MONEY}, abs=1e-6)
        assert row["twr"] == pytest.approx(old["twr"], abs=1e-4)
    assert abs(sum(row["unexplained"] or 0 for row in before)) < 1e-6
    assert len(kept(past, end)) < len(points) * 0.7


def test_thinning_again_changes_nothing(past: Past) -> None:
    past.live(0.2, step=timedelta(minutes=2))
    end = START + 4 * DAY
    everything = len(kept(past, end))
    assert thin(past, end) > 0
    assert len(kept(past, end)) < everything / 2
    points = kept(past, end)
    assert thin(past, end) == 0
    assert kept(past, end) == points


def test_points_on_both_sides_of_a_flow_and_before_midnight_stay(past: Past) -> None:
    end = past.live(2, step=timedelta(minutes=20))
    everything = kept(past, end)
    thin(past, START + 32.6 * DAY)
    left = set(kept(past, end))
    with past.storage.begin(write=False) as uow:
        flows = uow.ledger.flows({past.account.id}, None, since=START, until=end, kinds={"deposit", "transfer_out"})
    spot = [row.booked_at for row in flows if row.wallet == "spot"]
    assert len(spot) == 4
    for at in spot:
        assert max(point for point in everything if point <= at) in left
        assert min(point for point in everything if point > at) in left
    midnight = (START + DAY).replace(hour=3, minute=0, second=0)
    assert max(point for point in everything if point <= midnight) in left


def test_days_that_are_not_stored_yet_are_not_thinned(past: Past) -> None:
    end = past.live(1, step=timedelta(hours=1))
    points = kept(past, end)
    zone = past.client.time_zone
    closed = closed_until(past.storage, past.client, START + 60 * DAY)
    assert closed == START.replace(hour=3, minute=0, second=0)
    thin_account(past.storage, past.account, time_zone=zone, now=START + 60 * DAY, closed_until=closed)
    assert kept(past, end) == points
