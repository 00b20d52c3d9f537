"""What ccxt reaches at Kraken but does not parse: what earns, entries of margin positions, the ledger's pages."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

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


def ledger(client: Any, since_ms: int) -> Iterator[Row]:  # noqa: ANN401
    """Walk the ledger of the spot wallet, fifty rows a page."""
    client.load_markets()
    offset = 0
    while page := client.privatePostLedgers({"start": since_ms // 1000 - 1, "ofs": offset})["result"]["ledger"]:
        offset += len(page)
        for native, info in page.items():
            at = int(Decimal(str(info["time"])) * 1000)
            if at >= since_ms and "." not in info["asset"]:
                currency = client.safe_currency_code(info["asset"])
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
