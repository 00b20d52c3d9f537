"""Bitget unified account (UTA, `/api/v3`): settings, key rights, assets, positions, records."""

from decimal import Decimal

from connectors.sandbox.bitget import history
from connectors.sandbox.bitget.common import (
    Row,
    bad_parameter,
    contract,
    newest_page,
    product,
    product_of,
    required,
    window,
)
from connectors.sandbox.bitget.market import bases
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.life import LEVERAGE
from connectors.sandbox.model import ZERO, ClosedTrip, OpenPosition, to_ms
from connectors.sandbox.wire import amount, text
from connectors.types import LedgerKind

WALLET = "unified"
COLLATERAL = ("USDT", "USDC", "BTC", "ETH")
CATEGORIES = ("SPOT", "MARGIN", "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES", "OTHER")
RENAMED = {"cTime": "createdTime", "uTime": "updatedTime", "tradeId": "recordId"}
DEALS = {"buy": "BUY_DEAL", "sell": "SELL_DEAL"}  # of contracts in one-way mode
OTHER_TYPES = {
    LedgerKind.TRANSFER_IN: "TRANSFER_IN",
    LedgerKind.TRANSFER_OUT: "TRANSFER_OUT",
    LedgerKind.INTEREST: "INTEREST_SETTLEMENT_OUT",
    LedgerKind.LIQUIDATION_FEE: "LIQ_FEE",
}


def settings(call: Call) -> object:
    """GET /api/v3/account/settings: answered for unified accounts only."""
    return {
        "uid": call.uid,
        "accountMode": "unified",
        "assetMode": "multi_assets",
        "accountLevel": "advanced",
        "holdMode": _hold_mode(call),
        "stpMode": "none",
        "symbolConfigList": [
            {
                "category": "USDT-FUTURES",
                "symbol": f"{base}USDT",
                "marginMode": "crossed",
                "leverage": str(LEVERAGE.get(base, 5)),
            }
            for base in bases("USDT-FUTURES")
        ],
        "coinConfigList": [],
    }


def _hold_mode(call: Call) -> str:
    return "hedge_mode" if call.account.hedged else "one_way_mode"


def account_info(call: Call) -> object:
    """GET /api/v3/account/info: what the key may do."""
    key = call.key
    if key is None:
        raise LookupError("public endpoint")
    may = key.permissions
    writes = bool(may.trade or may.transfer or may.withdraw)
    return {
        "userId": call.uid,
        "inviterId": "",
        "parentId": "",
        "channelCode": "",
        "channel": "",
        "ips": ",".join(ip for ip in key.allowed_ips if "." in ip),
        "permType": "read_and_write" if writes else "read-only",
        "permissions": ["uta_mgt", "uta_trade", *(["withdraw"] if may.withdraw else [])],
        "regisTime": str(to_ms(key.created_at)),
    }


def assets(call: Call) -> object:
    """GET /api/v3/account/assets: USD totals and one row per coin; `effEquity` counts collateral only."""
    book = call.book()
    pnl, margin = book.unrealized(WALLET), _margins(book.positions)
    rows, usd, collateral = [], ZERO, ZERO
    for coin, cash in {**book.amounts(WALLET)}.items():
        equity = cash + pnl.get(coin, ZERO)
        value = equity * (call.world.price(coin, call.at) or ZERO)
        usd += value
        collateral += value if coin in COLLATERAL else ZERO
        rows.append(
            {
                "coin": coin,
                "equity": text(equity),
                "usdValue": amount(value),
                "balance": text(cash),
                "available": text(max(cash - margin.get(coin, ZERO), ZERO)),
                "debt": "0",
                "locked": "0",
            }
        )
    btc = call.world.price("BTC", call.at) or Decimal(1)
    unrealized = sum(pnl.values(), ZERO)
    return {
        "accountEquity": amount(usd),
        "usdtEquity": amount(usd),
        "btcEquity": amount(usd / btc),
        "unrealisedPnl": amount(unrealized),
        "usdtUnrealisedPnl": amount(unrealized),
        "btcUnrealizedPnl": amount(unrealized / btc),
        "effEquity": amount(collateral),
        "mmr": amount(sum((position.maintenance_margin for position in book.positions), ZERO)),
        "imr": amount(sum(margin.values(), ZERO)),
        "mgnRatio": "0",
        "positionMgnRatio": "0",
        "assets": rows,
    }


def _margins(positions: tuple[OpenPosition, ...]) -> dict[str, Decimal]:
    margins: dict[str, Decimal] = {}
    for position in positions:
        margins[position.settle] = margins.get(position.settle, ZERO) + position.initial_margin
    return margins


def funding_assets(call: Call) -> object:
    """GET /api/v3/account/funding-assets."""
    return [
        {"coin": coin, "available": amount(total), "frozen": "0", "balance": amount(total)}
        for coin, total in call.book().amounts("funding").items()
    ]


def positions(call: Call) -> object:
    """GET /api/v3/position/current-position of a category; no position is a null list."""
    category = product(call, "category")
    rows = [_position(call, item, category) for item in call.book().positions if product_of(item) == category]
    return {"list": rows or None}


def _position(call: Call, position: OpenPosition, category: str) -> Row:
    held = position.held
    return {
        "category": category,
        "symbol": contract(position.base, category),
        "marginCoin": position.settle,
        "holdMode": _hold_mode(call),
        "posSide": position.side.value,
        "marginMode": "crossed",
        "positionBalance": text(position.initial_margin),
        "available": text(position.size),
        "frozen": "0",
        "total": text(position.size),
        "leverage": str(position.leverage),
        "curRealisedPnl": text(held.gross),
        "avgPrice": text(position.entry),
        "positionStatus": "normal",
        "unrealisedPnl": text(position.unrealized),
        "liquidationPrice": text(position.liquidation) if position.liquidation is not None else "",
        "mmr": "0.004",
        "profitRate": "0",
        "markPrice": text(position.mark),
        "breakEvenPrice": text(position.entry),
        "totalFunding": text(held.funding),
        "openFeeTotal": text(held.open_fee),
        "closeFeeTotal": text(held.close_fee),
        "createdTime": str(to_ms(held.opened_at)),
        "updatedTime": str(to_ms(held.updated_at)),
    }


def closed_positions(call: Call) -> object:
    """GET /api/v3/position/history-position of a category, newest first."""
    category = product(call, "category")
    since, until = window(call, max_days=30)
    trips = call.world.closed_trips(call.uid, since, min(until, call.at))
    rows = [_closed(trip, category) for trip in trips if f"{trip.settle}-FUTURES" == category]
    return _cursor_page(call, rows, "positionId")


def _closed(trip: ClosedTrip, category: str) -> Row:
    return {
        "positionId": str(trip.id),
        "category": category,
        "symbol": contract(trip.base, category),
        "marginCoin": trip.settle,
        "posSide": trip.side.value,
        "openPriceAvg": text(trip.entry),
        "closePriceAvg": text(trip.exit),
        "openTotalPos": text(trip.size),
        "closeTotalPos": text(trip.size),
        "cumRealisedPnl": text(trip.gross),
        "netProfit": text(trip.gross + trip.funding + trip.open_fee + trip.close_fee),
        "totalFunding": text(trip.funding),
        "openFeeTotal": text(trip.open_fee),
        "closeFeeTotal": text(trip.close_fee),
        "createdTime": str(to_ms(trip.opened_at)),
        "updatedTime": str(to_ms(trip.closed_at)),
    }


def financial_records(call: Call) -> object:
    """GET /api/v3/account/financial-records of one mandatory category, newest first, windows up to 30 days."""
    category = required(call, "category").upper()
    if category not in CATEGORIES:
        raise bad_parameter(call)
    rows: list[Row] = []
    for bill in history.in_window(call, history.bills(call, WALLET), max_days=30):
        place, kind, symbol = _record_type(bill, hedged=call.account.hedged)
        if place == category:
            event = bill.event
            rows.append(
                {
                    "category": category,
                    "id": str(event.id),
                    "symbol": symbol,
                    "coin": event.asset,
                    "type": kind,
                    "amount": text(bill.change),
                    "fee": text(bill.fee),
                    "balance": amount(bill.balance),
                    "ts": str(event.at_ms),
                }
            )
    for name in ("coin", "type"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return _cursor_page(call, rows, "id")


def _record_type(bill: history.Bill, *, hedged: bool) -> tuple[str, str, str]:
    """Return category, type and symbol of a bill; deposits and withdrawals have lists of their own."""
    event = bill.event
    if event.kind is LedgerKind.TRADE:
        return "SPOT", "ORDER_DEALT_IN" if bill.change > 0 else "ORDER_DEALT_FROZEN_OUT", event.base + event.quote
    if event.kind is LedgerKind.FUNDING:
        return (
            "USDT-FUTURES",
            f"CONTRACT_MAIN_SETTLE_FEE_USER_{'IN' if bill.change > 0 else 'OUT'}",
            f"{event.base}USDT",
        )
    if event.kind in (LedgerKind.REALIZED_PNL, LedgerKind.FEE):
        name = history.deal(event, hedged=hedged)
        return "USDT-FUTURES", DEALS.get(name, name.upper()), f"{event.base}USDT"
    if event.kind is LedgerKind.CONVERSION:
        return "OTHER", f"EXCHANGE_{'TARGET_TOKEN_USER_IN' if bill.change > 0 else 'SOURCE_TOKEN_USER_OUT'}", ""
    if event.kind in (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL):
        return "", "", ""
    return "OTHER", OTHER_TYPES.get(event.kind, event.kind.value.upper()), ""


def funding_records(call: Call) -> object:
    """GET /api/v3/account/funding-financial-records: signed amounts of the funding wallet."""
    rows: list[Row] = []
    for bill in history.in_window(call, history.bills(call, "funding"), max_days=30):
        group, kind = history.group_of(bill)
        rows.append(
            {
                "id": str(bill.event.id),
                "coin": bill.event.asset,
                "groupType": group,
                "type": kind,
                "amount": text(bill.change),
                "fee": text(bill.fee),
                "balance": amount(bill.balance),
                "ts": str(bill.event.at_ms),
            }
        )
    return _cursor_page(call, rows, "id")


def _cursor_page(call: Call, rows: list[Row], key: str) -> Row:
    page = newest_page(call, rows, key=key, sizes=(100, 100), after="cursor")
    more = page and any(int(str(row[key])) < int(str(page[-1][key])) for row in rows)
    return {"list": page or None, "cursor": page[-1][key] if more else None}


def deposits(call: Call) -> object:
    """GET /api/v3/account/deposit-records: a bare list, next cursor = last orderId."""
    return _flow_page(call, history.deposit_rows(call, max_days=30))


def withdrawals(call: Call) -> object:
    """GET /api/v3/account/withdrawal-records: a bare list, next cursor = last orderId."""
    return _flow_page(call, history.withdrawal_rows(call, max_days=30))


def _flow_page(call: Call, rows: list[Row]) -> list[Row]:
    """Return a page of flows under the names of the unified API."""
    renamed = [{RENAMED.get(name, name): value for name, value in row.items()} for row in rows]
    return newest_page(call, renamed, key="orderId", sizes=(20, 100), after="cursor")


ENDPOINTS = {
    ("GET", "/api/v3/account/settings"): Endpoint(settings, 20),
    ("GET", "/api/v3/account/info"): Endpoint(account_info, 5),
    ("GET", "/api/v3/account/assets"): Endpoint(assets, 20),
    ("GET", "/api/v3/account/funding-assets"): Endpoint(funding_assets, 20),
    ("GET", "/api/v3/position/current-position"): Endpoint(positions, 20),
    ("GET", "/api/v3/position/history-position"): Endpoint(closed_positions, 20),
    ("GET", "/api/v3/account/financial-records"): Endpoint(financial_records, 20),
    ("GET", "/api/v3/account/funding-financial-records"): Endpoint(funding_records, 10),
    ("GET", "/api/v3/account/deposit-records"): Endpoint(deposits, 10),
    ("GET", "/api/v3/account/withdrawal-records"): Endpoint(withdrawals, 10),
}
