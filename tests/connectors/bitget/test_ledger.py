"""The Bitget connector's ledger explains every change of a balance, each movement once."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.bitget.kinds import bill_kind, group_kind
from connectors.errors import PermissionMissingError
from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.bitget.calls import (
    CLASSIC,
    NOW,
    SETTINGS,
    ZERO,
    at,
    connect,
    ledger,
    ms,
    ok,
    refusal,
    sample,
    uid,
)
from tests.connectors.servers import Script, scripted

SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
    (NOW - timedelta(days=2), NOW - timedelta(hours=1)),
]


@pytest.mark.parametrize("name", [*CLASSIC, "unified"])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_a_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    world, who = quiet.world, uid(quiet, name)
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name, since + timedelta(milliseconds=1), until):
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = world.book(who, since).wallets, world.book(who, until).wallets
    explained = set(after)
    for wallet in explained | set(before):
        changes = {
            asset: after.get(wallet, {}).get(asset, ZERO) - before.get(wallet, {}).get(asset, ZERO)
            for asset in after.get(wallet, {}).keys() | before.get(wallet, {}).keys()
        }
        told = {asset: amount for (its_wallet, asset), amount in moved.items() if its_wallet == wallet and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert {wallet for wallet, _asset in moved} <= explained


@pytest.mark.parametrize("name", ["good", "one_way", "unified"])
def test_each_kind_of_futures_result_adds_up(quiet: Sandbox, name: str) -> None:
    kinds = {LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE}
    spec = quiet.world.account(uid(quiet, name))
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name):
        if entry.kind in kinds and entry.wallet != "spot" and entry.symbol and ":" in entry.symbol:
            told[entry.kind, entry.asset] += entry.amount
    for event in quiet.world.events(spec.uid, quiet.world.opened_at, NOW):
        is_spot_fee = event.kind is LedgerKind.FEE and not event.note.startswith(("open_", "close_"))
        if event.kind in kinds and not is_spot_fee:
            true[event.kind, event.asset] += event.amount
    assert told == true
    assert {kind for kind, _asset in told} == kinds


@pytest.mark.parametrize("name", ["good", "spot", "one_way", "unified"])
def test_money_from_and_to_outside_is_told_exactly_once(quiet: Sandbox, name: str) -> None:
    events = [event for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW) if event.counts]
    fees = {event.ref: event.amount for event in events if event.note == "withdrawal"}
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    true = [
        (
            event.kind,
            event.wallet,
            event.amount + (fees.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO),
            event.at,
        )
        for event in events
        if event.kind in outside
    ]
    told = [entry for entry in ledger(quiet, name) if entry.kind in outside]
    assert [(entry.kind, entry.wallet, entry.amount, entry.booked_at) for entry in told] == [
        (kind, wallet, amount, at.replace(microsecond=at.microsecond // 1000 * 1000))
        for kind, wallet, amount, at in true
    ]
    assert {entry.internal for entry in told} == {False}
    assert len({(entry.wallet, entry.dedupe_key) for entry in told}) == len(told) > 0


def test_a_bill_of_a_unified_account_that_repeats_a_deposit_counts_once() -> None:
    record = {"coin": "USDT", "type": "deposit", "size": "5", "status": "success", "dest": "on_chain", "cTime": ms(NOW)}
    bill = {"category": "OTHER", "symbol": "", "coin": "USDT", "fee": "0", "balance": "5", "ts": ms(NOW)}
    rows = [
        {**bill, "id": "1", "type": "DEPOSIT", "amount": "5"},
        {**bill, "id": "2", "type": "TRANSFER_IN", "amount": "3"},
        {**bill, "id": "3", "type": "WITHDRAW", "amount": "-1"},
    ]
    script: Script = {
        SETTINGS: sample("uta_settings"),
        "/api/v3/account/financial-records": lambda request: ok(
            {"list": rows if request.params["category"] == "OTHER" else None, "cursor": None}
        ),
        "/api/v3/account/deposit-records": ok([{**record, "orderId": "77", "tradeId": "t"}]),
        "/api/v3/account/withdrawal-records": ok([]),
    }
    with scripted(script) as server:
        told = at(server).get_ledger(NOW - timedelta(days=1), NOW)
    assert sorted((entry.kind, entry.wallet, entry.amount, entry.internal) for entry in told) == [
        (LedgerKind.DEPOSIT, "unified", Decimal(5), False),
        (LedgerKind.TRANSFER_IN, "unified", Decimal(3), True),
    ]
    categories = [request.params["category"] for request in server.asked if "category" in request.params]
    assert categories == ["SPOT", "MARGIN", "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES", "OTHER"]


@pytest.mark.parametrize("name", ["good", "unified"])
def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox, name: str) -> None:
    connector, long_ago = connect(quiet, name), NOW - timedelta(days=400)
    assert connector.get_ledger(long_ago, NOW) == connector.get_ledger(quiet.world.opened_at, NOW) != []
    closed = connector.get_closed_positions(long_ago, NOW)
    assert closed == connector.get_closed_positions(quiet.world.opened_at, NOW) != []
    assert connector.get_ledger(long_ago, long_ago + timedelta(days=1)) == []
    assert connector.get_closed_positions(long_ago, long_ago + timedelta(days=1)) == []


@pytest.mark.parametrize("name", ["good", "one_way", "unified"])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_closed_positions_are_the_trips_that_ended(quiet: Sandbox, name: str, since: datetime, until: datetime) -> None:
    trips = quiet.world.closed_trips(uid(quiet, name), since, until)
    found = connect(quiet, name).get_closed_positions(since, until)
    assert [
        (
            item.symbol,
            item.side,
            item.size_base,
            item.entry_price,
            item.exit_price,
            item.gross_pnl,
            item.fee,
            item.funding,
            item.net_pnl,
            ms(item.closed_at),
        )
        for item in found
    ] == [
        (
            f"{trip.base}/USDT:{trip.settle}",
            trip.side,
            trip.size,
            trip.entry,
            trip.exit,
            trip.gross,
            trip.open_fee + trip.close_fee,
            trip.funding,
            trip.gross + trip.open_fee + trip.close_fee + trip.funding,
            ms(trip.closed_at),
        )
        for trip in sorted(trips, key=lambda trip: trip.closed_at)
    ]
    assert len({item.id for item in found}) == len(found)


def test_a_flow_lies_in_the_wallet_whose_bill_repeats_it() -> None:
    flow = {"coin": "usdt", "status": "success", "dest": "on_chain", "createdTime": ms(NOW), "updatedTime": ms(NOW)}
    bill = {"coin": "USDT", "balance": "9", "ts": ms(NOW)}
    script: Script = {
        SETTINGS: sample("uta_settings"),
        "/api/v3/account/financial-records": ok({"list": None, "cursor": None}),
        "/api/v3/account/funding-financial-records": ok(
            {"list": [{**bill, "id": "1", "groupType": "deposit", "type": "DEPOSIT", "amount": "5"}], "cursor": None}
        ),
        "/api/v3/account/deposit-records": ok(
            [{**flow, "orderId": str(n), "recordId": "hash", "size": "5", "type": "deposit"} for n in (8, 7)]
        ),
        "/api/v3/account/withdrawal-records": ok([{**flow, "orderId": "6", "size": "100", "fee": "10"}]),
    }
    with scripted(script) as server:
        told = at(server).get_ledger(NOW - timedelta(days=1), NOW)
    assert [(entry.kind, entry.wallet, entry.amount, entry.asset) for entry in told] == [
        (LedgerKind.DEPOSIT, "funding", Decimal(5), "USDT"),
        (LedgerKind.DEPOSIT, "unified", Decimal(5), "USDT"),
        (LedgerKind.WITHDRAWAL, "unified", Decimal(-100), "USDT"),
    ]
    assert told[0].txid == "hash"


def test_an_exchange_without_a_funding_ledger_still_tells_the_rest() -> None:
    script: Script = {
        SETTINGS: sample("uta_settings"),
        "/api/v3/account/financial-records": sample("uta_financial_records_end"),
        "/api/v3/account/funding-financial-records": refusal("40404"),
        "/api/v3/account/deposit-records": ok([]),
        "/api/v3/account/withdrawal-records": ok([]),
    }
    with scripted(script) as server:
        assert at(server).get_ledger(NOW - timedelta(days=1), NOW) == []
    script["/api/v3/account/funding-financial-records"] = refusal("40014")
    with scripted(script) as server, pytest.raises(PermissionMissingError):
        at(server).get_ledger(NOW - timedelta(days=1), NOW)


@pytest.mark.parametrize(
    ("name", "amount", "category", "kind"),
    [
        ("ADL_CLOSE_LONG", "1", "", "realized_pnl"),
        ("buy", "1", "", "realized_pnl"),
        ("BUY_DEAL", "1", "USDT-FUTURES", "realized_pnl"),
        ("BUY_DEAL", "1", "MARGIN", "trade"),
        ("FIXED_SETTLE_FEE_USER_OUT", "-1", "USDT-FUTURES", "funding"),
        ("FIXED_INCREASE_MARGIN", "-1", "USDT-FUTURES", None),
        ("FIXED_BURST_CLOSE_LONG", "-1", "USDT-FUTURES", "realized_pnl"),
        ("ORDER_PLF_FEE_OUT", "-1", "SPOT", "fee"),
        ("LIQ_FEE", "-1", "OTHER", "liquidation_fee"),
        ("RISK_LIQ_USER_IN", "1", "OTHER", "realized_pnl"),
        ("EXCHANGE_TARGET_TOKEN_USER_IN", "1", "OTHER", "conversion"),
        ("user_exchange_buy", "1", "", "conversion"),
        ("settle_interest", "-1", "", "interest"),
        ("delivery_long", "1", "", "settlement"),
        ("tracking_follow_pay", "-1", "", "fee"),
        ("BORROW", "1", "OTHER", "other"),
        ("trans_to_isolated", "-1", "", "transfer_out"),
        ("SYSTEM_TRANSFER_IN", "1", "OTHER", "transfer_in"),
    ],
)
def test_each_name_of_a_bill_has_one_meaning(name: str, amount: str, category: str, kind: str | None) -> None:
    assert bill_kind(name, Decimal(amount), category) == kind


@pytest.mark.parametrize(
    ("group", "name", "amount", "kind"),
    [
        ("financial", "SUBSCRIBE", "-1", "transfer_out"),
        ("financial", "INTEREST_SETTLEMENT", "1", "reward"),
        ("strategy", "STRATEGY_TRANSFER_IN", "1", "transfer_in"),
        ("fait", "anything", "1", "deposit"),
        ("c2c", "anything", "-1", "withdrawal"),
        ("transaction", "BUY", "-1", "trade"),
        ("transaction", "DEDUCTION_HANDLING_FEE", "-1", "fee"),
        ("other", "SMALL_EXCHANGE_USER_IN", "1", "conversion"),
        ("other", "ACTIVITY_ASSET_REWARD_USER_IN", "1", "reward"),
        ("other", "USER_LOCK", "-1", None),
        ("loan", "PLEDGE", "1", "other"),
    ],
)
def test_each_group_of_a_bill_has_one_meaning(group: str, name: str, amount: str, kind: str | None) -> None:
    assert group_kind(group, name, Decimal(amount)) == kind
