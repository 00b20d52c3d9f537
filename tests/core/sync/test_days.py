"""Days close once, are made again when the ledger comes late, and say so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from core.domain.day_result import DayResult
from core.domain.marks import Mark, MarkKind
from core.sync.days import ALL, TESTNET, close_days, closed_until
from core.sync.upkeep import Upkeep
from tests.core.persistence.makers import make_user
from tests.core.sync.conftest import BACKEND_PARAMS
from tests.core.sync.past import DAY, HOUR, START, Past, fresh_past

STEP = timedelta(hours=1)


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


def close(past: Past, now: datetime) -> int:
    done = 0
    while some := close_days(past.storage, past.client, now):
        done += some
    return done


def rows(past: Past, scope: str = ALL) -> dict[date, DayResult]:
    with past.storage.begin(write=False) as uow:
        found = uow.days.find(None, {scope}, since=date(2026, 1, 1), until=date(2027, 1, 1), currency="USD")
    return {row.day: row for row in found}


def day(number: int) -> date:
    return date(2026, 3, number)


def test_each_closed_day_has_a_row_for_the_account_and_for_the_whole(any_past: Past) -> None:
    past = any_past
    end = past.live(2.5, step=STEP)
    assert close(past, end) == 4
    whole, own = rows(past), rows(past, str(past.account.id))
    assert list(whole) == list(own) == [day(1), day(2)]
    assert [own[n].total for n in own] == pytest.approx([whole[n].total for n in whole])
    assert (whole[day(2)].account_id, own[day(2)].account_id) == (None, past.account.id)
    row = whole[day(2)]
    assert (row.settled, row.revised, row.status, row.time_zone) == (True, False, "stale", "America/Sao_Paulo")
    assert (row.begins_at, row.ends_at - row.begins_at) == (START.replace(day=2, hour=3, second=0), DAY)
    assert row.realised == pytest.approx(23 * 12.5)  # of its 24 hours the last is seen by the next day's first reading
    assert row.fees == pytest.approx(23 * -1.25)
    assert row.funding == pytest.approx(3 * -0.75)
    assert row.net_flows == pytest.approx(1000)
    assert row.unexplained == pytest.approx(0)
    assert close(past, end) == 0


def test_a_day_waits_a_little_before_it_closes(past: Past) -> None:
    past.live(1, step=STEP)
    midnight = (START + DAY).replace(hour=3, minute=0, second=0)
    assert close(past, midnight + timedelta(minutes=14)) == 0
    assert close(past, midnight + timedelta(minutes=15)) == 2
    assert closed_until(past.storage, past.client, midnight + timedelta(minutes=15)) == midnight


def test_a_late_entry_restates_its_day_and_marks_it_revised(any_past: Past) -> None:
    past = any_past
    end = past.live(3, step=STEP)
    close(past, end)
    before = rows(past)
    late = past.book("funding", "-40", START + DAY + HOUR)
    past.store(late)
    assert close(past, end + HOUR) == 0
    mark = Mark(past.account.id, past.client.id, MarkKind.LATE, late.booked_at, end + HOUR)
    with past.storage.begin() as uow:
        uow.marks.add([mark])
    assert close(past, end + 2 * HOUR) > 0
    after = rows(past)
    assert after[day(2)].funding == pytest.approx((before[day(2)].funding or 0) - 40)
    assert after[day(2)].unexplained == pytest.approx(40)
    assert [n.day for n in after if after[n].revised] == [2]
    assert close(past, end + 3 * HOUR) == 0


def test_a_day_whose_ledger_was_not_read_to_its_end_is_made_again_when_it_was(past: Past) -> None:
    end = past.live(1.5, step=STEP)
    past.read_ledger_to(START + HOUR)
    close(past, end)
    assert not rows(past)[day(1)].settled
    assert close(past, end) == 0
    past.read_ledger_to(end)
    assert close(past, end) == 2
    assert (rows(past)[day(1)].settled, rows(past)[day(1)].revised) == (True, False)


def test_another_time_zone_makes_the_days_anew(past: Past) -> None:
    end = past.live(2, step=STEP)
    close(past, end)
    moved = replace(past.client, time_zone="Asia/Tokyo")
    assert close_days(past.storage, moved, end) > 0
    row = rows(past)[day(2)]
    assert (row.time_zone, row.begins_at) == ("Asia/Tokyo", START.replace(hour=15, second=0))


def test_testnet_accounts_are_a_whole_of_their_own(tmp_path: Path) -> None:
    with fresh_past("sqlite", tmp_path, testnet=True) as past:
        end = past.live(1.5, step=STEP)
        close(past, end)
        assert rows(past) == {}
        assert list(rows(past, TESTNET)) == [day(1)]


def test_a_long_past_is_done_in_portions(past: Past) -> None:
    past.live(0.5, step=STEP)
    now = START + 40 * DAY
    done = []
    while some := close_days(past.storage, past.client, now):
        done.append(some)
    assert len(done) == 2
    assert len(rows(past)) == sum(done) / 2 == 40
    assert rows(past)[day(20)].status == "gap"


def test_one_sidecar_at_a_time_looks_after_the_past_and_another_takes_over(past: Past) -> None:
    end = past.live(2, step=STEP)
    now = [end]
    one, two = (Upkeep(past.storage, lambda: now[0], name) for name in ("one", "two"))
    with past.storage.begin() as uow:
        uow.users.add(make_user("bruno"), None)
    one.run()
    assert len(rows(past)) == 2
    assert not one.is_due(now[0])
    with past.storage.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM day_results /* every client */")
    two.run()
    assert rows(past) == {}
    now[0] += timedelta(minutes=16)
    two.run()
    assert len(rows(past)) == 2
