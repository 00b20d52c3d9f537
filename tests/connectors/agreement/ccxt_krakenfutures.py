"""How ccxt is asked for Kraken futures accounts: it parses neither marks nor profits nor the account log."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import SINCE_MS, Params


def valued(client: Any, params: Params) -> list[Params]:  # noqa: ANN401 - ccxt has no types
    """Return ccxt's positions with the marks of its tickers; an inverse one's profit is in its coin."""
    marks = {
        row["symbol"]: Decimal(str(row["markPrice"])) for row in client.publicGetTickers()["tickers"] if "tag" in row
    }
    rows: list[Params] = client.fetch_positions()
    for row in rows:
        mark, entry, size = marks[row["info"]["symbol"]], Decimal(row["entryPrice"]), Decimal(row["contracts"])
        move = 1 / entry - 1 / mark if row["info"]["symbol"].startswith("PI_") else mark - entry
        profit = size * move if row["side"] == "long" else -size * move
        row |= {"markPrice": mark, "unrealizedPnl": profit, "marginMode": row["marginType"], "hedged": False}
    return rows


def account_log(wallet: str) -> Ledger:
    """Return how the rows of a wallet's money are read, newest first; others tell sizes of positions."""

    def pages(client: Any, params: Params) -> Iterator[Any]:  # noqa: ANN401
        asked: Params = {"since": SINCE_MS, "count": 500}
        while rows := client.historyGetAccountLog(dict(asked))["logs"]:
            for row in rows:
                if row["margin_account"] == wallet and row["asset"] != row["contract"]:
                    currency = client.safe_currency_code(row["asset"])
                    yield {"timestamp": client.parse8601(row["date"]), "currency": currency, "info": row}
            asked["to"] = int(rows[-1]["id"]) - 1

    return Ledger({}, change, lambda info: info["info"] == "funding rate change", pages)


def change(info: Params) -> Decimal:
    return Decimal(str(info["new_balance"])) - Decimal(str(info["old_balance"]))


SINGLE = {f"futures_fi_{coin}usd": f"fi_{coin}usd" for coin in ("xbt", "eth")}
CLIENTS = (
    Client(
        keys=("good", "empty", "dust", "one_way"),
        wallets={
            "futures_cash": ({"type": "cash"},),
            "futures_flex": ({"type": "flex"},),
            **{ours: ({"type": name},) for ours, name in SINGLE.items()},
        },
        cash=frozenset({"futures_cash", "futures_flex"}),
        spot=({"type": "cash"},),
        held=valued,
        ledgers={
            "futures_cash": (account_log("cash"),),
            "futures_flex": (account_log("flex"),),
            **{ours: (account_log(name),) for ours, name in SINGLE.items()},
        },
        flows=lambda client: ([], []),  # money crosses the border at Kraken spot
    ),
)
