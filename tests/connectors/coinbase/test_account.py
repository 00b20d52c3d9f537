"""The Coinbase connector reads wallets, positions, rights and prices of the sandbox exactly, nothing twice."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

import connectors
from connectors.coinbase import endpoints
from connectors.sandbox import Sandbox
from connectors.types import Balance, Permissions
from tests.connectors.cases import make
from tests.connectors.coinbase.calls import (
    ACCOUNTS,
    MINE,
    NAMES,
    NO_ACCOUNTS,
    NOW,
    RIGHTS,
    SUMMARY,
    V3,
    ZERO,
    account,
    asked,
    at,
    coin,
    connect,
    page,
    script,
    totals,
    true,
    uid,
    wallets_of,
)
from tests.connectors.servers import Reply, scripted


@pytest.mark.parametrize("name", NAMES)
def test_every_wallet_is_read_exactly_and_nothing_twice(quiet: Sandbox, name: str) -> None:
    wallets, book = wallets_of(connect(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    assert {wallet.wallet: wallet.ok for wallet in wallets.values()} == {"spot": True, "cfm": True, "vault": True}
    assert totals(wallets["spot"]) == true(quiet, name, "spot")
    assert totals(wallets["vault"]) == true(quiet, name, "earn")
    assert totals(wallets["cfm"]) == true(quiet, name, "futures_linear")
    locked = {balance.asset: balance.locked for balance in wallets["spot"].balances if balance.locked}
    assert locked == {coin(asset): amount for asset, amount in book.locked.items()}
    assert all(row.free == row.total - (row.locked or 0) for row in wallets["spot"].balances)


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_the_derivatives_wallet_holds_its_open_result_once(quiet: Sandbox, name: str) -> None:
    cfm = wallets_of(connect(quiet, name))["cfm"]
    pnl = quiet.world.book(uid(quiet, name), NOW).unrealized("futures_linear")["USDT"]
    cash = true(quiet, name, "futures_linear")["USD"]
    assert (cfm.currency, cfm.wallet_balance, cfm.unrealized_pnl, cfm.equity) == ("USD", cash, pnl, cash + pnl)
    assert [(row.asset, row.equity, row.unrealized_pnl) for row in cfm.balances] == [("USD", cash + pnl, pnl)]
    assert pnl


def test_an_account_without_derivatives_has_an_empty_wallet_and_is_not_asked_again(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "spot")
    for _ in range(2):
        assert wallets_of(connector)["cfm"].balances == ()
        assert connector.get_futures_positions() == []
    assert asked(sandbox)[SUMMARY] == 1


def test_pages_of_accounts_are_walked_to_the_end(quiet: Sandbox) -> None:
    pages = [page.balances or () for page in connect(quiet, "dust").pages(endpoints.ACCOUNTS, {"limit": "100"})]
    assert [len(page) for page in pages][:2] == [100, 100]
    assert {row.asset: row.total for page in pages for row in page} == true(quiet, "dust", "spot")


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    found = connect(quiet, name).get_futures_positions()
    assert sorted(
        (
            item.symbol,
            item.side,
            item.size_base,
            item.contracts,
            item.entry_price,
            item.mark_price,
            item.unrealized_pnl,
        )
        for item in found
    ) == sorted(
        (
            f"{held.base}/USD:USD-301220",
            held.side,
            held.size,
            held.size / size,
            held.entry,
            held.mark,
            held.unrealized,
        )
        for held in quiet.world.book(uid(quiet, name), NOW).positions
        for size in [item.contract_size for item in found if item.symbol.startswith(f"{held.base}/")]
        if size
    )
    assert {(item.wallet, item.settle_asset, item.inverse, item.contract_size_unit) for item in found} == {
        ("cfm", "USD", False, item.symbol.split("/")[0]) for item in found
    }
    assert len(found) == len(quiet.world.book(uid(quiet, name), NOW).positions)
    assert bool(found) is (name in ("good", "one_way"))


def test_contract_sizes_are_asked_for_once(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert connector.get_futures_positions() == connector.get_futures_positions() != []
    assert asked(sandbox)[f"{V3}/market/products"] == 1
    assert connector.get_futures_positions(wallets=["spot"]) == []


@pytest.mark.parametrize("name", ["good", "second"])
def test_a_key_of_either_algorithm_reads(quiet: Sandbox, name: str) -> None:
    assert ("BEGIN" in quiet.key("coinbase", name).api_secret) is (name == "good")
    assert {row.asset: row.total for row in connect(quiet, name).get_spot_balances()} == true(quiet, name, "spot")


READS = Permissions(True, False, False, False, None)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("no_ip", READS),
        ("trade", replace(READS, trade=True)),
        ("transfer", replace(READS, transfer=True, withdraw=True)),
        ("withdraw", replace(READS, trade=True, transfer=True, withdraw=True)),
        ("blind", replace(READS, read=False)),
    ],
)
def test_the_rights_of_a_key_are_told_and_the_address_list_stays_unknown(
    quiet: Sandbox, name: str, rights: Permissions
) -> None:
    found = connect(quiet, name).get_permissions()
    assert replace(found, uid=None) == rights
    assert found.uid == connect(quiet, "good").get_permissions().uid != connect(quiet, "spot").get_permissions().uid


@pytest.mark.parametrize("missing", ["can_view", "can_trade", "can_transfer"])
def test_a_right_that_is_not_told_stays_unknown(missing: str) -> None:
    body = {name: value for name, value in MINE.items() if name != missing}
    told = make("coinbase").read_answer("GET", RIGHTS, status=200, headers={}, body=body)["permissions"]
    unknown = {name for name in ("read", "trade", "transfer", "withdraw") if told[name] is None}
    assert unknown == {"can_view": {"read"}, "can_trade": {"trade"}, "can_transfer": {"transfer", "withdraw"}}[missing]


def test_prices_are_the_markets_and_brazilian_pairs_are_among_them(quiet: Sandbox) -> None:
    public = connectors.create_public("coinbase", hosts=quiet.hosts()["coinbase"], clock=lambda: NOW)
    prices = {(price.asset, price.quote): price.value for price in public.get_prices()}
    market = quiet.world.market
    assert prices["BTC", "USD"] == prices["BTC", "USDC"] == market.pair("BTC", "USDT", NOW)
    assert prices["USDC", "BRL"] == market.pair("USDT", "BRL", NOW)
    assert prices["BTC", "BRL"] == market.pair("BTC", "BRL", NOW)
    assert ("OLD", "USD") not in prices


def test_vaults_and_staked_coins_are_told_and_ordinary_wallets_are_left_to_spot() -> None:
    rows = [
        account("a", "BTC Wallet", "wallet", "1"),
        account("b", "My savings", "vault", "2"),
        account("c", "Staked BTC", "wallet", "3"),
    ]
    with scripted({**script(), "/v2/accounts": page(rows)}) as server:
        (vault,) = at(server).get_account_info(wallets=["vault"]).wallets
    assert totals(vault) == {"BTC": Decimal(5)}
    assert [(row.free, row.locked) for row in vault.balances] == [(ZERO, Decimal(5))]


def test_a_vault_in_the_list_of_accounts_is_not_counted_there() -> None:
    money = {"value": "2", "currency": "BTC"}
    row = {"uuid": "b", "name": "My savings", "currency": "BTC", "available_balance": money, "hold": {"value": "0"}}
    rows = [{**row, "type": "ACCOUNT_TYPE_VAULT"}, {**row, "name": "Staked BTC", "type": "ACCOUNT_TYPE_CRYPTO"}]
    with scripted({**script(), ACCOUNTS: Reply({**NO_ACCOUNTS, "accounts": rows})}) as server:
        assert at(server).get_spot_balances() == []


@pytest.mark.parametrize(
    "mark", [{"platform": "ACCOUNT_PLATFORM_INTX"}, {"type": "ACCOUNT_TYPE_PERP_FUTURES"}], ids=["platform", "type"]
)
@pytest.mark.parametrize("amount", ["750", "0"])
def test_money_in_international_perpetuals_is_a_wallet_that_is_not_read(mark: dict[str, str], amount: str) -> None:
    money = {"value": amount, "currency": "USDC"}
    row = {"uuid": "b", "name": "USDC", "currency": "USDC", "available_balance": money, "hold": {"value": "0"}}
    mine = {**row, "uuid": "c", "available_balance": {"value": "3", "currency": "USDC"}}
    accounts = Reply({**NO_ACCOUNTS, "accounts": [{**row, "type": "ACCOUNT_TYPE_CRYPTO", **mark}, mine]})
    with scripted({**script(), ACCOUNTS: accounts, SUMMARY: Reply({"balance_summary": None})}) as server:
        wallets = wallets_of(at(server))
    assert totals(wallets["spot"]) == {"USDC": Decimal(3)}
    told = {"intx": (False, "not_supported", ())} if amount != "0" else {}
    assert {name: (w.ok, w.reason, w.balances) for name, w in wallets.items() if name == "intx"} == told


def test_a_key_of_another_portfolio_tells_neither_the_vault_nor_other_wallets_changes() -> None:
    vault = page([account("a", "BTC Wallet", "wallet", "1"), account("b", "My savings", "vault", "2")])
    with scripted({**script(), RIGHTS: Reply({**MINE, "portfolio_type": "CONSUMER"}), "/v2/accounts": vault}) as server:
        (wallet,) = at(server).get_account_info(wallets=["vault"]).wallets
        assert (wallet.ok, wallet.balances) == (True, ())
        assert at(server).get_ledger(NOW - timedelta(days=9), NOW) == []
    assert not any(path.endswith("/transactions") for path in server.paths())


def test_the_total_of_the_derivatives_summary_is_never_added(quiet: Sandbox) -> None:
    book, found = quiet.world.book(uid(quiet, "good"), NOW), connect(quiet, "good").get_account_info()
    rows: list[Balance] = [row for wallet in found.wallets for row in wallet.balances]
    dollars = sum((row.total for row in rows if row.asset in ("USD", "USDC")), ZERO)
    assert dollars == sum((assets.get("USDT", ZERO) for assets in book.wallets.values()), ZERO)
