"""Prices of one exchange turned into USD, and merged over exchanges."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from connectors.types import Price
from core.domain.pricing import Market
from core.domain.types import PriceQuote
from core.sync.ports import PriceOf
from core.sync.prices import choose_price, market_quotes, price_points, usd_quotes, venue_prices
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


def stored(exchange: str, *prices: Price) -> list[PriceQuote]:
    return usd_quotes(exchange, list(prices), NOON)


def valued(exchange: str, *quotes: list[PriceQuote]) -> PriceOf:
    every = [quote for some in quotes for quote in some]
    return venue_prices(exchange, every, Market.of(market_quotes(every), NOON))


def test_t32_a_stablecoin_that_one_exchange_sees_fall_has_fallen_everywhere() -> None:
    beta = stored("beta", price("BTC", "USDC", "60000"), price("ETH", "USDT", "3000"), price("sUSD", "USDC", "0.23"))
    gamma = stored("gamma", price("BTC", "USDC", "60000"), price("sUSD", "USDC", "0.23"))
    price_of = valued("beta", stored("alpha", price("USDC", "USD", "0.88")), beta, gamma)
    assert price_of("USDC") == Decimal("0.88")
    assert price_of("BTC") == Decimal("52800.00")  # 60,000 fallen dollars
    assert price_of("sUSD") == Decimal("0.2024")
    assert price_of("USDT") == 1  # the other one is at par
    assert price_of("ETH") == 3000


def test_prices_kept_for_later_follow_a_fallen_stablecoin_too() -> None:
    beta = stored("beta", price("BTC", "USDC", "60000"))
    every = [*stored("alpha", price("USDC", "USD", "0.88")), *beta]
    kept = price_points("beta", beta, Market.of(market_quotes(every), NOON), NOON)
    assert {point.asset: (point.price, point.exchange) for point in kept} == {
        "BTC": (Decimal("52800.00"), ""),
        "USDC": (Decimal("0.88"), ""),
    }


def test_t33_what_has_no_market_in_dollars_is_priced_over_bitcoin() -> None:
    price_of = valued("alpha", stored("alpha", price("X", "BTC", "0.0005"), price("BTC", "USDT", "60000")))
    assert 10 * (price_of("X") or 0) == 300


def test_t36_a_ticker_that_means_another_coin_elsewhere_keeps_its_venues_price() -> None:
    alpha, beta = stored("alpha", price("SAME", "USDT", "0.15")), stored("beta", price("SAME", "USD", "7"))
    assert 1000 * (valued("alpha", alpha, beta)("SAME") or 0) == 150
    assert valued("beta", alpha, beta)("SAME") == 7


def test_t36_a_coin_without_a_market_here_is_not_priced_as_another_ones_namesake() -> None:
    beta, gamma = stored("beta", price("SAME", "USDT", "7")), stored("gamma", price("SAME", "USDT", "7.1"))
    alpha = stored("alpha", price("BTC", "USDT", "60000"))
    assert valued("alpha", alpha, beta)("SAME") is None
    assert valued("alpha", alpha, beta, gamma)("SAME") == Decimal("7.05")  # two exchanges mean the same by it
    assert valued("delta", alpha, beta)("BTC") == 60000  # everybody means the same by it


def test_one_asset_has_one_price_at_every_exchange_that_means_the_same_coin() -> None:
    quotes = [
        stored(name, price("BTC", "USDT", value)) for name, value in (("a", "60000"), ("b", "60010"), ("c", "60040"))
    ]
    assert {valued(name, *quotes)("BTC") for name in "abc"} == {Decimal(60010)}


def test_an_old_price_here_gives_way_to_a_fresh_one_that_two_others_agree_on() -> None:
    old = [replace(quote, as_of=NOON - timedelta(hours=2)) for quote in stored("alpha", price("X", "USDT", "10"))]
    beta, gamma = stored("beta", price("X", "USDT", "12")), stored("gamma", price("X", "USDT", "12.1"))
    assert valued("alpha", old, beta, gamma)("X") == Decimal("12.05")


def test_a_currency_listed_against_bitcoin_only_is_priced_by_it() -> None:
    quotes = {q.asset: q for q in stored("acme", price("BTC", "EUR", "50000"), price("BTC", "USDT", "60000"))}
    assert quotes["EUR"].price == Decimal("1.2")
    assert {q.asset: q.price for q in stored("acme", price("EUR", "USDT", "1.1"))}["EUR"] == Decimal("1.1")
