"""Wallets, positions, rights and prices of Gate.io, read at the sandbox to the last digit."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import connectors
from connectors.sandbox import Sandbox
from connectors.sandbox.model import q8
from connectors.types import Permissions
from tests.connectors.gateio.calls import (
    API,
    CLASSIC,
    KEYS,
    NOW,
    SPOT,
    UNIFIED,
    ZERO,
    asked,
    by_name,
    connect,
    ledger,
    totals,
    uid,
)


@pytest.mark.parametrize("name", CLASSIC)
def test_every_wallet_of_a_classic_account_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    wallets, book = by_name(info.wallets), quiet.world.book(uid(quiet, name), NOW)
    assert (info.mode, {wallet.reason for wallet in info.wallets}) == ("classic", {None})
    spot = {item.asset: (item.free, item.locked, item.total) for item in wallets["spot"].balances}
    locked = {asset: book.locked.get(asset, ZERO) for asset in book.amounts("spot")}
    assert spot == {asset: (all - locked[asset], locked[asset], all) for asset, all in book.amounts("spot").items()}
    assert totals(wallets["earn"].balances) == book.amounts("earn")
    for wallet in ("futures_linear", "futures_inverse"):
        pnl, found = book.unrealized(wallet), wallets[wallet].balances
        assert totals(found) == book.amounts(wallet)
        assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
        assert all(item.equity == item.total + pnl.get(item.asset, ZERO) for item in found)
    for wallet in ("delivery_linear", "delivery_inverse", "options", "margin_isolated", "margin_cross"):
        assert wallets[wallet].balances == ()
    assert set(book.wallets) <= set(wallets)


@pytest.mark.parametrize("name", UNIFIED)
def test_a_unified_account_is_read_exactly_and_its_classic_wallets_are_not_added(sandbox: Sandbox, name: str) -> None:
    info = connect(sandbox, name).get_account_info()
    wallets, book = by_name(info.wallets), sandbox.world.book(uid(sandbox, name), NOW)
    assert (info.mode, info.uid) == ("portfolio_margin" if name == "portfolio" else "unified", uid(sandbox, name))
    unified, pnl = wallets["unified"], book.unrealized("unified")
    assert totals(unified.balances) == book.amounts("unified")
    assert {item.asset: item.equity for item in unified.balances} == {
        asset: cash + pnl.get(asset, ZERO) for asset, cash in book.amounts("unified").items()
    }
    equity, _unpriced = sandbox.world.equity(book)
    assert (unified.currency, unified.equity) == ("USD", q8(equity["unified"]))
    assert totals(wallets["earn"].balances) == book.amounts("earn") != {}
    others = [wallet for wallet in info.wallets if wallet.wallet not in ("unified", "earn")]
    assert all(wallet.ok and wallet.balances == () for wallet in others)
    assert SPOT not in asked(sandbox)


@pytest.mark.parametrize("name", [*CLASSIC, *UNIFIED])
def test_the_equity_of_all_wallets_is_the_accounts(quiet: Sandbox, name: str) -> None:
    book = quiet.world.book(uid(quiet, name), NOW)
    worth = ZERO
    for wallet in connect(quiet, name).get_account_info().wallets:
        for row in wallet.balances:
            worth += (row.total if row.equity is None else row.equity) * (quiet.world.price(row.asset, NOW) or ZERO)
    equity, _unpriced = quiet.world.equity(book)
    assert worth == sum(equity.values(), ZERO)


def test_every_wallet_that_is_reported_is_declared(quiet: Sandbox) -> None:
    info = connectors.describe("gateio")
    reported = [w for name in ("good", "portfolio") for w in connect(quiet, name).get_account_info().wallets]
    assert {wallet.wallet: wallet.kind for wallet in reported} == info.wallets
    entries = [entry for name in ("good", "unified") for entry in ledger(quiet, name)]
    assert {entry.wallet for entry in entries} <= set(info.history) <= set(info.wallets)


@pytest.mark.parametrize("name", [*CLASSIC, *UNIFIED])
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    spec, book = quiet.world.account(uid(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    expected = [
        (
            position.wallet,
            f"{position.base}/{'USD' if position.inverse else 'USDT'}:{position.settle}",
            position.side.value,
            position.held.size if position.inverse else None,
            position.size,
            position.entry,
            position.mark,
            position.unrealized,
            position.liquidation,
            Decimal(position.leverage),
            spec.hedged,
            position.inverse,
        )
        for position in book.positions
    ]
    found = connect(quiet, name).get_futures_positions()
    told = [
        (
            position.wallet,
            position.symbol,
            position.side.value,
            position.contracts if position.inverse else None,
            q8(position.size_base) if position.inverse else position.size_base,
            position.entry_price,
            position.mark_price,
            position.unrealized_pnl,
            position.liquidation_price,
            position.leverage,
            position.hedged,
            position.inverse,
        )
        for position in found
    ]
    assert sorted(told, key=str) == sorted(expected, key=str)
    assert bool(found) is (name in ("good", "one_way", *UNIFIED))
    assert {position.margin_mode for position in found} <= {"cross"}


def test_contract_sizes_are_asked_once_an_hour_and_only_when_something_is_held(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert connector.get_futures_positions() == connector.get_futures_positions() != []
    assert connect(sandbox, "empty").get_futures_positions() == []
    counts = {path: count for path, count in asked(sandbox).items() if path.endswith("/contracts")}
    assert counts == {f"{API}/futures/usdt/contracts": 1, f"{API}/futures/btc/contracts": 1}


def test_reads_can_be_restricted_to_wallets(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert {position.wallet for position in connector.get_futures_positions(wallets=["futures_inverse"])} == {
        "futures_inverse"
    }
    assert [wallet.wallet for wallet in connector.get_account_info(wallets=["earn"]).wallets] == ["earn"]
    entries = connector.get_ledger(NOW - timedelta(days=9), NOW, wallets=["futures_linear"])
    assert {entry.wallet for entry in entries} == {"futures_linear"}
    assert not {f"{API}/spot/account_book", f"{API}/wallet/deposits"} & set(asked(sandbox))


@pytest.mark.parametrize("name", ["good", "unified"])
def test_spot_balances_are_the_wallet_that_is_traded_from(quiet: Sandbox, name: str) -> None:
    spec = quiet.world.account(uid(quiet, name))
    assert totals(connect(quiet, name).get_spot_balances()) == quiet.world.book(spec.uid, NOW).amounts(spec.spot)


READS = Permissions(True, False, False, None, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("spot", READS),
        ("unified", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        ("trade", replace(READS, trade=True)),
        # no right to withdraw is listed: who may write to the wallet counts as one that may
        ("transfer", replace(READS, transfer=True, withdraw=True)),
        ("withdraw", Permissions(True, True, True, True, True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid(quiet, name))


def test_a_key_that_may_not_list_keys_has_unknown_rights(sandbox: Sandbox) -> None:
    sandbox.put_key(replace(sandbox.key("gateio", "good"), denied=(KEYS,)))
    expected = Permissions(None, None, None, None, True, uid=uid(sandbox, "good"))
    assert connect(sandbox, "good").get_permissions() == expected


def test_the_uid_told_with_the_rights_is_kept(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    connector.get_permissions()
    assert connector.get_account_info(wallets=["spot"]).uid == uid(quiet, "good")


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    public = connectors.create_public("gateio", hosts=quiet.hosts()["gateio"], clock=lambda: NOW)
    prices = public.get_prices()
    assert {price.asset: price.value for price in prices} == {
        price.asset: quiet.world.market.pair(price.asset, "USDT", NOW) for price in prices
    }
    assert {"BTC", "ETH", "LTC"} <= {price.asset for price in prices}
    assert {(price.quote, price.source, price.as_of) for price in prices} == {("USDT", "gateio", NOW)}
