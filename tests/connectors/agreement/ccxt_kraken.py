"""What ccxt reaches at Kraken but does not parse: what earns, entries of margin positions, the ledger's pages."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.connectors.agreement.clients import Client, Ledger
from tests.connectors.agreement.world import SINCE_MS

Row = dict[str, Any]


def earning(client: Any) -> dict[str, Decimal]:  # noqa: ANN401 - ccxt has no types
    """Return what lies under codes with a suffix, by coin."""
    found = client.privatePostBalanceEx()["result"]
    names = {"XBT": "BTC", "ETH2": "ETH"}
    held = {code.split(".")[0]: Decimal(row["balance"]) for code, row in found.items() if "." in code}
    return {names.get(name, name): amount for name, amount in held.items()}


def margin_positions(client: Any, params: Row) -> list[Row]:  # noqa: ANN401
    """Return ccxt's positions with the numbers that it leaves out."""
    rows: list[Row] = client.fetch_positions()
    for row in rows:
        info = row["info"]
        size = Decimal(info["vol"]) - Decimal(info["vol_closed"])
        entry, mark = Decimal(info["cost"]) / size, Decimal(info["value"]) / size
        row |= {"contracts": size, "entryPrice": entry, "markPrice": mark}
    return rows


def open_profit(client: Any) -> dict[str, Decimal]:  # noqa: ANN401
    """Return the P&L of margin positions, which only the sums of margin trading tell as money."""
    return {"USD": Decimal(client.privatePostTradeBalance()["result"]["n"])}


def ledger(client: Any, since_ms: int, *, earning: bool = False) -> Iterator[Row]:  # noqa: ANN401
    """Walk the ledger, fifty rows a page: that of the spot wallet or of what earns."""
    client.load_markets()
    offset = 0
    while page := client.privatePostLedgers({"start": since_ms // 1000 - 1, "ofs": offset})["result"]["ledger"]:
        offset += len(page)
        for native, info in page.items():
            at = int(Decimal(str(info["time"])) * 1000)
            if at >= since_ms and ("." in info["asset"]) is earning:
                currency = client.safe_currency_code(info["asset"].split(".")[0])
                yield {"id": native, "timestamp": at, "currency": currency, "info": info}


def flows(client: Any, since_ms: int) -> tuple[list[Row], list[Row]]:  # noqa: ANN401
    """Return what came and what left as the ledger tells it, whose ids are not those of the status lists."""
    found: dict[str, list[Row]] = {"deposit": [], "withdrawal": []}
    for row in ledger(client, since_ms):
        if row["info"]["type"] in found:
            amount = abs(Decimal(row["info"]["amount"]))
            told = {"id": row["id"], "currency": row["currency"], "amount": amount, "status": "ok"}
            found[row["info"]["type"]].append({**told, "fee": {"cost": "0"}})
    return found["deposit"], found["withdrawal"]


def entries(*, earning: bool) -> Ledger:
    return Ledger(
        {},
        lambda info: Decimal(info["amount"]) - Decimal(info["fee"]),
        lambda info: False,
        lambda client, params: ledger(client, SINCE_MS, earning=earning),
    )


CLIENTS = (
    Client(
        wallets={"spot": ({},)},
        raw={"earn": earning, "margin": open_profit},
        is_copy=lambda asset: "." in asset,  # counted in earn
        held=margin_positions,
        margin_mode="cross",
        ledgers={"spot": (entries(earning=False),), "earn": (entries(earning=True),)},
        flows=lambda client: flows(client, SINCE_MS),
    ),
)
