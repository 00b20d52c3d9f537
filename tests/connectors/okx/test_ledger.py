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
    ("row", "told"),
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
        ({"type": "30", "balChg": "5"}, [("conversion", "5", None)]),
        ({"type": "381", "balChg": "5"}, [("other", "5", None)]),
    ],
)
def test_a_bill_is_told_by_what_it_is_about(row: dict[str, str], told: list[tuple[str, str, str | None]]) -> None:
    body = {"code": "0", "msg": "", "data": [bill(**row)]}
    path = "/api/v5/account/bills"
    found = make("okx").read_answer("GET", path, status=200, headers={}, body=body)["ledger"]
    assert [(entry["kind"], entry["amount"], entry["symbol"]) for entry in found] == told


def test_a_withdrawal_that_was_taken_back_is_not_told_by_its_bills() -> None:
    rows = [
        {"billId": "3", "ccy": "USDT", "balChg": "51", "type": "13", "ts": str(ms(NOW))},
        {"billId": "2", "ccy": "USDT", "balChg": "-51", "type": "2", "ts": str(ms(NOW))},
        {"billId": "1", "ccy": "USDT", "balChg": "9", "type": "130", "ts": str(ms(NOW))},
    ]
    bills = Reply({"code": "0", "msg": "", "data": rows})
    with scripted({**EMPTY_LISTS, DEPOSITS: paged([]), "/api/v5/asset/bills": bills}) as server:
        found = make("okx", hosts={"rest": server.url}, clock=lambda: NOW).get_ledger(NOW - timedelta(days=1), NOW)
    assert [(entry.id, entry.kind, entry.internal) for entry in found] == [("1", LedgerKind.TRANSFER_IN, True)]
