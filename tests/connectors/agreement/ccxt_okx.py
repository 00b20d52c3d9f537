"""How ccxt is asked for OKX accounts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Amounts, Params


def by_bill(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk all bills of an account, that ccxt parses for one kind of instrument only, from the newest back."""
    asked: Params = {**params["span"], "limit": 100}
    while page := getattr(client, params["call"])(asked)["data"]:
        yield from ({"timestamp": int(row["ts"]), "currency": row["ccy"], "info": row} for row in page)
        asked["after"] = page[-1]["billId"]


def account_bills() -> Ledger:
    """Return how a trading account's bills are read: those of contracts by their result and fee."""
    return Ledger(
        {"call": "privateGetAccountBillsArchive", "span": {"begin": SINCE_MS, "end": NOW_MS}},
        lambda info: (
            Decimal(info["pnl"]) + Decimal(info["fee"]) if info["instType"] == "SWAP" else Decimal(info["balChg"])
        ),
        lambda info: bool(info["type"] == "8"),
        by_bill,
    )


def funding_bills(*kinds: str) -> Ledger:
    """Return how a funding account's bills are read; those of `kinds` alone tell what came to and left earn."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        rows = (row for row in by_bill(client, params) if row["timestamp"] >= SINCE_MS)
        return (row for row in rows if not kinds or row["info"]["type"] in kinds)

    asked, sign = {"call": "privateGetAssetBillsHistory", "span": {"pagingType": "2"}}, -1 if kinds else 1
    return Ledger(asked, lambda info: sign * Decimal(info["balChg"]), lambda info: False, pages)


def earning(client: Any) -> Amounts:  # noqa: ANN401
    """Return simple earn and the orders of on-chain earn, each coin once."""
    found = {row["ccy"]: Decimal(row["amt"]) for row in client.privateGetFinanceSavingsBalance()["data"]}
    for order in client.privateGetFinanceStakingDefiOrdersActive()["data"]:
        for part in order["investData"]:
            found[part["ccy"]] = found.get(part["ccy"], Decimal(0)) + Decimal(part["amt"])
    return found


CLIENTS = (
    Client(
        keys=("good", "spot", "empty", "dust", "one_way", "portfolio"),
        wallets={"trading": ({},), "funding": ({"type": "funding"},)},
        raw={"earn": earning},
        ledgers={"trading": (account_bills(),), "funding": (funding_bills(),), "earn": (funding_bills("75", "76"),)},
    ),
)
