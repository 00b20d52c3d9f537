"""With amounts hidden no screen shows money or amounts of assets, while percentages and ages stay."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.ui.format import HIDDEN, MISSING, Formats
from tests.core.persistence.makers import make_ledger
from tests.core.ui.house import ScreenHouse, words

MONEY = re.compile(r"[$€]\s?[-+]?\d")
PAGES = ("overview", "risk", "results", "ledger", "accounts")
AMOUNTS = {"value", "amount", "total", "locked", "size", "pnl"}


def everything(at: AppTest) -> str:
    """Return all that was sent to the browser as one text: words, charts with their descriptions, labels."""
    return "\n".join(str(element.proto).replace("\\\\", "") for element in elements(at._tree))


def elements(block: Any) -> Iterator[Any]:  # noqa: ANN401 - AppTest has no public type for a block
    """Walk through the tree of a screen."""
    for child in getattr(block, "children", {}).values():
        if hasattr(child, "children"):
            yield from elements(child)
        else:
            yield child


def open_page(house: ScreenHouse, page: str) -> AppTest:
    client = house.person(language="en")
    account = house.account(client)
    house.read(account)
    with house.storage.begin() as uow:
        uow.ledger.add([make_ledger(account, amount=Decimal("987.65"), booked_at=house.now, asset="USDT")])
    return house.screen(client, page)


@pytest.mark.parametrize("page", PAGES)
def test_no_screen_shows_money_while_amounts_are_hidden(house: ScreenHouse, page: str) -> None:
    at = open_page(house, page)
    assert not at.exception
    if page != "ledger":
        assert MONEY.search(everything(at))
    at.toggle(key="hide_amounts").set_value(True).run()
    assert not at.exception
    shown = everything(at)
    assert MONEY.findall(shown) == []
    for table in at.dataframe:
        for name in AMOUNTS & set(table.value.columns):
            assert set(table.value[name]) <= {HIDDEN, MISSING, None}, name
    assert HIDDEN in shown or any(HIDDEN in table.value.to_string() for table in at.dataframe)


def test_percentages_and_ages_stay_and_amounts_come_back(house: ScreenHouse) -> None:
    at = open_page(house, "overview")
    before = words(at)
    at.toggle(key="hide_amounts").set_value(True).run()
    assert "ago" in words(at) and [metric.delta for metric in at.metric if "%" in str(metric.delta)]
    assert words(at).count("%") == before.count("%")
    at.toggle(key="hide_amounts").set_value(False).run()
    assert MONEY.search(words(at)) and HIDDEN not in words(at)


def test_hidden_amounts_stay_hidden_on_the_next_page(house: ScreenHouse) -> None:
    at = open_page(house, "overview")
    at.toggle(key="hide_amounts").set_value(True).run()
    at.switch_page("../../pages/accounts.py").run()
    assert HIDDEN in words(at) and not MONEY.search(everything(at))


@pytest.mark.parametrize("locale", ["pt_BR", "en"])
def test_hidden_formats_write_dots_for_amounts_and_figures_for_the_rest(locale: str) -> None:
    formats = Formats(locale, "UTC", hidden=True)
    amount = Decimal("-12.5")
    written = {formats.money(amount), formats.money(0), formats.compact(1e6), formats.amount(amount)}
    written |= {formats.money(amount, "BTC", signed=True), formats.exact(amount)}
    assert written == {HIDDEN}
    assert formats.tick(1000.0) == ""
    assert formats.money(None) == formats.amount(None) == MISSING
    shown = Formats(locale, "UTC")
    assert formats.percent(0.05) == shown.percent(0.05)
    assert formats.digits(Decimal(5)) == shown.amount(Decimal(5)) == "5"
    assert formats.price(Decimal("60000.5")) == shown.price(Decimal("60000.5"))
