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


def fills(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk the three changes of each spot trade: base, quote, commission."""
    asked: Params = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 1000}
    for symbol in ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "LINK-USDT"):
        for row in client.spotV1PrivateGetTradeMyTrades({"symbol": symbol, **asked})["data"]["fills"]:
            base, quote = symbol.split("-")
            side = 1 if row["isBuyer"] else -1
            changes = (
                (base, side * Decimal(row["qty"])),
                (quote, -side * Decimal(row["quoteQty"])),
                (row["commissionAsset"], Decimal(str(row["commission"]))),
            )
            for asset, change in changes:
                yield {"timestamp": int(row["time"]), "currency": asset, "info": {**row, "change": change}}


def moved(wallet: str) -> Ledger:
    """Return how the ends of transfers in a wallet are read: both directions of each pair of wallets."""
    others = [name for name in ("spot", "fund", "stdFutures", "coinMPerp", "USDTMPerp") if name != wallet]

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        for pair in [(wallet, other) for other in others] + [(other, wallet) for other in others]:
            asked = {"fromAccount": pair[0], "toAccount": pair[1], "startTime": SINCE_MS, "endTime": NOW_MS}
            for row in client.apiV3PrivateGetAssetTransferRecord({**asked, "pageSize": 100})["rows"]:
                yield {"timestamp": int(row["timestamp"]), "currency": row["asset"], "info": row}

    def change(info: Params) -> Decimal:
        return Decimal(info["amount"]) * (-1 if info["fromAccount"] == wallet else 1)

    return Ledger({}, change, lambda info: False, pages)


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
        flowless=frozenset({"funding"}),
        ledgers={
            "spot": (Ledger({}, lambda info: Decimal(info["change"]), lambda info: False, fills), moved("spot")),
            "funding": (moved("fund"),),
            "futures_linear": (
                Ledger(
                    {},
                    lambda info: Decimal(info["income"]),
                    lambda info: bool(info["incomeType"] == "FUNDING_FEE"),
                    bingx_income,
                ),
            ),
        },
    ),
)
