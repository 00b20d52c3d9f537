"""Binance tells of trades pair by pair: which pairs are asked, and that none is asked for nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors._base import RestConnector
from connectors._reading import Answer
from connectors.binance.trades import MOST_UNKNOWN, PAGE, Moves, fills, listed_pairs
from connectors.errors import ConnectorError
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from connectors.types import Balance, LedgerEntry, LedgerKind
from tests.connectors.cases import make
from tests.core.sync.house import MovableClock

START = datetime(2026, 1, 20, 12, tzinfo=UTC)
TRADES = "/api/v3/myTrades"
PRICES = {"BTCUSDT": Decimal(90000), "BTCBRL": Decimal(500000), "ETHUSDT": Decimal(3000), "ETHBTC": Decimal("0.03")}
LISTED = listed_pairs(PRICES)
HOUR = timedelta(hours=1)
D = Decimal


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
def sandbox(clock: MovableClock) -> Iterator[Sandbox]:
    config = SandboxConfig(opened_on=date(2026, 1, 20), clock=clock, exchanges=("binance",), enforce_limits=False)
    with Sandbox(config) as running:
        yield running


def connect(sandbox: Sandbox, clock: MovableClock, name: str = "dust") -> RestConnector:
    key = sandbox.key("binance", name)
    hosts = sandbox.hosts()["binance"]
    connector = make("binance", hosts=hosts, api_key=key.api_key, api_secret=key.api_secret, clock=clock)
    assert isinstance(connector, RestConnector)
    return connector


def trade(sandbox: Sandbox, amounts: dict[str, Decimal], name: str = "dust") -> None:
    """Buy BTC for USDT, or sell it, at the present; the fee is told with the trade."""
    world, uid = sandbox.world, sandbox.key("binance", name).uid
    events = world.add_event(uid, LedgerKind.TRADE, amounts)
    added = world._added[uid]
    for event in events:
        sign = "buy" if amounts["BTC"] > 0 else "sell"
        facts = {"base": "BTC", "quote": "USDT", "quantity": abs(amounts["BTC"]), "note": sign}
        price = abs(amounts["USDT"] / amounts["BTC"])
        added[added.index(event)] = replace(event, price=price, **facts)  # type: ignore[arg-type]


def asked(sandbox: Sandbox) -> int:
    return sum(row["count"] for row in sandbox.requests.rows() if row["path"] == TRADES)


def traded(entries: list[LedgerEntry]) -> dict[str, Decimal]:
    return {entry.asset: entry.amount for entry in entries if entry.kind is LedgerKind.TRADE}


def held(**amounts: str) -> list[Balance]:
    return [Balance("spot", asset, None, None, D(total)) for asset, total in amounts.items()]


def pairs(moves: Moves, since: datetime, *named: str) -> list[str]:
    return moves.pairs(lambda: LISTED, since, set(named))


def test_without_an_earlier_reading_the_pairs_of_what_is_held_are_asked() -> None:
    moves = Moves()
    moves.note(held(BTC="1", USDT="5"), START)
    assert pairs(moves, START - HOUR) == ["BTCUSDT"]
    assert pairs(moves, START - HOUR, "ETH", "BRL") == ["BTCUSDT", "ETHUSDT", "BTCBRL"]


def test_of_very_many_coins_the_largest_holdings_are_asked_and_the_rest_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    prices = {f"C{number}USDT": D(number) for number in range(1, MOST_UNKNOWN + 11)}
    moves = Moves()
    moves.note(held(**{name.removesuffix("USDT"): "1" for name in prices}), START)
    found = moves.pairs(lambda: listed_pairs(prices), START - HOUR, set())
    assert found == [f"C{number}USDT" for number in range(MOST_UNKNOWN + 10, 10, -1)]
    assert "10 pairs" in caplog.text


def test_a_pair_is_asked_when_both_of_its_coins_have_moved() -> None:
    moves = Moves()
    moves.note(held(BTC="1", ETH="2", USDT="5"), START)
    moves.note(held(BTC="1", ETH="1", USDT="9"), START + HOUR)
    assert pairs(moves, START + timedelta(minutes=5)) == ["ETHUSDT"]
    assert pairs(moves, START + 2 * HOUR) == []


def test_a_pair_that_was_traded_is_asked_when_one_of_its_coins_has_moved() -> None:
    moves = Moves()
    moves.traded.add("BTCUSDT")
    moves.note(held(USDT="5"), START)
    moves.note(held(USDT="6"), START + HOUR)
    assert pairs(moves, START) == ["BTCUSDT"]


def test_a_move_is_asked_for_again_until_its_span_is_behind() -> None:
    """A ledger that could not be stored is read again from where it was: nothing may be forgotten by then."""
    moves = Moves()
    moves.note(held(BTC="1", USDT="5"), START)
    moves.note(held(BTC="2", USDT="1"), START + HOUR)
    assert pairs(moves, START) == pairs(moves, START) == ["BTCUSDT"]


def test_what_was_bought_is_told_with_both_legs_and_its_commission(sandbox: Sandbox, clock: MovableClock) -> None:
    connector = connect(sandbox, clock, "good")
    connector.get_account_info()
    clock.move(24 * 3600)
    connector.get_account_info()
    entries = connector.get_ledger(START, clock(), wallets=["spot"])
    kinds = [entry.kind for entry in entries if entry.venue_type == "TRADE"]
    assert kinds.count(LedgerKind.TRADE) == 2 * kinds.count(LedgerKind.FEE) > 0
    legs = [entry for entry in entries if entry.kind is LedgerKind.TRADE]
    assert {(leg.ref, leg.booked_at) for leg in legs[::2]} == {(leg.ref, leg.booked_at) for leg in legs[1::2]}


def test_a_quiet_wallet_costs_no_questions(sandbox: Sandbox, clock: MovableClock) -> None:
    connector = connect(sandbox, clock)
    connector.get_account_info()
    clock.move(3600)
    connector.get_account_info()
    sandbox.requests.clear()
    assert traded(connector.get_ledger(START + timedelta(seconds=10), clock())) == {}
    assert asked(sandbox) == 0


def test_a_coin_that_was_bought_and_sold_between_two_readings_is_told(sandbox: Sandbox, clock: MovableClock) -> None:
    connector = connect(sandbox, clock)
    connector.get_account_info()
    clock.move(60)
    trade(sandbox, {"BTC": D("0.00001"), "USDT": D(-1)})
    clock.move(60)
    connector.get_account_info()
    assert traded(connector.get_ledger(START + timedelta(seconds=10), clock())) == {"BTC": D("0.00001"), "USDT": D(-1)}
    for amounts in ({"BTC": D("0.00001"), "USDT": D(-1)}, {"BTC": D("-0.00001"), "USDT": D("1.1")}):
        clock.move(60)
        trade(sandbox, amounts)
    since = clock() - timedelta(seconds=90)
    clock.move(60)
    connector.get_account_info()
    assert len([e for e in connector.get_ledger(since, clock()) if e.kind is LedgerKind.TRADE]) == 4


def test_trades_that_could_not_be_read_are_no_silent_gap(sandbox: Sandbox, clock: MovableClock) -> None:
    connector = connect(sandbox, clock, "good")
    connector.get_account_info()
    clock.move(24 * 3600)
    connector.get_account_info()
    sandbox.fault(Fault("binance", FaultKind.STATUS, path_prefix=TRADES))
    with pytest.raises(ConnectorError):
        connector.get_ledger(START, clock(), wallets=["spot"])
    sandbox.faults.clear()
    assert traded(connector.get_ledger(START, clock(), wallets=["spot"]))


def test_a_full_page_is_followed_by_the_next_id() -> None:
    row = {
        "symbol": "BTCUSDT", "id": 7, "price": "100", "qty": "1", "quoteQty": "100", "commission": "-0.01",
        "commissionAsset": "USDT", "time": 1_795_348_800_000, "isBuyer": False, "isMaker": True,
    }  # fmt: skip
    params = {"symbol": "BTCUSDT", "startTime": "1", "endTime": "2", "limit": "1"}
    page = fills(Answer("GET", TRADES, 200, {}, [row], START, params=params))
    assert page.next == {"symbol": "BTCUSDT", "limit": "1", "fromId": "8"}
    assert [(entry.kind, entry.asset, entry.amount) for entry in page.ledger or ()] == [
        (LedgerKind.TRADE, "BTC", D(-1)), (LedgerKind.TRADE, "USDT", D(100)), (LedgerKind.REBATE, "USDT", D("0.01")),
    ]  # fmt: skip
    assert PAGE == 1000
