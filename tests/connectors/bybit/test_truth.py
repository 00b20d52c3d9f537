"""Bybit's running balances are the sums of what we read, and what it tells of debts and Earn counts once."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors._base import RestConnector
from connectors._reading import Answer, Endpoint
from connectors.bybit import endpoints as api
from connectors.bybit.words import history_kind
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.model import Book
from connectors.types import LedgerEntry, LedgerKind
from tests.connectors.bybit.calls import (
    OPENED_ON,
    ZERO,
    added,
    by_name,
    connect,
    purses,
    read_one,
    sample,
    uid,
)
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, scripted

OPENED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)
WEEK_MS = 7 * 86_400_000
EMPTY = {"rows": [], "list": [], "nextPageCursor": ""}


@pytest.fixture(scope="module")
def month() -> Iterator[Sandbox]:
    """Serve a month at whose end everything happened to the unified account that a log can tell."""
    clock = {"now": NOW - timedelta(hours=1)}
    config = SandboxConfig(opened_on=OPENED_ON, clock=lambda: clock["now"], exchanges=("bybit",), enforce_limits=False)
    with Sandbox(config) as running:
        world, good = running.world, uid(running, "good")
        for kind, amounts in (
            (LedgerKind.CONVERSION, {"USDT": Decimal("-50.5"), "ETH": Decimal("0.0151")}),
            (LedgerKind.INTEREST, {"USDT": Decimal("-0.0321")}),
            (LedgerKind.BONUS, {"USDT": Decimal(10)}),
            (LedgerKind.REBATE, {"USDT": Decimal("0.77")}),
            (LedgerKind.LIQUIDATION_FEE, {"USDT": Decimal("-3.3")}),
            (LedgerKind.DEPOSIT, {"USDT": Decimal("99.5")}),
        ):
            world.add_event(good, kind, amounts)
            clock["now"] += timedelta(minutes=1)
        world.add_transfer(good, "USDT", Decimal(200), source="unified", target="funding")
        world.add_transfer(good, "USDT", Decimal(120), source="funding", target="earn")
        world.add_transfer(good, "USDT", Decimal(45), source="earn", target="unified")
        clock["now"] = NOW
        yield running


def at_now(sandbox: Sandbox, name: str) -> RestConnector:
    return connect(sandbox, name, clock=lambda: NOW)


@pytest.mark.parametrize("name", ["good", "uta1", "classic"])
def test_a_month_of_everything_is_explained_to_the_last_digit(month: Sandbox, name: str) -> None:
    entries = at_now(month, name).get_ledger(OPENED + timedelta(milliseconds=1), NOW)
    told: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        told[entry.wallet][entry.asset] += entry.amount
    before, after = (month.world.book(uid(month, name), at) for at in (OPENED, NOW))
    wallets = by_name(at_now(month, name).get_account_info().wallets)
    for wallet, inside in purses(month, name).items():
        start, end = added(before, inside, Book.amounts), added(after, inside, Book.amounts)
        changes = {asset: end.get(asset, ZERO) - start.get(asset, ZERO) for asset in start | end}
        moved = {asset: amount for asset, amount in told[wallet].items() if amount}
        assert moved == {asset: change for asset, change in changes.items() if change}, wallet
        assert {item.asset: item.total - item.debt for item in wallets[wallet].balances} == end
    if name == "good":
        kinds = {entry.kind for entry in entries}
        assert kinds >= {
            LedgerKind.CONVERSION, LedgerKind.INTEREST, LedgerKind.REWARD, LedgerKind.REBATE, LedgerKind.TRANSFER_IN,
            LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL, LedgerKind.FUNDING, LedgerKind.REALIZED_PNL, LedgerKind.TRADE,
        }  # fmt: skip
        assert LedgerKind.OTHER not in kinds


def test_transfers_between_own_wallets_cancel(month: Sandbox) -> None:
    for name in ("good", "uta1", "classic"):
        legs = [
            entry
            for entry in at_now(month, name).get_ledger(OPENED, NOW)
            if entry.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
        ]
        assert sum(entry.amount for entry in legs if entry.asset == "USDT") == 0
        assert {"earn", "funding"} <= {entry.wallet for entry in legs}


def pages(connector: RestConnector, endpoint: Endpoint, params: dict[str, str]) -> Iterator[Answer]:
    """Yield the raw answers of one window, newest first."""
    cursor: dict[str, Any] | None = dict(params)
    while cursor is not None:
        answer = connector.fetch(endpoint, cursor)
        yield answer
        cursor = dict(connector.parse(answer).next or {}) or None


@pytest.mark.parametrize(
    ("name", "endpoint", "opening"),
    [
        ("good", api.LOG, ("unified", "futures_inverse")),
        ("uta1", api.CONTRACT_LOG, ("futures_inverse",)),
        ("classic", api.CONTRACT_LOG, ("futures_linear", "futures_inverse")),
    ],
)
def test_the_balance_after_each_row_is_the_sum_so_far(
    month: Sandbox, name: str, endpoint: Endpoint, opening: tuple[str, ...]
) -> None:
    connector, running = at_now(month, name), defaultdict[str, Decimal](Decimal)
    for wallet in opening:
        for asset, amount in month.world.opening(uid(month, name)).get(wallet, {}).items():
            running[asset] += amount
    rows, start, end = 0, int(OPENED.timestamp() * 1000), int(NOW.timestamp() * 1000)
    for since in range(start, end, WEEK_MS):
        span = {"startTime": str(since), "endTime": str(min(since + WEEK_MS - 1, end)), "limit": "50"}
        params = {"accountType": "UNIFIED", **span} if endpoint is api.LOG else span
        window = [
            (answer, row) for answer in pages(connector, endpoint, params) for row in answer.payload["result"]["list"]
        ]
        for answer, row in reversed(window):
            entries: list[LedgerEntry] = list(connector.parse(_only(answer, row)).ledger or ())
            assert sum((entry.amount for entry in entries), ZERO) == Decimal(row["change"])
            running[row["currency"]] += Decimal(row["change"])
            assert running[row["currency"]] == Decimal(row["cashBalance"])
            rows += 1
    assert rows > 50


def test_the_funding_wallet_runs_to_its_balances_too(month: Sandbox) -> None:
    """Its deposits and withdrawals are told by records: only the signs of the others can be followed."""
    connector, told = at_now(month, "good"), 0
    start, end = int(OPENED.timestamp()), int(NOW.timestamp())
    running = defaultdict(Decimal, month.world.opening(uid(month, "good"))["funding"])
    for since in range(start, end, WEEK_MS // 1000):
        params = {
            "createTimeFrom": str(since),
            "createTimeTo": str(min(since + WEEK_MS // 1000 - 1, end)),
            "limit": "100",
        }
        window = [
            (answer, row)
            for answer in pages(connector, api.HISTORY, params)
            for row in answer.payload["result"]["list"]
        ]
        for answer, row in reversed(window):
            running[row["currency"]] += Decimal(row["txnAmt"]) * (1 if row["ioDirection"] == "I" else -1)
            assert running[row["currency"]] == Decimal(row["afterAmt"])
            for entry in connector.parse(_only(answer, row)).ledger or ():
                assert abs(entry.amount) == Decimal(row["txnAmt"])
                assert (entry.amount > 0) is (row["ioDirection"] == "I")
                told += 1
    assert told > 5


def _only(answer: Answer, row: dict[str, Any]) -> Answer:
    payload = {**answer.payload, "result": {**answer.payload["result"], "list": [row], "nextPageCursor": ""}}
    return Answer(answer.method, answer.path, 200, answer.headers, payload, answer.as_of, params=answer.params)


def served(**more: Reply) -> Script:
    page = Reply({"retCode": 0, "result": EMPTY})
    paths = ("asset/fundinghistory", "asset/deposit/query-record", "asset/deposit/query-internal-record")
    script: Script = {
        f"/v5/{path}": page for path in (*paths, "account/transaction-log", "asset/withdraw/query-record")
    }
    script |= {
        "/v5/user/query-api": Reply(sample("key_permissions_read_only")),
        "/v5/account/info": Reply(sample("account_info_uta2_isolated")),
    }
    return script | {f"/v5/{path.replace('__', '/').replace('_', '-')}": reply for path, reply in more.items()}


def test_borrowing_is_no_income_and_interest_is(month: Sandbox) -> None:
    body = sample("transaction_log")
    row = body["result"]["list"][0]
    at = str(int(NOW.timestamp() * 1000) - 5_000)
    facts = {"category": "", "symbol": "", "tradeId": "", "funding": "", "fee": "0", "transactionTime": at}
    body["result"]["list"] = [
        {**row, **facts, "id": kind, "type": kind, "cashFlow": amount, "change": amount}
        for kind, amount in (("BORROW", "1000"), ("REPAY", "-400"), ("INTEREST", "-0.5"))
    ]
    body["result"]["nextPageCursor"] = ""
    with scripted(served(account__transaction_log=Reply(body))) as server:
        connector = make("bybit", hosts={"rest": server.url}, clock=lambda: NOW)
        entries = connector.get_ledger(NOW - timedelta(days=1), NOW, wallets=["unified"])
    assert [(entry.kind, entry.amount) for entry in entries] == [(LedgerKind.INTEREST, Decimal("-0.5"))]


@pytest.mark.parametrize(
    ("cash", "borrowed", "spot", "debt"),
    [("900", "500", "500", "500"), ("-100", "100", "0", "0"), ("900", "500", None, "500"), ("-100", "100", None, "0")],
)
def test_a_debt_that_is_negative_cash_already_counts_once(
    cash: str, borrowed: str, spot: str | None, debt: str
) -> None:
    body = sample("wallet_balance_isolated_negative_coin")
    coin = body["result"]["list"][0]["coin"][0]
    equity = str(Decimal(cash) - Decimal(debt))
    coin.update(walletBalance=cash, borrowAmount=borrowed, equity=equity, spotBorrow=spot)
    body["result"]["list"][0]["coin"] = [coin]
    with scripted(served(account__wallet_balance=Reply(body))) as server:
        info = make("bybit", hosts={"rest": server.url}).get_account_info(wallets=["unified"])
    (balance,) = info.wallets[0].balances
    assert (balance.total, balance.debt, balance.equity) == (Decimal(cash), Decimal(debt), Decimal(equity))


def test_loans_are_debts_beside_their_collateral(month: Sandbox) -> None:
    loans = by_name(at_now(month, "uta1").get_account_info().wallets)["loans"]
    assert {item.asset: (item.total, item.debt, item.equity) for item in loans.balances} == {
        "USDT": (Decimal(700), ZERO, Decimal(700)),
        "BTC": (ZERO, Decimal("0.003"), Decimal("-0.003")),
    }


def test_a_seldom_wallet_once_seen_fails_rather_than_disappears(month: Sandbox) -> None:
    key = month.key("bybit", "uta1")
    connector = connect(month, key, clock=lambda: NOW)
    assert by_name(connector.get_account_info().wallets)["loans"].ok
    connector.readers = {place: parser for place, parser in connector.readers.items() if "overview" not in place[1]}  # type: ignore[misc]
    wallets = by_name(connector.get_account_info().wallets)
    assert (wallets["loans"].ok, wallets["bots"].ok, wallets["unified"].ok) == (False, False, True)


def test_the_worth_of_a_pool_is_in_its_unit() -> None:
    found = read_one("/v5/asset/asset-overview", sample("asset_overview"))["holdings"]["Alpha"]
    assert {row["asset"] for row in found} == {"TSLAx", "PUMP", "USD"}


def test_the_shares_of_the_documented_overview_add_up_without_the_one_of_another_time() -> None:
    found = read_one("/v5/asset/asset-overview", sample("asset_overview"))
    worth = sum(Decimal(row["equity_usd"]) for row in found["wallets"] if row["wallet"] != "Alpha")
    assert round(worth) == Decimal(found["total_equity_usd"])


@pytest.mark.parametrize(
    ("said", "comes", "kind"),
    [
        ("Fiat | P2P Purchase", True, LedgerKind.DEPOSIT),
        ("Fiat | P2P Sale", False, LedgerKind.WITHDRAWAL),
        ("Fiat | Canceled P2P Sale", True, LedgerKind.DEPOSIT),
        ("Deposit | Deposit (Internal Transfer)", True, None),
        ("Withdraw | Withdraw (Internal Transfer)", False, None),
        ("Bybit Card | Sale", False, LedgerKind.WITHDRAWAL),
        ("Bybit Pay | Transfer", False, LedgerKind.WITHDRAWAL),
        ("Earn | Flexible Redemption", True, LedgerKind.TRANSFER_IN),
        ("Earn | card redemption", True, LedgerKind.TRANSFER_IN),
        ("Earn | Flexible (Auto-Earn)", False, LedgerKind.TRANSFER_OUT),
        ("Earn | Flexible Interest Distribution", True, LedgerKind.INTEREST),
        ("Airdrop | Airdrop Bonus", True, LedgerKind.REWARD),
        ("Asset Exchange | Asset Exchange", True, LedgerKind.CONVERSION),
    ],
)
def test_the_words_that_people_met_mean_what_happened(said: str, comes: bool, kind: LedgerKind | None) -> None:
    assert history_kind(said, "USDT", comes=comes) is kind


@pytest.mark.parametrize(
    ("side", "fee", "named", "expected"),
    [
        ("Buy", "0.0001", "", [("BTC", "0.1"), ("USDT", "-5000"), ("BTC", "-0.0001")]),
        ("Sell", "5", "", [("BTC", "-0.1"), ("USDT", "5000"), ("USDT", "-5")]),
        ("Buy", "-1.5", "", [("BTC", "0.1"), ("USDT", "-5000"), ("USDT", "1.5")]),
        ("Sell", "2", "MNT", [("BTC", "-0.1"), ("USDT", "5000"), ("MNT", "-2")]),
    ],
)
def test_a_classic_trade_is_coin_money_and_fee(
    side: str, fee: str, named: str, expected: list[tuple[str, str]]
) -> None:
    row = {
        "symbol": "BTCUSDT", "side": side, "execId": "e1", "execQty": "0.1", "execValue": "5000", "execFee": fee,
        "feeCurrency": named, "execTime": "1767225600000",
    }  # fmt: skip
    body = {"retCode": 0, "result": {"list": [row], "nextPageCursor": ""}}
    found = read_one("/v5/execution/list", body)["ledger"]
    assert [(entry["asset"], Decimal(entry["amount"])) for entry in found] == [(a, Decimal(v)) for a, v in expected]
    assert found[2]["kind"] == ("rebate" if fee.startswith("-") else "fee")
