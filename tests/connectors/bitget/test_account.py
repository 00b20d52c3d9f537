"""The Bitget connector reads wallets, positions, rights and prices of the sandbox to the last digit."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import connectors
from connectors.sandbox import Sandbox
from connectors.sandbox.model import q8
from connectors.types import LedgerKind, Permissions
from tests.connectors.bitget.calls import CLASSIC, NOW, OVERVIEW, ZERO, asked, by_name, connect, ledger, totals, uid

EARN = "/api/v2/earn/account/assets"


@pytest.mark.parametrize("name", CLASSIC)
def test_every_wallet_of_a_classic_account_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    wallets, book = by_name(info.wallets), quiet.world.book(uid(quiet, name), NOW)
    assert (info.mode, {wallet.reason for wallet in info.wallets}) == ("classic", {None})
    spot = {item.asset: (item.free, item.locked, item.total) for item in wallets["spot"].balances}
    locked = {asset: book.locked.get(asset, ZERO) for asset in book.amounts("spot")}
    assert spot == {asset: (all - locked[asset], locked[asset], all) for asset, all in book.amounts("spot").items()}
    assert totals(wallets["funding"].balances) == book.amounts("funding")
    for wallet in ("futures_linear", "futures_inverse"):
        pnl, found = book.unrealized(wallet), wallets[wallet].balances
        assert totals(found) == book.amounts(wallet)
        assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
        assert all(item.equity == item.total + pnl.get(item.asset, ZERO) for item in found)
    for wallet in ("margin_cross", "margin_isolated", "bots"):
        assert totals(wallets[wallet].balances) == book.amounts(wallet)


@pytest.mark.parametrize("name", CLASSIC)
def test_earn_is_read_coin_by_coin(quiet: Sandbox, name: str) -> None:
    earn = by_name(connect(quiet, name).get_account_info(wallets=["earn"]).wallets)["earn"]
    held = quiet.world.book(uid(quiet, name), NOW).amounts("earn")
    assert totals(earn.balances) == held
    assert bool(held) is (name == "good")


def test_a_key_that_may_not_read_earn_learns_its_worth_and_does_not_ask_again(quiet: Sandbox) -> None:
    key = quiet.key("bitget", "good")
    quiet.put_key(replace(key, denied=(EARN,)))
    try:
        connector, worth = connect(quiet, "good"), quiet.world.equity(quiet.world.book(key.uid, NOW))[0]["earn"]
        quiet.requests.clear()
        for _ in range(2):
            earn = by_name(connector.get_account_info(wallets=["earn"]).wallets)["earn"]
            assert totals(earn.balances) == {"USDT": q8(worth)}
        assert asked(quiet)[EARN] == 1
    finally:
        quiet.put_key(key)


def test_a_unified_account_is_read_exactly_and_its_classic_wallets_are_not_asked(sandbox: Sandbox) -> None:
    info = connect(sandbox, "unified").get_account_info()
    wallets, book = by_name(info.wallets), sandbox.world.book(uid(sandbox, "unified"), NOW)
    assert (info.mode, info.uid) == ("unified", uid(sandbox, "unified"))
    unified, pnl = wallets["unified"], book.unrealized("unified")
    assert totals(unified.balances) == book.amounts("unified")
    assert {item.asset: item.equity for item in unified.balances} == {
        asset: cash + pnl.get(asset, ZERO) for asset, cash in book.amounts("unified").items()
    }
    equity, _unpriced = sandbox.world.equity(book)
    assert (unified.currency, unified.equity) == ("USD", q8(equity["unified"]))
    assert unified.unrealized_pnl == sum(pnl.values()) != 0
    assert totals(wallets["funding"].balances) == book.amounts("funding")
    assert {path for path in asked(sandbox) if path.startswith("/api/v2/")} == {OVERVIEW}


def test_an_overview_that_is_refused_is_asked_once_and_leaves_earn_and_bots_unreadable(sandbox: Sandbox) -> None:
    wallets = by_name(connect(sandbox, "unified").get_account_info().wallets)
    failed = {name: wallet.reason for name, wallet in wallets.items() if not wallet.ok}
    assert failed == {"earn": "wrong_account_mode", "bots": "wrong_account_mode"}
    assert asked(sandbox)[OVERVIEW] == 1


def test_every_wallet_that_is_reported_is_declared(quiet: Sandbox) -> None:
    info = connectors.describe("bitget")
    reported = [w for name in ("good", "unified") for w in connect(quiet, name).get_account_info().wallets]
    assert {wallet.wallet: wallet.kind for wallet in reported} == info.wallets
    entries = [entry for name in ("good", "unified") for entry in ledger(quiet, name)]
    told, quiet_ones = {entry.wallet for entry in entries}, {"bots", "margin_cross", "margin_isolated"}
    assert told | quiet_ones == set(info.history) == set(info.wallets)


@pytest.mark.parametrize("name", [*CLASSIC, "unified"])
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    spec, book = quiet.world.account(uid(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    expected = {
        (
            position.wallet,
            f"{position.base}/{'USD' if position.inverse else 'USDT'}:{position.settle}",
            position.side,
            position.size,
            position.entry,
            position.mark,
            position.unrealized,
            position.settle,
            position.liquidation,
            Decimal(position.leverage),
            spec.hedged,
            position.inverse,
        )
        for position in book.positions
    }
    found = connect(quiet, name).get_futures_positions()
    assert {
        (
            position.wallet,
            position.symbol,
            position.side,
            position.size_base,
            position.entry_price,
            position.mark_price,
            position.unrealized_pnl,
            position.settle_asset,
            position.liquidation_price,
            position.leverage,
            position.hedged,
            position.inverse,
        )
        for position in found
    } == expected
    assert len(found) == len(expected)
    assert bool(found) is (name in ("good", "one_way", "unified"))


def test_reads_can_be_restricted_to_wallets(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert {position.wallet for position in connector.get_futures_positions(wallets=["futures_inverse"])} == {
        "futures_inverse"
    }
    assert [wallet.wallet for wallet in connector.get_account_info(wallets=["funding"]).wallets] == ["funding"]
    entries = connector.get_ledger(NOW - timedelta(days=9), NOW, wallets=["futures_linear"])
    assert {entry.wallet for entry in entries} == {"futures_linear"}
    assert not {"/api/v2/spot/account/bills", "/api/v2/spot/wallet/deposit-records"} & set(asked(sandbox))


@pytest.mark.parametrize("name", ["good", "unified"])
def test_spot_balances_are_the_wallet_that_is_traded_from(quiet: Sandbox, name: str) -> None:
    spec = quiet.world.account(uid(quiet, name))
    found = connect(quiet, name).get_spot_balances()
    assert totals(found) == quiet.world.book(spec.uid, NOW).amounts(spec.spot)


READS = Permissions(True, False, False, False, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("spot", READS),
        ("unified", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        # what a classic code does not say stays unknown
        ("trade", Permissions(True, True, None, None, True)),
        ("transfer", Permissions(True, None, None, None, True)),
        ("withdraw", Permissions(True, True, None, True, True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid(quiet, name))


@pytest.mark.parametrize("withdraw", [False, True])
def test_the_scopes_of_a_unified_key_that_writes_are_told(sandbox: Sandbox, withdraw: bool) -> None:
    key = sandbox.key("bitget", "unified")
    sandbox.put_key(replace(key, permissions=replace(key.permissions, trade=True, withdraw=withdraw)))
    found = connect(sandbox, "unified").get_permissions()
    assert (found.trade, found.transfer, found.withdraw) == (True, True, withdraw)


def test_spot_trades_of_a_unified_account_carry_the_symbol_of_the_pair(quiet: Sandbox) -> None:
    symbols = {entry.symbol for entry in ledger(quiet, "unified") if entry.kind is LedgerKind.TRADE}
    assert symbols == {"BTC/USDT", "ETH/USDT", "SOL/USDT"}


def test_the_uid_told_with_the_rights_is_kept(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    assert connector.get_account_info(wallets=["spot"]).uid is None
    connector.get_permissions()
    assert connector.get_account_info(wallets=["spot"]).uid == uid(quiet, "good")


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    public = connectors.create_public("bitget", hosts=quiet.hosts()["bitget"], clock=lambda: NOW)
    prices = public.get_prices()
    assert {price.asset: price.value for price in prices if price.quote == "USDT"} == {
        price.asset: quiet.world.market.pair(price.asset, "USDT", NOW) for price in prices
    }
    assert {"BTC", "ETH", "BGB"} <= {price.asset for price in prices}
    assert {(price.source, price.as_of) for price in prices} == {("bitget", NOW)}
