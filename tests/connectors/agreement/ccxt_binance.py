"""How ccxt is asked for Binance accounts."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger, coins, parsed_flows
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Params

MONTH_MS = 29 * 86_400_000


def by_time(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401 - ccxt has no types
    """Walk from the oldest page on, by the time of its last row."""
    since, seen = SINCE_MS, set()
    while True:
        page = client.fetch_ledger(None, since, 1000, {**params, "until": NOW_MS})
        new = [row for row in page if (row["id"], row["info"]["incomeType"]) not in seen]
        seen |= {(row["id"], row["info"]["incomeType"]) for row in new}
        yield from new
        if len(page) < 1000:
            return
        since = page[-1]["timestamp"]


def income(kind: str) -> tuple[Ledger, ...]:
    return (
        Ledger(
            {"type": kind},
            lambda info: Decimal(info["income"]),
            lambda info: bool(info["incomeType"] == "FUNDING_FEE"),
            by_time,
        ),
    )


def dividends() -> Ledger:
    """Return what spot wallets were given, that ccxt reaches but does not parse."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        asked = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 500}
        for row in client.sapiGetAssetAssetDividend(asked)["rows"]:
            yield {"timestamp": int(row["divTime"]), "currency": row["asset"], "info": row}

    return Ledger({}, lambda info: Decimal(info["amount"]), lambda info: False, pages)


def moved(wallet: str) -> Ledger:
    """Return what left a wallet for another one, or came from there, that ccxt reaches but does not parse."""
    name = {"spot": "MAIN", "funding": "FUNDING"}.get(wallet)
    others = ("FUNDING", "UMFUTURE", "CMFUTURE") if name == "MAIN" else ("MAIN", "UMFUTURE", "CMFUTURE")

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        for other in others if name else ():
            for kind, sign in ((f"{name}_{other}", -1), (f"{other}_{name}", 1)):
                asked = {"type": kind, "startTime": SINCE_MS, "endTime": NOW_MS, "size": 100}
                for row in client.sapiGetAssetTransfer(asked).get("rows", []):
                    yield _signed(row, "timestamp", sign)
        # what goes into earn comes from spot here
        for start in range(SINCE_MS, NOW_MS, MONTH_MS) if wallet != "funding" else ():
            asked = {"startTime": start, "endTime": min(start + MONTH_MS - 1, NOW_MS), "size": 100}
            for row in client.sapiGetSimpleEarnFlexibleHistorySubscriptionRecord(asked)["rows"]:
                yield _signed(row, "time", -1 if wallet == "spot" else 1)

    return Ledger({}, lambda info: Decimal(info["amount"]), lambda info: False, pages)


def _signed(row: Any, time: str, sign: int) -> Any:  # noqa: ANN401
    info = {**row, "amount": Decimal(row["amount"]) * sign}
    return {"timestamp": int(row[time]), "currency": row["asset"], "info": info}


CLIENTS = (
    Client(
        wallets={
            "spot": ({},),
            "funding": ({"type": "funding"},),
            "usdm": ({"type": "future"},),
            "coinm": ({"type": "delivery"},),
        },
        raw={
            "earn_flexible": lambda client: coins(
                client.sapiGetSimpleEarnFlexiblePosition({"size": 100})["rows"], "totalAmount", coin="asset"
            ),
            "earn_locked": lambda client: coins(
                client.sapiGetSimpleEarnLockedPosition({"size": 100})["rows"], "amount", coin="asset"
            ),
        },
        is_copy=lambda asset: asset.startswith("LD") and asset != "LDO",
        positions=({}, {"subType": "inverse"}),
        ledgers={
            "spot": (dividends(), moved("spot")),
            "funding": (moved("funding"),),
            "earn_flexible": (moved("earn_flexible"),),
            "usdm": income("future"),
            "coinm": income("delivery"),
        },
        flowless=frozenset({"spot"}),
        flows=lambda client: parsed_flows(client, "BRL"),
    ),
)
