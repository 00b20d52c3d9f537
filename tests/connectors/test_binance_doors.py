"""What Binance tells of money that comes and goes beside deposits and withdrawals, and of wallets beside the usual."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors import _base
from connectors.errors import BadResponseError, ExchangeError, RateLimitedError
from connectors.types import LedgerKind, WalletAccount
from tests.connectors.cases import make
from tests.connectors.servers import Asked, Reply, Script, ScriptServer, scripted
from tests.connectors.test_binance import FEATURES, NO_ROWS, sample

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = int((NOW - timedelta(hours=2)).timestamp() * 1000)
NOTHING = {"code": "000000", "success": True, "data": [], "total": 0}
P2P = {
    "orderNumber": "77", "tradeType": "BUY", "asset": "USDT", "amount": "500.00", "orderStatus": "COMPLETED",
    "createTime": AT, "commission": "0", "advertisementRole": "TAKER", "takerCommission": "0",
}  # fmt: skip
PAY = {
    "orderType": "PAY", "transactionId": "M1", "transactionTime": AT, "amount": "-12", "currency": "BRL",
    "walletType": 1, "fundsDetail": [{"currency": "USDT", "amount": "2.4"}],
}  # fmt: skip
CARD = {
    "orderNo": "c1", "sourceAmount": "500", "fiatCurrency": "BRL", "obtainAmount": "98.5", "cryptoCurrency": "USDT",
    "status": "Completed", "paymentMethod": "Credit Card", "createTime": AT, "updateTime": AT,
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture
def script() -> Script:
    return {
        "/api/v3/account": Reply(sample("spot_account")),
        "/api/v3/ticker/price": Reply([]),
        "/sapi/v1/account/apiRestrictions": Reply(sample("key_permissions_read_only")),
        "/sapi/v1/account/info": Reply(FEATURES | {"isFutureEnabled": False}),
        "/sapi/v1/asset/get-funding-asset": Reply([]),
        "/sapi/v1/simple-earn/flexible/position": Reply(NO_ROWS),
        "/sapi/v1/simple-earn/locked/position": Reply(NO_ROWS),
        "/sapi/v1/capital/deposit/hisrec": Reply([]),
        "/sapi/v1/capital/withdraw/history": Reply([]),
        "/sapi/v1/asset/assetDividend": Reply(NO_ROWS),
        "/sapi/v1/asset/transfer": Reply({"total": 0}),
        "/sapi/v1/fiat/orders": Reply(NOTHING),
    }


@pytest.fixture
def server(script: Script) -> Iterator[ScriptServer]:
    with scripted(script) as running:
        yield running


@pytest.fixture
def binance(server: ScriptServer) -> connectors.Connector:
    hosts = dict.fromkeys(("spot", "usdm", "coinm", "pm"), server.url)
    return make("binance", hosts=hosts, clock=lambda: NOW)


def told(binance: connectors.Connector, since: datetime = NOW - timedelta(days=1)) -> list[tuple[Any, ...]]:
    return [(e.kind.value, e.wallet, e.asset, e.amount) for e in binance.get_ledger(since, NOW)]


def only_when(name: str, value: str, row: dict[str, Any]) -> Any:  # noqa: ANN401 - a script entry
    """Answer one row where a parameter has a value, and none elsewhere."""

    def answer(request: Asked) -> Reply:
        found = [row] if request.params.get(name) == value else []
        return Reply({**NOTHING, "data": found, "total": len(found)})

    return answer


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [("deposit", "funding", "USDT", 500)]),
        ({"tradeType": "SELL"}, [("withdrawal", "funding", "USDT", -500)]),
        ({"orderStatus": "CANCELLED"}, []),
        (
            {"takerCommission": "0.5"},
            [("deposit", "funding", "USDT", 500), ("fee", "funding", "USDT", Decimal("-0.5"))],
        ),
        ({"advertisementRole": "MAKER", "takerCommission": "9"}, [("deposit", "funding", "USDT", 500)]),
    ],
)
def test_trades_between_people_cross_the_border(
    binance: connectors.Connector, script: Script, changes: dict[str, Any], expected: list[Any]
) -> None:
    row = {**P2P, **changes}
    script["/sapi/v1/c2c/orderMatch/listUserOrderHistory"] = only_when("tradeType", row["tradeType"], row)
    assert told(binance) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [("withdrawal", "funding", "USDT", Decimal("-2.4"))]),
        ({"amount": "12"}, [("deposit", "funding", "USDT", Decimal("2.4"))]),
        ({"fundsDetail": [], "currency": "BNB"}, [("withdrawal", "funding", "BNB", -12)]),
        (
            {
                "fundsDetail": [
                    {"currency": "USDT", "amount": "2", "walletAssetCost": {"1": "0.5", "2": "1.5", "4": "9"}}
                ]
            },
            [("withdrawal", "funding", "USDT", Decimal("-0.5")), ("withdrawal", "spot", "USDT", Decimal("-1.5"))],
        ),
    ],
)
def test_payments_take_the_coins_that_really_moved(
    binance: connectors.Connector, script: Script, changes: dict[str, Any], expected: list[Any]
) -> None:
    script["/sapi/v1/pay/transactions"] = Reply({**NOTHING, "data": [{**PAY, **changes}]})
    assert sorted(told(binance)) == sorted(expected)


@pytest.mark.parametrize(
    ("side", "changes", "expected"),
    [
        ("0", {}, [("deposit", "spot", "USDT", Decimal("98.5"))]),
        ("1", {}, [("withdrawal", "spot", "USDT", Decimal("-98.5"))]),
        ("0", {"status": "Failed"}, []),
        (
            "0",
            {"paymentMethod": "Cash Balance"},
            [("conversion", "spot", "USDT", Decimal("98.5")), ("conversion", "spot", "BRL", -500)],
        ),
    ],
)
def test_coins_bought_by_card_come_from_outside_and_those_for_cash_do_not(
    binance: connectors.Connector, script: Script, side: str, changes: dict[str, Any], expected: list[Any]
) -> None:
    script["/sapi/v1/fiat/payments"] = only_when("transactionType", side, {**CARD, **changes})
    assert told(binance) == expected


def test_a_full_page_of_payments_is_continued_by_its_oldest_time(binance: connectors.Connector, script: Script) -> None:
    rows = [{**PAY, "transactionId": str(index), "transactionTime": AT - index // 2} for index in range(250)]

    def answer(request: Asked) -> Reply:
        fits = [row for row in rows if int(str(row["transactionTime"])) <= int(request.params["endTime"])]
        return Reply({**NOTHING, "data": fits[:100]})

    script["/sapi/v1/pay/transactions"] = answer
    assert len(told(binance)) == 250


def test_a_conversion_is_two_legs_of_one_action(binance: connectors.Connector, script: Script) -> None:
    row = {
        "orderId": 940708407462087195, "orderStatus": "SUCCESS", "fromAsset": "USDT", "fromAmount": "20",
        "toAsset": "BNB", "toAmount": "0.06154036", "createTime": AT,
    }  # fmt: skip
    failed = {**row, "orderStatus": "FAILED", "orderId": 1}
    script["/sapi/v1/convert/tradeFlow"] = Reply({"list": [row, failed], "moreData": False, "limit": 1000})
    legs = binance.get_ledger(NOW - timedelta(days=1), NOW)
    assert [(leg.asset, leg.amount, leg.ref) for leg in legs] == [
        ("USDT", Decimal(-20), "940708407462087195"),
        ("BNB", Decimal("0.06154036"), "940708407462087195"),
    ]
    assert {leg.kind for leg in legs} == {LedgerKind.CONVERSION}


@pytest.mark.parametrize("completed", [AT, None])
def test_a_deposit_found_before_and_credited_now_is_told_now(
    binance: connectors.Connector, script: Script, completed: int | None
) -> None:
    before = int((NOW - timedelta(hours=5)).timestamp() * 1000)
    row = {"id": "d", "amount": "1", "coin": "BTC", "status": 1, "insertTime": before, "txId": "x", "walletType": 1}
    script["/sapi/v1/capital/deposit/hisrec"] = Reply([row | ({"completeTime": completed} if completed else {})])
    (entry,) = binance.get_ledger(NOW - timedelta(hours=3), NOW)
    assert (entry.wallet, entry.amount, entry.booked_at < NOW - timedelta(hours=4)) == ("funding", Decimal(1), True)
    script["/sapi/v1/capital/deposit/hisrec"] = Reply([row | {"completeTime": before}])
    assert told(binance, NOW - timedelta(hours=3)) == []


def test_a_door_that_fails_for_a_while_fails_the_reading_and_one_that_is_closed_does_not(
    binance: connectors.Connector, script: Script
) -> None:
    script["/sapi/v1/fiat/payments"] = Reply(NOTHING)
    script["/sapi/v1/pay/transactions"] = Reply({"code": -9000, "msg": "not for you"}, 400)
    assert told(binance) == []
    script["/sapi/v1/fiat/payments"] = Reply({"code": -1001, "msg": "Internal error"}, 500)
    with pytest.raises(ExchangeError):
        told(binance)
    script["/sapi/v1/fiat/payments"] = Reply({"code": -1003, "msg": "slow down"}, 429)
    with pytest.raises(RateLimitedError):
        told(binance)


def test_deposits_are_no_door_that_may_be_closed(binance: connectors.Connector, script: Script) -> None:
    script["/sapi/v1/capital/deposit/hisrec"] = Reply({"code": -9000, "msg": "not for you"}, 400)
    with pytest.raises(ExchangeError):
        told(binance)


def test_a_locked_subscription_takes_from_both_wallets(binance: connectors.Connector, script: Script) -> None:
    row = {
        "purchaseId": "9", "time": AT, "asset": "BNB", "amount": "100", "sourceAccount": "SPOTANDFUNDING",
        "amtFromSpot": "30", "amtFromFunding": "70", "status": "SUCCESS",
    }  # fmt: skip
    back = {"redeemId": 4, "time": AT, "asset": "BNB", "amount": "5", "redeemTo": "FLEXIBLE", "status": "PAID"}
    script["/sapi/v1/simple-earn/locked/history/subscriptionRecord"] = Reply({"rows": [row], "total": 1})
    script["/sapi/v1/simple-earn/locked/history/redemptionRecord"] = Reply({"rows": [back], "total": 1})
    assert sorted(told(binance)) == sorted(
        [
            ("transfer_out", "spot", "BNB", -30),
            ("transfer_out", "funding", "BNB", -70),
            ("transfer_in", "earn_locked", "BNB", 100),
            ("transfer_out", "earn_locked", "BNB", -5),
            ("transfer_in", "earn_flexible", "BNB", 5),
        ]
    )


def by_name(binance: connectors.Connector) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in binance.get_account_info().wallets}


def test_wallets_of_the_overview_fail_once_seen_and_are_absent_before(
    binance: connectors.Connector, script: Script
) -> None:
    refused = Reply({"code": -1002, "msg": "You are not authorized to execute this request."}, 401)
    worth = [
        {"activate": True, "balance": balance, "walletName": name}
        for name, balance in (("Spot", "50"), ("Trading Bots", "12.5"), ("Copy Trading", "0"), ("New", "3"))
    ]
    script["/sapi/v1/asset/wallet/balance"] = Reply(worth)
    bots = by_name(binance)["bots"]
    assert [(balance.asset, balance.total) for balance in bots.balances] == [("USDT", Decimal("12.5"))]
    script["/sapi/v1/asset/wallet/balance"] = refused
    wallets = by_name(binance)
    assert (wallets["bots"].ok, wallets["bots"].reason) == (False, "permission_missing")
    assert "copy_trading" not in wallets


def test_an_overview_that_is_refused_is_not_asked_again_at_once(
    binance: connectors.Connector, server: ScriptServer
) -> None:
    assert by_name(binance).keys() == by_name(binance).keys() == {"spot", "funding", "earn_flexible", "earn_locked"}
    assert server.paths().count("/sapi/v1/asset/wallet/balance") == 1


def test_what_is_pledged_leads_to_the_debt(binance: connectors.Connector, script: Script) -> None:
    row = {"asset": "BTC", "totalAmount": "1", "collateralAmount": "0.5"}
    script["/sapi/v1/simple-earn/flexible/position"] = Reply({"rows": [row], "total": 1})
    assert by_name(binance)["loans"].ok is False
    loan = {"loanCoin": "USDT", "totalDebt": "10000", "collateralCoin": "BTC", "collateralAmount": "0.5"}
    script["/sapi/v2/loan/flexible/ongoing/orders"] = Reply({"rows": [loan, loan], "total": 2})
    (debt,) = by_name(binance)["loans"].balances
    assert (debt.total, debt.debt, debt.equity) == (Decimal(0), Decimal(20_000), Decimal(-20_000))


def test_marks_come_from_the_market_where_the_position_has_none(binance: connectors.Connector, script: Script) -> None:
    script["/sapi/v1/account/info"] = Reply(FEATURES)
    (linear,) = sample("usdm_positions_v3_recorded")
    inverse = next(row for row in sample("coinm_positions_hedge") if float(row["positionAmt"]))
    symbol = inverse["symbol"]
    script["/fapi/v3/positionRisk"] = Reply([{**linear, "markPrice": ""}])
    script["/fapi/v1/symbolConfig"] = Reply([])
    script["/fapi/v1/premiumIndex"] = Reply([{"symbol": linear["symbol"], "markPrice": "2.5"}])
    script["/dapi/v1/positionRisk"] = Reply([{**inverse, "markPrice": "0.00000000", "positionAmt": "2"}])
    script["/dapi/v1/exchangeInfo"] = Reply({"symbols": [{"symbol": symbol, "contractSize": 100}]})
    script["/dapi/v1/premiumIndex"] = Reply([{"symbol": symbol, "markPrice": "20000"}])
    one, other = binance.get_futures_positions()
    assert one.mark_price == Decimal("2.5")
    assert (other.mark_price, other.size_base) == (Decimal(20_000), Decimal("0.01"))
    script["/dapi/v1/premiumIndex"] = script["/fapi/v1/premiumIndex"] = Reply({"code": -1000, "msg": "x"}, 500)
    assert [item.mark_price for item in binance.get_futures_positions(wallets=["usdm"])] == [None]
    with pytest.raises(BadResponseError):  # no size in coins without a mark
        binance.get_futures_positions(wallets=["coinm"])


def test_a_contract_in_a_quote_of_tomorrow_counts_under_its_own_name(
    binance: connectors.Connector, script: Script
) -> None:
    (row,) = sample("usdm_positions_v3_recorded")
    script["/sapi/v1/account/info"] = Reply(FEATURES)
    script["/fapi/v3/positionRisk"] = Reply([{**row, "symbol": "BTCNEW", "marginAsset": "ZZZ"}])
    script["/fapi/v1/symbolConfig"] = Reply([])
    script["/dapi/v1/positionRisk"] = Reply([])
    (position,) = binance.get_futures_positions()
    assert (position.symbol, position.settle_asset) == ("BTCNEW", "ZZZ")


def test_an_odd_row_of_a_door_is_a_bad_answer(binance: connectors.Connector, script: Script) -> None:
    script["/sapi/v1/pay/transactions"] = Reply({**NOTHING, "data": [{**PAY, "amount": "many"}]})
    with pytest.raises(BadResponseError):
        told(binance)
