"""How ccxt is asked for BingX accounts."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Amounts, Params


def bingx_income(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk BingX's income, that ccxt reaches but has no ledger of, back from its newest row."""
    asked: Params = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 1000}
    seen: set[str] = set()
    while page := client.swapV2PrivateGetUserIncome(asked)["data"]:
        new = [row for row in page if row["tranId"] not in seen]
        seen |= {row["tranId"] for row in new}
        yield from ({"timestamp": int(row["time"]), "currency": row["asset"], "info": row} for row in new)
        if not new or len(page) < 1000:
            return
        asked["endTime"] = page[-1]["time"]


def worth(kind: str) -> Callable[[Any], Amounts]:
    """Return what is known of a kind of account by its value in USDT."""

    def ask(client: Any) -> Amounts:  # noqa: ANN401
        rows = client.accountV1PrivateGetAllAccountBalance()["data"]
        return {"USDT": sum((Decimal(row["usdtBalance"]) for row in rows if row["accountType"] == kind), Decimal(0))}

    return ask


CLIENTS = (
    Client(
        wallets={
            "spot": ({},),
            "funding": ({"type": "funding"},),
            "futures_linear": ({"type": "swap"},),
            "futures_inverse": ({"type": "swap", "subType": "inverse"},),
            "futures_standard": ({"type": "swap", "standard": True},),
        },
        raw={"earn": worth("eran"), "grid": worth("grid")},
        cash=frozenset({"futures_linear"}),
        positions=({}, {"subType": "inverse"}),
        hedged=lambda row: not row["info"]["onlyOnePosition"] if "onlyOnePosition" in row["info"] else None,
        ledgers={
            "futures_linear": (
                Ledger(
                    {},
                    lambda info: Decimal(info["income"]),
                    lambda info: bool(info["incomeType"] == "FUNDING_FEE"),
                    bingx_income,
                ),
            )
        },
    ),
)
