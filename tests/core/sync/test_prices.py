"""Prices of one exchange turned into USD, and merged over exchanges."""

from datetime import timedelta
from decimal import Decimal

from connectors.types import Price
from core.sync.prices import choose_price, usd_quotes
from tests.core.sync.worlds import NOON


def price(asset: str, quote: str, value: str, at_s: float = 0) -> Price:
    return Price(asset, quote, Decimal(value), "acme", NOON + timedelta(seconds=at_s))


def test_every_asset_that_a_market_reaches_gets_its_usd_price() -> None:
    quotes = {
        q.asset: q for q in usd_quotes("acme", [price("BTC", "USDT", "60000"), price("DEF", "BTC", "0.0001")], NOON)
    }
    assert quotes["BTC"].price == 60000
    assert (quotes["DEF"].price, quotes["DEF"].path) == (Decimal("6.0000"), "DEF/BTC>BTC/USDT")
    assert quotes["USDT"].price == 1


def test_what_no_route_reaches_is_left_out() -> None:
    assert {q.asset for q in usd_quotes("acme", [price("A", "B", "2"), price("C", "USDT", "0")], NOON)} == set()


def test_a_currency_without_a_market_of_its_own_is_priced_by_the_stablecoin_market_in_it() -> None:
    quotes = {
        q.asset: q.price for q in usd_quotes("acme", [price("USDT", "BRL", "5"), price("BTC", "BRL", "300000")], NOON)
    }
    assert quotes["BRL"] == Decimal("0.2")
    assert "BTC" not in quotes


def test_an_exchange_clock_that_is_ahead_does_not_make_prices_of_the_future() -> None:
    quotes = usd_quotes("acme", [price("BTC", "USDT", "60000", at_s=3)], NOON)
    assert {q.asset: q.as_of for q in quotes}["BTC"] == NOON


def test_the_price_over_all_exchanges_counts_unless_it_is_of_another_coin() -> None:
    assert choose_price(Decimal(102), Decimal(100)) == 102
    assert choose_price(Decimal(110), Decimal(100)) == 100
    assert choose_price(Decimal(7), None) == 7
    assert choose_price(None, None) is None
