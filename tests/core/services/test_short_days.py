"""The day that runs, in plain numbers, is what its book says, and only what is odd takes that book."""

from collections.abc import Callable

import pytest

from core.domain.pnl import daily_pnl
from core.domain.pnl.book import COMPONENTS
from core.domain.pnl.short import ShortPnl
from core.services.books import DAY_SECONDS, Material, load_material
from core.services.period_days import Live, Shown, live_days
from core.services.results import find_shown
from core.services.results_types import MONTH, Question, Span
from core.services.short_days import short_day
from core.services.views import ALL
from tests.core.persistence.makers import HOUR, MINUTE
from tests.core.services import test_same_engine as same
from tests.core.services.office import NOW, Office

FIGURES = ("total", *COMPONENTS, "net_flows", "scope_flows", "equity0", "equity1")


def material_of(office: Office, view: str) -> tuple[Shown, Material]:
    with office.web.begin(office.mine, write=False) as uow:
        shown = find_shown(uow, office.mine, Question(office.ana.id, view, MONTH), NOW)
        material = load_material(
            uow, shown.scope, shown.ids, same.MIDNIGHT, NOW, time_zone=shown.time_zone, step_seconds=DAY_SECONDS
        )
    return shown, material


def trades_and_fees(office: Office) -> None:
    one, other = same.pair(office)
    for kind, amount, ref in (("trade", "-60", "f1"), ("fee", "-0.25", "f1"), ("funding", "1.5", None)):
        one.book(NOW - 2 * HOUR, amount, kind=kind, ref=ref, dedupe_key=f"{kind}{amount}")
    one.read(NOW - 2 * HOUR + MINUTE, "12")
    same.end(office, one, other)


def check(office: Office, short: ShortPnl, shown: Shown, material: Material) -> None:
    """Compare every figure of the day, of its accounts and of what came and went with the book's."""
    book = material.book(shown.time_zone, "USD")
    day = NOW.date().isoformat()
    (whole,) = daily_pnl(book, day, day, now=NOW)
    mine = {**short.money, "equity0": short.equity0, "equity1": short.equity1}
    for name in FIGURES:
        assert mine[name] == pytest.approx(getattr(whole, name), abs=1e-6), name
    assert short.twr == pytest.approx(whole.twr, abs=1e-12)
    assert (short.unexplained_ok, "ok", 0) == (whole.unexplained_ok, whole.status, len(whole.unpriced))
    with office.web.begin(office.mine, write=False) as uow:
        days = live_days(uow, shown, currency="USD", span=Span(NOW.date(), NOW.date())).days
    by_book, by_short = Live(days, book=book), Live(days, short=short)
    theirs = by_book.by_account()
    for account, money in by_short.by_account().items():
        for name in FIGURES[:-2]:
            assert money[name] == pytest.approx(theirs.get(account, {}).get(name, 0.0), abs=1e-6), name
    ends = (same.MIDNIGHT, NOW)
    told, known = by_short.moves(*ends), by_book.moves(*ends)
    assert [(move.account, move.at) for move in told] == [(move.account, move.at) for move in known]
    assert [move.value for move in told] == pytest.approx([move.value for move in known])


@pytest.mark.parametrize("happen", [*same.WORLDS, trades_and_fees], ids=lambda world: world.__name__)
def test_plain_numbers_say_what_the_book_says(office: Office, happen: Callable[[Office], None]) -> None:
    happen(office)
    for view in same.views(office):
        shown, material = material_of(office, view)
        short = short_day(material, same.MIDNIGHT, NOW)
        if short is not None:
            check(office, short, shown, material)


PLAIN = (
    same.nothing, same.deposit_today, same.deposit_just_before_midnight, same.transfer_between_own_accounts,
    same.wallet_carried, trades_and_fees,
)  # fmt: skip
ODD = (
    same.account_joins_today, same.wallet_stale, same.account_removed_today,
    same.price_found_today, same.price_lost_today,
)  # fmt: skip


@pytest.mark.parametrize(
    ("happen", "is_plain"),
    [(world, True) for world in PLAIN] + [(world, False) for world in ODD],
    ids=lambda given: getattr(given, "__name__", ""),
)
def test_money_that_moves_takes_no_book_and_what_is_odd_does(
    office: Office, happen: Callable[[Office], None], is_plain: bool
) -> None:
    happen(office)
    _shown, material = material_of(office, ALL)
    assert (short_day(material, same.MIDNIGHT, NOW) is not None) is is_plain
