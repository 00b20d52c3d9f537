"""Binance wallet (`/sapi`): key permissions, funding, earn, deposits, withdrawals, transfers."""

from collections.abc import Callable
from decimal import Decimal

from connectors.sandbox.binance.common import PORTFOLIO_MARGIN, error, integer, limited, mandatory, page, window
from connectors.sandbox.binance.doors import DOORS
from connectors.sandbox.binance.spot import LOCKED_EARN
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, Event, to_ms
from connectors.sandbox.prices import LISTED, TINY, UNLISTED
from connectors.sandbox.wire import amount
from connectors.types import LedgerKind

FIAT = "BRL"
TRANSFER_NAMES = {
    "MAIN": "spot",
    "FUNDING": "funding",
    "UMFUTURE": "futures_linear",
    "CMFUTURE": "futures_inverse",
    "MARGIN": "margin_cross",
    "PORTFOLIO_MARGIN": "portfolio_margin",
    "OPTION": "options",
}
TRANSFERS = {
    f"{one}_{other}": (TRANSFER_NAMES[one], TRANSFER_NAMES[other])
    for one in TRANSFER_NAMES
    for other in TRANSFER_NAMES
    if one != other
}
WALLET_NAMES = {
    "spot": "Spot",
    "funding": "Funding",
    "earn": "Earn",
    "futures_linear": "USDⓈ-M Futures",
    "futures_inverse": "COIN-M Futures",
    "margin_cross": "Cross Margin",
    "margin_isolated": "Isolated Margin",
    "bots": "Trading Bots",
}
Row = dict[str, object]


def api_restrictions(call: Call) -> object:
    """GET /sapi/v1/account/apiRestrictions."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    may = key.permissions
    answer: Row = {
        "ipRestrict": may.ip_restricted,
        "createTime": to_ms(key.created_at),
        "enableReading": may.read,
        "enableWithdrawals": may.withdraw,
        "enableInternalTransfer": may.transfer,
        "enableMargin": False,
        "enableFutures": may.trade,
        "permitsUniversalTransfer": may.transfer,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": may.trade,
        "enablePortfolioMarginTrading": False,
    }
    if may.expires_at is not None:
        answer["tradingAuthorityExpirationTime"] = to_ms(may.expires_at)
    return answer


def account_info(call: Call) -> object:
    """GET /sapi/v1/account/info."""
    futures = any(wallet.startswith("futures") for wallet in call.account.opening)
    unified = call.account.mode == PORTFOLIO_MARGIN
    return {
        "vipLevel": 0,
        "isMarginEnabled": unified or "margin_cross" in call.account.opening,
        "isFutureEnabled": futures or unified,
        "isOptionsEnabled": False,
        "isPortfolioMarginRetailEnabled": unified,
    }


def funding_assets(call: Call) -> object:
    """POST /sapi/v1/asset/get-funding-asset."""
    rows = [
        {"asset": asset, "free": amount(total), "locked": "0", "freeze": "0", "withdrawing": "0", "btcValuation": "0"}
        for asset, total in call.book().amounts("funding").items()
    ]
    asked = call.params.get("asset")
    return [row for row in rows if asked in (None, "", row["asset"])]


def flexible_positions(call: Call) -> object:
    """GET /sapi/v1/simple-earn/flexible/position."""
    rows: list[Row] = [
        {
            "totalAmount": amount(total),
            "tierAnnualPercentageRate": {},
            "latestAnnualPercentageRate": "0.02920000",
            "yesterdayAirdropPercentageRate": "0",
            "asset": asset,
            "airDropAsset": "",
            "canRedeem": True,
            "collateralAmount": amount(total / 10 if "loans" in call.account.opening else ZERO),
            "productId": f"{asset}001",
            "yesterdayRealTimeRewards": "0",
            "cumulativeBonusRewards": "0",
            "cumulativeRealTimeRewards": "0",
            "cumulativeTotalRewards": "0",
            "autoSubscribe": True,
        }
        for asset, total in call.book().amounts("earn").items()
        if asset not in LOCKED_EARN and call.params.get("asset", asset) == asset
    ]
    return page(rows, call.params)


def locked_positions(call: Call) -> object:
    """GET /sapi/v1/simple-earn/locked/position."""
    rows: list[Row] = [
        {
            "positionId": 123123,
            "parentPositionId": 123122,
            "projectId": f"{asset}*90",
            "asset": asset,
            "amount": amount(total),
            "purchaseTime": to_ms(call.world.opened_at),
            "duration": "90",
            "accrualDays": "4",
            "rewardAsset": asset,
            "APY": "0.0290",
            "rewardAmt": "0",
            "redeemingAmt": "0",
            "canRedeemEarly": True,
            "autoSubscribe": True,
            "type": "AUTO",
            "status": "HOLDING",
        }
        for asset, total in call.book().amounts("earn").items()
        if asset in LOCKED_EARN
    ]
    return page(rows, call.params)


def deposits(call: Call) -> object:
    """GET /sapi/v1/capital/deposit/hisrec, newest first; a row that does not count is still pending (status 0)."""
    since, until = window(call, default_days=90, max_days=90)
    rows: list[Row] = [
        {
            "id": str(event.id),
            "amount": amount(event.amount),
            "coin": event.asset,
            "network": event.note or "TRX",
            "status": 1 if event.counts else 0,
            "address": "TSandboxAddress00000000000000000001",
            "addressTag": "",
            "txId": f"{event.id:064x}",
            "insertTime": event.at_ms,
            "completeTime": event.at_ms,
            "transferType": 0,
            "confirmTimes": "1/1",
            "unlockConfirm": 0,
            "walletType": int(event.wallet == "funding"),
        }
        for event in _of_kind(call.events(since, until), LedgerKind.DEPOSIT)
        if event.asset != FIAT and event.note not in DOORS
    ]
    return _history(call, rows, "status")


def withdrawals(call: Call) -> object:
    """GET /sapi/v1/capital/withdraw/history, newest first: `amount` is net, the fee comes on top."""
    since, until = window(call, default_days=90, max_days=90)
    events = call.events(since, until)
    fees = {event.ref: -event.amount for event in events if event.kind is LedgerKind.FEE and event.note == "withdrawal"}
    rows: list[Row] = [
        {
            "id": f"{event.id:032x}",
            "amount": amount(-event.amount),
            "transactionFee": amount(fees.get(event.ref, ZERO)),
            "coin": event.asset,
            "status": 6 if event.counts else 4,
            "address": "TSandboxAddress00000000000000000002",
            "txId": f"{event.id:064x}",
            "applyTime": f"{event.at:%Y-%m-%d %H:%M:%S}",
            "network": event.note or "TRX",
            "transferType": 0,
            "info": "",
            "confirmNo": 3,
            "walletType": int(event.wallet == "funding"),
            "txKey": "",
            "completeTime": f"{event.at:%Y-%m-%d %H:%M:%S}",
        }
        for event in _of_kind(events, LedgerKind.WITHDRAWAL)
        if event.asset != FIAT and event.note not in DOORS
    ]
    return _history(call, rows, "status")


def fiat_orders(call: Call) -> object:
    """GET /sapi/v1/fiat/orders: BRL through Pix, `transactionType` 0 deposits, 1 withdrawals."""
    kind = call.params.get("transactionType", "")
    if kind not in ("0", "1"):
        raise mandatory("transactionType")
    since, until = window(call, default_days=30, max_days=3650, start="beginTime", end="endTime")
    events = _of_kind(call.events(since, until), LedgerKind.DEPOSIT if kind == "0" else LedgerKind.WITHDRAWAL)
    rows: list[Row] = [
        {
            "orderNo": f"{event.id:032x}",
            "fiatCurrency": FIAT,
            "indicatedAmount": f"{abs(event.amount):.2f}",
            "amount": f"{abs(event.amount):.2f}",
            "totalFee": "0",
            "method": event.note or "Pix",
            "status": "Successful",
            "createTime": event.at_ms,
            "updateTime": event.at_ms,
        }
        for event in events
        if event.asset == FIAT and event.counts
    ]
    rows.reverse()
    size, number = limited(call.params, 100, 500, "rows"), max(integer(call.params, "page", 1) or 1, 1)
    data = rows[(number - 1) * size : number * size]
    return {"code": "000000", "message": "success", "data": data, "total": len(rows), "success": True}


def dividends(call: Call) -> object:
    """GET /sapi/v1/asset/assetDividend, newest first."""
    since, until = window(call, default_days=180, max_days=180)
    rows: list[Row] = [
        {
            "id": event.id,
            "tranId": event.ref,
            "asset": event.asset,
            "amount": amount(event.amount),
            "divTime": event.at_ms,
            "enInfo": event.note or "Distribution",
            "direction": 1,
        }
        for event in reversed(call.events(since, until))
        if event.kind in (LedgerKind.REWARD, LedgerKind.AIRDROP, LedgerKind.BONUS)
        and event.wallet == "spot"
        and call.params.get("asset", event.asset) == event.asset
    ]
    return {"rows": rows[: limited(call.params, 20, 500)], "total": len(rows)}


def transfers(call: Call) -> object:
    """GET /sapi/v1/asset/transfer of one mandatory `type`, newest first."""
    kind = call.params.get("type", "")
    if not kind:
        raise mandatory("type")
    if kind not in TRANSFERS:
        raise error(-1130, "Data sent for parameter 'type' is not valid.")
    since, until = window(call, default_days=7, max_days=184)
    source, target = TRANSFERS[kind]
    rows: list[Row] = [
        {
            "asset": event.asset,
            "amount": amount(event.amount),
            "type": kind,
            "status": "CONFIRMED",
            "tranId": event.ref,
            "timestamp": event.at_ms,
        }
        for event in reversed(call.events(since, until))
        if event.kind is LedgerKind.TRANSFER_IN and event.note == f"{source}>{target}"
    ]
    return page(rows, call.params) if rows else {"total": 0}


def wallet_overview(call: Call) -> object:
    """GET /sapi/v1/asset/wallet/balance in `quoteAsset` (BTC)."""
    quote = call.world.price(call.params.get("quoteAsset") or "BTC", call.at) or Decimal(1)
    equity, _ = call.world.equity(call.book())
    return [
        {"activate": wallet in equity, "balance": amount(equity.get(wallet, ZERO) / quote), "walletName": name}
        for wallet, name in WALLET_NAMES.items()
    ]


def coins(call: Call) -> object:
    """GET /sapi/v1/capital/config/getall."""
    return [_coin(asset) for asset in (*LISTED, "USDT", "USDC", FIAT, UNLISTED, *TINY)]


def _coin(asset: str) -> Row:
    network = {
        "network": "TRX",
        "coin": asset,
        "name": "Tron (TRC20)",
        "isDefault": True,
        "depositEnable": True,
        "withdrawEnable": True,
        "withdrawIntegerMultiple": "0.00000001",
        "withdrawFee": "1",
        "withdrawMin": "10",
        "withdrawMax": "1000000",
        "minConfirm": 1,
        "unLockConfirm": 0,
    }
    zeros = {name: "0" for name in ("free", "locked", "freeze", "withdrawing", "ipoing", "ipoable", "storage")}
    legal = asset == FIAT
    return {
        "coin": asset,
        "name": asset,
        "trading": not legal,
        "isLegalMoney": legal,
        "depositAllEnable": True,
        "withdrawAllEnable": True,
        "networkList": [] if legal else [network],
        **zeros,
    }


def system_status(call: Call) -> object:
    """GET /sapi/v1/system/status."""
    return {"status": 0, "msg": "normal"}


def _of_kind(events: list[Event], kind: LedgerKind) -> list[Event]:
    return [event for event in events if event.kind is kind]


def _history(call: Call, rows: list[Row], status: str) -> list[Row]:
    keeps: Callable[[Row], bool] = lambda row: (  # noqa: E731 - one condition, used once
        call.params.get("coin", row["coin"]) == row["coin"]
        and call.params.get(status, str(row[status])) == str(row[status])
    )
    found = [row for row in reversed(rows) if keeps(row)]
    offset = integer(call.params, "offset", 0) or 0
    return found[offset : offset + limited(call.params, 1000, 1000)]


ENDPOINTS = {
    ("GET", "/sapi/v1/account/apiRestrictions"): Endpoint(api_restrictions),
    ("GET", "/sapi/v1/account/info"): Endpoint(account_info),
    ("POST", "/sapi/v1/asset/get-funding-asset"): Endpoint(funding_assets),
    ("GET", "/sapi/v1/simple-earn/flexible/position"): Endpoint(flexible_positions, 150),
    ("GET", "/sapi/v1/simple-earn/locked/position"): Endpoint(locked_positions, 150),
    ("GET", "/sapi/v1/capital/deposit/hisrec"): Endpoint(deposits),
    ("GET", "/sapi/v1/capital/withdraw/history"): Endpoint(withdrawals, 18_000, scope="uid"),
    ("GET", "/sapi/v1/fiat/orders"): Endpoint(fiat_orders, 90_000, scope="uid"),
    ("GET", "/sapi/v1/asset/assetDividend"): Endpoint(dividends, 10),
    ("GET", "/sapi/v1/asset/transfer"): Endpoint(transfers),
    ("GET", "/sapi/v1/asset/wallet/balance"): Endpoint(wallet_overview, 60),
    ("GET", "/sapi/v1/capital/config/getall"): Endpoint(coins, 10),
    ("GET", "/sapi/v1/system/status"): Endpoint(system_status, signed=False),
}
