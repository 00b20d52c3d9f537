"""The ledger and the closed positions of Gate.io explain every change."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import (
    BadResponseError,
)
from connectors.gateio import kinds
from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.gateio.calls import (
    API,
    CLASSIC,
    MODE,
    NOW,
    UNIFIED,
    ZERO,
    at,
    connect,
    ledger,
    read_one,
    refusal,
    sample,
    uid,
)
from tests.connectors.servers import Asked, Reply, Script, scripted

SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
    (NOW - timedelta(days=2), NOW - timedelta(hours=1)),
]


@pytest.mark.parametrize("name", [*CLASSIC, *UNIFIED])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_a_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    world, who = quiet.world, uid(quiet, name)
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name, since + timedelta(milliseconds=1), until):
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = world.book(who, since).wallets, world.book(who, until).wallets
    explained = {"unified", "earn"} if name in UNIFIED else {"spot", "futures_linear", "futures_inverse", "earn"}
    for wallet in explained & (before.keys() | after.keys()):
        changes = {
            asset: after.get(wallet, {}).get(asset, ZERO) - before.get(wallet, {}).get(asset, ZERO)
            for asset in after.get(wallet, {}).keys() | before.get(wallet, {}).keys()
        }
        told = {asset: amount for (its_wallet, asset), amount in moved.items() if its_wallet == wallet and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert {wallet for wallet, _asset in moved} <= explained


@pytest.mark.parametrize("name", ["good", "one_way", *UNIFIED])
def test_each_kind_of_futures_result_adds_up(quiet: Sandbox, name: str) -> None:
    kinds = {LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE}
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name):
        if entry.kind in kinds and entry.symbol and ":" in entry.symbol:
            told[entry.kind, entry.asset] += entry.amount
    for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW):
        is_spot_fee = event.kind is LedgerKind.FEE and not event.note.startswith(("open_", "close_"))
        if event.kind in kinds and not is_spot_fee:
            true[event.kind, event.asset] += event.amount
    assert told == true
    assert {kind for kind, _asset in told} == kinds


@pytest.mark.parametrize("name", ["good", "spot", "one_way", *UNIFIED])
def test_money_from_and_to_outside_is_told_once_with_its_transaction(quiet: Sandbox, name: str) -> None:
    events = [event for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW) if event.counts]
    fees = {event.ref: event.amount for event in events if event.note == "withdrawal"}
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    true = [
        (
            event.kind,
            event.wallet,
            event.amount + (fees.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO),
            event.at.replace(microsecond=event.at.microsecond // 1000 * 1000),
            f"{'d' if event.kind is LedgerKind.DEPOSIT else 'w'}{event.id}",
            f"{event.id:064x}",
        )
        for event in events
        if event.kind in outside
    ]
    told = [entry for entry in ledger(quiet, name) if entry.kind in outside]
    assert [(e.kind, e.wallet, e.amount, e.booked_at, e.id, e.txid) for e in told] == true
    assert {entry.internal for entry in told} == {False}


@pytest.mark.parametrize("name", ["good", "one_way", *UNIFIED])
def test_no_two_entries_share_a_key_and_all_transfers_are_between_own_wallets(quiet: Sandbox, name: str) -> None:
    entries = ledger(quiet, name)
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries) > 100
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)
    moves = [entry for entry in entries if entry.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)]
    assert {entry.internal for entry in moves} <= {True}
    assert bool(moves) is (name in ("good", "one_way"))


def test_the_ledger_of_a_unified_account_is_that_of_its_one_wallet(quiet: Sandbox) -> None:
    connector, since = connect(quiet, "unified"), NOW - timedelta(days=5)
    assert connector.get_ledger(since, NOW, wallets=["unified"]) == connector.get_ledger(since, NOW) != []
    assert connector.get_ledger(since, NOW, wallets=["spot", "futures_linear"]) == []


def test_a_list_of_closed_positions_that_repeats_itself_ends() -> None:
    row = {**sample("position_close").body[0], "time": int(NOW.timestamp()) - 5}
    rows = [{**row, "pnl": str(number)} for number in range(100)]
    script: Script = {
        f"{API}/futures/usdt/position_close": Reply(rows),
        f"{API}/futures/btc/position_close": refusal("USER_NOT_FOUND"),
        f"{API}/futures/usdt/contracts": sample("futures_contracts_usdt"),
    }
    with scripted(script) as server:
        found = at(server).get_closed_positions(NOW - timedelta(days=1), NOW)
        assert server.paths().count(f"{API}/futures/usdt/position_close") == 2
    assert (len(found), found[0].size_base) == (100, None)


def test_a_key_that_may_not_read_the_records_still_gets_the_whole_ledger(sandbox: Sandbox) -> None:
    whole = ledger(sandbox, "good")
    sandbox.put_key(replace(sandbox.key("gateio", "good"), denied=(f"{API}/wallet",)))
    found = ledger(sandbox, "good")
    assert [(e.dedupe_key, e.amount) for e in found] == [(e.dedupe_key, e.amount) for e in whole]
    assert {e.txid for e in found if e.kind is LedgerKind.DEPOSIT} == {None}


def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox) -> None:
    connector, long_ago = connect(quiet, "good"), NOW - timedelta(days=400)
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
    told = [
        (
            item.symbol,
            item.side.value,
            item.size_base,
            item.entry_price,
            item.exit_price,
            item.gross_pnl,
            item.fee,
            item.funding,
            item.net_pnl,
            item.closed_at,
        )
        for item in found
    ]
    true = [
        (
            f"{trip.base}/USDT:{trip.settle}",
            trip.side.value,
            trip.size,
            trip.entry,
            trip.exit,
            trip.gross,
            trip.open_fee + trip.close_fee,
            trip.funding,
            trip.gross + trip.open_fee + trip.close_fee + trip.funding,
            trip.closed_at.replace(microsecond=0),
        )
        for trip in trips
    ]
    assert sorted(told, key=str) == sorted(true, key=str)
    assert len({item.id for item in found}) == len(found)


def book_server(rows: list[dict[str, Any]], path: str) -> tuple[Script, list[dict[str, str]]]:
    """Serve one futures ledger, a dated one without offset, and note how it was asked."""
    calls: list[dict[str, str]] = []

    def answer(request: Asked) -> Reply:
        calls.append(request.params)
        start, end = (int(request.params[name]) for name in ("from", "to"))
        fits = [row for row in rows if start <= row["time"] <= end]
        first = 0 if "/delivery/" in path else int(request.params.get("offset", 0))
        return Reply(fits[first : first + int(request.params["limit"])])

    books = [f"{API}/{sort}/{coin}/account_book" for sort in ("futures", "delivery") for coin in ("usdt", "btc")]
    script: Script = dict.fromkeys(books, refusal("USER_NOT_FOUND"))
    return script | {MODE: Reply({"mode": "classic"}), path: answer}, calls


def book_row(second: float, number: int) -> dict[str, Any]:
    return {"time": second, "change": "1", "balance": str(number), "type": "fund", "contract": "BTC_USDT", "id": number}


@pytest.mark.parametrize("sort", ["futures", "delivery"])
def test_a_long_ledger_is_read_whole_by_offset_or_in_smaller_windows(sort: str) -> None:
    end = int(NOW.timestamp())
    rows = [book_row(end - number * 100 - 0.5, 5_000 - number) for number in range(4_321)]
    script, calls = book_server(rows, f"{API}/{sort}/usdt/account_book")
    with scripted(script) as server:
        found = at(server).get_ledger(NOW - timedelta(days=20), NOW, wallets=[f"{sort}_linear"])
    assert [entry.id for entry in found] == [str(5_000 - number) for number in reversed(range(4_321))]
    assert any("offset" in call for call in calls) is (sort == "futures")
    assert all(call["to"] < "2000000000" for call in calls)


def test_equal_times_in_number_beyond_a_page_without_offset_are_an_error_not_a_loss() -> None:
    rows = [book_row(1_771_000_000, number) for number in range(1_500)]
    script, _calls = book_server(rows, f"{API}/delivery/usdt/account_book")
    with scripted(script) as server, pytest.raises(BadResponseError):
        at(server).get_ledger(NOW - timedelta(days=20), NOW, wallets=["delivery_linear"])


def test_a_transfer_from_a_sub_account_to_futures_is_told_from_one_between_own_wallets() -> None:
    second = int(NOW.timestamp()) - 5_000
    rows = [
        {"time": second + 9, "change": "-3", "balance": "5", "type": "dnw", "contract": "", "id": "12"},
        {"time": second, "change": "8", "balance": "8", "type": "dnw", "contract": "", "id": "11"},
        {"time": second - 50, "change": "25", "balance": "0", "type": "dnw", "contract": "", "id": "10"},
    ]
    spot = {**sample("spot_account_book").body[0], "currency": "USDT", "time": (second - 49) * 1000, "change": "-25"}
    move = {
        "sub_account": "9", "timest": str(second + 1), "currency": "USDT", "amount": "8", "direction": "from",
        "client_order_id": "m1", "status": "success",
    }  # fmt: skip
    script, _calls = book_server(rows, f"{API}/futures/usdt/account_book")
    script[f"{API}/spot/account_book"] = Reply([spot])
    script[f"{API}/wallet/sub_account_transfers"] = Reply([move])
    with scripted(script) as server:
        found = at(server).get_ledger(NOW - timedelta(days=1), NOW)
    told = {entry.id: (entry.kind, entry.internal) for entry in found if entry.wallet == "futures_linear"}
    assert told == {
        "10": (LedgerKind.TRANSFER_IN, True),
        "11": (LedgerKind.TRANSFER_IN, False),
        "12": (LedgerKind.TRANSFER_OUT, None),
    }


@pytest.mark.parametrize(
    ("native", "code", "change", "kind", "internal"),
    [
        ("sub_account_transfer", "1401", "-5", LedgerKind.TRANSFER_OUT, False),
        ("", "150201", "5", LedgerKind.TRANSFER_IN, False),
        ("delivery_in", "703", "-5", LedgerKind.TRANSFER_OUT, True),
        ("something", "601", "5", LedgerKind.TRANSFER_IN, True),
        ("redeem", "", "5", LedgerKind.TRANSFER_IN, True),
        ("", "4", "-5", LedgerKind.WITHDRAWAL, False),
        ("order_fill", "", "5", LedgerKind.TRADE, None),
        ("flash_swap_buy", "", "5", LedgerKind.CONVERSION, None),
        ("interest", "", "-5", LedgerKind.INTEREST, None),
        ("interest", "", "5", LedgerKind.REWARD, None),
        ("perp_in", "701", "-5", LedgerKind.TRANSFER_OUT, True),
        ("perp_settle_in", "705", "5", LedgerKind.TRANSFER_IN, True),
        ("subaccount_trf", "", "-5", LedgerKind.TRANSFER_OUT, False),
        ("borrow", "", "5", LedgerKind.OTHER, None),
        ("", "671", "-5", LedgerKind.OTHER, None),
        ("cl_borrow", "", "5", LedgerKind.TRANSFER_IN, True),
        ("margin_interest_out", "", "-5", LedgerKind.INTEREST, None),
        ("cancel_withdraw", "", "5", LedgerKind.WITHDRAWAL, False),
        ("deposit_rej", "", "-5", LedgerKind.DEPOSIT, False),
        ("", "110", "5", LedgerKind.DEPOSIT, False),
        ("", "1", "-5", LedgerKind.TRADE, None),
        ("push_sent", "", "-5", LedgerKind.WITHDRAWAL, False),
        ("push_canceled", "", "5", LedgerKind.DEPOSIT, False),
        ("c2c_om", "", "-5", LedgerKind.WITHDRAWAL, False),
        ("", "612", "5", LedgerKind.REWARD, None),
        ("dust_swap_gt_add", "", "5", LedgerKind.CONVERSION, None),
        ("", "3105", "5", LedgerKind.REBATE, None),
        ("points_purchase", "", "-5", LedgerKind.FEE, None),
        ("", "649", "-5", LedgerKind.LIQUIDATION_FEE, None),
        ("dual_purchased", "", "-5", LedgerKind.TRANSFER_OUT, True),
        ("never_heard_of", "9999", "5", LedgerKind.OTHER, None),
    ],
)
def test_rows_of_the_spot_book_are_told_by_type_or_code_and_directed_by_sign(
    native: str, code: str, change: str, kind: LedgerKind, internal: bool | None
) -> None:
    row = {**sample("spot_account_book").body[0], "type": native, "code": code, "change": change}
    (entry,) = read_one("/spot/account_book", [row])["ledger"]
    assert (entry["kind"], entry["internal"], entry["amount"]) == (kind.value, internal, change)


def test_no_word_of_the_spot_book_has_two_meanings() -> None:
    words = [word for line in kinds.WORDS.strip().splitlines() for word in line.split()[1:]]
    assert sorted(words) == sorted(kinds.MEANING)
    plain = {meaning for meaning in kinds.MEANING.values() if not meaning.startswith("to:")}
    assert plain - {"border", "earned", "sub"} <= {kind.value for kind in LedgerKind}


@pytest.mark.parametrize(
    ("mode", "native", "legs"),
    [
        ("classic", "lend", [("earn", "5"), ("spot", "-5")]),
        ("classic", "margin_in", [("margin_isolated", "5"), ("spot", "-5")]),
        ("classic", "dual_purchased", [("spot", "-5")]),
        ("multi_currency", "lend", [("earn", "5"), ("unified", "-5")]),
        ("multi_currency", "margin_in", [("unified", "-5")]),
    ],
)
def test_a_move_to_a_wallet_without_book_has_a_leg_there(mode: str, native: str, legs: list[tuple[str, str]]) -> None:
    row = {**sample("spot_account_book").body[0], "type": native, "time": int(NOW.timestamp() - 60) * 1000}
    script, _calls = book_server([], f"{API}/futures/usdt/account_book")
    script |= {MODE: Reply({"mode": mode}), f"{API}/spot/account_book": Reply([{**row, "change": "-5"}])}
    with scripted(script) as server:
        found = at(server).get_ledger(NOW - timedelta(days=1), NOW)
        inside = at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["earn", "margin_isolated"])
    assert sorted((entry.wallet, str(entry.amount)) for entry in found) == legs
    assert {(entry.ref, entry.internal) for entry in found} == {(row["id"], True)}
    assert [entry for entry in found if entry.wallet not in ("spot", "unified")] == inside


@pytest.mark.parametrize("amount", ["51", "50"], ids=["fee inside", "fee beside"])
def test_a_withdrawal_finds_its_record_wherever_the_fee_is_counted(amount: str) -> None:
    second = int(NOW.timestamp()) - 4_000
    row = {**sample("spot_account_book").body[0], "currency": "USDT", "type": "withdraw", "change": "-51"}
    rows = [{**row, "time": second * 1000, "id": "1"}, {**row, "time": (second - 9) * 1000, "id": "2"}]
    record = {**sample("withdrawals").body[0][0], "currency": "USDT", "amount": amount, "fee": "1", "status": "DONE"}
    records = [{**record, "id": f"w{at}", "timestamp": str(at), "txid": f"tx{at}"} for at in (second, second - 9)]
    script, _calls = book_server([], f"{API}/futures/usdt/account_book")
    script |= {f"{API}/spot/account_book": Reply(rows), f"{API}/wallet/withdrawals": Reply(records)}
    with scripted(script) as server:
        found = at(server).get_ledger(NOW - timedelta(days=1), NOW)
    assert [(entry.ref, entry.txid, str(entry.amount)) for entry in found] == [
        ("2", f"tx{second - 9}", "-51"),
        ("1", f"tx{second}", "-51"),
    ]


def test_pushes_to_and_from_other_users_cross_the_border() -> None:
    row = {"id": 7, "currency": "USDT", "amount": "10", "create_time": 1_771_000_000, "status": "SUCCESS"}
    rows = [{**row, "transaction_type": kind} for kind in ("withdraw", "deposit")]
    found = read_one("/wallet/push", [rows[0], {**rows[1], "status": "FAIL"}])["ledger"]
    assert [(entry["kind"], entry["amount"], entry["internal"], entry["status"]) for entry in found] == [
        ("withdrawal", "-10", False, "ok"),
        ("deposit", "10", False, "failed"),
    ]
