"""Thirty days of a BingX account: every wallet that has a ledger is its opening plus its ledger, to the last digit."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerEntry, LedgerKind
from tests.connectors.bingx.calls import NOW, ZERO, by_name, connect, totals, uid

D = Decimal
TOLD = ("spot", "funding", "futures_linear", "futures_standard")
UNTOLD = ("earn", "grid", "copy_trading", "c2c")
MOVES = (
    ("funding", "spot"), ("spot", "futures_linear"), ("futures_linear", "funding"), ("futures_standard", "spot"),
    ("funding", "futures_standard"),
)  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """Serve a month with trades, flows and transfers, and at its end what accounts seldom do."""
    opened_on = (NOW - timedelta(days=30)).date()
    config = SandboxConfig(opened_on=opened_on, clock=lambda: NOW, exchanges=("bingx",), enforce_limits=False)
    with Sandbox(config) as running:
        rich, add = uid(running, "good"), running.world.add_event
        for number, (source, target) in enumerate(MOVES):
            running.world.add_transfer(rich, "USDT", D(10 + number), source=source, target=target)
        add(rich, LedgerKind.TRANSFER_OUT, {"USDT": D(-7)}, wallet="funding", note="user")
        add(rich, LedgerKind.BONUS, {"USDT": D(5)}, wallet="futures_linear")
        add(rich, LedgerKind.LIQUIDATION_FEE, {"USDT": D(-2)}, wallet="futures_linear")
        yield running


def moved_by(entries: list[LedgerEntry]) -> dict[str, dict[str, Decimal]]:
    found: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        found[entry.wallet][entry.asset] += entry.amount
    return {wallet: dict(amounts) for wallet, amounts in found.items()}


@pytest.mark.parametrize("name", ["good", "spot", "empty", "dust", "one_way"])
def test_every_wallet_with_a_ledger_is_its_opening_plus_its_ledger(world: Sandbox, name: str) -> None:
    who, connector = uid(world, name), connect(world, name)
    entries = connector.get_ledger(world.world.opened_at, NOW)
    opening, now, moved = world.world.opening(who), world.world.book(who, NOW).wallets, moved_by(entries)
    wallets = by_name(connector.get_account_info().wallets)
    for wallet in TOLD:
        parts = (opening.get(wallet, {}), moved.get(wallet, {}), untold(world, who, wallet))
        assets = {asset for part in parts for asset in part} | set(now.get(wallet, {}))
        assert {asset: sum(part.get(asset, ZERO) for part in parts) for asset in assets} == {
            asset: now.get(wallet, {}).get(asset, ZERO) for asset in assets
        }, wallet
        assert totals(wallets[wallet].balances) == {a: n for a, n in now.get(wallet, {}).items() if n}
    assert set(moved) <= {*TOLD, "futures_inverse"}


def untold(world: Sandbox, who: str, wallet: str) -> dict[str, Decimal]:
    """Return what BingX tells of nowhere: rewards, and what went from spot to wallets known by their worth only."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for event in world.world.events(who, world.world.opened_at, NOW):
        if event.wallet == wallet and (event.kind is LedgerKind.REWARD or event.note.endswith(UNTOLD)):
            found[event.asset] += event.amount
    return found


def test_a_transfer_is_told_at_both_ends_and_once_at_each(world: Sandbox) -> None:
    entries = connect(world, "good").get_ledger(NOW - timedelta(seconds=1), NOW)
    ends = [(entry.wallet, entry.amount) for entry in entries if entry.internal]
    expected = [(source, -D(10 + number)) for number, (source, _target) in enumerate(MOVES)]
    expected += [(target, D(10 + number)) for number, (_source, target) in enumerate(MOVES)]
    assert sorted(ends) == sorted(expected)
    refs: defaultdict[str | None, list[Decimal]] = defaultdict(list)
    for entry in entries:
        if entry.internal and entry.wallet != "futures_linear":
            refs[entry.ref].append(entry.amount)
    assert sum(len(pair) == 2 and sum(pair) == 0 for pair in refs.values()) == 3


def test_a_trade_is_three_entries_of_one_ref(world: Sandbox) -> None:
    entries = connect(world, "good").get_ledger(world.world.opened_at, NOW, wallets=["spot"])
    trades: defaultdict[str | None, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.dedupe_key.startswith("fill:"):
            trades[entry.ref].append(entry)
    assert {entry.wallet for entry in entries} == {"spot"}
    assert len(trades) > 50
    for legs in trades.values():
        base, quote, fee = sorted(legs, key=lambda entry: entry.dedupe_key.rpartition(":")[2] == "fee")
        assert {base.kind, quote.kind, fee.kind} == {LedgerKind.TRADE, LedgerKind.FEE}
        assert base.amount * quote.amount < 0
        assert fee.amount < 0
