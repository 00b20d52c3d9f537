"""python-okx, OKX's own client, reads the same as our connector."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import pytest
from okx.Account import AccountAPI
from okx.Finance.Savings import SavingsAPI
from okx.Funding import FundingAPI

from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.agreement.reading import (
    Holdings,
    Ledgers,
    Ours,
    added_up,
    amounts_of,
    changes_of,
    flows_of,
    held,
    positions_of,
)
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Change

pytestmark = pytest.mark.usefixtures("sdk")
accounts = pytest.mark.parametrize("name", ["good", "one_way", "spot", "portfolio"])
Connect = Callable[[Any, str], Any]


@pytest.fixture
def okx(sandbox: Sandbox, sdk: None) -> Iterator[Connect]:
    with ExitStack() as stack:

        def connect(kind: Any, name: str) -> Any:  # noqa: ANN401 - python-okx has no types
            key = sandbox.key("okx", name)
            host = sandbox.hosts()["okx"]["rest"]
            client = kind(key.api_key, key.api_secret, key.passphrase, flag="0", domain=host)
            stack.callback(client.close)
            return client

        yield connect


def data(answer: dict[str, Any]) -> list[dict[str, Any]]:
    assert answer["code"] == "0", answer
    rows: list[dict[str, Any]] = answer["data"]
    return rows


def bills(ask: Callable[..., Any], **params: object) -> Iterator[dict[str, Any]]:
    while rows := data(ask(limit="100", **params)):
        yield from rows
        params["after"] = rows[-1]["billId"]


@accounts
def test_balances_agree(okx: Connect, ours: Ours, name: str) -> None:
    wallets = {wallet.wallet: wallet.balances for wallet in ours("okx", name).get_account_info().wallets}
    (trading,) = data(okx(AccountAPI, name).get_account_balance())
    # the margin of isolated positions lies in their equity, not in the cash
    assert held(wallets["trading"], cash=False) == amounts_of((row["ccy"], row["eq"]) for row in trading["details"])
    funding = data(okx(FundingAPI, name).get_balances())
    assert held(wallets["funding"], cash=True) == amounts_of((row["ccy"], row["bal"]) for row in funding)
    savings = amounts_of((row["ccy"], row["amt"]) for row in data(okx(SavingsAPI, name).get_saving_balance()))
    assert savings.items() <= held(wallets["earn"], cash=True).items()
    assert wallets["trading"]


@accounts
def test_positions_agree(okx: Connect, ours: Ours, name: str) -> None:
    expected: Holdings = sorted(
        (
            row["instId"],
            row["posSide"] if row["posSide"] != "net" else "long" if Decimal(row["pos"]) > 0 else "short",
            abs(Decimal(row["pos"])),
            Decimal(row["avgPx"]),
            Decimal(row["upl"]),
        )
        for row in data(okx(AccountAPI, name).get_positions())
        if Decimal(row["pos"])
    )
    assert positions_of(ours("okx", name)) == expected
    assert bool(expected) is (name != "spot")


@accounts
def test_income_agrees(okx: Connect, ledger: Ledgers, name: str) -> None:
    def changes() -> Iterator[Change]:
        ask = okx(AccountAPI, name).get_account_bills_archive
        for row in bills(ask, begin=str(SINCE_MS), end=str(NOW_MS)):
            contract = row["instType"] == "SWAP"
            amount = Decimal(row["pnl"]) + Decimal(row["fee"]) if contract else Decimal(row["balChg"])
            yield int(row["ts"]), row["ccy"], amount

    expected = added_up(changes())
    assert changes_of(ledger("okx", name), "trading") == expected
    assert expected


@accounts
def test_deposits_and_withdrawals_agree(okx: Connect, ledger: Ledgers, name: str) -> None:
    client, entries = okx(FundingAPI, name), ledger("okx", name)
    for kind, ask, done in (
        (LedgerKind.DEPOSIT, client.get_deposit_history, "2"),
        (LedgerKind.WITHDRAWAL, client.get_withdrawal_history, "2"),
    ):
        rows = [row for row in data(ask(limit="100")) if row["state"] == done and int(row["ts"]) >= SINCE_MS]
        assert flows_of(entries, kind) == sorted((row["ccy"], Decimal(row["amt"])) for row in rows)
