"""How ccxt is asked for KuCoin accounts, with a trade wallet of low and of high frequency."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger, parsed_flows
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Params

DAY_MS = 86_400_000
DAYS = [(start, min(start + DAY_MS - 1, NOW_MS)) for start in range(SINCE_MS, NOW_MS, DAY_MS)]
HF_SINCE_MS = NOW_MS - 3 * DAY_MS + 5 * 60_000  # the book reaches three days back, the connector asks a bit less
NAMES = {"XBT": "BTC"}
SYMBOLS = ("BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDT:USDT", "XRP/USDT:USDT", "DOGE/USDT:USDT", "BTC/USD:BTC")


@cache
def account_book(client: Any) -> list[Any]:  # noqa: ANN401 - ccxt has no types
    """Return the rows of the book of all accounts, asked for a day and a page at a time."""
    found: list[Any] = []
    for start, end in DAYS:
        number = 1
        while page := client.fetch_ledger(None, start, 50, {"until": end, "hf": False, "currentPage": number}):
            found += page
            number += 1
    return found


@cache
def futures_book(client: Any) -> list[Any]:  # noqa: ANN401
    """Return the rows of the futures book, asked for by day."""
    days = (client.fetch_ledger(None, start, 50, {"type": "swap", "until": end}) for start, end in DAYS)
    return [row for page in days for row in page]


@cache
def funding_book(client: Any) -> list[Any]:  # noqa: ANN401
    """Return what funding paid, asked for by contract."""
    found: list[Any] = []
    for symbol in SYMBOLS:
        asked: Params = {"endAt": NOW_MS}
        while page := client.fetch_funding_history(symbol, SINCE_MS, 100, dict(asked)):
            found += page
            asked["offset"] = min(row["info"]["id"] for row in page)
    return found


def of_wallet(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    return (row for row in account_book(client) if row["info"]["accountType"] == params["wallet"])


def by_id(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk the high-frequency book from its newest row back."""
    asked: Params = {"until": NOW_MS, "hf": True}
    while page := client.fetch_ledger(None, HF_SINCE_MS, 50, dict(asked)):
        yield from page
        asked["lastId"] = min((row["id"] for row in page), key=int)


def settled(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk the rows of some currencies that will not change any more."""
    for row in futures_book(client):
        info = row["info"]
        if info["status"] == "Completed" and info["currency"] in params["currencies"]:
            yield {**row, "currency": NAMES.get(info["currency"], info["currency"])}


def funding(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
    """Walk what funding paid, each with its opposite: the results of the futures book hold it already."""
    for row in funding_book(client):
        if row["info"]["settleCurrency"] in params["currencies"]:
            paid, currency = Decimal(str(row["info"]["funding"])), row["info"]["settleCurrency"]
            moment = {"timestamp": row["timestamp"], "currency": NAMES.get(currency, currency)}
            yield {**moment, "info": {"amount": paid, "is_funding": True}}
            yield {**moment, "info": {"amount": -paid, "is_funding": False}}


def change(info: Params) -> Decimal:
    return Decimal(info["amount"]) * (1 if info["direction"] == "in" else -1)


def futures_ledgers(*currencies: str) -> tuple[Ledger, ...]:
    asked = {"currencies": currencies}
    return (
        Ledger(asked, lambda info: Decimal(str(info["amount"])), lambda info: False, settled),
        Ledger(asked, lambda info: Decimal(str(info["amount"])), lambda info: bool(info["is_funding"]), funding),
    )


def recent_flows(client: Any) -> tuple[list[Params], list[Params]]:  # noqa: ANN401
    """Return what came and left while the short book tells of it."""
    came, left = parsed_flows(client)
    recent = [[row for row in rows if row["timestamp"] >= HF_SINCE_MS] for rows in (came, left)]
    return recent[0], recent[1]


BOOKS = {
    "trade": (Ledger({"wallet": "TRADE"}, change, lambda info: False, of_wallet),),
    "main": (Ledger({"wallet": "MAIN"}, change, lambda info: False, of_wallet),),
}
CLASSIC = Client(
    keys=("good", "one_way"),
    wallets={
        "trade": ({},),
        "main": ({"type": "main"},),
        "futures_linear": tuple({"type": "swap", "code": coin} for coin in ("USDT", "USDC")),
        "futures_inverse": ({"type": "swap", "code": "BTC", "currency": "XBT"}, {"type": "swap", "code": "ETH"}),
    },
    hedged=lambda row: row["info"]["positionSide"] != "BOTH",
    ledgers={
        **BOOKS,
        "futures_linear": futures_ledgers("USDT", "USDC"),
        "futures_inverse": futures_ledgers("XBT", "ETH"),
    },
)
CLIENTS = (
    CLASSIC,
    replace(CLASSIC, keys=("spot", "empty", "dust"), ledgers=BOOKS),
    replace(
        CLASSIC,
        keys=("hf",),
        wallets={**CLASSIC.wallets, "trade": ({"type": "trade_hf"},)},
        ledgers={"trade": (Ledger({}, change, lambda info: False, by_id),)},
        flows=recent_flows,
    ),
)
