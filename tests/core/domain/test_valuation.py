"""Small wallets, valued by hand."""

from decimal import Decimal

import pytest

from connectors.types import WalletKind
from core.domain.valuation import value_wallet
from tests.core.sync.worlds import NOON, account, balance, position, prices, wallet

PRICES = prices({"BTC": "60000", "USDT": "1", "USD": "1"})


def test_cash_is_worth_amount_times_price_less_debt() -> None:
    spot = wallet("spot", balance("spot", "BTC", "0.5"), balance("spot", "USDT", "100", debt="30"))
    valued = value_wallet(account(), spot, [], price_of=PRICES, at=NOON)
    assert valued.equity == pytest.approx(30070)
    assert [(b.asset, b.value) for b in valued.balances] == [("BTC", 30000.0), ("USDT", 70.0)]
    assert valued.unrealized_pnl == 0
    assert valued.unpriced == ()


def test_an_equity_that_the_exchange_gives_is_net_of_debt_already() -> None:
    margin = wallet("margin", balance("margin", "USDT", "12", equity="8.5", debt="3.5"), kind=WalletKind.MARGIN)
    valued = value_wallet(account(), margin, [], price_of=PRICES, at=NOON)
    assert valued.equity == pytest.approx(8.5)
    assert valued.balances[0].value == pytest.approx(8.5)


def test_what_has_no_price_is_listed_and_left_out() -> None:
    spot = wallet("spot", balance("spot", "USDT", "10"), balance("spot", "MOON", "5"), balance("spot", "DUST", "0"))
    valued = value_wallet(account(), spot, [], price_of=PRICES, at=NOON)
    assert valued.equity == 10
    assert valued.unpriced == ("MOON",)
    assert [(b.asset, b.value, b.price) for b in valued.balances if b.asset != "USDT"] == [("MOON", None, None)]


def test_unrealised_profit_that_is_inside_the_equity_is_not_added_again() -> None:
    cash = balance("usdm", "USDT", "1000", equity="1005", unrealized_pnl="5")
    usdm = wallet("usdm", cash, kind=WalletKind.FUTURES_LINEAR)
    valued = value_wallet(account(), usdm, [position(pnl="5")], price_of=PRICES, at=NOON)
    assert valued.equity == 1005
    assert valued.unrealized_pnl == 5
    assert valued.balances[0].value == 1000
    assert valued.positions[0].unrealized_usd == 5
    assert valued.positions[0].notional_usd == 30000


def test_unrealised_profit_outside_the_cash_is_added_once_from_the_positions() -> None:
    usdm = wallet("usdm", balance("usdm", "USDT", "1000"), kind=WalletKind.FUTURES_LINEAR)
    positions = [position(pnl="5"), position(pnl="-2"), position("coinm", pnl="7", settle="BTC")]
    valued = value_wallet(account(), usdm, positions, price_of=PRICES, at=NOON)
    assert valued.equity == 1003
    assert valued.unrealized_pnl == 3
    assert len(valued.positions) == 2


def test_an_inverse_position_has_its_notional_in_usd_already() -> None:
    coinm = wallet("coinm", balance("coinm", "BTC", "1", equity="1.1"), kind=WalletKind.FUTURES_INVERSE)
    valued = value_wallet(
        account(), coinm, [position("coinm", pnl="0.1", settle="BTC", inverse=True)], price_of=PRICES, at=NOON
    )
    assert valued.equity == pytest.approx(66000)
    assert valued.unrealized_pnl == pytest.approx(6000)
    assert valued.positions[0].notional_usd == 30000


def test_an_unknown_profit_stays_unknown_and_amounts_stay_exact() -> None:
    usdm = wallet("usdm", balance("usdm", "USDT", "0.123456789012345678"), kind=WalletKind.FUTURES_LINEAR)
    valued = value_wallet(account(), usdm, [position(pnl=None)], price_of=PRICES, at=NOON)
    assert valued.positions[0].unrealized_usd is None
    assert valued.balances[0].total == Decimal("0.123456789012345678")
