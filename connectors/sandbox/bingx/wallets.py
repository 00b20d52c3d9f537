"""BingX key rights, wallets and open positions."""

from decimal import Decimal

from connectors.sandbox.bingx.common import ACCOUNTS, Row, name_of, refused, required
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.keys import SandboxKey
from connectors.sandbox.model import ZERO, OpenPosition, to_ms
from connectors.sandbox.wire import amount, text

# account types of the overview; spot and funding share one, two are spelt like that
TYPES = {"spot": "sopt", "funding": "sopt", "earn": "eran", "copy_trading": "copyTrading", "grid": "grid", "c2c": "c2c"}


def _key(call: Call) -> SandboxKey:
    if call.key is None:
        raise LookupError("public endpoint")
    return call.key


def key_rights(call: Call) -> object:
    """GET /openApi/v1/account/apiPermissions."""
    key, may = _key(call), _key(call).permissions
    return {
        "ipRestrict": bool(key.allowed_ips),
        "createTime": to_ms(key.created_at),
        "enableReading": may.read,
        "enableSpotAndMarginTrading": may.trade,
        "enableWithdrawals": may.withdraw,
        "enableInternalTransfer": may.transfer,
        "enableFutures": may.trade,
        "permitsUniversalTransfer": may.transfer,
        "enableVanillaOptions": False,
    }


def uid(call: Call) -> object:
    """GET /openApi/account/v1/uid."""
    return {"uid": int(call.uid)}


def key_list(call: Call) -> object:
    """GET /openApi/account/v1/apiKey/query: the rights of the account's keys as numbers."""
    if required(call, "uid") != call.uid:
        raise refused(100004, "Permission denied", call.site.now_ms())
    wanted = call.params.get("apiKey")
    keys = [key for key in call.site.keys.all() if key.uid == call.uid and wanted in (None, "", key.api_key)]
    return {"apiInfos": [_listed(key) for key in keys]}


def _listed(key: SandboxKey) -> Row:
    may = key.permissions
    numbers = [(may.trade, 1), (may.read, 2), (may.trade, 3), (may.transfer, 4), (may.withdraw, 5), (may.transfer, 7)]
    return {
        "apiKey": key.api_key,
        "note": key.name,
        "permissions": [number for held, number in numbers if held],
        "ipAddresses": [ip for ip in key.allowed_ips if "." in ip] or [""],
        "createTime": to_ms(key.created_at),
        "updateTime": to_ms(key.created_at),
    }


def spot(call: Call) -> object:
    """GET /openApi/spot/v1/account/balance."""
    book = call.book()
    rows = []
    for asset, total in book.amounts("spot").items():
        locked = book.locked.get(asset, ZERO)
        rows.append({"asset": asset, "free": text(total - locked), "locked": text(locked)})
    return {"balances": [*rows, {"asset": "VST", "free": "0", "locked": "0"}]}


def funding(call: Call) -> object:
    """GET /openApi/fund/v1/account/balance, with twenty places."""
    held = call.book().amounts("funding")
    return {
        "assets": [{"asset": asset, "free": f"{total:.20f}", "locked": f"{ZERO:.20f}"} for asset, total in held.items()]
    }


def overview(call: Call) -> object:
    """GET /openApi/account/v1/allAccountBalance in USDT."""
    equity, _unpriced = call.world.equity(call.book())
    sums: dict[str, Decimal] = {}
    for wallet, value in equity.items():
        name = TYPES.get(wallet) or ACCOUNTS[wallet]
        sums[name] = sums.get(name, ZERO) + value
    asked = call.params.get("accountType")
    return [
        {"accountType": name, "usdtBalance": amount(value)} for name, value in sums.items() if asked in (None, "", name)
    ]


def swap_balance(call: Call) -> object:
    """GET /openApi/swap/v3/user/balance: empty texts for a coin whose wallet was never opened."""
    held = call.book().wallets.get("futures_linear", {})
    coins = list(dict.fromkeys(["USDT", "USDC", *held]))
    return [_margin(call, "futures_linear", coin) if coin in held else _unopened(call, coin) for coin in coins]


def coin_balance(call: Call) -> object:
    """GET /openApi/cswap/v1/user/balance, in the coin."""
    return [_margin(call, "futures_inverse", coin) for coin in call.book().wallets.get("futures_inverse", {})]


def _margin(call: Call, wallet: str, coin: str) -> Row:
    book = call.book()
    mine = [position for position in book.positions if position.wallet == wallet and position.settle == coin]
    cash, used = book.wallets[wallet][coin], sum((position.initial_margin for position in mine), ZERO)
    profit = book.unrealized(wallet).get(coin, ZERO)
    free = cash - used if wallet == "futures_linear" else cash + profit - used
    return {
        "userId": call.uid,
        "asset": name_of(call, coin),
        "balance": text(cash),
        "equity": text(cash + profit),
        "unrealizedProfit": text(profit),
        "realisedProfit": "0",
        "availableMargin": text(free),
        "usedMargin": text(used),
        "freezedMargin": "0.0000",
        "shortUid": call.uid,
    }


def _unopened(call: Call, coin: str) -> Row:
    empty = ("balance", "equity", "unrealizedProfit", "availableMargin", "usedMargin", "freezedMargin")
    return {"userId": "", "asset": name_of(call, coin), **dict.fromkeys(empty, ""), "realisedProfit": "0"}


def standard_balance(call: Call) -> object:
    """GET /openApi/contract/v1/balance."""
    return [
        {
            "asset": asset,
            "balance": f"{total:.20f}",
            "crossWalletBalance": f"{total:.20f}",
            "crossUnPnl": "0",
            "availableBalance": f"{total:.20f}",
            "maxWithdrawAmount": f"{total:.20f}",
            "marginAvailable": False,
            "updateTime": call.site.now_ms(),
        }
        for asset, total in call.book().amounts("futures_standard").items()
    ]


def standard_positions(call: Call) -> object:
    """GET /openApi/contract/v1/allPosition: nobody trades standard contracts here."""
    return []


def swap_positions(call: Call) -> object:
    """GET /openApi/swap/v2/user/positions."""
    return [
        {
            **_position(position, f"{position.base}-USDT"),
            "currency": name_of(call, position.settle),
            "onlyOnePosition": not call.account.hedged,
            "positionValue": text(position.notional),
            "margin": text(position.initial_margin),
            "realisedProfit": text(position.held.gross),
            "pnlRatio": "0",
        }
        for position in call.book().positions
        if not position.inverse and call.params.get("symbol") in (None, "", f"{position.base}-USDT")
    ]


def coin_positions(call: Call) -> object:
    """GET /openApi/cswap/v1/user/positions, in contracts."""
    return [_position(position, f"{position.base}-USD") for position in call.book().positions if position.inverse]


def _position(position: OpenPosition, symbol: str) -> Row:
    return {
        "symbol": symbol,
        "positionId": str(to_ms(position.held.opened_at) * 1_000_000 + ord(position.side.value[0])),
        "positionSide": position.side.value.upper(),
        "isolated": False,
        "positionAmt": text(position.contracts),
        "availableAmt": text(position.contracts),
        "unrealizedProfit": text(position.unrealized),
        "initialMargin": text(position.initial_margin),
        "liquidationPrice": 0 if position.liquidation is None else float(position.liquidation),
        "avgPrice": text(position.entry),
        "leverage": position.leverage,
        "markPrice": text(position.mark),
        "riskRate": "0.0012",
        "maxMarginReduction": "0",
        "updateTime": to_ms(position.held.updated_at),
    }


def position_mode(call: Call) -> object:
    """GET /openApi/swap/v1/positionSide/dual."""
    return {"dualSidePosition": "true" if call.account.hedged else "false"}


def asset_mode(call: Call) -> object:
    """GET /openApi/swap/v1/trade/assetMode."""
    return {"assetMode": "singleAssetMode"}


ENDPOINTS = {
    ("GET", "/openApi/v1/account/apiPermissions"): Endpoint(key_rights, 0, scope="2"),
    ("GET", "/openApi/account/v1/apiKey/query"): Endpoint(key_list, 0, scope="5"),
    ("GET", "/openApi/account/v1/uid"): Endpoint(uid, 0, scope="2"),
    ("GET", "/openApi/account/v1/allAccountBalance"): Endpoint(overview, 2, scope="5"),
    ("GET", "/openApi/spot/v1/account/balance"): Endpoint(spot, 3, scope="5"),
    ("GET", "/openApi/fund/v1/account/balance"): Endpoint(funding, 0, scope="2"),
    ("GET", "/openApi/swap/v3/user/balance"): Endpoint(swap_balance, 3, scope="5"),
    ("GET", "/openApi/swap/v2/user/positions"): Endpoint(swap_positions, 3, scope="10"),
    ("GET", "/openApi/swap/v1/positionSide/dual"): Endpoint(position_mode, 2, scope="5"),
    ("GET", "/openApi/swap/v1/trade/assetMode"): Endpoint(asset_mode, 2, scope="5"),
    ("GET", "/openApi/cswap/v1/user/balance"): Endpoint(coin_balance, 2, scope="5"),
    ("GET", "/openApi/cswap/v1/user/positions"): Endpoint(coin_positions, 2, scope="5"),
    ("GET", "/openApi/contract/v1/balance"): Endpoint(standard_balance, 2),
    ("GET", "/openApi/contract/v1/allPosition"): Endpoint(standard_positions, 2),
}
