"""The Binance connector and the sandbox's books agree to the last digit: every wallet, every change, every door."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors import _base
from connectors._base import RestConnector
from connectors.binance import histories
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.model import Book, Event
from connectors.types import LedgerEntry, LedgerKind, WalletAccount
from tests.connectors.cases import make

OPENED_ON = date(2026, 1, 1)
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 31, 15, 30, 20, 250_000, tzinfo=UTC)
ZERO = Decimal(0)
NAMES = ["good", "spot", "empty", "one_way", "margin", "portfolio"]
HOMES = {"usdm": "futures_linear", "coinm": "futures_inverse"}  # our wallet → the world's, where the names differ
EARN = ("earn_flexible", "earn_locked")
BORDER = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
Amounts = dict[str, Decimal]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Serve a month in which, besides the habits, money came and went through every door."""
    clock = {"now": NOW}
    config = SandboxConfig(
        opened_on=OPENED_ON, clock=lambda: clock["now"], exchanges=("binance",), enforce_limits=False
    )
    with Sandbox(config) as running:
        for name, minutes in (("good", 90), ("spot", 60), ("margin", 30)):
            clock["now"] = NOW - timedelta(minutes=minutes)
            _use_every_door(running, running.key("binance", name).uid)
        clock["now"] = NOW
        yield running


def _use_every_door(sandbox: Sandbox, uid: str) -> None:
    world, has_funding = sandbox.world, "funding" in sandbox.world.opening(uid)
    side = "funding" if has_funding else "spot"
    world.add_event(uid, LedgerKind.DEPOSIT, {"USDT": Decimal("150.25")}, wallet="funding", note="P2P")
    world.add_event(uid, LedgerKind.WITHDRAWAL, {"USDT": Decimal(-20)}, wallet="funding", note="P2P")
    world.add_event(uid, LedgerKind.DEPOSIT, {"USDT": Decimal(30)}, wallet=side, note="Pay")
    world.add_event(uid, LedgerKind.WITHDRAWAL, {"USDT": Decimal("-12.5")}, wallet="spot", note="Pay")
    world.add_event(uid, LedgerKind.DEPOSIT, {"BTC": Decimal("0.001")}, note="Card")
    world.add_event(uid, LedgerKind.CONVERSION, {"USDT": Decimal(-40), "ETH": Decimal("0.01")})
    world.add_event(uid, LedgerKind.DEPOSIT, {"USDT": Decimal(70)}, wallet="funding", note="TRX")
    world.add_transfer(uid, "USDT", Decimal(15), source="funding", target="spot")
    world.add_transfer(uid, "USDT", Decimal(25), source="spot", target="earn")
    world.add_transfer(uid, "USDT", Decimal(5), source="earn", target="spot")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


def connect(sandbox: Sandbox, name: str) -> RestConnector:
    key = sandbox.key("binance", name)
    connector = make(
        "binance",
        hosts=sandbox.hosts()["binance"],
        api_key=key.api_key,
        api_secret=key.api_secret,
        clock=lambda: NOW,
    )
    assert isinstance(connector, RestConnector)
    return connector


def book_of(sandbox: Sandbox, name: str, at: datetime = NOW) -> Book:
    return sandbox.world.book(sandbox.key("binance", name).uid, at)


def events_of(sandbox: Sandbox, name: str, since: datetime, until: datetime) -> list[Event]:
    found = sandbox.world.events(sandbox.key("binance", name).uid, since, until)
    return [event for event in found if event.counts]


def nonzero(amounts: Amounts) -> Amounts:
    return {asset: amount for asset, amount in amounts.items() if amount}


def net(wallets: list[WalletAccount]) -> Amounts:
    """Return cash less debts by asset."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for wallet in wallets:
        for balance in wallet.balances:
            found[balance.asset] += balance.total - balance.debt
    return nonzero(found)


@pytest.mark.parametrize("name", NAMES)
def test_every_wallet_holds_what_the_books_say(sandbox: Sandbox, name: str) -> None:
    info, book = connect(sandbox, name).get_account_info(), book_of(sandbox, name)
    assert all(wallet.ok and wallet.reason is None for wallet in info.wallets)
    assert info.mode == ("portfolio_margin" if name == "portfolio" else "classic")
    wallets = {wallet.wallet: wallet for wallet in info.wallets}
    assert net([wallets.pop(name) for name in EARN]) == book.amounts("earn")
    for wallet, account in wallets.items():
        home = HOMES.get(wallet, wallet)
        cash, pnl = book.amounts(home), book.unrealized(home)
        assert net([account]) == cash, wallet
        for balance in account.balances:
            known = balance.total - balance.debt + pnl.get(balance.asset, ZERO)
            assert balance.equity in (None, known), wallet
            assert balance.debt >= 0
    held = {HOMES.get(wallet, wallet) for wallet in wallets} | {"earn"}
    assert {wallet for wallet in book.wallets if book.amounts(wallet)} <= held


def test_debts_lie_beside_what_is_held(sandbox: Sandbox) -> None:
    wallets = {wallet.wallet: wallet for wallet in connect(sandbox, "margin").get_account_info().wallets}
    cross = {balance.asset: balance for balance in wallets["margin_cross"].balances}
    assert (cross["USDT"].total, cross["USDT"].debt) == (Decimal("3500.50125"), Decimal("500.50125"))
    assert (cross["BTC"].equity, cross["BTC"].debt > 0) == (Decimal("-0.02"), True)
    unified = {
        balance.asset: balance
        for wallet in connect(sandbox, "portfolio").get_account_info(wallets=["portfolio_margin"]).wallets
        for balance in wallet.balances
    }
    assert unified["USDT"].debt == Decimal("500.50125")
    assert unified["ETH"].equity == Decimal("-0.4")


def test_the_sum_of_a_portfolio_margin_account_is_that_of_its_assets(sandbox: Sandbox) -> None:
    (wallet,) = connect(sandbox, "portfolio").get_account_info(wallets=["portfolio_margin"]).wallets
    worth = sum(
        (balance.equity or ZERO) * (sandbox.world.price(balance.asset, NOW) or ZERO) for balance in wallet.balances
    )
    assert wallet.equity is not None
    assert abs(wallet.equity - worth) <= Decimal("0.00000001")


def test_positions_of_a_portfolio_margin_account_are_the_ones_held(sandbox: Sandbox) -> None:
    found = connect(sandbox, "portfolio").get_futures_positions()
    held = book_of(sandbox, "portfolio").positions
    assert sorted((item.symbol, item.side, item.size_base, item.unrealized_pnl, item.wallet) for item in found) == (
        sorted((f"{h.base}/USDT:USDT", h.side, h.size, h.unrealized, "portfolio_margin") for h in held)
    )
    assert found


def told(entries: list[LedgerEntry]) -> dict[str, Amounts]:
    """Return what the ledger says of each of the world's wallets, by asset."""
    moved: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        home = "earn" if entry.wallet in EARN else HOMES.get(entry.wallet, entry.wallet)
        moved[home][entry.asset] += entry.amount
    return {wallet: nonzero(amounts) for wallet, amounts in moved.items() if nonzero(amounts)}


SPANS = [(OPENED, NOW), (datetime(2026, 1, 9, 3, 4, 5, 6_000, tzinfo=UTC), NOW - timedelta(hours=7))]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_is_every_change(sandbox: Sandbox, name: str, since: datetime, until: datetime) -> None:
    after = since + timedelta(milliseconds=1)
    entries = connect(sandbox, name).get_ledger(after, until)
    changes: dict[str, Amounts] = {}
    before, now = book_of(sandbox, name, since), book_of(sandbox, name, until)
    for wallet in {*before.wallets, *now.wallets}:
        start, end = before.amounts(wallet), now.amounts(wallet)
        changes[wallet] = {asset: end.get(asset, ZERO) - start.get(asset, ZERO) for asset in start | end}
    assert told(entries) == {wallet: nonzero(amounts) for wallet, amounts in changes.items() if nonzero(amounts)}
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)
    assert entries == sorted(entries, key=lambda entry: entry.booked_at)


@pytest.mark.parametrize("name", ["good", "spot", "margin", "portfolio"])
def test_money_across_the_border_is_told_once_whatever_the_door(sandbox: Sandbox, name: str) -> None:
    true = sorted(
        (event.kind, event.wallet, event.asset, event.amount)
        for event in events_of(sandbox, name, OPENED, NOW)
        if event.kind in BORDER
    )
    entries = connect(sandbox, name).get_ledger(OPENED, NOW)
    assert sorted((e.kind, e.wallet, e.asset, e.amount) for e in entries if e.kind in BORDER) == true != []


def test_both_ends_of_a_transfer_are_told_and_cancel(sandbox: Sandbox) -> None:
    legs = [
        entry
        for name in ("good", "one_way", "portfolio")
        for entry in connect(sandbox, name).get_ledger(OPENED, NOW)
        if entry.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
    ]
    assert sum(entry.amount for entry in legs) == 0
    assert {entry.wallet for entry in legs} >= {"spot", "usdm", "funding", "earn_flexible", "portfolio_margin"}


def test_the_futures_ledger_runs_to_the_balance_after_each_row(sandbox: Sandbox) -> None:
    """Binance sends no balances after its rows: the books at each row's instant stand for them."""
    opening = sandbox.world.opening(sandbox.key("binance", "one_way").uid)["futures_linear"]
    running = defaultdict(Decimal, opening)
    entries = connect(sandbox, "one_way").get_ledger(OPENED, NOW, wallets=["usdm"])
    assert len(entries) > 200
    for index, entry in enumerate(entries):
        running[entry.asset] += entry.amount
        if index + 1 == len(entries) or entries[index + 1].booked_at > entry.booked_at:
            book = book_of(sandbox, "one_way", entry.booked_at)
            assert nonzero(running) == book.amounts("futures_linear")


def test_what_is_refused_to_an_account_is_not_asked_again_at_once(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    sandbox.requests.clear()
    for _ in range(3):
        connector.get_ledger(NOW - timedelta(minutes=5), NOW)
    counts = {row["path"]: row["count"] for row in sandbox.requests.rows()}
    assert counts["/sapi/v1/sub-account/transfer/subUserHistory"] == 1


def test_a_sub_account_is_told_what_its_master_sent(sandbox: Sandbox) -> None:
    uid = sandbox.key("binance", "dust").uid
    (sent,) = sandbox.world.add_event(uid, LedgerKind.TRANSFER_IN, {"USDT": Decimal(900)}, note="master")
    entries = connect(sandbox, "dust").get_ledger(NOW - timedelta(hours=1), NOW)
    assert [(e.kind, e.wallet, e.amount, e.venue_type, e.internal) for e in entries] == [
        (LedgerKind.TRANSFER_IN, "spot", sent.amount, "SUB_MASTER", True)
    ]


def test_a_quiet_futures_wallet_costs_no_questions_about_its_transfers(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    sandbox.requests.clear()
    connector.get_ledger(NOW - timedelta(minutes=1), NOW)
    counts = {row["path"]: row["count"] for row in sandbox.requests.rows()}
    assert counts["/sapi/v1/asset/transfer"] == 2


def test_the_doors_are_those_whose_refusal_is_no_failure() -> None:
    paths = {endpoint.path for endpoint in histories.OPTIONAL}
    assert not paths & {"/sapi/v1/capital/deposit/hisrec", "/sapi/v1/capital/withdraw/history", "/fapi/v1/income"}
