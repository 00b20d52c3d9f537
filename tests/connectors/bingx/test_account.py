"""The BingX connector reads wallets, positions, rights and prices of the sandbox to the last digit."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors.errors import (
    BadResponseError,
    NotSupportedError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox
from connectors.sandbox.model import q8
from connectors.types import Permissions
from tests.connectors.bingx.calls import (
    COIN_MARKS,
    COIN_POSITIONS,
    CONTRACTS,
    FUNDING,
    KEYS,
    NAMES,
    NOW,
    RIGHTS,
    SPANS,
    SPOT,
    UID,
    ZERO,
    asked,
    at,
    by_name,
    connect,
    ok,
    refusal,
    totals,
    uid,
)
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, scripted


@pytest.mark.parametrize("name", NAMES)
def test_every_wallet_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info, book = connect(quiet, name).get_account_info(), quiet.world.book(uid(quiet, name), NOW)
    wallets = by_name(info.wallets)
    assert (info.mode, info.uid, {wallet.reason for wallet in info.wallets}) == ("classic", uid(quiet, name), {None})
    locked = {asset: book.locked.get(asset, ZERO) for asset in book.amounts("spot")}
    assert {item.asset: (item.free, item.locked, item.total) for item in wallets["spot"].balances} == {
        asset: (total - locked[asset], locked[asset], total) for asset, total in book.amounts("spot").items()
    }
    for wallet in ("funding", "futures_linear", "futures_inverse", "futures_standard"):
        pnl, found = book.unrealized(wallet), wallets[wallet].balances
        assert totals(found) == book.amounts(wallet)
        assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
        assert all(item.equity in (None, item.total + pnl.get(item.asset, ZERO)) for item in found)
    equity, _unpriced = quiet.world.equity(book)
    for wallet in ("earn", "grid", "copy_trading", "c2c"):
        worth = q8(equity.get(wallet, ZERO))
        assert totals(wallets[wallet].balances) == ({"USDT": worth} if worth else {})
    assert {wallet.wallet: wallet.kind for wallet in info.wallets} == connectors.describe("bingx").wallets


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    who = uid(quiet, name)
    hedged = quiet.world.account(who).hedged
    found = connect(quiet, name).get_futures_positions()
    assert {
        (p.wallet, p.symbol, p.side, q8(p.size_base), p.contracts, p.contract_size, p.entry_price, p.mark_price)
        + (p.unrealized_pnl, p.settle_asset, p.liquidation_price, p.leverage, p.hedged, p.inverse)
        for p in found
    } == {
        (p.wallet, f"{p.base}/{'USD' if p.inverse else 'USDT'}:{p.settle}", p.side, p.size, p.contracts)
        + (p.contract_size, p.entry, p.mark, p.unrealized, p.settle, p.liquidation, Decimal(p.leverage))
        + (None if p.inverse else hedged, p.inverse)
        for p in quiet.world.book(who, NOW).positions
    }
    assert bool(found) is (name in ("good", "one_way"))


READS = Permissions(True, False, False, False, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        ("trade", replace(READS, trade=True)),
        ("transfer", replace(READS, transfer=True)),
        ("withdraw", Permissions(True, True, True, True, True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(sandbox: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(sandbox, name).get_permissions() == replace(rights, uid=uid(sandbox, name))
    assert KEYS not in asked(sandbox)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([2], (False, False, False)),
        ([1, 2, 5], (True, False, True)),
        ([2, 3, 7], (True, True, False)),
        ([2, 99], (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_rights_left_open_are_looked_up_in_the_list_of_keys(
    numbers: list[int] | None, expected: tuple[bool | None, ...]
) -> None:
    def keys(request: Any) -> Reply:  # noqa: ANN401
        row = {"apiKey": request.params["apiKey"], "permissions": numbers, "ipAddresses": [""]}
        return refusal(100004) if numbers is None else ok({"apiInfos": [row]})

    flags = {"enableReading": True, "ipRestrict": True}
    script: Script = {RIGHTS: ok(flags), UID: ok({"uid": 7}), KEYS: keys}
    with scripted(script) as server:
        found = at(server).get_permissions()
    assert (found.trade, found.transfer, found.withdraw) == expected
    assert (found.read, found.ip_restricted, found.uid) == (True, True, "7")


def test_rights_beside_the_code_are_read_as_those_under_data() -> None:
    answer = {"code": 0, "enableReading": True, "enableWithdrawals": True, "enableFutures": True}
    found = make("bingx").read_answer("GET", RIGHTS, status=200, headers={}, body=answer)["permissions"]
    assert (found["read"], found["trade"], found["withdraw"], found["transfer"]) == (True, True, True, None)


def test_a_demo_account_shows_its_play_money_at_one_dollar(quiet: Sandbox) -> None:
    connector, book = connect(quiet, "testnet"), quiet.world.book(uid(quiet, "one_way"), NOW)
    (wallet,) = connector.get_account_info().wallets
    assert totals(wallet.balances) == {"VST": book.wallets["futures_linear"]["USDT"]}
    assert {(p.settle_asset, p.symbol.split(":")[1]) for p in connector.get_futures_positions()} == {("VST", "VST")}
    assert {entry.asset for entry in connector.get_ledger(*SPANS[0])} == {"VST"}
    assert {p.asset: p.value for p in connector.get_prices() if p.quote == "USDT"}["VST"] == 1
    assert connector.get_permissions() == Permissions(True, None, None, None, None)
    with pytest.raises(NotSupportedError):
        connector.get_spot_balances()


def test_play_money_is_dropped_on_the_live_host() -> None:
    row = {"asset": "VST", "balance": "9", "equity": "9", "unrealizedProfit": "0", "availableMargin": "9"}
    body = {"code": 0, "data": [{**row, "usedMargin": "0", "freezedMargin": "0"}]}
    read = make("bingx").read_answer
    assert read("GET", "/openApi/swap/v3/user/balance", status=200, headers={}, body=body)["balances"] == []


def test_a_funding_wallet_that_repeats_spot_is_counted_once() -> None:
    rows = [{"asset": "USDT", "free": "5", "locked": "0"}, {"asset": "BTC", "free": "1", "locked": "2"}]
    script: Script = {SPOT: ok({"balances": rows}), FUNDING: ok({"assets": rows[::-1]}), UID: ok({"uid": 7})}
    with scripted(script) as server:
        wallets = by_name(at(server).get_account_info(wallets=["spot", "funding"]).wallets)
    assert (len(wallets["spot"].balances), wallets["funding"].balances) == (2, ())
    assert (wallets["funding"].ok, wallets["funding"].reason) == (True, "same_as_spot")


def test_a_wallet_that_cannot_be_read_is_named_and_the_others_stay(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("bingx", FaultKind.HTML, path_prefix="/openApi/contract"))
    sandbox.fault(Fault("bingx", FaultKind.ERROR_200, status=200, path_prefix="/openApi/account/v1/uid"))
    info = connect(sandbox, "good").get_account_info()
    assert {wallet.wallet: wallet.reason for wallet in info.wallets if not wallet.ok} == {
        "futures_standard": "bad_response"
    }
    assert info.uid is None


def test_sizes_and_missing_marks_of_coin_m_are_asked_for_and_sizes_kept() -> None:
    row = {"symbol": "BTC-USD", "positionSide": "SHORT", "positionAmt": "3", "unrealizedProfit": "0", "avgPrice": "1"}
    script: Script = {
        COIN_POSITIONS: ok([{**row, "leverage": 5, "isolated": True}]),
        CONTRACTS: ok([{"symbol": "BTC-USD", "minTickSize": "10"}]),
        COIN_MARKS: ok([{"symbol": "BTC-USD", "markPrice": "60"}]),
    }
    with scripted(script) as server:
        connector = at(server)
        for _ in range(2):
            (found,) = connector.get_futures_positions(wallets=["futures_inverse"])
        numbers = (found.size_base, found.contract_size, found.mark_price)
        assert (*map(str, filter(None, numbers)), found.side.value) == ("0.5", "10", "60", "short")
        assert server.paths().count(CONTRACTS) == 1
    with scripted({**script, CONTRACTS: ok([])}) as server, pytest.raises(BadResponseError):
        at(server).get_futures_positions(wallets=["futures_inverse"])


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    prices = connectors.create_public("bingx", hosts=quiet.hosts()["bingx"], clock=lambda: NOW).get_prices()
    assert {price.asset: price.value for price in prices} == {
        price.asset: quiet.world.market.pair(price.asset, "USDT", NOW) for price in prices
    }
    assert {"BTC", "ETH", "LTC"} <= {price.asset for price in prices}
