"""pybit, Bybit's own client, reads the same as our connector."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from pybit.unified_trading import HTTP

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
from tests.connectors.agreement.world import WEEKS, Change

pytestmark = pytest.mark.usefixtures("sdk")
accounts = pytest.mark.parametrize("name", ["good", "one_way", "spot"])
Connect = Callable[[str], Any]


@pytest.fixture
def bybit(sandbox: Sandbox, sdk: None) -> Connect:
    def connect(name: str) -> Any:  # noqa: ANN401 - pybit has no types
        key = sandbox.key("bybit", name)
        client = HTTP(api_key=key.api_key, api_secret=key.api_secret)
        client.endpoint = sandbox.hosts()["bybit"]["rest"]
        return client

    return connect


def pages(ask: Callable[..., Any], **params: object) -> Iterator[dict[str, Any]]:
    while True:
        result = ask(**params)["result"]
        yield from result["list"]
        if not result["nextPageCursor"]:
            return
        params["cursor"] = result["nextPageCursor"]


@accounts
def test_balances_agree(bybit: Connect, ours: Ours, name: str) -> None:
    client, found = bybit(name), cash_of(ours("bybit", name))
    (wallet,) = client.get_wallet_balance(accountType="UNIFIED")["result"]["list"]
    assert found.get("unified", {}) == amounts_of((row["coin"], row["walletBalance"]) for row in wallet["coin"])
    funding = client.get_coins_balance(accountType="FUND")["result"]["balance"]
    assert found.get("funding", {}) == amounts_of((row["coin"], row["walletBalance"]) for row in funding)
    savings = client.get_staked_position(category="FlexibleSaving")["result"]["list"]
    assert found.get("earn", {}) == amounts_of((row["coin"], row["amount"]) for row in savings)
    assert found["unified"]


@accounts
def test_positions_agree(bybit: Connect, ours: Ours, name: str) -> None:
    client = bybit(name)
    asked = [("linear", "USDT"), ("linear", "USDC"), ("inverse", None)]
    rows = [row for kind, coin in asked for row in pages(client.get_positions, category=kind, settleCoin=coin)]
    expected: Holdings = sorted(
        (
            row["symbol"],
            {"Buy": "long", "Sell": "short"}[row["side"]],
            Decimal(row["size"]),
            Decimal(row["avgPrice"]),
            Decimal(row["unrealisedPnl"]),
        )
        for row in rows
        if Decimal(row["size"])
    )
    assert positions_of(ours("bybit", name)) == expected
    assert bool(expected) is (name != "spot")


@accounts
def test_income_agrees(bybit: Connect, ledger: Ledgers, name: str) -> None:
    client = bybit(name)

    def log() -> Iterator[Change]:
        for start, end in WEEKS:
            for row in pages(client.get_transaction_log, accountType="UNIFIED", startTime=start, endTime=end, limit=50):
                yield int(row["transactionTime"]), row["currency"], Decimal(row["change"])

    expected = added_up(log())
    assert changes_of(ledger("bybit", name), "unified") == expected
    assert expected


@accounts
def test_deposits_and_withdrawals_agree(bybit: Connect, ledger: Ledgers, name: str) -> None:
    client, entries = bybit(name), [entry for entry in ledger("bybit", name) if entry.asset != "BRL"]
    span = {"startTime": WEEKS[0][0], "endTime": WEEKS[-1][1], "limit": 50}
    came = client.get_deposit_records(**span)["result"]["rows"]
    assert flows_of(entries, LedgerKind.DEPOSIT) == sorted(
        (row["coin"], Decimal(row["amount"])) for row in came if str(row["status"]) == "3"
    )
    left = client.get_withdrawal_records(**span)["result"]["rows"]
    assert flows_of(entries, LedgerKind.WITHDRAWAL) == sorted(
        (row["coin"], Decimal(row["amount"])) for row in left if row["status"] == "success"
    )
    assert came
