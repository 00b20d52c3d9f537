"""The BingX connector's histories: income explains its wallet, each movement once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.bingx import trades
from connectors.errors import (
    BadResponseError,
)
from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.bingx.calls import (
    FILLS,
    INCOME,
    NAMES,
    NOW,
    ORDERS,
    SPANS,
    TRANSFERS,
    USERS,
    ZERO,
    asked,
    at,
    connect,
    ms,
    ok,
    refusal,
    uid,
)
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, scripted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_income_explains_every_change_of_the_usdt_m_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    told: defaultdict[str, Decimal] = defaultdict(Decimal)
    first = since + timedelta(milliseconds=1)
    entries = connect(quiet, name).get_ledger(first, until, wallets=["futures_linear"])
    for entry in entries:
        told[entry.asset] += entry.amount
    before, after = (
        quiet.world.book(uid(quiet, name), when).wallets.get("futures_linear", {}) for when in (since, until)
    )
    changes = {asset: after[asset] - before.get(asset, ZERO) for asset in after}
    assert {a: n for a, n in told.items() if n} == {a: n for a, n in changes.items() if n}
    assert {entry.internal for entry in entries if "transfer" in entry.kind} <= {True}
    assert len({entry.dedupe_key for entry in entries}) == len(entries)


@pytest.mark.parametrize("name", ["good", "spot", "one_way"])
def test_deposits_and_withdrawals_count_once_they_have_happened(quiet: Sandbox, name: str) -> None:
    def total(kind: LedgerKind, rows: Iterable[Any]) -> Decimal:
        return sum((row.amount for row in rows if row.kind is kind), ZERO)

    entries = [e for e in connect(quiet, name).get_ledger(*SPANS[0]) if e.wallet == "funding"]
    true = [e for e in quiet.world.events(uid(quiet, name), *SPANS[0]) if e.counts]
    fees = [e for e in true if e.note == "withdrawal"]
    for kind in (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL):
        assert total(kind, entries) == total(kind, true)
    assert total(LedgerKind.FEE, entries) == total(LedgerKind.FEE, fees)
    assert {(e.asset, e.internal) for e in entries if e.kind is LedgerKind.DEPOSIT} == {("USDT", False)}
    moments = {e.at_ms for e in true if e.kind is LedgerKind.WITHDRAWAL}
    assert {ms(e.booked_at) for e in entries if e.kind is LedgerKind.WITHDRAWAL} == moments


def test_rows_of_one_instant_at_the_edge_of_a_page_are_neither_lost_nor_doubled() -> None:
    rows = [
        {
            "symbol": "BTC-USDT",
            "incomeType": kind,
            "income": "-1",
            "asset": "USDT",
            "time": ms(NOW) - at,
            "tranId": str(n),
        }
        for n, (kind, at) in enumerate([("FUNDING_FEE", 5), ("TRADING_FEE", 9), ("FUNDING_FEE", 9), ("ADL", 9)] * 400)
    ]
    rows.sort(key=lambda row: -int(str(row["time"])))

    def answer(request: Any) -> Reply:  # noqa: ANN401
        kept = [row for row in rows if int(str(row["time"])) <= int(request.params["endTime"])]
        return ok(kept[: int(request.params["limit"])])

    with scripted({INCOME: answer}) as server, pytest.raises(BadResponseError, match="endless-pages"):
        at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["futures_linear"])
    del rows[1_300:]
    with scripted({INCOME: answer}) as server:
        told = at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["futures_linear"])
    assert len(told) == 1_300


@pytest.mark.parametrize("days", [0.01, 40])
def test_a_transfer_with_another_user_is_found_and_dated_to_the_hour(sandbox: Sandbox, days: float) -> None:
    sandbox.world.add_event(
        uid(sandbox, "good"), LedgerKind.TRANSFER_OUT, {"USDT": Decimal(-50)}, wallet="funding", note="user"
    )
    entries = connect(sandbox, "good").get_ledger(NOW - timedelta(days=days), NOW)
    (entry,) = [e for e in entries if e.dedupe_key.startswith("user:")]
    assert (entry.kind, entry.wallet, entry.amount, entry.internal) == (
        LedgerKind.TRANSFER_OUT,
        "funding",
        Decimal(-50),
        False,
    )
    assert timedelta() <= NOW - entry.booked_at < timedelta(hours=1)
    assert asked(sandbox)[USERS] <= 30


def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox) -> None:
    connector, long_ago = connect(quiet, "good"), NOW - timedelta(days=400)
    assert connector.get_ledger(long_ago, NOW) == connector.get_ledger(quiet.world.opened_at, NOW) != []
    assert connector.get_ledger(long_ago, long_ago + timedelta(days=1)) == []


@pytest.mark.parametrize("name", ["good", "one_way"])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_closed_positions_are_the_trips_that_ended(quiet: Sandbox, name: str, since: datetime, until: datetime) -> None:
    trips = quiet.world.closed_trips(uid(quiet, name), since, until)
    found = connect(quiet, name).get_closed_positions(since, until)
    assert [
        (c.symbol, c.side, c.size_base, c.entry_price, c.exit_price, c.gross_pnl, c.fee, c.funding, ms(c.closed_at))
        for c in found
    ] == [
        (f"{t.base}/USDT:USDT", t.side, None, t.entry, t.exit, t.gross, t.open_fee + t.close_fee, t.funding)
        + (ms(t.closed_at),)
        for t in sorted(trips, key=lambda t: t.closed_at)
    ]
    assert all(c.net_pnl == round((c.gross_pnl or ZERO) + (c.fee or ZERO) + (c.funding or ZERO), 2) for c in found)
    assert found


@pytest.mark.parametrize(
    ("status", "confirmed", "expected"),
    [
        (1, "12/12", "ok"),
        (6, "13/12", "ok"),
        (1, "3/12", "pending"),
        (6, "", "pending"),
        (0, "12/12", "pending"),
        (2, "12/12", "failed"),
    ],
)
def test_a_deposit_counts_when_all_its_confirmations_are_there(status: int, confirmed: str, expected: str) -> None:
    row = {"amount": "1", "coin": "USDTTRC20", "network": "TRC20", "txId": "t", "insertTime": ms(NOW)}
    body = [{**row, "status": status, "confirmTimes": confirmed}]
    path = "/openApi/api/v3/capital/deposit/hisrec"
    (entry,) = make("bingx").read_answer("GET", path, status=200, headers={}, body=body)["ledger"]
    assert (entry["status"], entry["asset"]) == (expected, "USDT")


def test_a_window_that_fills_a_page_of_fills_is_halved_until_all_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trades, "MOST_FILLS", 20)
    fill = {"symbol": "BTC-USDT", "price": "1", "qty": "1", "quoteQty": "2", "commission": -1e-7, "isBuyer": True}
    rows = [{**fill, "commissionAsset": "BTC", "id": n, "time": ms(NOW) - n // 14} for n in range(42)]

    def fills(request: Any) -> Reply:  # noqa: ANN401
        first, last = int(request.params["startTime"]), int(request.params["endTime"])
        return ok(
            {"fills": [row for row in rows if first <= int(str(row["time"])) <= last][: int(request.params["limit"])]}
        )

    order = {"symbol": "BTC-USDT", "executedQty": "1"}
    script: Script = {
        ORDERS: lambda request: ok({"orders": [order] * (100 if request.params["pageIndex"] == "1" else 1)}),
        FILLS: fills,
        TRANSFERS: Reply({"total": 0, "rows": None}),
    }
    with scripted(script) as server:
        told = at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["spot"])
    assert len(told) == 3 * len(rows)
    assert {(entry.kind, entry.asset): entry.amount for entry in told} == {
        (LedgerKind.TRADE, "BTC"): Decimal(1),
        (LedgerKind.TRADE, "USDT"): Decimal(-2),
        (LedgerKind.FEE, "BTC"): Decimal("-1e-7"),
    }
    rows += [{**rows[0], "id": n} for n in range(42, 50)]
    with scripted(script) as server, pytest.raises(BadResponseError, match="endless-pages"):
        at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["spot"])


def test_no_fills_are_a_refusal_that_means_none() -> None:
    order = {"symbol": "BTC-USDT", "executedQty": "1"}
    script: Script = {
        ORDERS: ok({"orders": [order, {"symbol": "ETH-USDT", "executedQty": "0"}]}),
        FILLS: refusal(100204),
        TRANSFERS: Reply({"total": 0, "rows": []}),
    }
    with scripted(script) as server:
        assert at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["spot"]) == []
        assert {request.params["symbol"] for request in server.asked if request.path == FILLS} == {"BTC-USDT"}
