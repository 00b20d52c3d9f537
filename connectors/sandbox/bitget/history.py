"""Bitget classic history: bills, deposits, withdrawals, transfers, closed positions."""

from dataclasses import dataclass
from decimal import Decimal

from connectors.sandbox.bitget.common import Row, contract, newest_page, number, product, required, window
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, ClosedTrip, Event, to_ms
from connectors.sandbox.prices import CONTRACTS
from connectors.sandbox.wire import amount, text
from connectors.types import LedgerKind

TRANSFER_NAMES = {
    "spot": "spot",
    "futures_linear": "usdt_futures",
    "futures_inverse": "coin_futures",
    "funding": "p2p",
    "margin_cross": "crossed_margin",
    "margin_isolated": "isolated_margin",
}
MARGIN_PAIR = "BTCUSDT"
SPOT_GROUPS = {
    LedgerKind.DEPOSIT: ("deposit", "DEPOSIT"),
    LedgerKind.WITHDRAWAL: ("withdraw", "WITHDRAW"),
    LedgerKind.TRANSFER_IN: ("transfer", "TRANSFER_IN"),
    LedgerKind.TRANSFER_OUT: ("transfer", "TRANSFER_OUT"),
    LedgerKind.REWARD: ("financial", "INTEREST_SETTLEMENT"),
    LedgerKind.REBATE: ("other", "REBATE_REWARDS"),
    LedgerKind.AIRDROP: ("other", "AIRDROP_REWARDS"),
}
CONVERTED = ("ORDER_EXCHANGE_OUT", "ORDER_EXCHANGE_IN")
EARN = ("financial", "SUBSCRIBE")
FIAT = "fait"  # the exchange's own spelling, and how the note of a purchase with fiat money begins
FUTURES_TYPES = {
    LedgerKind.FUNDING: "contract_settle_fee",
    LedgerKind.TRANSFER_IN: "trans_from_exchange",
    LedgerKind.TRANSFER_OUT: "trans_to_exchange",
    LedgerKind.BONUS: "bonus_issue",
    LedgerKind.INTEREST: "settle_interest",
}
ONE_WAY = {"open_long": "buy", "close_short": "buy", "open_short": "sell", "close_long": "sell"}
MARGIN_TYPES = {
    LedgerKind.TRANSFER_IN: "transfer_in",
    LedgerKind.TRANSFER_OUT: "transfer_out",
    LedgerKind.LIQUIDATION_FEE: "liquidation_fee",
}


@dataclass(frozen=True)
class Bill:
    """Events of one action in one asset: the main change, its fee, the balance after both."""

    event: Event
    change: Decimal
    fee: Decimal
    balance: Decimal


def bills(call: Call, wallet: str) -> list[Bill]:
    """Return every bill of a wallet since the world opened, oldest first."""
    balances = dict(call.world.opening(call.uid).get(wallet, {}))
    found: dict[tuple[int, str, bool], Bill] = {}
    for event in call.events(call.world.opened_at, call.at):
        if event.wallet != wallet or not event.counts:
            continue
        balances[event.asset] = balances.get(event.asset, ZERO) + event.amount
        alone = event.kind is LedgerKind.FUNDING
        key = (event.id if alone else event.ref, event.asset, alone)
        known = found.get(key)
        is_fee = event.kind is LedgerKind.FEE
        change = (known.change if known else ZERO) + (ZERO if is_fee else event.amount)
        fee = (known.fee if known else ZERO) + (event.amount if is_fee else ZERO)
        found[key] = Bill(known.event if known else event, change, fee, balances[event.asset])
    return list(found.values())


def in_window(call: Call, items: list[Bill], *, max_days: int) -> list[Bill]:
    """Return the bills of the asked time window."""
    since, until = window(call, max_days=max_days)
    return [bill for bill in items if since <= bill.event.at <= until]


def futures_bills(call: Call) -> object:
    """GET /api/v2/mix/account/bill, newest first, `endId` for the next page."""
    product_type = product(call)
    wallet = "futures_inverse" if product_type == "COIN-FUTURES" else "futures_linear"
    rows: list[Row] = []
    for bill in in_window(call, bills(call, wallet), max_days=30):
        if product_type == "COIN-FUTURES" or bill.event.asset == product_type.split("-")[0]:
            rows.append(_futures_bill(bill, product_type, hedged=call.account.hedged))
    for name in ("coin", "businessType", "symbol"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    page = newest_page(call, rows, key="billId", sizes=(20, 100))
    return {"bills": page or None, "endId": page[-1]["billId"] if page else None}


def deal(event: Event, *, hedged: bool) -> str:
    """Return what a trade in contracts is called: by position and side, without hedge mode only buy or sell."""
    return event.note if hedged else ONE_WAY.get(event.note, event.note)


def _futures_bill(bill: Bill, product_type: str, *, hedged: bool) -> Row:
    event = bill.event
    return {
        "billId": str(event.id),
        "symbol": contract(event.base, product_type) if event.base in CONTRACTS else "",
        "amount": text(bill.change),
        "fee": text(bill.fee),
        "feeByCoupon": "",
        "businessType": FUTURES_TYPES.get(event.kind, deal(event, hedged=hedged) or event.kind.value),
        "coin": event.asset,
        "balance": amount(bill.balance),
        "cTime": str(event.at_ms),
    }


def spot_bills(call: Call) -> object:
    """GET /api/v2/spot/account/bills, newest first; page on with the smallest billId."""
    rows: list[Row] = []
    for bill in in_window(call, bills(call, "spot"), max_days=90):
        event = bill.event
        group, kind = group_of(bill)
        rows.append(
            {
                "billId": str(event.id),
                "coin": event.asset,
                "groupType": group,
                "businessType": kind,
                "size": amount(bill.change),
                "balance": amount(bill.balance),
                "fees": amount(bill.fee),
                "cTime": str(event.at_ms),
            }
        )
    for name in ("coin", "groupType", "businessType"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return newest_page(call, rows, key="billId", sizes=(100, 500))


def group_of(bill: Bill) -> tuple[str, str]:
    """Return group and business type of a bill of the spot or the funding wallet."""
    event = bill.event
    if event.note.startswith(FIAT):
        return FIAT, "ORDER_FIAT"
    if event.kind is LedgerKind.CONVERSION:
        return "convert", CONVERTED[bill.change > 0]
    if event.note.endswith(">earn"):
        return EARN
    if event.note.startswith("earn>"):
        return "financial", "REDEEM"
    if event.kind in (LedgerKind.BONUS, LedgerKind.INTEREST, LedgerKind.OTHER):
        return "other", f"{event.kind.upper()}_ISSUE"
    return SPOT_GROUPS.get(event.kind, ("transaction", event.note.upper() or "OTHER"))


def margin_records(call: Call) -> object:
    """GET /api/v2/margin/crossed/financial-records, newest first, `minId` for the next page."""
    return _margin_records(call, "margin_cross", "")


def isolated_records(call: Call) -> object:
    """GET /api/v2/margin/isolated/financial-records of one pair."""
    return _margin_records(call, "margin_isolated", required(call, "symbol"))


def _margin_records(call: Call, wallet: str, symbol: str) -> Row:
    required(call, "startTime")
    rows: list[Row] = [
        {
            "marginId": str(bill.event.id),
            "coin": bill.event.asset,
            **({"symbol": symbol} if symbol else {}),
            "marginType": MARGIN_TYPES.get(bill.event.kind, bill.event.note),
            "amount": text(bill.change),
            "fee": text(bill.fee),
            "balance": amount(bill.balance),
            "cTime": str(bill.event.at_ms),
            "uTime": str(bill.event.at_ms),
        }
        for bill in in_window(call, bills(call, wallet), max_days=90)
        if symbol in ("", MARGIN_PAIR)
    ]
    page = newest_page(call, rows, key="marginId", sizes=(100, 500))
    ids = [row["marginId"] for row in page]
    return {"resultList": page or None, "maxId": ids[0] if ids else None, "minId": ids[-1] if ids else None}


def deposits(call: Call) -> object:
    """GET /api/v2/spot/wallet/deposit-records; a row that does not count is pending."""
    return newest_page(call, deposit_rows(call, max_days=90), key="orderId", sizes=(20, 100))


def deposit_rows(call: Call, *, max_days: int) -> list[Row]:
    """Return the deposits of the asked window."""
    since, until = window(call, max_days=max_days, needed=True)
    return [
        {
            "orderId": str(event.id),
            "tradeId": f"{event.id:064x}",
            "coin": event.asset,
            "type": "deposit",
            "size": text(event.amount),
            "status": "success" if event.counts else "pending",
            "toAddress": "TSandboxAddress00000000000000000001",
            "dest": "on_chain",
            "chain": "TRC20",
            "fromAddress": None,
            "cTime": str(event.at_ms),
            "uTime": str(event.at_ms),
        }
        for event in call.events(since, until)
        if _is_flow(call, event, LedgerKind.DEPOSIT)
    ]


def _is_flow(call: Call, event: Event, kind: LedgerKind) -> bool:
    asked = call.params.get("coin", event.asset) == event.asset
    return event.kind is kind and asked and not event.note.startswith(FIAT)


def withdrawals(call: Call) -> object:
    """GET /api/v2/spot/wallet/withdrawal-records: `size` is what leaves, fee included; `fee` negative text."""
    return newest_page(call, withdrawal_rows(call, max_days=90), key="orderId", sizes=(20, 100))


def withdrawal_rows(call: Call, *, max_days: int) -> list[Row]:
    """Return the withdrawals of the asked window."""
    since, until = window(call, max_days=max_days, needed=True)
    events = call.events(since, until)
    fees = {event.ref: event.amount for event in events if event.kind is LedgerKind.FEE and event.note == "withdrawal"}
    return [
        {
            "orderId": str(event.id),
            "tradeId": f"{event.id:064x}",
            "clientOid": str(event.ref),
            "coin": event.asset,
            "type": "withdraw",
            "size": amount(-event.amount - fees.get(event.ref, ZERO)),
            "fee": amount(fees.get(event.ref, ZERO)),
            "status": "success" if event.counts else "pending",
            "toAddress": "TSandboxAddress00000000000000000002",
            "dest": "on_chain",
            "chain": "TRC20",
            "confirm": "100",
            "fromAddress": None,
            "cTime": str(event.at_ms),
            "uTime": str(event.at_ms),
        }
        for event in events
        if _is_flow(call, event, LedgerKind.WITHDRAWAL)
    ]


def transfers(call: Call) -> object:
    """GET /api/v2/spot/account/transferRecords of one coin, seen from the sending wallet `fromType`."""
    coin, source = required(call, "coin").upper(), required(call, "fromType")
    since, until = window(call, max_days=90)
    rows: list[Row] = []
    for event in call.events(since, until):
        sender, _, target = event.note.partition(">")
        names = TRANSFER_NAMES.get(sender), TRANSFER_NAMES.get(target)
        if event.kind is LedgerKind.TRANSFER_OUT and event.asset == coin and names[0] == source and names[1]:
            rows.append(
                {
                    "coin": coin.lower(),
                    "status": "Successful",
                    "toType": names[1],
                    "toSymbol": "",
                    "fromType": source,
                    "fromSymbol": "",
                    "size": amount(-event.amount),
                    "ts": str(event.at_ms),
                    "clientOid": str(event.ref),
                    "transferId": str(event.ref),
                }
            )
    rows.reverse()
    size = min(max(number(call, "limit", 100), 1), 500)
    first = (max(number(call, "pageNum", 1), 1) - 1) * size
    return rows[first : first + size]


def closed_positions(call: Call) -> object:
    """GET /api/v2/mix/position/history-position, newest first."""
    product_type = product(call)
    since, until = window(call, max_days=90)
    trips = [
        trip for trip in call.world.closed_trips(call.uid, since, min(until, call.at)) if _belongs(trip, product_type)
    ]
    rows = [_closed(trip, contract(trip.base, product_type), hedged=call.account.hedged) for trip in trips]
    rows = [row for row in rows if call.params.get("symbol", row["symbol"]) == row["symbol"]]
    page = newest_page(call, rows, key="positionId", sizes=(20, 100))
    return {"list": page, "endId": page[-1]["positionId"] if page else None}


def _belongs(trip: ClosedTrip, product_type: str) -> bool:
    return (trip.settle == trip.base) is (product_type == "COIN-FUTURES") and (
        product_type == "COIN-FUTURES" or product_type.startswith(trip.settle)
    )


def _closed(trip: ClosedTrip, symbol: str, *, hedged: bool) -> Row:
    return {
        "positionId": str(trip.id),
        "marginCoin": trip.settle,
        "symbol": symbol,
        "holdSide": trip.side.value,
        "openAvgPrice": text(trip.entry),
        "closeAvgPrice": text(trip.exit),
        "marginMode": "crossed",
        "posMode": "hedge_mode" if hedged else "one_way_mode",
        "openTotalPos": text(trip.size),
        "closeTotalPos": text(trip.size),
        "pnl": text(trip.gross),
        "netProfit": text(trip.gross + trip.funding + trip.open_fee + trip.close_fee),
        "totalFunding": text(trip.funding),
        "openFee": text(trip.open_fee),
        "closeFee": text(trip.close_fee),
        "ctime": str(to_ms(trip.opened_at)),
        "utime": str(to_ms(trip.closed_at)),
    }


ENDPOINTS = {
    ("GET", "/api/v2/mix/account/bill"): Endpoint(futures_bills, 10),
    ("GET", "/api/v2/spot/account/bills"): Endpoint(spot_bills, 10),
    ("GET", "/api/v2/margin/crossed/financial-records"): Endpoint(margin_records, 10),
    ("GET", "/api/v2/margin/isolated/financial-records"): Endpoint(isolated_records, 10),
    ("GET", "/api/v2/spot/wallet/deposit-records"): Endpoint(deposits, 10),
    ("GET", "/api/v2/spot/wallet/withdrawal-records"): Endpoint(withdrawals, 10),
    ("GET", "/api/v2/spot/account/transferRecords"): Endpoint(transfers, 20),
    ("GET", "/api/v2/mix/position/history-position"): Endpoint(closed_positions, 20),
}
