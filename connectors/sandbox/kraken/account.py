"""Kraken's account: key rights, balances, margin, open positions and orders, what earns."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.kraken.common import Row, code, identity, pair, refused, seconds
from connectors.sandbox.model import ZERO, OpenPosition
from connectors.sandbox.wire import text
from connectors.types import Side

READS = ("query-funds", "query-open-trades", "query-closed-trades", "query-ledger")
DOLLARS = ("ZUSD", "USD", "USDT")


def key_info(call: Call) -> object:
    """POST /0/private/GetApiKeyInfo."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    may = key.permissions
    words = list(READS) if may.read else []
    words += ["modify-trades", "close-trades"] if may.trade else []
    words += ["earn-funds"] if may.transfer else []
    words += ["withdraw-funds"] if may.withdraw else []
    return {
        "apiKeyName": key.name,
        "apiKey": key.api_key,
        "nonce": call.params["nonce"],
        "nonceWindow": 0,
        "permissions": words,
        "iban": f"AA{call.uid}",
        "validUntil": str(int(may.expires_at.timestamp())) if may.expires_at else "0",
        "queryFrom": "0",
        "queryTo": "0",
        "createdTime": str(int(key.created_at.timestamp())),
        "modifiedTime": str(int(key.created_at.timestamp())),
        "ipAllowlist": list(key.allowed_ips),
        "lastUsed": str(int(call.at.timestamp())),
    }


def held(call: Call) -> dict[str, tuple[Decimal, Decimal]]:
    """Return what the account holds by code: the whole, and what open orders hold of it."""
    book = call.book()
    return {
        code(asset, wallet): (amount, book.locked.get(asset, ZERO) if wallet == "spot" else ZERO)
        for wallet in ("spot", "earn")
        for asset, amount in book.wallets.get(wallet, {}).items()
    }


def balance(call: Call) -> object:
    """POST /0/private/Balance."""
    return {name: text(whole) for name, (whole, _orders) in held(call).items()}


def balance_ex(call: Call) -> object:
    """POST /0/private/BalanceEx."""
    return {name: {"balance": text(whole), "hold_trade": text(orders)} for name, (whole, orders) in held(call).items()}


def trade_balance(call: Call) -> object:
    """POST /0/private/TradeBalance in dollars."""
    if call.params.get("asset", "ZUSD") not in DOLLARS:
        raise refused("EQuery:Unknown asset")
    book = call.book()
    profit = sum((position.unrealized for position in book.positions), ZERO)
    used = sum((position.initial_margin for position in book.positions), ZERO)
    whole = sum((amount * (call.world.price(asset, call.at) or ZERO) for asset, amount in book.amounts("spot").items()))
    cost = sum((position.entry * position.size for position in book.positions), ZERO)
    value = sum((position.mark * position.size for position in book.positions), ZERO)
    free = whole + profit - used
    found = {"eb": whole, "tb": whole, "m": used, "n": profit, "c": cost, "v": value, "e": whole + profit, "mf": free}
    return {name: text(Decimal(amount)) for name, amount in found.items()}


def open_positions(call: Call) -> object:
    """POST /0/private/OpenPositions: by id, or a list by pair; profits only with `docalcs`."""
    rows = {identity("T", call.uid, position.base): _position(call, position) for position in call.book().positions}
    if call.params.get("consolidation") == "market":
        return [{"positions": "1", **_added_up(row)} for row in rows.values()]
    return rows


def _position(call: Call, position: OpenPosition) -> Row:
    opened = position.held
    calculated = {
        "value": text(position.mark * position.size),
        "net": f"{position.unrealized:+f}",
    }
    return {
        "ordertxid": identity("O", call.uid, position.base),
        "posstatus": "open",
        "pair": pair(position.base),
        "time": seconds(opened.opened_at),
        "type": "buy" if position.side is Side.LONG else "sell",
        "ordertype": "limit",
        "cost": text(position.entry * position.size),
        "fee": text(-opened.open_fee),
        "vol": text(position.size + opened.closed_size),
        "vol_closed": text(opened.closed_size),
        "margin": text(position.entry * position.size / position.leverage),
        **(calculated if call.params.get("docalcs", "").lower() == "true" else {}),
        "terms": "0.0100% per 4 hours",
        "rollovertm": str(int(call.at.timestamp()) + 3_600),
        "misc": "",
        "oflags": "",
    }


def _added_up(row: Row) -> Row:
    names = ("pair", "type", "cost", "fee", "vol", "vol_closed", "margin", "value", "net")
    return {name: row[name] for name in names if name in row}


def earn_allocations(call: Call) -> object:
    """POST /0/private/Earn/Allocations: the part of the balance that earns, once more."""
    items: list[Row] = [
        {
            "strategy_id": identity("E", asset),
            "native_asset": asset,
            "amount_allocated": {"total": {"native": text(amount), "converted": "0"}},
            "total_rewarded": {"native": "0", "converted": "0"},
        }
        for asset, amount in call.book().amounts("earn").items()
    ]
    return {
        "converted_asset": "USD",
        "total_allocated": "0",
        "total_rewarded": "0",
        "next_cursor": None,
        "items": items,
    }


def open_orders(call: Call) -> object:
    """POST /0/private/OpenOrders: none are shown."""
    return {"open": {}}


def closed_orders(call: Call) -> object:
    """POST /0/private/ClosedOrders: none are shown."""
    return {"closed": {}, "count": 0}


ENDPOINTS = {
    ("POST", "/0/private/GetApiKeyInfo"): Endpoint(key_info, scope="any"),
    ("POST", "/0/private/Balance"): Endpoint(balance),
    ("POST", "/0/private/BalanceEx"): Endpoint(balance_ex),
    ("POST", "/0/private/TradeBalance"): Endpoint(trade_balance),
    ("POST", "/0/private/OpenPositions"): Endpoint(open_positions),
    ("POST", "/0/private/Earn/Allocations"): Endpoint(earn_allocations),
    ("POST", "/0/private/OpenOrders"): Endpoint(open_orders),
    ("POST", "/0/private/ClosedOrders"): Endpoint(closed_orders),
}
