"""Kraken futures' account: key rights, wallets, positions, orders and settings."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.krakenfutures.common import Row, code, contract, envelope, exact, stamp
from connectors.sandbox.krakenfutures.market import INVERSE
from connectors.sandbox.model import ZERO
from connectors.sandbox.wire import text


def key_check(call: Call) -> object:
    """GET /api/auth/v1/api-keys/v3/check."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    may = key.permissions
    general = "FULL_ACCESS" if may.trade else "READ_ONLY" if may.read else "NO_ACCESS"
    blocks = [f"{ip}/32" for ip in key.allowed_ips if "." in ip]
    return {
        "apiKey": key.api_key,
        "accountUid": call.uid,
        "iiban": f"AA{call.uid}",
        "createdAt": stamp(key.created_at),
        "permissions": {
            "general": general,
            "transfer": "FULL_ACCESS" if may.transfer or may.withdraw else "NO_ACCESS",
        },
        "allowedCidrBlock": blocks[0] if blocks else None,
        "allowedCidrBlocks": blocks,
    }


def accounts(call: Call) -> object:
    """GET /derivatives/api/v3/accounts: every wallet, also those without money."""
    book = call.book()
    found: Row = {
        "cash": {
            "type": "cashAccount",
            "balances": {code(asset): text(amount) for asset, amount in book.wallets.get("cash", {}).items()},
        },
        "flex": _flex(call),
    }
    for base in INVERSE:
        amount = book.wallets.get("futures_inverse", {}).get(base, ZERO)
        mine = [position for position in book.positions if position.inverse and position.base == base]
        profit = sum((position.unrealized for position in mine), ZERO)
        used = sum((position.initial_margin for position in mine), ZERO)
        contracts = {position_name(base): text(position.held.size) for position in mine}
        found[f"fi_{code(base)}usd"] = {
            "type": "marginAccount",
            "currency": code(base),
            "balances": {**contracts, code(base): text(amount)},
            "auxiliary": {
                "usd": "0",
                "pv": text(amount + profit),
                "pnl": text(profit),
                "af": text(amount - used),
                "funding": "0",
            },
            "marginRequirements": {"im": text(used), "mm": "0", "lt": "0", "tt": "0"},
            "triggerEstimates": {"im": "0", "mm": "0", "lt": "0", "tt": "0"},
        }
    return envelope(call, accounts=found)


def position_name(base: str) -> str:
    """Return the name of an inverse contract among a wallet's balances."""
    return contract(base, inverse=True)


def _flex(call: Call) -> Row:
    book = call.book()
    mine = [position for position in book.positions if not position.inverse]
    profit = sum((position.unrealized for position in mine), ZERO)
    used = sum((position.initial_margin for position in mine), ZERO)
    currencies: Row = {}
    worth = ZERO
    for asset, amount in book.amounts("futures_linear").items():
        value = amount * (call.world.price(asset, call.at) or ZERO)
        free = amount - used if asset == "USDT" else amount
        worth += value
        row = {"quantity": amount, "value": value, "collateral": value * Decimal("0.99"), "available": free}
        currencies[code(asset).upper()] = {name: text(part) for name, part in row.items()}
    sums = {
        "initialMargin": used,
        "initialMarginWithOrders": used,
        "maintenanceMargin": sum((position.maintenance_margin for position in mine), ZERO),
        "balanceValue": worth,
        "portfolioValue": worth + profit,
        "collateralValue": worth * Decimal("0.99"),
        "pnl": profit,
        "unrealizedFunding": ZERO,
        "totalUnrealized": profit,
        "totalUnrealizedAsMargin": profit,
        "availableMargin": worth * Decimal("0.99") + profit - used,
        "marginEquity": worth * Decimal("0.99") + profit,
    }
    told = {name: text(Decimal(value)) for name, value in sums.items()}
    return {"type": "multiCollateralMarginAccount", "currencies": currencies, **told}


def open_positions(call: Call) -> object:
    """GET /derivatives/api/v3/openpositions: without marks and profits."""
    rows: list[Row] = [
        {
            "side": position.side.value,
            "symbol": contract(position.base, inverse=position.inverse),
            "price": exact(position.entry),
            "fillTime": stamp(position.held.updated_at),
            "size": exact(position.held.size),
            "unrealizedFunding": 0,
        }
        for position in call.book().positions
    ]
    return envelope(call, openPositions=rows)


def leverage_preferences(call: Call) -> object:
    """GET /derivatives/api/v3/leveragepreferences: all cross."""
    return envelope(call, leveragePreferences=[])


def open_orders(call: Call) -> object:
    """GET /derivatives/api/v3/openorders: none are shown."""
    return envelope(call, openOrders=[])


ENDPOINTS = {
    ("GET", "/api/auth/v1/api-keys/v3/check"): Endpoint(key_check),
    ("GET", "/derivatives/api/v3/accounts"): Endpoint(accounts, 2),
    ("GET", "/derivatives/api/v3/openpositions"): Endpoint(open_positions, 2),
    ("GET", "/derivatives/api/v3/leveragepreferences"): Endpoint(leverage_preferences),
    ("GET", "/derivatives/api/v3/openorders"): Endpoint(open_orders, 2),
}
