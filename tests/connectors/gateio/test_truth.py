"""Thirty days at Gate.io: every wallet and the sum of its ledger are the world's books, and every row runs on."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors._base import RestConnector
from connectors.gateio import endpoints as api
from connectors.gateio.history import spans
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerKind
from tests.connectors.gateio.calls import OPENED_ON, UNIFIED, ZERO, by_name, connect, totals, uid
from tests.connectors.sandbox.callers import Clock

LAST = datetime(2026, 1, 31, 9, 0, 0, 5_000, tzinfo=UTC)
HAPPENED: tuple[tuple[LedgerKind, dict[str, str]], ...] = (
    (LedgerKind.CONVERSION, {"USDT": "-150.5", "ETH": "0.0442"}),
    (LedgerKind.INTEREST, {"USDT": "-0.01234567"}),
    (LedgerKind.AIRDROP, {"DOT": "3.5"}),
    (LedgerKind.BONUS, {"USDT": "12"}),
    (LedgerKind.REBATE, {"USDT": "0.75"}),
    (LedgerKind.REWARD, {"BTC": "0.00000123"}),
)
FUTURES = {LedgerKind.REALIZED_PNL: "-310.5", LedgerKind.LIQUIDATION_FEE: "-4.25", LedgerKind.REBATE: "1.5"}
BOOKS = {"spot": api.SPOT_BOOK, **{item.wallet: item.book for item in api.PRODUCTS if not item.dated}}


@pytest.fixture(scope="module")
def lived() -> Iterator[Sandbox]:
    """Serve thirty days, with what a day's life does not bring: conversions, interest, gifts, a liquidation."""
    clock = Clock(datetime(2026, 1, 20, 12, tzinfo=UTC))
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("gateio",), enforce_limits=False)) as world:
        for name in ("good", *UNIFIED):
            for kind, amounts in HAPPENED:
                world.world.add_event(uid(world, name), kind, {coin: Decimal(text) for coin, text in amounts.items()})
                clock.move(minutes=7)
        for kind, amount in FUTURES.items():
            world.world.add_event(uid(world, "good"), kind, {"USDT": Decimal(amount)}, wallet="futures_linear")
        world.world.add_transfer(uid(world, "good"), "USDT", Decimal("77.7"), source="futures_linear", target="spot")
        clock.now = LAST
        yield world


def reader(sandbox: Sandbox, name: str) -> RestConnector:
    return connect(sandbox, name, clock=lambda: LAST)


@pytest.mark.parametrize("name", ["good", "spot", "one_way", *UNIFIED])
def test_the_opening_and_the_ledger_make_up_every_balance(lived: Sandbox, name: str) -> None:
    connector, spec = reader(lived, name), lived.world.account(uid(lived, name))
    found: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for wallet, assets in lived.world.opening(spec.uid).items():
        for asset, amount in assets.items():
            found[wallet][asset] += amount
    entries = connector.get_ledger(lived.world.opened_at, LAST)
    for entry in entries:
        found[entry.wallet][entry.asset] += entry.amount
    book, wallets = lived.world.book(spec.uid, LAST), by_name(connector.get_account_info().wallets)
    for wallet in {"spot", "futures_linear", "futures_inverse", "unified", "earn"} & book.wallets.keys():
        assert {asset: amount for asset, amount in found[wallet].items() if amount} == book.amounts(wallet)
        assert totals(wallets[wallet].balances) == book.amounts(wallet)
    assert LedgerKind.OTHER not in {entry.kind for entry in entries}


@pytest.mark.parametrize("name", ["good", *UNIFIED])
def test_what_happened_is_told_by_its_kind(lived: Sandbox, name: str) -> None:
    spec = lived.world.account(uid(lived, name))
    entries = reader(lived, name).get_ledger(lived.world.opened_at, LAST)
    for kind, amounts in HAPPENED:
        told = {(entry.asset, entry.amount) for entry in entries if entry.kind is kind and entry.wallet == spec.spot}
        assert {(coin, Decimal(text)) for coin, text in amounts.items()} <= told, kind


def rows_of(connector: RestConnector, wallet: str, since: datetime) -> list[dict[str, Any]]:
    """Return all rows of a book as they came, newest first, page by page, each once."""
    found: dict[str, dict[str, Any]] = {}
    for start, end in spans(since, LAST):
        for page in range(50):
            turn = {"page": page + 1} if wallet == "spot" else {"offset": page * 100}
            payload = connector.fetch(BOOKS[wallet], {"from": start, "to": end, "limit": 100, **turn}).payload
            found |= {row["id"]: row for row in payload}
            if len(payload) < 100:
                break
    return sorted(found.values(), key=lambda row: int(row["id"]), reverse=True)


def breaks(connector: RestConnector, wallet: str, rows: list[dict[str, Any]]) -> list[str]:
    """Return the ids of rows whose balance is not the one before with the entries of the row."""
    balances: dict[str, Decimal] = {}
    wrong = []
    for row in reversed(rows):
        told = connector.read_answer("GET", BOOKS[wallet].path, status=200, headers={}, body=[row])["ledger"]
        for asset in {entry["asset"] for entry in told}:
            change = sum((Decimal(entry["amount"]) for entry in told if entry["asset"] == asset), ZERO)
            balance = Decimal(row["balance"])
            if balances.get(asset, balance - change) + change != balance:
                wrong.append(row["id"])
            balances[asset] = balance
    return wrong


@pytest.mark.parametrize("wallet", ["spot", "futures_linear", "futures_inverse"])
def test_the_balance_after_every_row_is_the_one_before_with_its_entries(lived: Sandbox, wallet: str) -> None:
    connector = reader(lived, "good")
    rows = rows_of(connector, wallet, lived.world.opened_at)
    assert len(rows) > 50
    assert breaks(connector, wallet, rows) == []
    lost = rows[len(rows) // 2]
    assert breaks(connector, wallet, [row for row in rows if row is not lost]) != []


def test_a_ledger_read_in_pieces_is_the_ledger_read_at_once(lived: Sandbox) -> None:
    connector, pieces = reader(lived, "good"), set()
    whole = connector.get_ledger(lived.world.opened_at, LAST)
    for day in range(0, 31, 6):
        since = lived.world.opened_at + timedelta(days=day)
        pieces |= {entry.dedupe_key for entry in connector.get_ledger(since, min(since + timedelta(days=6), LAST))}
    assert pieces == {entry.dedupe_key for entry in whole}
