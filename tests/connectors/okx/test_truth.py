"""Thirty days at OKX: every wallet and the sum of its ledger are the world's books, and every bill runs on."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors._base import RestConnector
from connectors.okx import endpoints as api
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerKind
from tests.connectors.okx.calls import OPENED_ON, ZERO, cash, connect, uid
from tests.connectors.sandbox.callers import Clock

LAST = datetime(2026, 1, 31, 9, 0, 0, 5_000, tzinfo=UTC)
TRADING: tuple[tuple[LedgerKind, dict[str, str]], ...] = (
    (LedgerKind.CONVERSION, {"USDT": "-150.5", "ETH": "0.0442"}),
    (LedgerKind.INTEREST, {"USDT": "-0.01234567"}),
)
FUNDING: tuple[tuple[LedgerKind, dict[str, str]], ...] = (
    (LedgerKind.DEPOSIT, {"BRL": "750"}),
    (LedgerKind.WITHDRAWAL, {"USDT": "-20"}),
    (LedgerKind.CONVERSION, {"BRL": "-540", "USDT": "100"}),
    (LedgerKind.AIRDROP, {"DOT": "3.5"}),
    (LedgerKind.REWARD, {"BTC": "0.00000123"}),
    (LedgerKind.REBATE, {"USDT": "0.75"}),
)


@pytest.fixture(scope="module")
def lived() -> Iterator[Sandbox]:
    """Serve thirty days, with what a day's life does not bring: conversions, interest, rewards in both accounts."""
    clock = Clock(datetime(2026, 1, 20, 12, tzinfo=UTC))
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("okx",), enforce_limits=False)) as sandbox:
        for name in ("good", "portfolio"):
            for wallet, happened in (("trading", TRADING), ("funding", FUNDING)):
                for kind, amounts in happened:
                    exact = {coin: Decimal(text) for coin, text in amounts.items()}
                    sandbox.world.add_event(uid(sandbox, name), kind, exact, wallet=wallet)
                    clock.move(minutes=7)
        clock.now = LAST
        yield sandbox


def reader(sandbox: Sandbox, name: str) -> RestConnector:
    return connect(sandbox, name, clock=lambda: LAST)


@pytest.mark.parametrize("name", ["good", "spot", "one_way", "portfolio"])
def test_the_opening_and_the_ledger_make_up_every_balance(lived: Sandbox, name: str) -> None:
    connector, who = reader(lived, name), uid(lived, name)
    opening, book = lived.world.opening(who), lived.world.book(who, LAST)
    wallets = {wallet.wallet: wallet for wallet in connector.get_account_info().wallets}
    entries = connector.get_ledger(lived.world.opened_at, LAST)
    for wallet in ("trading", "funding", "earn"):
        found = defaultdict(Decimal, cash(opening, wallet))
        for entry in entries:
            if entry.wallet == wallet:
                found[entry.asset] += entry.amount
        assert {asset: amount for asset, amount in found.items() if amount} == cash(book.wallets, wallet)
    for wallet, told in wallets.items():
        assert {row.asset: row.total for row in told.balances} == cash(book.wallets, wallet)


@pytest.mark.parametrize("name", ["good", "portfolio"])
def test_what_happened_is_told_by_its_kind_in_its_account(lived: Sandbox, name: str) -> None:
    entries = reader(lived, name).get_ledger(lived.world.opened_at, LAST)
    for wallet, happened in (("trading", TRADING), ("funding", FUNDING)):
        for kind, amounts in happened:
            told = {(entry.asset, entry.amount) for entry in entries if (entry.kind, entry.wallet) == (kind, wallet)}
            assert {(coin, Decimal(text)) for coin, text in amounts.items()} <= told, kind


def bills_of(connector: RestConnector, wallet: str) -> list[dict[str, Any]]:
    """Return all bills of an account as they came, newest first."""
    endpoint, asked = (api.BILLS_ARCHIVE, {}) if wallet == "trading" else (api.FUNDING_ARCHIVE, {"pagingType": "2"})
    found: list[dict[str, Any]] = []
    while page := connector.fetch(endpoint, {**asked, "limit": "100"}).payload["data"]:
        found += page
        asked = {**asked, "after": page[-1]["billId"]}
    return found


def breaks(connector: RestConnector, wallet: str, rows: list[dict[str, Any]]) -> list[str]:
    """Return bills whose balance is not the one before with their entries, but for margin of isolated positions."""
    endpoint = api.BILLS_ARCHIVE if wallet == "trading" else api.FUNDING_ARCHIVE
    balances: dict[str, Decimal] = {}
    wrong = []
    for row in reversed(rows):
        body = {"code": "0", "msg": "", "data": [row]}
        told = connector.read_answer("GET", endpoint.path, status=200, headers={}, body=body)["ledger"]
        assert {entry["asset"] for entry in told} <= {row["ccy"]}
        moved = Decimal(row.get("posBalChg") or 0) if row.get("mgnMode") == "isolated" else ZERO
        change = sum((Decimal(entry["amount"]) for entry in told), ZERO) - moved
        balance = Decimal(row["bal"])
        if balances.get(row["ccy"], balance - change) + change != balance:
            wrong.append(row["billId"])
        balances[row["ccy"]] = balance
    return wrong


@pytest.mark.parametrize(("name", "wallet"), [("good", "trading"), ("one_way", "trading"), ("good", "funding")])
def test_the_balance_after_every_bill_is_the_one_before_with_its_entries(
    lived: Sandbox, name: str, wallet: str
) -> None:
    connector = reader(lived, name)
    rows = bills_of(connector, wallet)
    assert len(rows) > 15
    assert breaks(connector, wallet, rows) == []
    lost = next(row for row in rows[len(rows) // 2 :] if row["ccy"] == "USDT" and Decimal(row["balChg"]))
    assert breaks(connector, wallet, [row for row in rows if row is not lost]) != []


def test_a_ledger_read_in_pieces_is_the_ledger_read_at_once(lived: Sandbox) -> None:
    connector = reader(lived, "good")
    whole = connector.get_ledger(lived.world.opened_at, LAST)
    pieces = set()
    for day in range(0, 31, 6):
        since = lived.world.opened_at + timedelta(days=day)
        found = connector.get_ledger(since, min(since + timedelta(days=6), LAST))
        pieces |= {(entry.wallet, entry.dedupe_key) for entry in found}
    assert pieces == {(entry.wallet, entry.dedupe_key) for entry in whole}
