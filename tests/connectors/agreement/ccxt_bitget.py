"""How ccxt is asked for Bitget accounts, classic and unified."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger, coins
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Amounts, Params


def by_id(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk from the newest page back, below its smallest id."""
    asked = {**params, "until": NOW_MS}
    while page := client.fetch_ledger(None, SINCE_MS, 100, dict(asked)):
        yield from page
        asked["idLessThan"] = min((row["id"] for row in page), key=int)


def by_category(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk the records of every category of a unified account, that ccxt reaches but does not parse."""
    for category in ("SPOT", "MARGIN", "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES", "OTHER"):
        asked = {"category": category, "startTime": SINCE_MS, "endTime": NOW_MS, "limit": 100}
        while True:
            data = client.privateUtaGetV3AccountFinancialRecords(asked)["data"]
            yield from (
                {"timestamp": int(row["ts"]), "currency": row["coin"], "info": row} for row in data["list"] or []
            )
            if not data["cursor"]:
                break
            asked["cursor"] = data["cursor"]


def unified_flows(client: Any) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return what came to and left a unified account, that ccxt reaches but does not ask for."""
    asked = {"startTime": SINCE_MS, "endTime": NOW_MS, "limit": 100}
    came = client.privateUtaGetV3AccountDepositRecords(asked)["data"]
    left = client.privateUtaGetV3AccountWithdrawalRecords(asked)["data"]
    return client.parse_transactions(came, None), client.parse_transactions(left, None)


def bills(**params: str) -> Ledger:
    names = ("size", "fees") if params["type"] == "spot" else ("amount", "fee")

    def change(info: Params) -> Decimal:
        return sum((Decimal(info[name]) for name in names), Decimal(0))

    return Ledger(params, change, lambda info: bool(info["businessType"] == "contract_settle_fee"), by_id)


def records() -> Ledger:
    return Ledger(
        {},
        lambda info: Decimal(info["amount"]) + Decimal(info["fee"]),
        lambda info: info["type"].startswith("CONTRACT_MAIN_SETTLE_FEE"),
        by_category,
    )


def earning(client: Any) -> Amounts:  # noqa: ANN401
    """Return what earns, that ccxt reaches but does not parse."""
    return coins(client.privateEarnGetV2EarnAccountAssets()["data"], "amount")


def margin(kind: str) -> Callable[[Any], Amounts]:
    def ask(client: Any) -> Amounts:  # noqa: ANN401
        return coins(getattr(client, f"privateMarginGetV2Margin{kind}AccountAssets")()["data"], "totalAmount")

    return ask


def by_page(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk the transfers that left one wallet for another, as legs of that other or of the one they left."""
    asked: Params = {"coin": "USDT", "startTime": SINCE_MS, "endTime": NOW_MS, "limit": 500, **params["asked"]}
    for row in client.privateSpotGetV2SpotAccountTransferRecords(asked)["data"]:
        if row["toType"] == params.get("to", row["toType"]):
            yield {"timestamp": int(row["ts"]), "currency": row["coin"].upper(), "info": row}


def transferred(sender: str, receiver: str | None = None) -> Ledger:
    sign = -1 if receiver is None else 1
    params = {"asked": {"fromType": sender}, **({"to": receiver} if receiver else {})}
    return Ledger(params, lambda info: sign * Decimal(info["size"]), lambda info: False, by_page)


def subscribed() -> Ledger:
    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        return (row for row in by_id(client, params) if row["info"]["businessType"] == "SUBSCRIBE")

    return Ledger({"type": "spot"}, lambda info: -Decimal(info["size"]), lambda info: False, pages)


LINEAR = ({"productType": "USDT-FUTURES"}, {"productType": "USDC-FUTURES"})
INVERSE = tuple({"productType": "COIN-FUTURES", "marginCoin": coin} for coin in ("BTC", "ETH"))
CLIENTS = (
    Client(
        wallets={
            "spot": ({},),
            "futures_linear": tuple({"type": "swap", **product} for product in LINEAR),
            "futures_inverse": ({"type": "swap", "productType": "COIN-FUTURES"},),
        },
        raw={
            "funding": lambda client: coins(
                client.privateSpotGetV2AccountFundingAssets()["data"], "available", "frozen"
            ),
            "earn": earning,
            "margin_cross": margin("Crossed"),
            "margin_isolated": margin("Isolated"),
        },
        positions=(*LINEAR, *INVERSE),
        ledgers={
            "spot": (bills(type="spot"),),
            "funding": (transferred("p2p"), transferred("spot", "p2p")),
            "earn": (subscribed(),),
            "futures_linear": tuple(bills(type="swap", **product) for product in LINEAR),
            "futures_inverse": (bills(type="swap", productType="COIN-FUTURES"),),
        },
    ),
    Client(
        keys=("unified",),
        options={"uta": True},
        wallets={"unified": ({},)},
        raw={"funding": lambda client: coins(client.privateUtaGetV3AccountFundingAssets()["data"], "balance")},
        cash=frozenset({"unified"}),
        flowless=frozenset({"unified"}),
        positions=LINEAR,
        ledgers={"unified": (records(),)},
        flows=unified_flows,
    ),
)
