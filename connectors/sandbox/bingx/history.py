"""BingX histories: income of USDT-M, closed positions, deposits, withdrawals, transfers."""

from datetime import timedelta, timezone

from connectors.sandbox.bingx.common import (
    ACCOUNTS,
    DAY_MS,
    Row,
    bad_parameter,
    by_offset,
    by_page,
    name_of,
    number,
    required,
    window,
)
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, ClosedTrip, Event, to_ms
from connectors.sandbox.prices import CONTRACTS, step
from connectors.sandbox.wire import text
from connectors.types import LedgerKind

KEPT_DAYS = 90
EVER_DAYS = 3_650
CHINA = timezone(timedelta(hours=8))
TYPES = {
    LedgerKind.REALIZED_PNL: ("REALIZED_PNL", "PNL", "Position closed"),
    LedgerKind.FUNDING: ("FUNDING_FEE", "FUNDING", "Funding Fee"),
    LedgerKind.FEE: ("TRADING_FEE", "COMMISSION", "Trading Fee"),
    LedgerKind.TRANSFER_IN: ("TRANSFER", "TRANSFER", "Transfer In"),
    LedgerKind.TRANSFER_OUT: ("TRANSFER", "TRANSFER", "Transfer Out"),
    LedgerKind.BONUS: ("TRIAL_FUND", "BONUS", "Trial Fund"),
}
OTHER = ("SYSTEM_DEDUCTION", "SYSTEM", "System")
USER = "user"  # how the note of a transfer with another user begins


def income(call: Call) -> object:
    """GET /openApi/swap/v2/user/income, newest first, seven days where no times are asked; null without rows."""
    since, until = window(call, usual_days=7, kept_days=KEPT_DAYS)
    rows = [
        _income(call, event)
        for event in reversed(call.events(since, until))
        if event.wallet == "futures_linear" and event.counts
    ]
    for name in ("symbol", "incomeType"):
        rows = [row for row in rows if call.params.get(name) in (None, "", row[name])]
    return rows[: number(call, "limit", 100, most=1_000)] or None


def _income(call: Call, event: Event) -> Row:
    kind, suffix, info = TYPES.get(event.kind, OTHER)
    return {
        "symbol": f"{event.base}-USDT" if event.base in CONTRACTS else "",
        "incomeType": kind,
        "income": text(event.amount),
        "asset": name_of(call, event.asset),
        "info": info,
        "time": event.at_ms,
        "tranId": f"{event.ref}_0_{event.id}_{suffix}",
        "tradeId": str(event.ref),
    }


def closed_positions(call: Call) -> object:
    """GET /openApi/swap/v1/trade/positionHistory of one symbol, newest first; sizes count lots."""
    symbol, names = required(call, "symbol"), ("startTs", "endTs")
    required(call, names[0]), required(call, names[1])
    if number(call, names[1], 0) - number(call, names[0], 0) > 92 * DAY_MS:
        raise bad_parameter(call, names[0])
    since, until = window(call, usual_days=7, kept_days=KEPT_DAYS, names=names)
    trips = call.world.closed_trips(call.uid, since, min(until, call.at))
    mine = [trip for trip in reversed(trips) if trip.settle != trip.base and f"{trip.base}-USDT" == symbol]
    return {"positionHistory": by_page(call, [_closed(trip, symbol) for trip in mine])}


def _closed(trip: ClosedTrip, symbol: str) -> Row:
    fee = trip.open_fee + trip.close_fee
    lots = text((trip.size / step(trip.base)).quantize(ZERO))
    return {
        "positionId": str(trip.id),
        "symbol": symbol,
        "isolated": False,
        "positionSide": trip.side.value.upper(),
        "openTime": to_ms(trip.opened_at),
        "updateTime": to_ms(trip.closed_at),
        "avgPrice": text(trip.entry),
        "avgClosePrice": text(trip.exit),
        "realisedProfit": text(trip.gross),
        "netProfit": text(trip.gross + fee + trip.funding, 2),
        "positionAmt": lots,
        "closePositionAmt": lots,
        "leverage": 5,
        "closeAllPositions": True,
        "positionCommission": text(fee),
        "totalFunding": text(trip.funding),
    }


def deposits(call: Call) -> object:
    """GET /openApi/api/v3/capital/deposit/hisrec: a bare list, newest first, network in the coin's name."""
    return by_offset(call, [_deposit(event) for event in _flows(call, LedgerKind.DEPOSIT)], usual=1_000)


def _deposit(event: Event) -> Row:
    return {
        "amount": text(event.amount),
        "coin": f"{event.asset}TRC20",
        "network": "TRC20",
        "status": 1 if event.counts else 0,
        "address": "TSandboxAddress00000000000000000001",
        "addressTag": "",
        "txId": f"{event.id:064x}",
        "insertTime": event.at_ms,
        "transferType": 0,
        "unlockConfirm": "12/12",
        "confirmTimes": "12/12" if event.counts else "3/12",
    }


def withdrawals(call: Call) -> object:
    """GET /openApi/api/v3/capital/withdraw/history: a bare list, newest first, times at +08:00."""
    fees = {
        event.ref: -event.amount
        for event in call.events(call.world.opened_at, call.at)
        if event.kind is LedgerKind.FEE and event.note == "withdrawal"
    }
    rows: list[Row] = [
        {
            "address": "TSandboxAddress00000000000000000002",
            "amount": text(-event.amount),
            "applyTime": event.at.astimezone(CHINA).isoformat(timespec="milliseconds"),
            "coin": f"{event.asset}TRC20",
            "id": str(event.id),
            "network": "TRC20",
            "transferType": 1,
            "status": 6 if event.counts else 4,
            "transactionFee": text(fees.get(event.ref, ZERO)),
            "confirmNo": 12,
            "info": "",
            "txId": f"{event.id:064x}",
        }
        for event in _flows(call, LedgerKind.WITHDRAWAL)
    ]
    return by_offset(call, rows, usual=1_000)


def _flows(call: Call, kind: LedgerKind) -> list[Event]:
    since, until = window(call, usual_days=EVER_DAYS)
    coin = call.params.get("coin")
    return [e for e in reversed(call.events(since, until)) if e.kind is kind and coin in (None, "", e.asset)]


def transfers(call: Call) -> object:
    """GET /openApi/api/v3/asset/transferRecord between two own wallets, without envelope."""
    pair = required(call, "fromAccount"), required(call, "toAccount")
    since, until = window(call, usual_days=EVER_DAYS)
    rows: list[Row] = []
    for event in reversed(call.events(since, until)):
        source, _, target = event.note.partition(">")
        if event.kind is LedgerKind.TRANSFER_OUT and (ACCOUNTS.get(source), ACCOUNTS.get(target)) == pair:
            rows.append(
                {
                    "asset": event.asset,
                    "amount": f"{-event.amount:.20f}",
                    "status": "CONFIRMED",
                    "transferId": str(event.ref),
                    "timestamp": event.at_ms,
                    "fromAccount": pair[0],
                    "toAccount": pair[1],
                }
            )
    return {"total": len(rows), "rows": by_page(call, rows)}


def user_transfers(call: Call) -> object:
    """GET /openApi/wallets/v1/capital/innerTransfer/records of one coin: rows without a time."""
    coin = required(call, "coin")
    since, until = window(call, usual_days=EVER_DAYS)
    kinds = {LedgerKind.TRANSFER_IN: "in", LedgerKind.TRANSFER_OUT: "out"}
    rows: list[Row] = [
        {
            "id": event.id,
            "coin": coin,
            "receiver": 987_654_321,
            "amount": float(abs(event.amount)),
            "status": 6,
            "fromUid": int(call.uid),
            "recordType": kinds[event.kind],
        }
        for event in reversed(call.events(since, until))
        if event.kind in kinds and event.asset == coin and event.note.startswith(USER)
    ]
    return {"total": len(rows), "data": by_offset(call, rows, usual=100)}


ENDPOINTS = {
    ("GET", "/openApi/swap/v2/user/income"): Endpoint(income, 2, scope="5"),
    ("GET", "/openApi/swap/v1/trade/positionHistory"): Endpoint(closed_positions, 2, scope="5"),
    ("GET", "/openApi/api/v3/capital/deposit/hisrec"): Endpoint(deposits, 0, scope="10"),
    ("GET", "/openApi/api/v3/capital/withdraw/history"): Endpoint(withdrawals, 0, scope="10"),
    ("GET", "/openApi/api/v3/asset/transferRecord"): Endpoint(transfers, 2, scope="10"),
    ("GET", "/openApi/wallets/v1/capital/innerTransfer/records"): Endpoint(user_transfers, 2, scope="10"),
}
