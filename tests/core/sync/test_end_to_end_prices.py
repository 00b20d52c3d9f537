"""From the exchanges' public prices to what is stored of an account: pegs that break, assets that nobody prices."""

from decimal import Decimal

import pytest

from core.services.rates import load_rates
from core.services.unpriced import load_unpriced
from tests.core.sync.house import House


def test_t32_a_peg_that_breaks_at_one_exchange_is_seen_in_the_accounts_of_all(any_house: House) -> None:
    house = any_house
    house.sandbox.world.market.fixed["USDT", "USD"] = Decimal("0.88")
    kraken, binance = house.add("good", exchange="kraken"), house.add("good", client=house.add_client("bia"))
    house.once()
    house.clock.move(700)  # the slowest wallets are due again
    house.once()
    for job in (kraken, binance):
        tether = [row for row in house.balances(job) if row.asset == "USDT" and row.total]
        assert tether
        assert all(row.price == Decimal("0.88") for row in tether)
        assert all(row.value == pytest.approx(float(row.total - row.debt) * 0.88) for row in tether)
    prices = {job.id: {row.asset: row.price for row in house.balances(job)} for job in (kraken, binance)}
    common = prices[kraken.id].keys() & prices[binance.id].keys() & {"BTC", "ETH"}
    assert common
    assert all(prices[kraken.id][asset] == prices[binance.id][asset] for asset in common)


def test_rates_of_coins_and_of_reais_are_kept_with_the_prices(house: House) -> None:
    house.add("good")
    house.once()
    now = house.clock()
    with house.storage.begin(write=False) as uow:
        reais, bitcoin, tether = (load_rates(uow, name, now, now).at(now) for name in ("BRL", "BTC", "USDT"))
    assert reais is not None
    assert bitcoin is not None
    assert tether is not None
    assert (reais.source, bitcoin.source, tether.per_usd) == ("ptax", "market", 1.0)
    bank = house.sandbox.world.market.pair("USDT", "BRL", reais.as_of.replace(microsecond=0))
    assert reais.per_usd == pytest.approx(float(bank), abs=1e-4)
    coin = house.sandbox.world.market.pair("BTC", "USDT", now)
    assert bitcoin.per_usd == pytest.approx(1 / float(coin))


def test_what_nobody_prices_is_listed_with_its_amount(house: House) -> None:
    job = house.add("dust")
    house.once()
    account = house.account(job)
    with house.storage.begin(write=False) as uow:
        rows = load_unpriced(uow, [account], {account.user_id})
    assert [(row.asset, row.amount, row.last_price) for row in rows] == [("GHOST", Decimal("1234.5"), None)]
    assert [row.account for row in rows] == [account.name]
