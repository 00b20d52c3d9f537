"""Binance margin (`/sapi/v1/margin`): cross and isolated, with debts.

The world knows what is left after debts; here a part of it is shown as borrowed, besides what is owed net.
"""

from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, Habits
from connectors.sandbox.binance.spot import trades_of
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO
from connectors.sandbox.wire import amount

BORROWED = {"USDT": Decimal("500.5")}
INTEREST = Decimal("0.00125")
Row = dict[str, object]


def account(exchange: str, uid: str) -> AccountSpec:
    """Return an account with debts on cross and isolated margin, a loan against its earn, and a trading bot."""
    return AccountSpec(
        uid,
        exchange,
        "margin",
        opening={
            "spot": {"USDT": Decimal(2500), "BTC": Decimal("0.02")},
            "funding": {"USDT": Decimal(300)},
            "margin_cross": {"USDT": Decimal(3000), "ETH": Decimal("1.5"), "BTC": Decimal("-0.02")},
            "margin_isolated": {"SOL": Decimal(40), "USDT": Decimal(-900)},
            "bots": {"USDT": Decimal("250.5")},
            "earn": {"BTC": Decimal("0.03"), "USDT": Decimal(400)},
            "loans": {"USDC": Decimal("-120.75")},
        },
        habits=Habits(spot_trades=1, deposit_every=8, withdraw_every=12),
    )


def owed(asset: str, net: Decimal) -> tuple[Decimal, Decimal]:
    """Return what is borrowed and the interest on it, for a net holding of an asset."""
    borrowed = BORROWED.get(asset, ZERO) if net > 0 else -net - INTEREST
    return borrowed, INTEREST if borrowed else ZERO


def cross(call: Call) -> object:
    """GET /sapi/v1/margin/account."""
    held = call.book().amounts("margin_cross")
    return {
        "borrowEnabled": bool(held),
        "marginLevel": "999.00000000",
        "tradeEnabled": bool(held),
        "transferEnabled": bool(held),
        "userAssets": [_asset(asset, net) for asset, net in {**held, "XRP": ZERO}.items()],
        **_totals(),
    }


def isolated(call: Call) -> object:
    """GET /sapi/v1/margin/isolated/account: one pair, SOL against USDT."""
    held = call.book().amounts("margin_isolated")
    pair = {
        "symbol": "SOLUSDT",
        "isolatedCreated": True,
        "marginRatio": "2.1",
        "baseAsset": _asset("SOL", held.get("SOL", ZERO)),
        "quoteAsset": _asset("USDT", held.get("USDT", ZERO)),
    }
    return {"assets": [pair] if held else [], **_totals()}


def loans(call: Call) -> object:
    """GET /sapi/v2/loan/flexible/ongoing/orders: what is pledged is a part of flexible earn."""
    rows: list[Row] = [
        {
            "loanCoin": asset,
            "totalDebt": amount(-owed_net),
            "collateralCoin": "BTC",
            "collateralAmount": "0.003",
            "currentLTV": "0.57",
        }
        for asset, owed_net in call.book().amounts("loans").items()
    ]
    return {"rows": rows, "total": len(rows)}


def trades(call: Call) -> object:
    """GET /sapi/v1/margin/myTrades: fills of one symbol on cross margin, or with `isIsolated` on isolated margin."""
    isolated = call.params.get("isIsolated", "FALSE").upper() == "TRUE"
    return trades_of(call, "margin_isolated" if isolated else "margin_cross")


def pairs(call: Call) -> object:
    """GET /sapi/v1/margin/allPairs and isolated/allPairs: no list is kept here."""
    return []


def _asset(asset: str, net: Decimal) -> Row:
    borrowed, interest = owed(asset, net) if net else (ZERO, ZERO)
    return {
        "asset": asset,
        "borrowed": amount(borrowed),
        "free": amount(net + borrowed + interest),
        "interest": amount(interest),
        "locked": amount(ZERO),
        "netAsset": amount(net),
    }


def _totals() -> Row:
    return dict.fromkeys(("totalAssetOfBtc", "totalLiabilityOfBtc", "totalNetAssetOfBtc"), "0.00000000")


ENDPOINTS = {
    ("GET", "/sapi/v1/margin/account"): Endpoint(cross, 10),
    ("GET", "/sapi/v1/margin/isolated/account"): Endpoint(isolated, 10),
    ("GET", "/sapi/v2/loan/flexible/ongoing/orders"): Endpoint(loans, 300),
    ("GET", "/sapi/v1/margin/myTrades"): Endpoint(trades, 10),
    ("GET", "/sapi/v1/margin/allPairs"): Endpoint(pairs),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Endpoint(pairs, 10),
}
