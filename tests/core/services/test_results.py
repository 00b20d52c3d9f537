"""Results of a period: days add up, bars close, every bar opens to rows that sum to it, parts add up to the total."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.domain.pnl import period_pnl, returns
from core.domain.pnl.book import COMPONENTS
from core.domain.types import Scope
from core.errors import InvalidInputError, NotFoundError
from core.services.books import load_book
from core.services.results import load_results
from core.services.results_rows import load_parts, load_rows
from core.services.results_types import BARS, GROUPS, PERIODS, STEPS, Question, Results, span_of
from tests.core.persistence.makers import DAY, HOUR, make_user, scope_of
from tests.core.persistence.statements import refuse_unscoped_statements
from tests.core.services.conftest import BACKEND_PARAMS
from tests.core.services.office import NOW
from tests.core.services.results_past import ODD, Trader, close
from tests.databases import fresh_storage

START = NOW - timedelta(days=6.2)
STEP = 2 * HOUR
CENT = 0.005


class Past:
    """A client with two accounts at two exchanges, six days of life and closed days."""

    def __init__(self, backend: str, folder: Path) -> None:
        self.client = make_user("ana")
        self._storage = fresh_storage(backend, folder)
        self.storage = self._storage.__enter__()
        refuse_unscoped_statements(self.storage.engine)
        with self.storage.begin() as uow:
            uow.users.add(self.client, None)
        self.one = Trader(self.storage, self.client, "One", is_main=True)
        self.two = Trader(self.storage, self.client, "Two", seed=2, exchange="bitget")
        self.one.live(START, NOW, step=STEP)
        self.two.live(START + 20 * HOUR, NOW, step=STEP, odd=True)
        close(self.storage, self.client, NOW)
        self.scope = scope_of(self.client)

    def close(self) -> None:
        self._storage.__exit__(None, None, None)

    def ask(self, period: str = "all", view: str = "all", **changes: object) -> Results:
        question = Question(self.client.id, view, period, **changes)  # type: ignore[arg-type]
        return load_results(self.storage, self.scope, question, now=NOW)


@pytest.fixture(scope="module")
def pasts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Past]]:
    """Give the same past on each database, made once; no test of this module changes it."""
    made: dict[str, Past] = {}

    def on(backend: str) -> Past:
        if backend not in made:
            made[backend] = Past(backend, tmp_path_factory.mktemp(backend))
        return made[backend]

    yield on
    for past in made.values():
        past.close()


@pytest.fixture
def past(pasts: Callable[[str], Past]) -> Past:
    """Give the past on SQLite."""
    return pasts("sqlite")


@pytest.fixture(params=BACKEND_PARAMS)
def any_past(request: pytest.FixtureRequest, pasts: Callable[[str], Past]) -> Past:
    """Give the past on each database."""
    return pasts(str(request.param))


def known(results: Results) -> list[float]:
    """Return the bars, all of which are known."""
    values = [value for value in results.bars.values() if value is not None]
    assert len(values) == len(results.bars)
    return values


@pytest.mark.parametrize("view", ["main", "all"])
@pytest.mark.parametrize("period", ["today", "7d", "all"])
def test_bars_lead_from_opening_to_closing(past: Past, period: str, view: str) -> None:
    results = past.ask(period, view)
    assert list(results.bars) == list(BARS)
    opening, *steps, closing = known(results)
    assert opening + sum(steps) == pytest.approx(closing, abs=1e-6)
    assert results.total == pytest.approx(sum(steps[2:]))
    assert results.total == pytest.approx(closing - opening - sum(steps[:2]), abs=1e-6)


@pytest.mark.parametrize("view", ["main", "all"])
def test_the_period_is_what_the_engine_says_of_the_whole_book(past: Past, view: str) -> None:
    results = past.ask("all", view)
    since, until = START - DAY, NOW
    ids = set(results.shown)
    with past.storage.begin(past.scope, write=False) as uow:
        book = load_book(uow, past.scope, ids, since, until, time_zone=past.client.time_zone, step_seconds=3600)
    whole = period_pnl(book, since, until)
    for name in (*COMPONENTS, "net_flows", "scope_flows", "total"):
        mine = results.total if name == "total" else results.bars[name]
        assert mine == pytest.approx(getattr(whole, name), abs=1e-6), name
    linked = returns(book, since, until)
    assert results.returns.twr == pytest.approx(linked.twr, abs=1e-9)
    assert results.returns.mwr == pytest.approx(linked.mwr, abs=1e-6)


@pytest.mark.parametrize("period", ["today", "all"])
def test_the_rows_behind_every_bar_sum_to_it(any_past: Past, period: str) -> None:
    past, results = any_past, any_past.ask(period)
    everything = load_rows(past.storage, past.scope, results)
    for bar in STEPS:
        rows = [row for row in everything if row.component == bar]
        assert sum(row.value for row in rows) == pytest.approx(results.bars[bar], abs=1e-5), bar
        assert "rest" not in {row.kind for row in rows}


def test_entries_are_rows_in_the_order_of_time(past: Past) -> None:
    results = past.ask(view="main")
    funding = load_rows(past.storage, past.scope, results, bar="funding")
    assert {row.component for row in funding} == {"funding"}
    assert sum(row.value for row in funding) == pytest.approx(results.bars["funding"])
    assert all(row.entry and row.amount is not None for row in funding)
    times = [row.at for row in funding if row.at is not None]
    assert len(times) == len(funding) > 1
    assert times == sorted(times)


@pytest.mark.parametrize("by", GROUPS)
def test_parts_add_up_to_the_total(past: Past, by: str) -> None:
    results = past.ask("7d")
    parts = load_parts(past.storage, past.scope, results, by=by)
    assert len(parts) >= 1
    assert sum(part.total for part in parts) == pytest.approx(results.total, abs=1e-6)
    for name in COMPONENTS:
        assert sum(part.money[name] for part in parts) == pytest.approx(results.bars[name], abs=1e-6), name


def test_accounts_are_parts_with_their_own_results(past: Past) -> None:
    parts = {part.key: part for part in past.ask().parts["account"]}
    for trader in (past.one, past.two):
        alone = past.ask(view=str(trader.account.id))
        assert parts[str(trader.account.id)].total == pytest.approx(alone.total, abs=1e-6)


def test_what_no_entry_explains_is_its_own_bar_on_its_day(past: Past) -> None:
    results = past.ask()
    assert results.bars["unexplained"] == pytest.approx(float(ODD), abs=CENT)
    assert results.unexplained_ok is False
    assert len(results.unexplained_days) == 1
    (row,) = [row for row in load_rows(past.storage, past.scope, results, bar="unexplained") if abs(row.value) > CENT]
    assert (row.account, row.asset) == ("Two", "USDT")
    assert row.value == pytest.approx(float(ODD))
    assert row.at is not None
    assert past.ask(view="main").unexplained_ok is True


def test_the_history_begins_where_it_begins(past: Past) -> None:
    results = past.ask("30d")
    assert (results.since, results.history_begins) == (START.date(), True)
    assert results.bars["opening"] == 0
    assert len(results.days) == 7
    assert past.ask("today").history_begins is False
    assert past.ask("custom", first=date(2026, 1, 1), last=date(2026, 1, 31)).days == ()


def test_the_day_that_runs_is_open_provisional_and_in_no_statistic(past: Past) -> None:
    results = past.ask()
    assert [day.is_open for day in results.days] == [False] * 6 + [True]
    assert results.risk is not None
    assert results.risk.n == 6
    assert (results.risk.sharpe, results.risk.volatility, results.risk.calmar) == (None, None, None)
    assert results.returns.mwr_per_year is None
    assert results.is_provisional


def test_a_period_of_closed_days_is_not_computed_but_read(past: Past) -> None:
    whole = past.ask()
    some = past.ask("custom", first=whole.days[1].result.day, last=whole.days[3].result.day)
    assert [day.result for day in some.days] == [day.result for day in whole.days[1:4]]
    assert some.total == pytest.approx(sum(day.result.total or 0.0 for day in some.days))
    assert not some.is_provisional


def test_days_that_are_not_stored_are_computed_the_same(any_past: Past) -> None:
    past = any_past
    stored = past.ask()
    with past.storage.begin() as uow:
        kept = uow.days.find({past.client.id}, {"all"}, since=START.date(), until=NOW.date(), currency="USD")
        uow.days.save([replace(row, time_zone="UTC", computed_at=row.computed_at + HOUR) for row in kept])
    try:
        fresh = past.ask()
        assert len(fresh.days) == len(stored.days)
        for one, other in zip(stored.days, fresh.days, strict=True):
            assert one.result.total == pytest.approx(other.result.total, abs=1e-6)
            assert one.result.twr == pytest.approx(other.result.twr, abs=1e-9)
    finally:
        with past.storage.begin() as uow:
            uow.days.save([replace(row, computed_at=row.computed_at + 2 * HOUR) for row in kept])


def test_foreign_and_unknown_clients_and_accounts_are_answered_alike(any_past: Past) -> None:
    past = any_past
    stranger = Scope(uuid4(), past.scope.role, frozenset({uuid4()}))
    with pytest.raises(NotFoundError):
        load_results(past.storage, stranger, Question(past.client.id), now=NOW)
    for view in (str(uuid4()), "nonsense"):
        with pytest.raises(NotFoundError):
            past.ask(view=view)


def test_a_client_without_history_has_no_days(past: Past) -> None:
    bruno = make_user("bruno")
    with past.storage.begin() as uow:
        uow.users.add(bruno, None)
    results = load_results(past.storage, scope_of(bruno), Question(bruno.id, "all"), now=NOW)
    assert (results.days, results.since, results.total) == ((), None, None)
    assert load_rows(past.storage, scope_of(bruno), results) == ()
    assert load_parts(past.storage, scope_of(bruno), results, by="asset") == ()


@pytest.mark.parametrize(
    ("period", "first", "days"),
    [
        ("today", date(2026, 11, 22), 1),
        ("7d", date(2026, 11, 16), 7),
        ("30d", date(2026, 10, 24), 30),
        ("month", date(2026, 11, 1), 22),
        ("ytd", date(2026, 1, 1), 326),
        ("all", date(2026, 5, 5), 202),
    ],
)
def test_a_period_is_whole_local_days_up_to_today(period: str, first: date, days: int) -> None:
    span = span_of(Question(uuid4(), period=period), date(2026, 11, 22), date(2026, 5, 5))
    assert (span.first, span.last, span.days) == (first, date(2026, 11, 22), days)
    assert period in PERIODS


def test_a_custom_period_ends_today_at_the_latest_and_nonsense_is_refused() -> None:
    today = date(2026, 11, 22)

    def span(first: date | None, last: date | None, period: str = "custom") -> tuple[date, date]:
        found = span_of(Question(uuid4(), "all", period, first, last), today, None)
        return found.first, found.last

    assert span(date(2026, 11, 1), date(2027, 1, 1)) == (date(2026, 11, 1), today)
    for first, last, period in (
        (date(2026, 11, 2), date(2026, 11, 1), "custom"),
        (None, today, "custom"),
        (today + timedelta(days=1), today + timedelta(days=2), "custom"),
        (None, None, "decade"),
    ):
        with pytest.raises(InvalidInputError):
            span(first, last, period)
