"""What the parts of the OKX dialect share: envelope, refusals, parameters, paging, contracts."""

from datetime import timedelta
from decimal import Decimal

from connectors.sandbox.dialect import Call
from connectors.sandbox.model import to_ms
from connectors.sandbox.wire import Answer, RefusedError

Row = dict[str, object]
TRADING = ("trading", "futures_inverse")
# base coin of a linear contract -> its size in base units
CONTRACT_SIZES = {
    "BTC": Decimal("0.01"),
    "ETH": Decimal("0.1"),
    "SOL": Decimal(1),
    "XRP": Decimal(100),
    "DOGE": Decimal(1000),
    "LINK": Decimal(1),
}
INVERSE_USD = Decimal(100)
INVERSE = ("BTC", "ETH")
MOST = 100


def envelope(data: object) -> Row:
    """Return a success."""
    return {"code": "0", "msg": "", "data": data}


def refused(code: str, msg: str, status: int = 400) -> RefusedError:
    """Return a refusal in the exchange's envelope."""
    return RefusedError(Answer(status, {"code": code, "msg": msg, "data": []}))


def number(call: Call, name: str) -> int | None:
    """Return a whole-number parameter, None where it is not given.

    Raises:
        RefusedError: it is not a number.
    """
    value = call.params.get(name, "")
    if value and not value.isdigit():
        raise refused("51000", f"Parameter {name} error")
    return int(value) if value else None


def page(call: Call, rows: list[Row], key: str) -> list[Row]:
    """Return the newest rows whose `key` lies below `after` and above `before`, both left out."""
    after, before, limit = number(call, "after"), number(call, "before"), number(call, "limit") or MOST
    if limit > MOST:
        raise refused("51000", "Parameter limit error")

    def place(row: Row) -> int:
        return int(str(row[key]))

    found = [row for row in rows if (after is None or place(row) < after) and (before is None or place(row) > before)]
    return sorted(found, key=place, reverse=True)[:limit]


def matching(call: Call, rows: list[Row], *names: str) -> list[Row]:
    """Return the rows that equal each parameter given."""
    for name in names:
        if call.params.get(name):
            rows = [row for row in rows if row[name] == call.params[name]]
    return rows


def kept(call: Call, rows: list[Row], days: int, key: str = "ts") -> list[Row]:
    """Return the rows that the exchange still keeps."""
    first = to_ms(call.at - timedelta(days=days))
    return [row for row in rows if int(str(row[key])) >= first]


def swap(base: str, *, inverse: bool) -> str:
    """Return the instrument of a perpetual."""
    return f"{base}-USD-SWAP" if inverse else f"{base}-USDT-SWAP"


def in_contracts(base: str, size: Decimal, *, inverse: bool) -> Decimal:
    """Return contracts of a size in base units, on inverse in USD."""
    return size / (INVERSE_USD if inverse else CONTRACT_SIZES[base])


def merged(call: Call, wallets: dict[str, dict[str, Decimal]]) -> dict[str, Decimal]:
    """Return the cash of the trading account, in which the world's contract wallets lie too."""
    cash: dict[str, Decimal] = {}
    for wallet in TRADING:
        for asset, amount in wallets.get(wallet, {}).items():
            cash[asset] = cash.get(asset, Decimal(0)) + amount
    return {asset: amount for asset, amount in cash.items() if amount}
