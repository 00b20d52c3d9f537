"""How ccxt is asked for Bybit accounts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger, coins, parsed_flows
from tests.connectors.agreement.world import WEEKS, Amounts, Params


def by_week(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk a log that is told a week at a time, by the cursors within."""
    for start, end in WEEKS:
        asked: Params = {"endTime": end, **params}
        while page := client.fetch_ledger(None, start, 50, asked):
            yield from page
            cursors = [row["info"]["nextPageCursor"] for row in page if row["info"].get("nextPageCursor")]
            if not cursors:
                break
            asked = {**asked, "cursor": cursors[0]}


def weekly_log() -> Ledger:
    return Ledger({}, lambda info: Decimal(info["change"]), lambda info: Decimal(info["funding"] or 0) != 0, by_week)


def savings() -> Ledger:
    """Return the other ends of what the log says went into savings or came back."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        return (row for row in by_week(client, params) if row["info"]["type"].startswith("FLEXIBLE_STAKING"))

    return Ledger({}, lambda info: -Decimal(info["change"]), lambda info: False, pages)


def with_fiat_history(client: Any) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return the records of coins, and deposits of fiat money that only the funding wallet's history tells."""
    came, left = parsed_flows(client)
    came += [
        {"currency": row["currency"], "amount": row["txnAmt"], "status": "ok"}
        for row in fund_history(client)
        if row["descriptionEn"] == "Deposit" and row["showBusiTypeEn"] == "Fiat"
    ]
    return came, left


def fund_history(client: Any) -> Iterator[Any]:  # noqa: ANN401
    """Walk the funding wallet's own history, that ccxt has no name for, a week at a time."""
    for start, end in WEEKS:
        asked = {"createTimeFrom": start // 1000, "createTimeTo": end // 1000, "limit": 100}
        yield from client.request("v5/asset/fundinghistory", "private", "GET", asked)["result"]["list"]


def own_history() -> Ledger:
    """Return how moves of the funding wallet are read but for deposits and withdrawals."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        for row in fund_history(client):
            if "Deposit" not in row["descriptionEn"] and "Withdraw" not in row["descriptionEn"]:
                yield {"timestamp": int(row["createTime"]) * 1000, "currency": row["currency"], "info": row}

    def change(info: Params) -> Decimal:
        return Decimal(info["txnAmt"]) if info["ioDirection"] == "I" else -Decimal(info["txnAmt"])

    return Ledger({}, change, lambda info: False, pages)


def earning(client: Any) -> Amounts:  # noqa: ANN401
    """Return flexible and on-chain savings."""
    kinds = ("FlexibleSaving", "OnChain")
    rows = [row for kind in kinds for row in client.privateGetV5EarnPosition({"category": kind})["result"]["list"]]
    return coins(rows, "amount")


def contract_log() -> Ledger:
    """Return how the log of a contract wallet is read, a week at a time; its funding is positive where it was paid."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        for start, end in WEEKS:
            asked: Params = {"startTime": start, "endTime": end, "limit": 50}
            while rows := (result := client.privateGetV5AccountContractTransactionLog(asked)["result"])["list"]:
                for row in rows:
                    yield {"timestamp": int(row["transactionTime"]), "currency": row["currency"], "info": row}
                if not result["nextPageCursor"]:
                    break
                asked = {**asked, "cursor": result["nextPageCursor"]}

    return Ledger({}, lambda info: Decimal(info["change"]), lambda info: info["type"] == "SETTLEMENT", pages)


def loans(client: Any) -> Amounts:  # noqa: ANN401
    """Return collateral of loans less what is owed, that ccxt has no name for."""
    rows = client.request("v5/asset/asset-overview", "private", "GET", {})["result"]["list"]
    return coins([coin for row in rows if row["accountType"] == "CryptoLoans" for coin in row["coinDetail"]], "equity")


CONTRACT = Client(
    keys=("uta1",),
    wallets={
        "unified": ({},),
        "contract": ({"type": "swap", "subType": "inverse"},),
        "funding": ({"type": "funding"},),
    },
    raw={"earn": earning, "loans": loans},
    cash=frozenset({"unified", "contract"}),
    positions=({}, {"settleCoin": "USDC"}, {"subType": "inverse"}),
    margin_mode="cross",
    ledgers={
        "unified": (weekly_log(),),
        "contract": (contract_log(),),
        "funding": (own_history(),),
        "earn": (savings(),),
    },
    flowless=frozenset({"funding"}),
    flows=with_fiat_history,
)
CLIENTS = (
    Client(
        wallets={"unified": ({},), "funding": ({"type": "funding"},)},
        raw={"earn": earning},
        cash=frozenset({"unified"}),
        positions=({}, {"settleCoin": "USDC"}, {"subType": "inverse"}),
        margin_mode="cross",
        ledgers={"unified": (weekly_log(),), "funding": (own_history(),), "earn": (savings(),)},
        flowless=frozenset({"funding"}),
        flows=with_fiat_history,
    ),
    CONTRACT,
)
