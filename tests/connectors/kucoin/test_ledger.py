"""The ledger and the closed positions of KuCoin explain every change."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors._base import RestConnector
from connectors.errors import BadRequestError
from connectors.kucoin import endpoints as api
from connectors.sandbox import Sandbox
from connectors.types import LedgerEntry, LedgerKind, Side
from tests.connectors.cases import make
from tests.connectors.kucoin.calls import (
    CLASSIC,
    NOW,
    SINCE,
    added_up,
    asked,
    change_of_books,
    connect,
    still,
    uid,
)
from tests.connectors.sandbox.callers import Clock
from tests.connectors.servers import Asked, Reply, scripted

FUTURES = {"futures_linear", "futures_inverse"}


@pytest.fixture(scope="module")
def whole(quiet: Sandbox) -> dict[str, list[LedgerEntry]]:
    """Read thirty days of every account once."""
    after = SINCE + timedelta(milliseconds=1)
    return {name: connect(quiet, name).get_ledger(after, NOW) for name in CLASSIC}


@pytest.mark.parametrize("name", CLASSIC)
def test_thirty_days_of_ledger_explain_every_balance_exactly(
    quiet: Sandbox, whole: dict[str, list[LedgerEntry]], name: str
) -> None:
    assert added_up(whole[name]) == change_of_books(quiet, name, SINCE, NOW)
    assert bool(whole[name]) is (name in ("good", "spot", "one_way"))


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_no_two_entries_share_a_key_and_transfers_stay_inside(whole: dict[str, list[LedgerEntry]], name: str) -> None:
    entries = whole[name]
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries) > 100
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)
    moves = [entry for entry in entries if entry.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)]
    assert {entry.internal for entry in moves} == {True}


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_funding_is_told_apart_from_results_by_contract_and_instant(
    quiet: Sandbox, whole: dict[str, list[LedgerEntry]], name: str
) -> None:
    told: defaultdict[tuple[datetime, str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[datetime, str, str], Decimal] = defaultdict(Decimal)
    for entry in whole[name]:
        if entry.kind is LedgerKind.FUNDING:
            assert entry.symbol is not None
            told[entry.booked_at, entry.symbol.split("/")[0], entry.asset] += entry.amount
    for event in quiet.world.events(uid(quiet, name), SINCE, NOW):
        if event.kind is LedgerKind.FUNDING:
            true[event.at, event.base, event.asset] += event.amount
    assert told == true
    assert len(told) > 90


def test_spot_commissions_are_entries_of_their_own(quiet: Sandbox, whole: dict[str, list[LedgerEntry]]) -> None:
    events = quiet.world.events(uid(quiet, "spot"), SINCE, NOW)
    true = sorted(event.amount for event in events if event.kind is LedgerKind.FEE)
    assert sorted(entry.amount for entry in whole["spot"] if entry.kind is LedgerKind.FEE) == true != []
    trades = [entry for entry in whole["spot"] if entry.kind is LedgerKind.TRADE]
    assert sorted(trade.amount for trade in trades) == sorted(e.amount for e in events if e.kind is LedgerKind.TRADE)
    assert {trade.symbol for trade in trades} <= {f"{coin}/USDT" for coin in ("BTC", "ETH", "SOL")}


def test_deposits_and_withdrawals_name_their_transaction(quiet: Sandbox, whole: dict[str, list[LedgerEntry]]) -> None:
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    for name in ("good", "spot"):
        events = [e for e in quiet.world.events(uid(quiet, name), SINCE, NOW) if e.counts and e.kind in outside]
        told = [entry for entry in whole[name] if entry.kind in outside]
        assert [(e.kind, e.amount, e.txid) for e in told] == [(e.kind, e.amount, f"{e.id:064x}") for e in events]
        assert {entry.internal for entry in told} == {False}
        assert {entry.kind for entry in told} == set(outside)


def test_a_running_settlement_period_is_no_entry_yet() -> None:
    later = NOW + timedelta(hours=7, minutes=59)
    with Sandbox(still(lambda: later)) as sandbox:
        connector = connect(sandbox, "good", clock=lambda: later)
        found = connector.get_ledger(NOW, later, wallets=FUTURES)
        assert {entry.kind for entry in found} <= {LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT}
        events = sandbox.world.events(uid(sandbox, "good"), NOW, later)
        assert any(event.wallet in FUTURES and event.base for event in events)


def test_a_high_frequency_wallet_is_explained_by_readings_of_its_short_book() -> None:
    clock, found = Clock(SINCE), dict[str, LedgerEntry]()
    with Sandbox(still(clock)) as sandbox:
        connector = connect(sandbox, "hf", clock=clock)
        while clock() < NOW:
            since = clock()
            clock.move(days=2)
            found |= {entry.dedupe_key: entry for entry in connector.get_ledger(since, clock())}
        assert added_up(found.values()) == change_of_books(sandbox, "hf", SINCE, NOW)
        assert {key.partition(":")[0] for key in found} == {"hf"}
        assert {entry.wallet for entry in found.values()} == {"trade"}


def test_a_high_frequency_book_is_paged_through_rows_of_one_millisecond() -> None:
    rows = [
        {"id": str(1000 - index), "currency": "USDT", "amount": "1", "fee": "0", "tax": "0", "balance": "0",
         "accountType": "TRADE_HF", "bizType": "REBATE", "direction": "in", "createdAt": "1770047999000", "context": ""}
        for index in range(250)
    ]  # fmt: skip

    def book(params: dict[str, str]) -> object:
        below = int(params.get("lastId", "9999"))
        return [row for row in rows if int(row["id"]) < below][: int(params["limit"])]

    def answer(request: Asked) -> Reply:
        return Reply({"code": "200000", "data": book(request.params)})

    with scripted({api.HF_LEDGER.path: answer}) as server:
        connector = make("kucoin", hosts={"spot": server.url}, clock=lambda: NOW)
        assert isinstance(connector, RestConnector)
        pages = list(connector.pages(api.HF_LEDGER, {"limit": "200"}))
    assert len(pages) == 2
    assert len({entry.id for page in pages for entry in page.ledger or ()}) == 250


def test_only_the_wallets_asked_for_are_walked(sandbox: Sandbox) -> None:
    found = connect(sandbox, "good").get_ledger(NOW - timedelta(days=3), NOW, wallets=["futures_inverse"])
    assert {entry.wallet for entry in found} == {"futures_inverse"}
    assert not {api.LEDGER.path, api.MARGIN_LEDGER.path, api.HF_OPENED.path} & asked(sandbox).keys()


def test_rights_that_are_missing_for_details_leave_the_amounts_whole(sandbox: Sandbox) -> None:
    since = NOW - timedelta(days=10)
    whole = connect(sandbox, "good").get_ledger(since, NOW)
    hidden = (api.FUNDING.path, api.DEPOSITS.path, api.WITHDRAWALS.path)
    sandbox.put_key(replace(sandbox.key("kucoin", "good"), denied=hidden))
    found = connect(sandbox, "good").get_ledger(since, NOW)
    assert added_up(found) == added_up(whole)
    assert LedgerKind.FUNDING not in {entry.kind for entry in found}
    assert {entry.txid for entry in found} == {None}


def test_the_sandbox_refuses_what_kucoin_refuses(quiet: Sandbox) -> None:
    connector, now_ms = connect(quiet, "good"), int(NOW.timestamp() * 1000)
    too_long = {"startAt": str(now_ms - 86_400_001), "endAt": str(now_ms)}
    for endpoint, params in (
        (api.LEDGER, too_long),
        (api.FUTURES_LEDGER, too_long),
        (api.LEDGER, {"pageSize": "501"}),
        (api.CLOSED, {"from": str(now_ms - 8 * 86_400_000), "to": str(now_ms)}),
        (api.FUNDING, {}),
        (api.FUTURES, {"currency": "DOGE"}),
    ):
        with pytest.raises(BadRequestError):
            connector.call(endpoint, params)


def test_closed_positions_are_the_trips_of_the_account(quiet: Sandbox) -> None:
    trips = quiet.world.closed_trips(uid(quiet, "one_way"), SINCE, NOW)
    found = connect(quiet, "one_way").get_closed_positions(SINCE, NOW)
    assert [(item.net_pnl, item.gross_pnl, item.fee, item.funding, item.side) for item in found] == [
        (t.gross + t.open_fee + t.close_fee + t.funding, t.gross, t.open_fee + t.close_fee, t.funding, t.side)
        for t in trips
    ]
    assert {item.side for item in found} == set(Side)
    assert {item.size_base for item in found} == {None}
    assert all(item.opened_at is not None and item.opened_at.tzinfo is UTC for item in found)
