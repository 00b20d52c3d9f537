"""ccxt and our connector read the same sandbox with the same keys and must see the same, to the last digit."""

from collections import defaultdict
from decimal import Decimal

from connectors.sandbox import available
from connectors.types import LedgerKind
from tests.connectors.agreement.cases import CLIENTS, accounts, ledgers
from tests.connectors.agreement.clients import Client
from tests.connectors.agreement.reading import OUTSIDE, Ledgers, Ours, Theirs, added_up, balances, booked, held, told


def test_ccxt_is_asked_for_every_exchange() -> None:
    assert sorted(CLIENTS) == sorted(available())
    for exchange, clients in CLIENTS.items():
        assert any(client.ledgers for client in clients), exchange


@accounts
def test_spot_balances_agree(theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str) -> None:
    rows = ours(exchange, name).get_spot_balances()
    found = held(rows, cash=all(row.wallet in client.cash for row in rows))
    assert found == balances(client, theirs(exchange, client, name), client.spot)
    assert bool(found) is (name != "empty")


@accounts
def test_the_balances_of_every_wallet_agree(
    theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str
) -> None:
    found = {wallet.wallet: wallet.balances for wallet in ours(exchange, name).get_account_info().wallets}
    assert {wallet for wallet, rows in found.items() if rows} <= {*client.wallets, *client.raw}
    for wallet, params in client.wallets.items():
        expected = balances(client, theirs(exchange, client, name), params)
        assert held(found.get(wallet, ()), cash=wallet in client.cash) == expected, wallet
    for wallet, ask in client.raw.items():
        expected = {asset: amount for asset, amount in ask(theirs(exchange, client, name)).items() if amount}
        assert held(found.get(wallet, ()), cash=wallet not in ("margin", "loans")) == expected, wallet


@accounts
def test_positions_agree(theirs: Theirs, ours: Ours, exchange: str, client: Client, name: str) -> None:
    rows = [row for params in client.positions for row in client.held(theirs(exchange, client, name), params)]
    numbers = ("contracts", "entryPrice", "markPrice", "unrealizedPnl")
    expected = sorted(
        (
            row["symbol"],
            row["side"],
            row["marginMode"] or client.margin_mode,
            client.hedged(row),
            *(Decimal(row[field]) for field in numbers),
        )
        for row in rows
        if Decimal(row["contracts"] or 0)
    )
    found = sorted(
        (
            item.symbol,
            item.side.value,
            item.margin_mode,
            item.hedged,
            item.contracts,
            item.entry_price,
            item.mark_price,
            item.unrealized_pnl,
        )
        for item in ours(exchange, name).get_futures_positions()
    )
    assert found == expected
    assert bool(found) is (name in ("good", "one_way", "unified", "portfolio", "uta1"))


@ledgers
def test_income_and_funding_agree(
    theirs: Theirs, ledger: Ledgers, exchange: str, client: Client, name: str, wallet: str
) -> None:
    entries = [entry for entry in ledger(exchange, name) if entry.wallet == wallet]
    moved = {entry.id for entry in entries if entry.kind in OUTSIDE} if wallet in client.flowless else set()
    walked = [(way, list(way.pages(theirs(exchange, client, name), way.params))) for way in client.ledgers[wallet]]
    for only_funding in (False, True):
        kept = [
            entry
            for entry in entries
            if (entry.kind is LedgerKind.FUNDING or not only_funding) and entry.id not in moved
        ]
        expected = added_up(c for way, rows in walked for c in told(rows, way, only_funding=only_funding))
        assert added_up(booked(kept)) == expected


@accounts
def test_the_ledger_of_every_wallet_is_compared(ledger: Ledgers, exchange: str, client: Client, name: str) -> None:
    entries = ledger(exchange, name)
    moved = {(entry.wallet, entry.id) for entry in entries if entry.kind in OUTSIDE}
    assert {entry.wallet for entry in entries if (entry.wallet, entry.id) not in moved} <= {*client.ledgers}


@accounts
def test_deposits_and_withdrawals_agree(
    theirs: Theirs, ledger: Ledgers, exchange: str, client: Client, name: str
) -> None:
    entries = ledger(exchange, name)
    came, left = client.flows(theirs(exchange, client, name))
    expected = sorted((row["currency"], Decimal(row["amount"])) for row in came if row["status"] == "ok")
    assert sorted((e.asset, e.amount) for e in entries if e.kind is LedgerKind.DEPOSIT) == expected
    withdrawn = {entry.id for entry in entries if entry.kind is LedgerKind.WITHDRAWAL}
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry.id in withdrawn:
            paid[entry.id] -= entry.amount
    assert paid == {
        row["id"]: Decimal(row["amount"]) + abs(Decimal(row["fee"]["cost"])) for row in left if row["status"] == "ok"
    }
