"""Ninety days at every exchange, with all that can happen there, make books that close to the cent every day."""

from collections.abc import Iterator

import pytest

from tests.mapping import checks
from tests.mapping.cases import CASES, RICH, SHORT_DAYS
from tests.mapping.lived import DAYS, Lived, Plan, live

EVENT_TYPES = 20


@pytest.fixture(scope="module", params=CASES, ids=":".join)
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Give one account's past: ninety days of the one that does most, two weeks of the others."""
    exchange, name = request.param
    plan = Plan(days=DAYS if name == RICH else SHORT_DAYS)
    with live(exchange, name, tmp_path_factory.mktemp("lived"), plan) as made:
        yield made


def test_every_day_closes_and_its_parts_make_up_its_total(lived: Lived) -> None:
    assert len(lived.results) == lived.plan.days
    assert checks.days_that_do_not_close(lived) == []


def test_the_ledger_leads_from_each_reading_to_the_next_to_the_last_digit(lived: Lived) -> None:
    assert checks.breaks_of_the_ledger(lived) == []


def test_only_wallets_that_cannot_be_read_have_failed(lived: Lived) -> None:
    assert checks.unexpected_failures(lived) == set()


def test_a_life_has_twenty_sorts_of_events(lived: Lived) -> None:
    assert len(checks.event_types(lived)) >= (EVENT_TYPES if lived.key == RICH else EVENT_TYPES // 2)


def test_a_forgotten_row_is_unexplained_on_its_day_and_nowhere_else(lived: Lived) -> None:
    assert len(checks.one_of_each_kind(lived)) >= 5
    assert list(checks.wrong_where_a_row_is_forgotten(lived)) == []
