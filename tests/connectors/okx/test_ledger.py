"""The ledger and the closed positions of an OKX account explain what has changed, to the last digit."""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import (
    BadResponseError,
)
from connectors.sandbox import Sandbox
from connectors.types import LedgerEntry, LedgerKind
from tests.connectors.cases import make
from tests.connectors.okx.calls import (
    ACCOUNTS,
    NOW,
    TRADERS,
    ZERO,
    cash,
    connect,
    ms,
    uid,
)
from tests.connectors.servers import Asked, Reply, Script, scripted


def ledger(sandbox: Sandbox, name: str, since: datetime | None = None, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since or sandbox.world.opened_at, until)


SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
    (NOW - timedelta(days=20), NOW - timedelta(days=1)),
    (NOW - timedelta(days=6), NOW - timedelta(hours=1)),
]


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_a_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    entries = ledger(quiet, name, since + timedelta(milliseconds=1), until)
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = (quiet.world.book(uid(quiet, name), at).wallets for at in (since, until))
    for wallet in ("trading", "funding"):
        old, new = cash(before, wallet), cash(after, wallet)
        changes = {asset: new.get(asset, ZERO) - old.get(asset, ZERO) for asset in old.keys() | new.keys()}
        told = {asset: amount for (its, asset), amount in moved.items() if its == wallet and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)


@pytest.mark.parametrize("name", TRADERS)
def test_each_kind_of_contract_result_adds_up_in_cross_and_isolated_margin(quiet: Sandbox, name: str) -> None:
    kinds = {LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE}
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name):
        if entry.kind in kinds and entry.symbol and ":" in entry.symbol:
            told[entry.kind, entry.asset] += entry.amount
    for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW):
        if event.kind in kinds and (event.kind is not LedgerKind.FEE or event.note.startswith(("open_", "close_"))):
            true[event.kind, event.asset] += event.amount
    assert told == true
    assert {kind for kind, _asset in told} == kinds


@pytest.mark.parametrize("name", ["good", "spot", "one_way", "portfolio"])
def test_money_from_and_to_outside_is_told_exactly_once(quiet: Sandbox, name: str) -> None:
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    events = quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW)
    true = [(event.kind, event.asset, event.amount, event.at_ms) for event in events if event.counts]
    told = [entry for entry in ledger(quiet, name) if entry.kind in outside]
    assert [(entry.kind, entry.asset, entry.amount, ms(entry.booked_at)) for entry in told] == [
        row for row in true if row[0] in outside
    ]
    assert {(entry.wallet, entry.internal) for entry in told} == {("funding", False)}


def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox) -> None:
    connector, long_ago = connect(quiet, "good"), NOW - timedelta(days=400)
    assert connector.get_ledger(long_ago, NOW) == connector.get_ledger(quiet.world.opened_at, NOW) != []
    assert connector.get_ledger(long_ago, long_ago + timedelta(days=1)) == []
    assert connector.get_ledger(NOW, NOW - timedelta(days=1)) == []
    assert connector.get_closed_positions(NOW, NOW - timedelta(days=1)) == []


@pytest.mark.parametrize("name", TRADERS)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_closed_positions_are_the_trips_that_ended(quiet: Sandbox, name: str, since: datetime, until: datetime) -> None:
    trips = quiet.world.closed_trips(uid(quiet, name), since, until)
    found = connect(quiet, name).get_closed_positions(since, until)
    assert [
        (item.symbol, item.side, item.size_base, item.entry_price, item.exit_price, item.net_pnl, ms(item.closed_at))
        for item in found
    ] == [
        (
            f"{trip.base}/USDT:{trip.settle}",
            trip.side,
            trip.size,
            trip.entry,
            trip.exit,
            trip.gross + trip.open_fee + trip.close_fee + trip.funding,
            ms(trip.closed_at),
        )
        for trip in sorted(trips, key=lambda trip: trip.closed_at)
    ]
    assert len({item.id for item in found}) == len(found)


def deposit(number: int, at: datetime) -> dict[str, str]:
    return {
        "depId": str(number),
        "ccy": "USDT",
        "amt": "1",
        "state": "2",
        "ts": str(ms(at)),
        "txId": "",
        "fromWdId": "",
    }


def paged(rows: list[dict[str, str]]) -> Callable[[Asked], Reply]:
    """Answer as OKX pages: newest first, a hundred rows strictly between two times."""

    def answer(request: Asked) -> Reply:
        low, high = int(request.params["before"]), int(request.params["after"])
        fits = [row for row in rows if low < int(row["ts"]) < high]
        return Reply({"code": "0", "msg": "", "data": sorted(fits, key=lambda row: -int(row["ts"]))[:100]})

    return answer


EMPTY_LISTS: Script = dict.fromkeys(
    ("/api/v5/account/bills", "/api/v5/asset/bills", "/api/v5/asset/withdrawal-history"),
    Reply({"code": "0", "msg": "", "data": []}),
)
DEPOSITS = "/api/v5/asset/deposit-history"


def test_equal_times_at_the_edge_of_a_page_lose_nothing() -> None:
    rows = [deposit(number, NOW - timedelta(hours=number // 30)) for number in range(250)]
    with scripted({**EMPTY_LISTS, DEPOSITS: paged(rows)}) as server:
        connector = make("okx", hosts={"rest": server.url}, clock=lambda: NOW)
        found = connector.get_ledger(NOW - timedelta(days=2), NOW)
    assert sorted(int(entry.id) for entry in found) == list(range(250))


def test_a_page_that_holds_one_instant_only_is_reported_and_not_cut_short() -> None:
    rows = [deposit(number, NOW - timedelta(hours=1)) for number in range(150)]
    with scripted({**EMPTY_LISTS, DEPOSITS: paged(rows)}) as server, pytest.raises(BadResponseError) as caught:
        make("okx", hosts={"rest": server.url}, clock=lambda: NOW).get_ledger(NOW - timedelta(days=2), NOW)
    assert caught.value.venue_code == "endless-pages"


def bill(**changes: str) -> dict[str, str]:
    empty = {"billId": "7", "ccy": "USDT", "fee": "0", "pnl": "0", "instType": "", "instId": "", "subType": "1"}
    return {**empty, "balChg": "0", "ts": "1718870400000", **changes}


@pytest.mark.parametrize(
    ("row", "parts"),
    [
        ({"type": "6", "balChg": "-75"}, []),
        ({"type": "8", "pnl": "0.25", "instId": "SOL-USDT-SWAP"}, [("funding", "0.25", "SOL/USDT:USDT")]),
        (
            {"type": "2", "balChg": "-75", "fee": "-1", "instId": "BTC-USD-250328"},
            [("fee", "-1", "BTC/USD:USDT-250328")],
        ),
        (
            {"type": "2", "balChg": "9", "fee": "-1", "instId": "BTC-USDT"},
            [("trade", "10", "BTC/USDT"), ("fee", "-1", "BTC/USDT")],
        ),
        (
            {"type": "5", "balChg": "-46", "pnl": "-45", "fee": "-1", "instType": "SWAP", "instId": "ETH-USDT-SWAP"},
            [("realized_pnl", "-45", "ETH/USDT:USDT"), ("fee", "-1", "ETH/USDT:USDT")],
        ),
        (
            {"type": "14", "balChg": "8", "pnl": "9", "fee": "-1", "instId": "ETH-USDT-SWAP"},
            [("realized_pnl", "9", "ETH/USDT:USDT"), ("fee", "-1", "ETH/USDT:USDT")],
        ),
        (
            {"type": "13", "balChg": "9", "fee": "-1", "instId": "BTC-USDT"},
            [("trade", "10", "BTC/USDT"), ("fee", "-1", "BTC/USDT")],
        ),
        ({"type": "24", "balChg": "5", "pnl": "5", "instId": "ETH-USDT-SWAP"}, [("other", "5", "ETH/USDT:USDT")]),
        ({"type": "30", "balChg": "5"}, [("conversion", "5", None)]),
        ({"type": "381", "balChg": "5"}, [("other", "5", None)]),
    ],
)
def test_a_bill_is_told_by_what_it_is_about(row: dict[str, str], parts: list[tuple[str, str, str | None]]) -> None:
    body = {"code": "0", "msg": "", "data": [bill(**row)]}
    path = "/api/v5/account/bills"
    found = make("okx").read_answer("GET", path, status=200, headers={}, body=body)["ledger"]
    assert [(entry["kind"], entry["amount"], entry["symbol"]) for entry in found] == parts


def funding_ledger(
    bills: list[dict[str, str]], deposits: list[dict[str, str]], withdrawals: list[dict[str, str]], days: int = 1
) -> list[LedgerEntry]:
    """Return the ledger of a funding account whose three lists hold these rows."""
    lists: Script = {
        "/api/v5/account/bills": Reply({"code": "0", "msg": "", "data": []}),
        "/api/v5/asset/bills": paged(bills),
        "/api/v5/asset/withdrawal-history": paged(withdrawals),
        DEPOSITS: paged(deposits),
    }
    with scripted(lists) as server:
        connector = make("okx", hosts={"rest": server.url}, clock=lambda: NOW)
        return connector.get_ledger(NOW - timedelta(days=days), NOW)


def funding_bill(number: int, kind: str, change: str, at: datetime = NOW, coin: str = "USDT") -> dict[str, str]:
    return {"billId": str(number), "ccy": coin, "balChg": change, "type": kind, "ts": str(ms(at))}


def withdrawal(number: int, at: datetime, **changes: str) -> dict[str, str]:
    row = {"wdId": str(number), "ccy": "USDT", "amt": "50", "fee": "1", "feeCcy": "USDT", "state": "2", "txId": "x"}
    return {**row, "ts": str(ms(at)), **changes}


def told(entries: list[LedgerEntry]) -> list[tuple[str, str, str, datetime]]:
    return [(entry.dedupe_key, entry.kind.value, str(entry.amount), entry.booked_at) for entry in entries]


def test_a_withdrawal_that_was_taken_back_left_and_came_back() -> None:
    asked = NOW - timedelta(hours=3)
    bills = [
        funding_bill(3, "13", "51"),
        funding_bill(2, "2", "-51", asked),
        funding_bill(1, "130", "9", asked - timedelta(hours=1)),
    ]
    found = funding_ledger(bills, [], [withdrawal(8, asked, state="-2")])
    assert told(found) == [
        ("bill:1", "transfer_in", "9", asked - timedelta(hours=1)),
        ("withdrawal:8:withdrawal", "withdrawal", "-50", asked),
        ("withdrawal:8:fee", "fee", "-1", asked),
        ("bill:3", "withdrawal", "51", NOW),
    ]
    assert [entry.internal for entry in found] == [True, False, None, False]


def test_a_withdrawal_leaves_the_ledger_when_it_leaves_the_balance_whether_it_is_sent_or_not() -> None:
    bills = [funding_bill(2, "2", "-51", NOW - timedelta(hours=3))]
    waiting, sent = (
        funding_ledger(bills, [], [withdrawal(8, NOW - timedelta(hours=3), state=state)]) for state in ("0", "2")
    )
    assert waiting == sent
    assert sum((entry.amount for entry in sent), ZERO) == Decimal(-51)


def test_money_without_a_record_such_as_fiat_is_told_by_its_bill() -> None:
    bills = [funding_bill(5, "2", "-300", coin="BRL"), funding_bill(4, "1", "1500", NOW - timedelta(hours=1), "BRL")]
    found = funding_ledger(bills, [], [])
    assert told(found) == [
        ("bill:4", "deposit", "1500", NOW - timedelta(hours=1)),
        ("bill:5", "withdrawal", "-300", NOW),
    ]
    assert {entry.internal for entry in found} == {False}


def test_a_deposit_is_booked_when_it_is_credited_though_its_record_is_older_than_what_is_asked_for() -> None:
    seen, credited = NOW - timedelta(hours=30), NOW - timedelta(hours=2)
    found = funding_ledger([funding_bill(6, "1", "1", credited)], [deposit(9, seen)], [])
    assert told(found) == [("deposit:9", "deposit", "1", credited)]
    assert found[0].ref == "6"


def test_of_two_equal_deposits_each_bill_takes_one_record_and_a_record_without_bill_counts_too() -> None:
    bills = [funding_bill(number, "1", "1", NOW - timedelta(hours=number)) for number in (1, 2)]
    records = [deposit(number, NOW - timedelta(hours=number)) for number in (1, 2, 3)]
    assert [entry.id for entry in funding_ledger(bills, records, [])] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("native", "change", "kind"),
    [
        ("75", "-5", LedgerKind.TRANSFER_OUT),
        ("305", "5", LedgerKind.TRANSFER_IN),
        ("349", "5", LedgerKind.TRANSFER_IN),
        ("400", "5", LedgerKind.REWARD),
        ("150", "5", LedgerKind.REBATE),
        ("221", "-1", LedgerKind.FEE),
        ("52", "-5", LedgerKind.WITHDRAWAL),
        ("61", "5", LedgerKind.CONVERSION),
        ("9999", "5", LedgerKind.OTHER),
    ],
)
def test_a_funding_bill_is_told_by_its_type(native: str, change: str, kind: LedgerKind) -> None:
    found, *legs = funding_ledger([funding_bill(1, native, change)], [], [])
    assert [(leg.wallet, leg.amount, leg.ref) for leg in legs] == (
        [("earn", Decimal(5), found.ref)] if native == "75" else []
    )
    assert (found.kind, str(found.amount), found.venue_type) == (kind, change, native)
