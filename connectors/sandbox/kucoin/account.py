"""KuCoin accounts: mode, key rights, main and trade wallet, margin."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.kucoin.common import HIGH_FREQUENCY, UNIFIED, Row, refused
from connectors.sandbox.model import ZERO, to_ms
from connectors.sandbox.wire import text


def mode(call: Call) -> object:
    """GET /api/ua/v1/account/mode."""
    return {"selfAccountMode": "UNIFIED" if call.account.mode == UNIFIED else "CLASSIC"}


def api_key(call: Call) -> object:
    """GET /api/v1/user/api-key."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    return {
        "remark": key.name,
        "apiKey": key.api_key,
        "apiVersion": 3,
        "permission": ",".join(_words(key)),
        "ipWhitelist": ",".join(address for address in key.allowed_ips if "." in address),
        "createdAt": to_ms(key.created_at),
        "uid": int(key.uid),
        "isMaster": True,
    }


def _words(key: SandboxKey) -> list[str]:
    may = key.permissions
    words = [
        (may.read, "General"),
        (may.trade, "Spot,Margin,Futures"),
        (may.transfer, "InnerTransfer"),
        (may.withdraw, "Transfer"),
    ]
    return [word for allowed, word in words if allowed]


def high_frequency(call: Call) -> object:
    """GET /api/v1/hf/accounts/opened."""
    return call.account.mode == HIGH_FREQUENCY


def accounts(call: Call) -> object:
    """GET /api/v1/accounts: one row per wallet and coin."""
    book = call.book()
    trade = "trade_hf" if call.account.mode == HIGH_FREQUENCY else "trade"
    rows = [_account(trade, coin, total, book.locked.get(coin, ZERO)) for coin, total in book.amounts("spot").items()]
    rows += [_account("main", coin, total, ZERO) for coin, total in book.amounts("funding").items()]
    for name in ("currency", "type"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return rows


def _account(kind: str, coin: str, total: Decimal, held: Decimal) -> Row:
    return {
        "id": f"{kind}-{coin}",
        "currency": coin,
        "type": kind,
        "balance": text(total),
        "available": text(total - held),
        "holds": text(held),
    }


def margin_cross(call: Call) -> object:
    """GET /api/v3/margin/accounts: a coin without money; the empty account never opened margin."""
    if not call.account.opening:
        raise refused("101030", "You haven't yet enabled the margin trading")
    coin = dict.fromkeys(("total", "available", "hold", "liability", "liabilityPrincipal", "liabilityInterest"), "0")
    return {
        "totalAssetOfQuoteCurrency": "0",
        "totalLiabilityOfQuoteCurrency": "0",
        "debtRatio": "0",
        "status": "EFFECTIVE",
        "accounts": [{"currency": "USDT", **coin, "borrowEnabled": True, "transferInEnabled": True}],
    }


def margin_isolated(call: Call) -> object:
    """GET /api/v3/isolated/accounts: nothing is held there."""
    now = call.site.now_ms()
    return {"totalAssetOfQuoteCurrency": "0", "totalLiabilityOfQuoteCurrency": "0", "timestamp": now, "assets": []}


ENDPOINTS = {
    ("GET", "/api/ua/v1/account/mode"): Endpoint(mode, 30, scope="unified"),
    ("GET", "/api/v1/user/api-key"): Endpoint(api_key, 20, scope="management"),
    ("GET", "/api/v1/hf/accounts/opened"): Endpoint(high_frequency, 30, scope="spot"),
    ("GET", "/api/v1/accounts"): Endpoint(accounts, 5, scope="management"),
    ("GET", "/api/v3/margin/accounts"): Endpoint(margin_cross, 15, scope="spot"),
    ("GET", "/api/v3/isolated/accounts"): Endpoint(margin_isolated, 15, scope="spot"),
}
