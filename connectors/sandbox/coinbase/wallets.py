"""Coinbase wallets: key rights, portfolios, the v3 accounts of a portfolio and the v2 wallets of its owner."""

from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from connectors.sandbox.coinbase.common import (
    FIAT,
    STAKED,
    Purse,
    Row,
    coin,
    dollars,
    fraction,
    identity,
    portfolio,
    purses,
    refused,
    seconds,
    whole,
)
from connectors.sandbox.coinbase.derivatives import breakdown_positions, cfm_cash
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO
from connectors.sandbox.wire import text

V3 = "/api/v3/brokerage"


def key_permissions(call: Call) -> object:
    """GET /api/v3/brokerage/key_permissions; one switch for all that moves money."""
    if call.key is None:
        raise LookupError("public endpoint")
    may = call.key.permissions
    return {
        "can_view": bool(may.read),
        "can_trade": bool(may.trade),
        "can_transfer": bool(may.transfer or may.withdraw),
        "can_receive": False,
        "portfolio_uuid": portfolio(call.uid),
        "portfolio_type": "DEFAULT",
    }


def accounts(call: Call) -> object:
    """GET /api/v3/brokerage/accounts, by cursor."""
    locked = call.book().locked
    rows = [_account(call, purse, locked.get(purse.asset, ZERO)) for purse in purses(call) if purse.wallet == "spot"]
    cash = cfm_cash(call)
    if cash is not None:
        rows.append(_derivatives_account(call, cash))
    size, start = whole(call, "limit", 49, 250), call.params.get("cursor") or "0"
    if not start.isdigit():
        raise refused(400, "INVALID_ARGUMENT", "invalid cursor")
    page, more = rows[int(start) :][:size], int(start) + size < len(rows)
    return {
        "accounts": page,
        "has_next": more,
        "cursor": str(int(start) + size) if more else "",
        "size": len(page),
    }


def _account(call: Call, purse: Purse, held: Decimal) -> Row:
    return _row(call, purse.id, coin(purse.asset), purse.amount - held, held)


def _derivatives_account(call: Call, cash: Decimal) -> Row:
    row = _row(call, identity(call.uid, "cfm", "USD"), "USD", cash, ZERO)
    return {**row, "platform": "ACCOUNT_PLATFORM_CFM_CONSUMER"}


def _row(call: Call, native: str, name: str, free: Decimal, held: Decimal) -> Row:
    return {
        "uuid": native,
        "name": f"{name} Wallet",
        "currency": name,
        "available_balance": {"value": text(free), "currency": name},
        "default": True,
        "active": True,
        "created_at": fraction(call.world.opened_at),
        "updated_at": fraction(call.at),
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_FIAT" if name in FIAT else "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": {"value": text(held), "currency": name},
        "retail_portfolio_id": portfolio(call.uid),
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    }


def portfolios(call: Call) -> object:
    """GET /api/v3/brokerage/portfolios."""
    mine = {"name": "Default", "uuid": portfolio(call.uid), "type": "DEFAULT", "deleted": False}
    return {"portfolios": [mine, {**mine, "name": "Old", "uuid": identity("old", call.uid), "deleted": True}]}


def breakdown(call: Call) -> object:
    """GET /api/v3/brokerage/portfolios/{uuid}: valued in USD, with JSON numbers."""
    if call.params["uuid"] != portfolio(call.uid):
        raise refused(403, "PERMISSION_DENIED", "User does not have access to portfolio")
    book, cash = call.book(), cfm_cash(call) or ZERO
    pnl = sum(book.unrealized("futures_linear").values(), ZERO)
    rows = [_valued(call, purse) for purse in purses(call) if purse.wallet == "spot" and purse.amount]
    worth = sum((Decimal(str(row["total_balance_fiat"])) for row in rows), ZERO)
    return {
        "breakdown": {
            "portfolio": {"name": "Default", "uuid": portfolio(call.uid), "type": "DEFAULT", "deleted": False},
            "portfolio_balances": {
                "total_balance": dollars(worth + cash + pnl),
                "total_futures_balance": dollars(cash + pnl),
                "total_cash_equivalent_balance": dollars(ZERO),
                "total_crypto_balance": dollars(worth),
                "futures_unrealized_pnl": dollars(pnl),
                "perp_unrealized_pnl": dollars(ZERO),
            },
            "spot_positions": rows,
            "perp_positions": [],
            "futures_positions": breakdown_positions(call),
        }
    }


def _valued(call: Call, purse: Purse) -> Row:
    price, held = call.world.price(purse.asset, call.at) or ZERO, call.book().locked.get(purse.asset, ZERO)
    return {
        "asset": coin(purse.asset),
        "account_uuid": purse.id,
        "total_balance_fiat": float(purse.amount * price),
        "total_balance_crypto": float(purse.amount),
        "available_to_trade_fiat": float((purse.amount - held) * price),
        "is_cash": purse.asset in FIAT,
    }


def app_accounts(call: Call) -> object:
    """GET /v2/accounts, by `starting_after`."""
    changes = _last_changes(call)
    rows = [_app_account(call, purse, changes) for purse in purses(call)]
    return paged(call, rows, "/v2/accounts")


def app_account(call: Call) -> object:
    """GET /v2/accounts/{id}."""
    return {"data": _app_account(call, purse_of(call), _last_changes(call))}


def purse_of(call: Call) -> Purse:
    """Return the wallet that a path names.

    Raises:
        RefusedError: the account has none such.
    """
    for purse in purses(call):
        if purse.id == call.params["id"]:
            return purse
    raise refused(404, "not_found", "Not found", app=True)


def _app_account(call: Call, purse: Purse, changes: dict[tuple[str, str], datetime]) -> Row:
    name = coin(purse.asset)
    staked = purse.wallet == "earn" and purse.asset in STAKED
    vault = purse.wallet == "earn" and not staked
    return {
        "id": purse.id,
        "name": f"Staked {name}" if staked else f"{name} Vault" if vault else f"{name} Wallet",
        "primary": False,
        "type": "fiat" if name in FIAT else "vault" if vault else "wallet",
        # both spellings are about
        "currency": name if name in FIAT else {"code": name, "name": name, "type": "crypto", "exponent": 8},
        "balance": {"amount": text(purse.amount), "currency": name},
        "created_at": seconds(call.world.opened_at),
        "updated_at": seconds(changes.get((purse.wallet, purse.asset), call.world.opened_at)),
        "resource": "account",
        "resource_path": f"/v2/accounts/{purse.id}",
    }


def _last_changes(call: Call) -> dict[tuple[str, str], datetime]:
    """Return when each wallet changed last."""
    return {(event.wallet, event.asset): event.at for event in call.events(call.world.opened_at, call.at)}


def paged(call: Call, rows: list[Row], path: str) -> Row:
    """Return one page of a v2 list, that begins behind `starting_after`, and where the next one is.

    Raises:
        RefusedError: no row has that id.
    """
    after, size = call.params.get("starting_after"), min(whole(call, "limit", 25, 250), 100)
    ids = [str(row["id"]) for row in rows]
    if after and after not in ids:
        raise refused(400, "invalid_request", "starting_after is invalid", app=True)
    start = ids.index(after) + 1 if after else 0
    page = rows[start : start + size]
    more = start + size < len(rows)
    following = urlencode({"limit": size, "starting_after": ids[start + size - 1]}) if more else ""
    return {
        "pagination": {
            "ending_before": None,
            "starting_after": after or None,
            "limit": size,
            "order": "desc",
            "previous_uri": None,
            "next_uri": f"{path}?{following}" if more else None,
        },
        "data": page,
    }


def transaction_summary(call: Call) -> object:
    """GET /api/v3/brokerage/transaction_summary."""
    tier = {"pricing_tier": "Advanced 1", "taker_fee_rate": "0.001", "maker_fee_rate": "0.001"}
    return {"total_volume": 0, "total_fees": 0, "fee_tier": tier, "total_balance": ""}


ENDPOINTS = {
    ("GET", f"{V3}/key_permissions"): Endpoint(key_permissions, scope="any"),
    ("GET", f"{V3}/accounts"): Endpoint(accounts),
    ("GET", f"{V3}/portfolios"): Endpoint(portfolios),
    ("GET", f"{V3}/portfolios/{{uuid}}"): Endpoint(breakdown),
    ("GET", f"{V3}/transaction_summary"): Endpoint(transaction_summary),
    ("GET", "/v2/accounts"): Endpoint(app_accounts),
    ("GET", "/v2/accounts/{id}"): Endpoint(app_account),
}
