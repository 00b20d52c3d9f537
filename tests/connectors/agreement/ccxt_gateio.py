"""How ccxt is asked for Gate.io accounts, classic and unified."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import NOW_MS, SINCE_MS, Params

EARN_MOVES = ("lend", "redeem")


def book(settle: str = "", *, without: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> Ledger:
    """Return how a Gate.io book is read, in seconds: ccxt asks in milliseconds and gets an empty list.

    Rows of the types `only` are read from the other end: what leaves spot comes to earn.
    """
    sign = -1 if only else 1

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        asked, number = {"from": SINCE_MS // 1000, "to": NOW_MS // 1000 + 1, "limit": 100}, 0
        ask = client.privateFuturesGetSettleAccountBook if settle else client.privateSpotGetAccountBook
        while page := ask(
            {**asked, **({"settle": settle, "offset": number * 100} if settle else {"page": number + 1})}
        ):
            number += 1
            for row in page:
                at = int(Decimal(str(row["time"])) * (1000 if settle else 1))
                if at >= SINCE_MS and row["type"] not in without and (not only or row["type"] in only):
                    yield {"timestamp": at, "currency": settle.upper() or row["currency"], "info": row}

    return Ledger({}, lambda info: sign * Decimal(info["change"]), lambda info: bool(info["type"] == "fund"), pages)


def gate_client(*settles: str, keys: tuple[str, ...], unified: bool = False) -> Client:
    """Return how ccxt is asked for Gate.io accounts that have opened these futures wallets; it fails at others."""
    futures = {} if unified else {f"futures_{'inverse' if coin == 'btc' else 'linear'}": coin for coin in settles}
    main = "unified" if unified else "spot"
    spot = book(without=("deposit", "withdraw")) if unified else book()
    inside = tuple(book(coin) for coin in settles) if unified else ()
    return Client(
        name="gate",
        keys=keys,
        options={"unifiedAccount": unified},
        wallets={main: ({},), **{name: ({"type": "swap", "settle": coin},) for name, coin in futures.items()}},
        raw={
            "earn": lambda client: {
                row["currency"]: Decimal(row["amount"]) for row in client.privateEarnGetUniLends({"limit": 100})
            }
        },
        flowless=frozenset({"unified"}),
        cash=frozenset({main, *futures}),
        is_copy=lambda asset: asset == "GATEPOINT",
        positions=tuple({"settle": coin} for coin in settles),
        hedged=lambda row: row["info"]["mode"].startswith("dual_"),
        ledgers={
            main: (spot, *inside),
            **{name: (book(coin),) for name, coin in futures.items()},
            "earn": (book(only=EARN_MOVES),),
        },
    )


CLIENTS = (
    gate_client("usdt", "btc", keys=("good",)),
    gate_client("usdt", keys=("one_way",)),
    gate_client(keys=("spot", "empty", "dust")),
    gate_client("usdt", keys=("unified", "portfolio"), unified=True),
)
