"""KuCoin futures: wallets by currency, positions, closed positions. Amounts are JSON numbers."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.kucoin.common import (
    COINS,
    QUOTES,
    Row,
    bad_parameter,
    by_page,
    contract,
    futures_name,
    signed_contracts,
    window,
)
from connectors.sandbox.model import ZERO, ClosedTrip, OpenPosition, to_ms
from connectors.sandbox.wire import text
from connectors.sandbox.world import MAINTENANCE_RATE

CURRENCIES = {futures_name(coin): coin for coin in (*QUOTES, *COINS)}


def overview(call: Call) -> object:
    """GET /api/v1/account-overview of one currency; equity holds the unrealised P&L."""
    coin = CURRENCIES.get(call.params.get("currency") or "XBT")
    if coin is None:
        raise bad_parameter("currency is not supported")
    book = call.book()
    wallet = "futures_inverse" if coin in COINS else "futures_linear"
    cash = book.wallets.get(wallet, {}).get(coin, ZERO)
    mine = [item for item in book.positions if (item.wallet, item.settle) == (wallet, coin)]
    profit = sum((item.unrealized for item in mine), ZERO)
    margin = sum((item.initial_margin for item in mine), ZERO)
    return {
        "accountEquity": cash + profit,
        "unrealisedPNL": profit,
        "marginBalance": cash,
        "positionMargin": margin,
        "orderMargin": ZERO,
        "frozenFunds": ZERO,
        "availableBalance": max(cash - margin, ZERO),
        "currency": futures_name(coin),
        "riskRatio": Decimal("0.01"),
        "maxWithdrawAmount": max(cash - margin, ZERO),
    }


def positions(call: Call) -> object:
    """GET /api/v1/positions, narrowed by `currency`."""
    rows = [_position(call, item) for item in call.book().positions]
    return [row for row in rows if call.params.get("currency", row["settleCurrency"]) == row["settleCurrency"]]


def _position(call: Call, position: OpenPosition) -> Row:
    held, contracts = position.held, signed_contracts(position)
    value = position.notional * (-held.sign if position.inverse else held.sign)
    side = held.side.value.upper() if call.account.hedged else "BOTH"
    return {
        "id": f"{call.uid}-{contract(position.base, position.settle)}-{side}",
        "symbol": contract(position.base, position.settle),
        "crossMode": True,
        "delevPercentage": Decimal("0.5"),
        "openingTimestamp": to_ms(held.opened_at),
        "currentTimestamp": call.site.now_ms(),
        "currentQty": contracts,
        "isOpen": True,
        "markPrice": position.mark,
        "markValue": value,
        "posCost": value,
        "posInit": position.initial_margin,
        "posMargin": position.initial_margin,
        "posMaint": position.maintenance_margin,
        "maintMarginReq": MAINTENANCE_RATE,
        "unrealisedPnl": position.unrealized,
        "realisedPnl": held.gross + held.open_fee + held.close_fee + held.funding,
        "avgEntryPrice": position.entry,
        "liquidationPrice": position.liquidation or ZERO,
        "settleCurrency": futures_name(position.settle),
        "isInverse": position.inverse,
        "marginMode": "CROSS",
        "positionSide": side,
        "leverage": Decimal(position.leverage),
    }


def closed_positions(call: Call) -> object:
    """GET /api/v1/history-positions, newest first, a week at most."""
    since, until = window(call, days=7, names=("from", "to"))
    trips = call.world.closed_trips(call.uid, since, min(until, call.at))
    rows = [_closed(trip) for trip in reversed(trips)]
    rows = [row for row in rows if call.params.get("symbol", row["symbol"]) == row["symbol"]]
    return by_page(call, rows, page="pageId", per="limit", most=200)


def _closed(trip: ClosedTrip) -> Row:
    fees = trip.open_fee + trip.close_fee
    return {
        "closeId": str(trip.id),
        "userId": "sandbox",
        "symbol": contract(trip.base, trip.settle),
        "settleCurrency": futures_name(trip.settle),
        "leverage": "5.0",
        "type": f"CLOSE_{trip.side.value.upper()}",
        "pnl": text(trip.gross + fees + trip.funding),
        "realisedGrossCost": text(-trip.gross),
        "tradeFee": text(-fees),
        "fundingFee": text(trip.funding),
        "openTime": to_ms(trip.opened_at),
        "closeTime": to_ms(trip.closed_at),
        "openPrice": text(trip.entry),
        "closePrice": text(trip.exit),
        "marginMode": "CROSS",
        "tax": "0.0",
        "side": trip.side.value.upper(),
    }


ENDPOINTS = {
    ("GET", "/api/v1/account-overview"): Endpoint(overview, 5, scope="futures"),
    ("GET", "/api/v1/positions"): Endpoint(positions, 2, scope="futures"),
    ("GET", "/api/v1/history-positions"): Endpoint(closed_positions, 2, scope="futures"),
}
