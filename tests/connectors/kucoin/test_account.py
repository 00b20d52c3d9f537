"""Wallets, positions, prices and rights of KuCoin are what the world holds, each sum of money once."""

from decimal import Decimal

import pytest

from connectors.errors import WrongAccountModeError
from connectors.kucoin import endpoints as api
from connectors.sandbox import Sandbox
from connectors.types import Permissions, Side
from tests.connectors.kucoin.calls import CLASSIC, NOW, asked, connect, totals, uid

READ_ONLY = Permissions(read=True, trade=False, transfer=False, withdraw=False, ip_restricted=True)


@pytest.mark.parametrize("name", [*CLASSIC, "hf"])
def test_wallets_hold_what_the_world_says_and_nothing_twice(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    book = quiet.world.book(uid(quiet, name), NOW)
    held = {wallet.wallet: totals(wallet.balances) for wallet in info.wallets}
    assert all(wallet.ok for wallet in info.wallets)
    assert held == {
        "trade": book.amounts("spot"),
        "main": book.amounts("funding"),
        "margin_cross": {},
        "margin_isolated": {},
        "futures_linear": book.amounts("futures_linear"),
        "futures_inverse": book.amounts("futures_inverse"),
    }
    for wallet in info.wallets:
        if wallet.wallet.startswith("futures_"):
            profits = {row.asset: row.unrealized_pnl for row in wallet.balances if row.unrealized_pnl}
            assert profits == {asset: pnl for asset, pnl in book.unrealized(wallet.wallet).items() if pnl}
            assert all(row.equity == row.total + (row.unrealized_pnl or 0) for row in wallet.balances)


@pytest.mark.parametrize("name", [*CLASSIC, "hf"])
def test_spot_balances_are_the_trade_wallet_with_what_orders_hold(quiet: Sandbox, name: str) -> None:
    rows = connect(quiet, name).get_spot_balances()
    book = quiet.world.book(uid(quiet, name), NOW)
    assert totals(rows) == book.amounts("spot")
    assert {row.asset: row.locked for row in rows if row.locked} == dict(book.locked)


@pytest.mark.parametrize("name", [*CLASSIC, "hf"])
def test_positions_are_contracts_turned_into_base_units(quiet: Sandbox, name: str) -> None:
    found = connect(quiet, name).get_futures_positions()
    true = quiet.world.book(uid(quiet, name), NOW).positions
    hedged = quiet.world.account(uid(quiet, name)).hedged
    assert {
        (item.symbol, item.side, round(item.size_base, 8), item.entry_price, item.mark_price, item.unrealized_pnl)
        for item in found
    } == {
        (
            f"{item.base}/{'USD' if item.inverse else 'USDT'}:{item.settle}",
            item.side,
            round(item.size, 8),
            item.entry,
            item.mark,
            item.unrealized,
        )
        for item in true
    }
    assert {item.hedged for item in found} <= {hedged}
    assert {item.wallet for item in found} == {item.wallet for item in true}


def test_an_inverse_contract_is_one_dollar_and_the_venue_calls_bitcoin_xbt(quiet: Sandbox) -> None:
    (found,) = connect(quiet, "good").get_futures_positions(wallets=["futures_inverse"])
    assert (found.venue_symbol, found.settle_asset, found.side) == ("XBTUSDM", "BTC", Side.LONG)
    assert (found.contract_size, found.contract_size_unit) == (Decimal(1), "USD")
    assert found.contracts == Decimal(3000)


def test_contracts_and_mode_are_asked_once(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    for _ in range(2):
        connector.get_account_info()
        connector.get_futures_positions()
    counts = asked(sandbox)
    assert (counts[api.CONTRACTS.path], counts[api.MODE.path], counts[api.ACCOUNTS.path]) == (1, 1, 2)


def test_a_unified_account_is_refused_and_never_shown_as_empty(quiet: Sandbox) -> None:
    connector = connect(quiet, "unified")
    assert connector.get_permissions().uid == uid(quiet, "unified")
    for read in (
        connector.get_account_info,
        connector.get_spot_balances,
        connector.get_futures_positions,
        lambda: connector.get_ledger(NOW, NOW),
        lambda: connector.get_closed_positions(NOW, NOW),
    ):
        with pytest.raises(WrongAccountModeError) as caught:
            read()
        assert caught.value.venue_code == "UNIFIED"


def test_prices_are_all_pairs_of_one_public_call(sandbox: Sandbox) -> None:
    prices = {(price.asset, price.quote): price.value for price in connect(sandbox, "good").get_prices()}
    assert prices["BTC", "USDT"] == sandbox.world.market.pair("BTC", "USDT", NOW)
    assert prices["USDT", "BRL"] == sandbox.world.market.pair("USDT", "BRL", NOW)
    assert asked(sandbox) == {api.TICKERS.path: 1}


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", {}),
        ("trade", {"trade": True}),
        ("transfer", {"transfer": True}),
        ("withdraw", {"trade": True, "transfer": True, "withdraw": True}),
        ("no_ip", {"ip_restricted": False}),
    ],
)
def test_the_rights_of_a_key_are_exact(quiet: Sandbox, name: str, rights: dict[str, bool]) -> None:
    found = connect(quiet, name).get_permissions()
    expected = {"read": True, "trade": False, "transfer": False, "withdraw": False, "ip_restricted": True, **rights}
    assert {field: getattr(found, field) for field in expected} == expected
    assert found.uid == uid(quiet, name)
