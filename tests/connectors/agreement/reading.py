"""What our connectors and other clients tell, in forms that can be compared."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import connectors
from connectors.types import Balance, LedgerEntry, LedgerKind
from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import Amounts, Change, Params

Theirs = Callable[[str, Client, str], Any]
Ours = Callable[[str, str], connectors.Connector]
Ledgers = Callable[[str, str], list[LedgerEntry]]
Holdings = list[tuple[str, str, Decimal | None, Decimal | None, Decimal | None]]
OUTSIDE = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)


def balances(client: Client, ccxt_client: Any, params: Iterable[Params]) -> Amounts:  # noqa: ANN401 - ccxt has no types
    """Return what ccxt reads in a wallet, with the P&L of its positions."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for asked in params:
        for asset, amount in ccxt_client.fetch_balance(dict(asked))["total"].items():
            if Decimal(amount or 0) and not client.is_copy(asset):
                found[asset] += Decimal(amount)
    return found


def held(rows: Iterable[Balance], *, cash: bool) -> Amounts:
    """Return what a connector reads in a wallet: its cash, or with the P&L of its positions."""
    amounts = {row.asset: row.total if cash or row.equity is None else row.equity for row in rows}
    return {asset: amount for asset, amount in amounts.items() if amount}


def told(rows: Iterable[Any], ledger: Ledger, *, only_funding: bool) -> Iterator[Change]:
    for row in rows:
        if ledger.is_funding(row["info"]) or not only_funding:
            yield row["timestamp"], row["currency"], ledger.change(row["info"])


def booked(entries: Iterable[LedgerEntry]) -> Iterator[Change]:
    for entry in entries:
        yield int(entry.booked_at.timestamp() * 1000), entry.asset, entry.amount


def added_up(changes: Iterable[Change]) -> dict[tuple[int, str], Decimal]:
    """Add up what happened to one asset in one moment: one row there may be several entries here."""
    sums: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for at, asset, amount in changes:
        sums[at, asset] += amount
    return {moment: amount for moment, amount in sums.items() if amount}


def cash_of(connector: connectors.Connector) -> dict[str, Amounts]:
    """Return the cash of every wallet that holds any."""
    found = {wallet.wallet: held(wallet.balances, cash=True) for wallet in connector.get_account_info().wallets}
    return {wallet: amounts for wallet, amounts in found.items() if amounts}


def positions_of(connector: connectors.Connector) -> Holdings:
    """Return the exchange's own names of what is held, sides, contracts, entries and P&L."""
    return sorted(
        (item.venue_symbol, item.side.value, item.contracts, item.entry_price, item.unrealized_pnl)
        for item in connector.get_futures_positions()
    )


def changes_of(ledger: Iterable[LedgerEntry], *wallets: str, flows: bool = True) -> dict[tuple[int, str], Decimal]:
    """Return what changed in wallets, deposits and withdrawals with their fees left out unless `flows`."""
    entries = [entry for entry in ledger if entry.wallet in wallets]
    moved = {entry.id for entry in entries if entry.kind in OUTSIDE} if not flows else set()
    return added_up(booked(entry for entry in entries if entry.id not in moved))


def amounts_of(pairs: Iterable[tuple[str, object]]) -> Amounts:
    """Add up amounts, told as text or as JSON numbers, by their assets; zeros are left out."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for asset, amount in pairs:
        found[asset] += Decimal(str(amount))
    return {asset: amount for asset, amount in found.items() if amount}


def flows_of(ledger: Iterable[LedgerEntry], kind: LedgerKind) -> list[tuple[str, Decimal]]:
    """Return the assets and amounts, without fees, of what came or what left."""
    return sorted((entry.asset, abs(entry.amount)) for entry in ledger if entry.kind is kind)
