"""Bitget classic account: key rights, wallets, positions."""

from decimal import Decimal

from connectors.sandbox.bitget.common import Row, contract, margin_coins, product, product_of
from connectors.sandbox.bitget.history import MARGIN_PAIR
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.model import ZERO, OpenPosition, to_ms
from connectors.sandbox.wire import amount, text
from connectors.sandbox.world import MAINTENANCE_RATE

WALLETS = {
    "spot": "spot",
    "futures_linear": "futures",
    "futures_inverse": "futures",
    "funding": "funding",
    "earn": "earn",
    "margin_cross": "margin",
    "margin_isolated": "margin",
}
DEBTS = ("borrow", "repay")  # notes of what changes a margin wallet and its debt alike


def authorities(key: SandboxKey) -> list[str]:
    """Return the codes of what a key may do."""
    may = key.permissions
    codes = [(may.trade, "trade"), (may.transfer, "transfer"), (may.withdraw, "wwow"), (may.read, "readonly")]
    return [code for allowed, code in codes if allowed]


def account_info(call: Call) -> object:
    """GET /api/v2/spot/account/info."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    return {
        "userId": call.uid,
        "inviterId": "",
        "ips": ",".join(ip for ip in key.allowed_ips if "." in ip),
        "authorities": authorities(key),
        "parentId": int(call.uid),
        "traderType": "not_trader",
        "channelCode": "",
        "channel": "",
        "regisTime": str(to_ms(key.created_at)),
    }


def spot_assets(call: Call) -> object:
    """GET /api/v2/spot/account/assets; an empty account answers one zero row."""
    book, asked, now = call.book(), call.params.get("coin", "").upper(), str(call.site.now_ms())
    rows = [
        {
            "coin": asset,
            "available": amount(total - book.locked.get(asset, ZERO)),
            "frozen": amount(book.locked.get(asset, ZERO)),
            "locked": "0",
            "limitAvailable": "0",
            "uTime": now,
        }
        for asset, total in book.amounts("spot").items()
        if asked in ("", asset)
    ]
    zero = {
        "coin": "usdt",
        "available": "0",
        "frozen": "0",
        "locked": "0",
        "limitAvailable": "0",
        "uTime": "1622697148",
    }
    return rows or [zero]


def funding_assets(call: Call) -> object:
    """GET /api/v2/account/funding-assets."""
    return [
        {"coin": asset, "available": amount(total), "frozen": "", "usdtValue": _usdt(call, asset, total)}
        for asset, total in call.book().amounts("funding").items()
    ]


def _usdt(call: Call, asset: str, total: Decimal) -> str:
    return amount(total * (call.world.price(asset, call.at) or ZERO))


def overview(call: Call) -> object:
    """GET /api/v2/account/all-account-balance."""
    equity, _ = call.world.equity(call.book())
    totals = dict.fromkeys(("spot", "futures", "funding", "earn", "bots", "margin"), ZERO)
    for wallet, value in equity.items():
        totals[WALLETS[wallet]] += value
    return [{"accountType": name, "usdtBalance": amount(value)} for name, value in totals.items()]


def futures_accounts(call: Call) -> object:
    """GET /api/v2/mix/account/accounts: one row per margin coin of the product type."""
    product_type = product(call)
    return [_futures_account(call, coin, product_type) for coin in margin_coins(product_type)]


def _futures_account(call: Call, coin: str, product_type: str) -> Row:
    book = call.book()
    wallet = "futures_inverse" if product_type == "COIN-FUTURES" else "futures_linear"
    mine = [position for position in book.positions if product_of(position) == product_type and position.settle == coin]
    cash = book.wallets.get(wallet, {}).get(coin, ZERO)
    pnl = sum((position.unrealized for position in mine), ZERO)
    margin = sum((position.initial_margin for position in mine), ZERO)
    free = text(max(cash - margin, ZERO))
    btc = call.world.price("BTC", call.at) or Decimal(1)
    usdt = (cash + pnl) * (call.world.price(coin, call.at) or ZERO)
    return {
        "marginCoin": coin,
        "locked": "0",
        "available": free,
        "crossedMaxAvailable": free,
        "isolatedMaxAvailable": free,
        "maxTransferOut": free,
        "accountEquity": text(cash + pnl),
        "usdtEquity": f"{usdt:.12f}",
        "btcEquity": f"{usdt / btc:.12f}",
        "crossedRiskRate": "0",
        "unrealizedPL": text(pnl) if mine else "",
        "coupon": "0",
        "crossedUnrealizedPL": text(pnl) if mine else None,
        "isolatedUnrealizedPL": "0" if mine else None,
    }


def positions(call: Call) -> object:
    """GET /api/v2/mix/position/all-position of a product type; `marginCoin` narrows it."""
    product_type, coin = product(call), call.params.get("marginCoin", "").upper()
    return [
        _position(call, position, product_type)
        for position in call.book().positions
        if product_of(position) == product_type and coin in ("", position.settle)
    ]


def _position(call: Call, position: OpenPosition, product_type: str) -> Row:
    held = position.held
    return {
        "marginCoin": position.settle,
        "symbol": contract(position.base, product_type),
        "holdSide": position.side.value,
        "openDelegateSize": "0",
        "marginSize": text(position.initial_margin),
        "available": text(position.size),
        "locked": "0",
        "total": text(position.size),
        "leverage": str(position.leverage),
        "achievedProfits": text(held.gross),
        "openPriceAvg": text(position.entry),
        "marginMode": "crossed",
        "posMode": "hedge_mode" if call.account.hedged else "one_way_mode",
        "unrealizedPL": text(position.unrealized),
        "liquidationPrice": text(position.liquidation) if position.liquidation is not None else "-1",
        "keepMarginRate": text(MAINTENANCE_RATE),
        "markPrice": text(position.mark),
        "marginRatio": "0.02",
        "breakEvenPrice": text(position.entry),
        "totalFee": text(held.funding),
        "deductedFee": text(-held.open_fee),
        "cTime": str(to_ms(held.opened_at)),
        "uTime": str(to_ms(held.updated_at)),
    }


def earn_assets(call: Call) -> object:
    """GET /api/v2/earn/account/assets."""
    return [{"coin": asset, "amount": amount(total)} for asset, total in call.book().amounts("earn").items()]


def margin_cross(call: Call) -> object:
    """GET /api/v2/margin/crossed/account/assets: the net is what remains after the debt."""
    return _margin(call, "margin_cross")


def margin_isolated(call: Call) -> object:
    """GET /api/v2/margin/isolated/account/assets: a row per pair and coin."""
    return [{"symbol": MARGIN_PAIR, **row} for row in _margin(call, "margin_isolated")]


def _margin(call: Call, wallet: str) -> list[Row]:
    debts: dict[str, Decimal] = {}
    for event in call.events(call.world.opened_at, call.at):
        if event.wallet == wallet and event.note in DEBTS:
            debts[event.asset] = debts.get(event.asset, ZERO) + event.amount
    return [
        {
            "coin": asset,
            "totalAmount": text(total),
            "available": text(total),
            "frozen": "0",
            "borrow": text(debts.get(asset, ZERO)),
            "interest": "0",
            "net": text(total - debts.get(asset, ZERO)),
            "coupon": "0",
        }
        for asset, total in call.book().amounts(wallet).items()
    ]


def nothing(call: Call) -> object:
    """Bots: nothing is held there."""
    return []


ENDPOINTS = {
    ("GET", "/api/v2/spot/account/info"): Endpoint(account_info, 1),
    ("GET", "/api/v2/spot/account/assets"): Endpoint(spot_assets, 10),
    ("GET", "/api/v2/account/funding-assets"): Endpoint(funding_assets, 10),
    ("GET", "/api/v2/account/all-account-balance"): Endpoint(overview, 1),
    ("GET", "/api/v2/mix/account/accounts"): Endpoint(futures_accounts, 10),
    ("GET", "/api/v2/mix/position/all-position"): Endpoint(positions, 5),
    ("GET", "/api/v2/earn/account/assets"): Endpoint(earn_assets, 10),
    ("GET", "/api/v2/account/bot-assets"): Endpoint(nothing, 10),
    ("GET", "/api/v2/margin/crossed/account/assets"): Endpoint(margin_cross, 10),
    ("GET", "/api/v2/margin/isolated/account/assets"): Endpoint(margin_isolated, 10),
}
