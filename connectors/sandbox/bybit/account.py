"""Bybit account reads: key, mode, wallets, Earn, overview, positions."""

from decimal import Decimal

from connectors.sandbox.bybit.common import (
    CLASSIC,
    STATUS,
    Row,
    bad_parameter,
    cash,
    category_of,
    contract,
    page,
    plain_cursor,
    purse,
    read_plain,
    required,
)
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, OpenPosition, to_ms
from connectors.sandbox.wire import amount, text

NEVER = "1970-01-01T00:00:00Z"
EARN_CATEGORIES = ("FlexibleSaving", "OnChain")
POSITION_CATEGORIES = ("linear", "inverse", "option")


def query_api(call: Call) -> object:
    """GET /v5/user/query-api: a read-only key lists what it could do, all the same."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    may = key.permissions
    only_reads = not (may.trade or may.transfer or may.withdraw)
    trades = bool(may.trade or only_reads)
    wallet = ["AccountTransfer"] if may.transfer or only_reads else []
    return {
        "id": key.api_key[:8],
        "note": key.name,
        "apiKey": key.api_key,
        "readOnly": int(only_reads),
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"] if trades else [],
            "Spot": ["SpotTrade"] if trades else [],
            "Wallet": wallet + (["Withdraw"] if may.withdraw else []),
            "Options": [],
            "Derivatives": [],
            "CopyTrading": [],
            "BlockTrade": [],
            "Exchange": ["ExchangeHistory"],
            "Earn": ["Earn"],
        },
        "ips": [ip for ip in key.allowed_ips if "." in ip] or ["*"],
        "type": 1,
        "deadlineDay": -2,
        "expiredAt": f"{may.expires_at:%Y-%m-%dT%H:%M:%SZ}" if may.expires_at else NEVER,
        "createdAt": f"{key.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "unified": 0,
        "uta": int(call.account.mode != CLASSIC),
        "userID": int(call.uid),
        "isMaster": True,
        "parentUid": "0",
    }


def account_info(call: Call) -> object:
    """GET /v5/account/info."""
    return {
        "marginMode": "REGULAR_MARGIN",
        "updatedTime": "1697078946000",
        "unifiedMarginStatus": STATUS[call.account.mode],
        "dcpStatus": "OFF",
        "timeWindow": 10,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def wallet_balance(call: Call) -> object:
    """GET /v5/account/wallet-balance: sums in USD of a unified wallet, empty texts for the others."""
    account_type = required(call, "accountType", ("UNIFIED", "CONTRACT", "SPOT"))
    wallets, book = purse(call, account_type), call.book()
    found, pnl = cash(book, wallets), _unrealized(call, wallets)
    prices = {coin: call.world.price(coin, call.at) or ZERO for coin in (*found, *pnl)}
    rows = [_coin(call, coin, account_type, found=found, pnl=pnl) for coin in {**found, **pnl}]
    sums = {
        "totalEquity": sum(((found.get(c, ZERO) + pnl.get(c, ZERO)) * price for c, price in prices.items()), ZERO),
        "totalWalletBalance": sum((found.get(c, ZERO) * price for c, price in prices.items()), ZERO),
        "totalPerpUPL": sum((pnl.get(c, ZERO) * price for c, price in prices.items()), ZERO),
        "totalInitialMargin": _margin(call, wallets, "initial_margin", prices),
        "totalMaintenanceMargin": _margin(call, wallets, "maintenance_margin", prices),
    }
    sums["totalMarginBalance"] = sums["totalWalletBalance"] + sums["totalPerpUPL"]
    unified = account_type == "UNIFIED"
    shown = {name: amount(value) if unified else "" for name, value in sums.items()}
    rates = dict.fromkeys(("accountIMRate", "accountMMRate", "accountLTV", "totalAvailableBalance"), "")
    if unified and sums["totalMarginBalance"] > 0:
        rates["accountMMRate"] = amount(sums["totalMaintenanceMargin"] / sums["totalMarginBalance"])
    return {"list": [{"accountType": account_type, **shown, **rates, "coin": rows}]}


def _unrealized(call: Call, wallets: tuple[str, ...]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for position in call.book().positions:
        if position.wallet in wallets:
            found[position.settle] = found.get(position.settle, ZERO) + position.unrealized
    return found


def _margin(call: Call, wallets: tuple[str, ...], name: str, prices: dict[str, Decimal]) -> Decimal:
    mine = [position for position in call.book().positions if position.wallet in wallets]
    return sum((Decimal(getattr(position, name)) * prices[position.settle] for position in mine), ZERO)


def _coin(call: Call, coin: str, account_type: str, *, found: dict[str, Decimal], pnl: dict[str, Decimal]) -> Row:
    total, unrealized = found.get(coin, ZERO), pnl.get(coin, ZERO)
    locked = ZERO if account_type == "CONTRACT" else call.book().locked.get(coin, ZERO)
    price = call.world.price(coin, call.at)
    return {
        "coin": coin,
        "equity": "" if account_type == "SPOT" else text(total + unrealized),
        "usdValue": amount((total + unrealized) * price) if price is not None and account_type == "UNIFIED" else "",
        "walletBalance": text(total),
        "free": text(total - locked) if account_type == "SPOT" else "",
        "locked": text(locked),
        "borrowAmount": "0.000000000000000000",
        "accruedInterest": "",
        "spotHedgingQty": "0",
        "totalOrderIM": "0",
        "totalPositionIM": "0",
        "totalPositionMM": "0",
        "unrealisedPnl": "" if account_type == "SPOT" else text(unrealized),
        "cumRealisedPnl": "0",
        "bonus": "0",
        "marginCollateral": True,
        "collateralSwitch": True,
        "spotBorrow": "0",
        "availableToWithdraw": "",
        "availableToBorrow": "",
    }


def coins_balance(call: Call) -> object:
    """GET /v5/asset/transfer/query-account-coins-balance; without holdings a row of zeros."""
    account_type = required(call, "accountType", ("FUND", "SPOT", "CONTRACT"))
    rows = [
        {"coin": coin, "transferBalance": text(total), "walletBalance": text(total), "bonus": ""}
        for coin, total in cash(call.book(), purse(call, account_type)).items()
    ]
    zero = {"coin": "USDC", "transferBalance": "0", "walletBalance": "0", "bonus": ""}
    return {"memberId": call.uid, "accountType": account_type, "balance": rows or [zero]}


def earn(call: Call) -> object:
    """GET /v5/earn/position: all savings are flexible, and one of them was redeemed."""
    if required(call, "category", EARN_CATEGORIES) == "OnChain":
        return {"list": []}
    held = {**call.book().amounts("earn"), "SOL": ZERO}
    return {
        "list": [
            {"coin": coin, "productId": "428", "amount": text(total), "totalPnl": "0", "claimableYield": "0"}
            for coin, total in held.items()
        ]
    }


def earn_fixed(call: Call) -> object:
    """GET /v5/earn/fixed-term/position: nothing is held there."""
    return {"list": []}


def overview(call: Call) -> object:
    """GET /v5/asset/asset-overview: worth in USD by account type."""
    equity, _unpriced = call.world.equity(call.book())
    names = {"funding": "FundingAccount", "earn": "Earn", "loans": "CryptoLoans"}
    worth: dict[str, Decimal] = {}
    for wallet, value in equity.items():
        name = names.get(wallet, "UnifiedTradingAccount")
        worth[name] = worth.get(name, ZERO) + value
    rows: list[Row] = [
        {
            "totalEquity": text(value, 2),
            "valuationCurrency": "USD",
            "accountType": name,
            "snapshotTime": str(call.site.now_ms()),
            "coinDetail": [
                {"coin": coin, "equity": text(total)}
                for wallet, known in names.items()
                if known == name
                for coin, total in call.book().amounts(wallet).items()
            ],
        }
        for name, value in worth.items()
    ]
    return {"totalEquity": text(sum(worth.values(), ZERO), 2), "list": rows}


def positions(call: Call) -> object:
    """GET /v5/position/list of a category; linear ones of a coin or symbol; hedged accounts list flat rows."""
    category = required(call, "category", POSITION_CATEGORIES)
    coin, symbol = call.params.get("settleCoin"), call.params.get("symbol")
    if category == "linear" and not coin and not symbol:
        raise bad_parameter(call, "settleCoin or symbol is required.")
    rows: list[tuple[int, Row]] = []
    for index, position in enumerate(call.book().positions):
        row = _position(call, position)
        if category_of(position) == category and coin in (None, position.settle) and symbol in (None, row["symbol"]):
            rows.append((index + 1, row))
    if rows and call.account.hedged:
        flat = {**rows[0][1], "side": "", "size": "0", "avgPrice": "0", "unrealisedPnl": "", "markPrice": ""}
        rows.append((0, {**flat, "symbol": "DOTUSDT" if category == "linear" else "DOTUSD"}))
    found, cursor = page(call, rows, limits=(20, 200), read=read_plain, write=plain_cursor)
    return {"list": found, "nextPageCursor": cursor, "category": category}


def _position(call: Call, position: OpenPosition) -> Row:
    size = position.contracts * position.contract_size if position.inverse else position.size
    index = (1 if position.held.sign > 0 else 2) if call.account.hedged else 0
    return {
        "positionIdx": index,
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": contract(position.base, position.settle, inverse=position.inverse),
        "side": "Buy" if position.held.sign > 0 else "Sell",
        "size": text(size),
        "avgPrice": text(position.entry),
        "positionValue": text(position.notional),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 2,
        "leverage": str(position.leverage),
        "positionBalance": "0",
        "markPrice": text(position.mark),
        "liqPrice": text(position.liquidation) if position.liquidation is not None else "",
        "bustPrice": "0.01",
        "positionMM": text(position.maintenance_margin),
        "positionIM": text(position.initial_margin),
        "tpslMode": "Full",
        "takeProfit": "",
        "stopLoss": "",
        "trailingStop": "0",
        "unrealisedPnl": text(position.unrealized),
        "curRealisedPnl": "0",
        "cumRealisedPnl": "0",
        "seq": 1,
        "isReduceOnly": False,
        "sessionAvgPrice": "",
        "createdTime": str(to_ms(position.held.opened_at)),
        "updatedTime": str(to_ms(position.held.updated_at)),
    }


ENDPOINTS = {
    ("GET", "/v5/user/query-api"): Endpoint(query_api, 10),
    ("GET", "/v5/account/info"): Endpoint(account_info, 50),
    ("GET", "/v5/account/wallet-balance"): Endpoint(wallet_balance, 50),
    ("GET", "/v5/asset/transfer/query-account-coins-balance"): Endpoint(coins_balance, 5),
    ("GET", "/v5/earn/position"): Endpoint(earn, 10),
    ("GET", "/v5/earn/fixed-term/position"): Endpoint(earn_fixed, 10),
    ("GET", "/v5/asset/asset-overview"): Endpoint(overview, 50),
    ("GET", "/v5/position/list"): Endpoint(positions, 50),
}
