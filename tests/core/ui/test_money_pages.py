"""Overview, Accounts and Risk in the client's currency: the rate beside the figure, a dash where there is none."""

from datetime import timedelta
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from connectors.sandbox import Sandbox
from core.domain.marks import PricePoint
from core.domain.types import PriceQuote, User
from tests.core.persistence import makers
from tests.core.ui.house import SECOND, ScreenHouse, words


def metrics(at: AppTest) -> dict[str, str]:
    assert not at.exception
    return {metric.label: metric.value.replace("\xa0", " ") for metric in at.metric}


def test_equity_open_profit_and_balances_are_in_the_persons_currency(house: ScreenHouse, bank: Sandbox) -> None:
    ana = house.person(currency="BRL")
    house.read(house.account(ana), equity=1234.5)
    at = house.screen(ana)
    shown = metrics(at)
    assert (shown["Patrimônio"], shown["Não realizado"]) == ("R\\$ 4.938,00", "-R\\$ 50,00")
    assert "BRL: 4,0000 por 1 USD (PTAX," in words(at)
    values = [list(frame.value["value"]) for frame in at.dataframe if "value" in frame.value]
    assert values == [[4938.0], [4938.0]]
    assert [list(frame.value["pnl"]) for frame in at.dataframe if "pnl" in frame.value] == [[-50.0]]


def test_the_choice_in_the_url_counts_and_the_dollar_is_as_before(house: ScreenHouse, bank: Sandbox) -> None:
    ana = house.person()
    house.read(house.account(ana), equity=1000.0)
    assert metrics(house.screen(ana))["Patrimônio"] == "US\\$ 1.000,00"
    assert metrics(house.screen(ana, currency="BRL"))["Patrimônio"] == "R\\$ 4.000,00"
    assert metrics(house.screen(ana, currency="DOGE"))["Patrimônio"] == "US\\$ 1.000,00"


def test_bitcoin_has_eight_places_and_its_own_price(house: ScreenHouse) -> None:
    ana = house.person()
    house.read(house.account(ana), equity=1000.0)
    with house.storage.begin() as uow:
        uow.price_history.save([PricePoint("BTC", house.now - 60 * SECOND, Decimal(50000))])
    shown = metrics(house.screen(ana, currency="BTC"))
    expected = 1000 / 65000.10  # of the balance that was read at that moment, not the price of a minute before
    assert shown["Patrimônio"] == f"BTC {expected:.8f}".replace(".", ",")


def test_without_a_rate_there_is_a_dash_and_the_reason(house: ScreenHouse) -> None:
    ana = house.person(currency="BRL")
    house.read(house.account(ana), equity=1234.5)
    at = house.screen(ana)
    assert set(metrics(at).values()) == {"—"}
    assert "Não há taxa de câmbio para BRL agora" in words(at)
    assert "**—**" in words(house.screen(ana, "accounts"))
    assert "1.234" not in words(at)


def test_accounts_are_worth_money_in_the_clients_currency(house: ScreenHouse, bank: Sandbox) -> None:
    ana = house.person(currency="BRL")
    house.read(house.account(ana), equity=1234.5)
    assert "R\\$ 4.938,00" in words(house.screen(ana, "accounts")).replace("\xa0", " ")
    bia = house.person("bia", currency="BTC")
    house.read(house.account(bia), equity=1234.5)
    assert "BTC 0,01899228" in words(house.screen(bia, "accounts")).replace("\xa0", " ")


def unpriced(house: ScreenHouse) -> User:
    """Return a client who holds an asset whose last price is two days old, and one that never had any."""
    ana = house.person()
    account = house.account(ana)
    at = house.now - 5 * SECOND
    balances = (
        makers.make_balance(account, total=Decimal(2), free=Decimal(2), value=100.0, as_of=at),
        makers.make_balance(account, asset="OLD", total=Decimal("1234.5"), price=None, value=None, as_of=at),
        makers.make_balance(account, asset="GHOST", total=Decimal(7), price=None, value=None, as_of=at),
    )
    house.read(account, equity=100.0, balances=balances)
    old = PriceQuote("binance", "OLD", Decimal("0.25"), house.now - timedelta(days=2), "OLD/USDT")
    with house.storage.begin() as uow:
        uow.prices.save([old])
    return ana


@pytest.mark.parametrize("page", ["overview", "results"])
def test_what_has_no_price_is_counted_and_listed(house: ScreenHouse, page: str) -> None:
    ana = unpriced(house)
    at = house.screen(ana, page)
    assert not at.exception
    opened = next(one for one in at.expander if one.label == "2 ativos sem preço")
    rows = opened.dataframe[0].value
    assert list(rows["asset"]) == ["GHOST", "OLD"]
    assert list(rows["amount"]) == [7, Decimal("1234.5")]
    assert list(rows["age"]) == ["—", "2 d"]
    assert rows["price"].iloc[1] == Decimal("0.25")


def test_positions_and_risk_are_in_the_persons_currency(house: ScreenHouse, bank: Sandbox) -> None:
    ana = house.person(currency="BRL")
    house.read(house.account(ana), equity=1234.5)
    at = house.screen(ana, "risk")
    assert not at.exception
    assert at.selectbox(key="filter_currency").value == "BRL"
    assert "R\\$" in words(at)
