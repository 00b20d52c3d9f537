"""The Bybit connector reads wallets, positions, rights, prices and symbols of the sandbox to the last digit."""

from dataclasses import replace
from decimal import Decimal

import pytest

import connectors
from connectors._base import RestConnector
from connectors.bybit.endpoints import POSITIONS
from connectors.bybit.symbols import contract, row_symbol
from connectors.errors import (
    CredentialError,
)
from connectors.sandbox import Sandbox
from connectors.sandbox.model import Book, q8
from connectors.types import Permissions
from tests.connectors.bybit.calls import (
    NAMES,
    NOW,
    READS,
    ZERO,
    added,
    asked,
    by_name,
    connect,
    purses,
    sample,
    totals,
    uid,
)
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, scripted


@pytest.mark.parametrize("name", NAMES)
def test_every_wallet_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    wallets, book = by_name(info.wallets), quiet.world.book(uid(quiet, name), NOW)
    assert (info.mode, info.uid) == ("classic" if name == "classic" else "unified", uid(quiet, name))
    assert all(wallet.ok for wallet in info.wallets)
    assert wallets.keys() == {*purses(quiet, name), "bots", "copy_trading"}
    for wallet, inside in purses(quiet, name).items():
        cash, pnl = added(book, inside, Book.amounts), added(book, inside, Book.unrealized)
        assert {item.asset: item.total - item.debt for item in wallets[wallet].balances} == cash, wallet
        if wallet in ("unified", "contract"):
            found = wallets[wallet].balances
            assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
            assert all(item.equity == item.total + pnl.get(item.asset, ZERO) for item in found)
    home = wallets.get("unified") or wallets["spot"]
    assert {item.asset: item.locked for item in home.balances if item.locked} == dict(book.locked)


@pytest.mark.parametrize("name", ["good", "uta1"])
def test_the_equity_of_a_unified_wallet_holds_its_profits_once(quiet: Sandbox, name: str) -> None:
    wallet = by_name(connect(quiet, name).get_account_info(wallets=["unified"]).wallets)["unified"]
    book = quiet.world.book(uid(quiet, name), NOW)
    equity, _unpriced = quiet.world.equity(book)
    assert wallet.equity == q8(sum((equity[inside] for inside in purses(quiet, name)["unified"]), ZERO))
    assert wallet.equity is not None
    assert wallet.wallet_balance is not None
    assert wallet.unrealized_pnl is not None
    # each sum is rounded by itself
    assert abs(wallet.equity - wallet.wallet_balance - wallet.unrealized_pnl) <= Decimal("0.00000001")
    assert (wallet.currency, wallet.unrealized_pnl != 0) == ("USD", True)


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    spec, book = quiet.world.account(uid(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    homes = {inside: wallet for wallet, every in purses(quiet, name).items() for inside in every}
    expected = {
        (
            homes[held.wallet],
            f"{held.base}/{'USD' if held.inverse else 'USDT'}:{held.settle}",
            held.side,
            held.size,
            held.entry,
            held.mark,
            held.unrealized,
            held.liquidation,
            Decimal(held.leverage),
            "cross",
            spec.hedged,
        )
        for held in book.positions
    }
    found = connect(quiet, name).get_futures_positions()
    told = {
        (
            item.wallet,
            item.symbol,
            item.side,
            q8(item.size_base) if item.inverse else item.size_base,
            item.entry_price,
            item.mark_price,
            item.unrealized_pnl,
            item.liquidation_price,
            item.leverage,
            item.margin_mode,
            item.hedged,
        )
        for item in found
    }
    assert told == expected
    assert len(found) == len(expected)
    assert bool(found) is (name not in ("spot", "empty", "dust"))


def test_positions_come_in_pages(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    params = {"category": "linear", "settleCoin": "USDT", "limit": "2"}
    pages = [page.positions or () for page in connector.pages(POSITIONS, params)]
    paged = [position.venue_symbol for page in pages for position in page]
    whole = [item.venue_symbol for item in connector.get_futures_positions() if not item.inverse]
    assert (sorted(paged), len(pages) > 2) == (sorted(whole), True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("classic", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        ("trade", replace(READS, trade=True)),
        ("transfer", replace(READS, transfer=True)),
        ("withdraw", replace(READS, trade=True, transfer=True, withdraw=True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid(quiet, name))


@pytest.mark.parametrize(
    ("name", "category", "symbol"),
    [
        ("BTCUSDT-28JUN24", "linear", "BTC/USDT:USDT-240628"),
        ("1000PEPEUSDT", "linear", "1000PEPE/USDT:USDT"),
        ("BTCUSDM24", "inverse", "BTC/USD:BTC-240628"),
        ("ETHUSDZ23", "inverse", "ETH/USD:ETH-231229"),
        ("BTC-29DEC23-40000-C", "option", "BTC-29DEC23-40000-C"),
        ("USDTBRL", "spot", "USDT/BRL"),
        ("NOTHING", "linear", None),
    ],
)
def test_symbols_are_read_in_the_platforms_form(name: str, category: str, symbol: str | None) -> None:
    assert row_symbol(name, category) == symbol


def test_options_settle_in_what_their_name_says() -> None:
    assert contract("BTC-29DEC23-40000-C", "option") == ("BTC-29DEC23-40000-C", "USDC")
    assert contract("BTC-29DEC23-40000-C-USDT", "option") == ("BTC-29DEC23-40000-C-USDT", "USDT")


def test_a_region_chooses_the_only_host_that_is_spoken_to() -> None:
    connector = make("bybit", options={"region": "eu"})
    assert isinstance(connector, RestConnector)
    assert connector._settings.hosts == {"rest": "https://api.bybit.eu"}
    with pytest.raises(CredentialError):
        make("bybit", options={"region": "mars"})


def test_regional_accounts_have_no_overview_to_ask(sandbox: Sandbox) -> None:
    info = connect(sandbox, "good", options={"region": "tr"}).get_account_info()
    assert [wallet.wallet for wallet in info.wallets] == ["unified", "funding", "earn"]
    assert "/v5/asset/asset-overview" not in asked(sandbox)


def test_bots_and_copies_hold_the_coins_of_the_overview() -> None:
    zero = Reply({"retCode": 0, "result": {"list": [], "rows": [], "balance": [], "accountType": "FUND"}})
    paths = ("account/wallet-balance", "asset/transfer/query-account-coins-balance", "earn/position")
    script: Script = {f"/v5/{path}": zero for path in (*paths, "earn/fixed-term/position")}
    script |= {
        "/v5/account/info": Reply(sample("account_info_uta2_isolated")),
        "/v5/asset/asset-overview": Reply(sample("asset_overview")),
    }
    with scripted(script) as server:
        wallets = by_name(make("bybit", hosts={"rest": server.url}).get_account_info().wallets)
        assert server.paths().count("/v5/asset/asset-overview") == 1
    assert totals(wallets["bots"].balances) == {"USDT": Decimal("120.5315")}
    assert totals(wallets["copy_trading"].balances) == {"USDT": Decimal("4491.2463")}


def test_prices_are_the_markets_in_dollars_and_reais(quiet: Sandbox) -> None:
    prices = connectors.create_public("bybit", hosts=quiet.hosts()["bybit"], clock=lambda: NOW).get_prices()
    market = quiet.world.market
    assert all(price.value == market.pair(price.asset, price.quote, NOW) for price in prices)
    assert {("BTC", "USDT"), ("USDT", "BRL"), ("BTC", "BRL")} <= {(price.asset, price.quote) for price in prices}
