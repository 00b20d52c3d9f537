"""gate-api, Gate.io's own client, reads the same as our connector."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import gate_api
import pytest

from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.agreement.reading import (
    Holdings,
    Ledgers,
    Ours,
    added_up,
    amounts_of,
    cash_of,
    changes_of,
    flows_of,
    positions_of,
)
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Change

pytestmark = pytest.mark.usefixtures("sdk")
SETTLES = {"good": ("usdt", "btc"), "one_way": ("usdt",), "spot": (), "unified": ("usdt",), "portfolio": ("usdt",)}
WALLETS = {"usdt": "futures_linear", "btc": "futures_inverse"}
UNIFIED = ("unified", "portfolio")
accounts = pytest.mark.parametrize("name", SETTLES)
Connect = Callable[[Any, str], Any]


@pytest.fixture
def gate(sandbox: Sandbox, sdk: None) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect(kind: Any, name: str) -> Any:  # noqa: ANN401 - gate-api has no types
            key = sandbox.key("gateio", name)
            host = sandbox.hosts()["gateio"]["rest"] + "/api/v4"
            client = gate_api.ApiClient(gate_api.Configuration(host=host, key=key.api_key, secret=key.api_secret))
            stack.callback(client.rest_client.pool_manager.clear)
            stack.enter_context(client)
            return kind(client)

        yield connect


def spot_book(spot: Any) -> Iterator[Change]:  # noqa: ANN401
    page = 1
    while rows := spot.list_spot_account_book(_from=SINCE_MS // 1000, to=NOW_MS // 1000 + 1, limit=100, page=page):
        yield from ((int(row.time), row.currency, Decimal(row.change)) for row in rows if in_time(int(row.time), row))
        page += 1


def futures_book(futures: Any, settle: str) -> Iterator[Change]:  # noqa: ANN401
    offset = 0
    span = {"_from": SINCE_MS // 1000, "to": NOW_MS // 1000 + 1, "limit": 100}
    while rows := futures.list_futures_account_book(settle, offset=offset, **span):
        for row in rows:
            at = int(Decimal(str(row.time)) * 1000)
            if in_time(at, row):
                yield at, settle.upper(), Decimal(row.change)
        offset += len(rows)


def in_time(at: int, row: Any) -> bool:  # noqa: ANN401
    """Tell a row of the window that is no deposit or withdrawal: those have records of their own."""
    return at >= SINCE_MS and row.type not in ("deposit", "withdraw")


@accounts
def test_balances_agree(gate: Connect, ours: Ours, name: str) -> None:
    found = cash_of(ours("gateio", name))
    if name in UNIFIED:
        account = gate(gate_api.UnifiedApi, name).list_unified_accounts()
        held = amounts_of((coin, row.equity) for coin, row in account.balances.items() if coin != "POINT")
        assert found["unified"].keys() == held.keys()
    else:
        spot = gate(gate_api.SpotApi, name).list_spot_accounts()
        held = amounts_of((row.currency, Decimal(row.available) + Decimal(row.locked)) for row in spot)
        assert found["spot"] == {coin: amount for coin, amount in held.items() if coin != "POINT"}
    for settle in () if name in UNIFIED else SETTLES[name]:
        account = gate(gate_api.FuturesApi, name).list_futures_accounts(settle)
        assert found.get(WALLETS[settle], {}) == amounts_of([(account.currency, account.total)])
    lent = gate(gate_api.EarnUniApi, name).list_user_uni_lends(limit=100)
    assert found.get("earn", {}) == amounts_of((row.currency, row.amount) for row in lent)


@accounts
def test_positions_agree(gate: Connect, ours: Ours, name: str) -> None:
    rows = [row for settle in SETTLES[name] for row in gate(gate_api.FuturesApi, name).list_positions(settle)]
    expected: Holdings = sorted(
        (
            row.contract,
            "long" if Decimal(row.size) > 0 else "short",
            abs(Decimal(row.size)),
            Decimal(row.entry_price),
            Decimal(row.unrealised_pnl),
        )
        for row in rows
        if Decimal(row.size)
    )
    assert positions_of(ours("gateio", name)) == expected
    assert bool(expected) is (name != "spot")


@accounts
def test_income_agrees(gate: Connect, ledger: Ledgers, name: str) -> None:
    books = {settle: list(futures_book(gate(gate_api.FuturesApi, name), settle)) for settle in SETTLES[name]}
    spot = list(spot_book(gate(gate_api.SpotApi, name)))
    assert spot or any(books.values())
    if name in UNIFIED:
        both = added_up([*spot, *(change for book in books.values() for change in book)])
        assert changes_of(ledger("gateio", name), "unified", flows=False) == both
        return
    assert changes_of(ledger("gateio", name), "spot", flows=False) == added_up(spot)
    for settle, book in books.items():
        assert changes_of(ledger("gateio", name), WALLETS[settle]) == added_up(book)


@accounts
def test_deposits_and_withdrawals_agree(gate: Connect, ledger: Ledgers, name: str) -> None:
    client, entries = gate(gate_api.WalletApi, name), ledger("gateio", name)
    span = {"_from": SINCE_MS // 1000, "to": NOW_MS // 1000, "limit": 100}
    came = [(row.currency, Decimal(row.amount)) for row in client.list_deposits(**span) if row.status == "DONE"]
    assert flows_of(entries, LedgerKind.DEPOSIT) == sorted(came)
    left = [row for row in client.list_withdrawals(**span) if row.status == "DONE"]
    assert flows_of(entries, LedgerKind.WITHDRAWAL) == sorted((row.currency, Decimal(row.amount)) for row in left)
    assert came
