"""The Bybit connector's ledger explains every change of a balance, each movement once."""

from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from connectors.bybit.words import history_kind
from connectors.sandbox import Sandbox
from connectors.sandbox.model import Book
from connectors.types import LedgerKind
from tests.connectors.bybit.calls import NAMES, NOW, SPANS, ZERO, added, connect, purses, read_one, sample, uid
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, scripted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change(quiet: Sandbox, name: str, since: datetime, until: datetime) -> None:
    moved: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    entries = connect(quiet, name).get_ledger(since + timedelta(milliseconds=1), until)
    for entry in entries:
        moved[entry.wallet][entry.asset] += entry.amount
    before, after = (quiet.world.book(uid(quiet, name), at) for at in (since, until))
    for wallet in purses(quiet, name):
        inside = purses(quiet, name)[wallet]
        start, end = added(before, inside, Book.amounts), added(after, inside, Book.amounts)
        changes = {asset: end.get(asset, ZERO) - start.get(asset, ZERO) for asset in start | end}
        told = {asset: amount for asset, amount in moved[wallet].items() if amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)
    assert moved.keys() <= purses(quiet, name).keys()
    assert entries == sorted(entries, key=lambda entry: entry.booked_at)


@pytest.mark.parametrize("name", ["good", "one_way", "uta1", "classic"])
def test_each_kind_of_futures_result_adds_up(quiet: Sandbox, name: str) -> None:
    kinds = {LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE}
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in connect(quiet, name).get_ledger(quiet.world.opened_at, NOW):
        if entry.kind in kinds and entry.symbol and ":" in entry.symbol:
            told[entry.kind, entry.asset] += entry.amount
    for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW):
        if event.kind in kinds and (event.kind is not LedgerKind.FEE or event.note.startswith(("open_", "close_"))):
            true[event.kind, event.asset] += event.amount
    assert told == true
    assert {kind for kind, _asset in told} == kinds


@pytest.mark.parametrize("name", ["good", "spot", "one_way", "classic"])
def test_money_from_and_to_outside_is_told_exactly_once(quiet: Sandbox, name: str) -> None:
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    events = quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW)
    true = sorted((e.kind, e.asset, e.amount) for e in events if e.counts and e.kind in outside)
    entries = connect(quiet, name).get_ledger(quiet.world.opened_at, NOW, wallets=["funding"])
    assert sorted((e.kind, e.asset, e.amount) for e in entries if e.kind in outside) == true != []
    assert {entry.wallet for entry in entries} == {"funding"}
    assert {e.asset for e in entries if e.kind in outside} == ({"USDT"} if name == "one_way" else {"USDT", "BRL"})


def test_a_withdrawal_counts_when_it_is_settled_though_it_was_asked_for_before(quiet: Sandbox) -> None:
    events = quiet.world.events(uid(quiet, "good"), quiet.world.opened_at, NOW)
    event = next(event for event in events if event.kind is LedgerKind.WITHDRAWAL)
    entries = connect(quiet, "good").get_ledger(event.at, event.at + timedelta(seconds=1), wallets=["funding"])
    assert (LedgerKind.WITHDRAWAL, event.amount) in {(entry.kind, entry.amount) for entry in entries}


def test_closed_positions_are_the_trips_that_ended(quiet: Sandbox) -> None:
    for name in ("good", "one_way"):
        trips = quiet.world.closed_trips(uid(quiet, name), quiet.world.opened_at, NOW)
        found = connect(quiet, name).get_closed_positions(quiet.world.opened_at, NOW)
        assert [(item.symbol, item.side, item.size_base, item.exit_price, item.net_pnl) for item in found] == [
            (f"{t.base}/USDT:{t.settle}", t.side, t.size, t.exit, t.gross + t.open_fee + t.close_fee) for t in trips
        ]
        assert found


def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox) -> None:
    connector, long_ago = connect(quiet, "dust"), NOW - timedelta(days=1500)
    assert connector.get_ledger(long_ago, NOW) == []
    assert connector.get_closed_positions(long_ago, long_ago + timedelta(days=9)) == []


def test_the_key_of_a_sub_account_does_not_ask_for_withdrawals() -> None:
    key, empty = sample("key_permissions_read_only"), {"rows": [], "list": [], "nextPageCursor": ""}
    key["result"]["isMaster"] = False
    page = Reply({"retCode": 0, "result": empty})
    paths = ("asset/fundinghistory", "asset/deposit/query-record", "asset/deposit/query-internal-record")
    script: Script = {f"/v5/{path}": page for path in paths}
    script |= {"/v5/user/query-api": Reply(key), "/v5/account/info": Reply(sample("account_info_uta2_isolated"))}
    with scripted(script) as server:
        connector = make("bybit", hosts={"rest": server.url}, clock=lambda: NOW)
        assert connector.get_ledger(NOW - timedelta(days=3), NOW, wallets=["funding"]) == []
        assert {path for path in server.paths() if "asset" in path} == {f"/v5/{path}" for path in paths}


def test_a_row_whose_parts_do_not_make_its_change_is_made_whole() -> None:
    body = sample("transaction_log")
    row = body["result"]["list"][1]
    row.update(change="-0.0290872", extraFees='[{"feeCoin":"USDT","feeType":"TAX","fee":"0.01"}]')
    body["result"]["list"] = [row]
    found = read_one("/v5/account/transaction-log", body)["ledger"]
    assert [(entry["kind"], entry["amount"]) for entry in found] == [("fee", "-0.01908720"), ("fee", "-0.01000000")]
    assert len({entry["dedupe_key"] for entry in found}) == 2


@pytest.mark.parametrize(
    ("said", "asset", "comes", "kind"),
    [
        ("Deposit | Deposit", "USDT", True, None),
        ("Withdraw | Withdraw", "BTC", False, None),
        ("Fiat | Deposit", "BRL", True, LedgerKind.DEPOSIT),
        ("Fiat | Withdraw", "BRL", False, LedgerKind.WITHDRAWAL),
        ("P2P | Buy", "USDT", True, LedgerKind.DEPOSIT),
        ("Transfer | Transfer to Unified Trading Account", "USDT", False, LedgerKind.TRANSFER_OUT),
        ("Earn | Easy Earn | Flexible Interest Distribution", "BTC", True, LedgerKind.INTEREST),
        ("Earn | Easy Earn | Subscribe", "BTC", False, LedgerKind.TRANSFER_OUT),
        ("Convert | Convert", "ETH", True, LedgerKind.CONVERSION),
        ("Reward Hub | Airdrop", "MNT", True, LedgerKind.REWARD),
    ],
)
def test_the_words_of_the_funding_wallet_mean_kinds(
    said: str, asset: str, comes: bool, kind: LedgerKind | None
) -> None:
    assert history_kind(said, asset, comes=comes) is kind
