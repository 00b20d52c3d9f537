"""OKX funding and earn accounts: balances, bills, deposits, withdrawals, coins, the value of everything."""

from decimal import Decimal

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.model import ZERO, Event
from connectors.sandbox.okx.books import books
from connectors.sandbox.okx.common import TRADING, Row, kept, matching, page, refused
from connectors.sandbox.prices import LISTED, TINY, UNLISTED
from connectors.sandbox.wire import amount, text
from connectors.types import LedgerKind

BY_TIME, BY_BILL = "1", "2"
STAKED = "ETH"
CONFIRMING_MS = 90_000  # a deposit's record is older than its bill, which books it once it is confirmed
CHAINS = {"TRX": "USDT-TRC20", "Pix": "BRL-Pix"}


def balances(call: Call) -> object:
    """GET /api/v5/asset/balances."""
    rows: list[Row] = [
        {"ccy": asset, "bal": text(total), "availBal": text(total), "frozenBal": "0"}
        for asset, total in call.book().amounts("funding").items()
    ]
    return matching(call, rows, "ccy")


def savings(call: Call) -> object:
    """GET /api/v5/finance/savings/balance: everything in earn but the staked coin; part of it is lent."""
    rows: list[Row] = [
        {
            "ccy": asset,
            "amt": text(total),
            "earnings": "0",
            "loanAmt": text(total),
            "pendingAmt": "0",
            "rate": "0.01",
            "redemptAmt": "",
        }
        for asset, total in call.book().amounts("earn").items()
        if asset != STAKED
    ]
    return matching(call, rows, "ccy")


def staking(call: Call) -> object:
    """GET /api/v5/finance/staking-defi/orders-active: the staked coin in two orders."""
    total = call.book().amounts("earn").get(STAKED, ZERO)
    first = (total / 4).quantize(Decimal("0.00000001"))
    return [
        {
            "ordId": str(number),
            "ccy": STAKED,
            "productId": "101",
            "state": "1",
            "protocol": "Sandbox",
            "protocolType": "staking",
            "term": "0",
            "apy": "0.03",
            "investData": [{"ccy": STAKED, "amt": text(part)}],
            "earningData": [{"ccy": STAKED, "earningType": "0", "earnings": "0.001"}],
            "purchasedTime": str(call.site.now_ms()),
        }
        for number, part in ((1, first), (2, total - first))
        if part
    ]


def valuation(call: Call) -> object:
    """GET /api/v5/asset/asset-valuation in `ccy`, BTC by default."""
    equity, _ = call.world.equity(call.book())
    unit = call.params.get("ccy") or "BTC"
    price = Decimal(1) if unit in ("USD", "USDT") else call.world.price(unit, call.at)
    if not price:
        raise refused("51000", "Parameter ccy error")
    parts = dict.fromkeys(("classic", "earn", "funding", "trading"), ZERO)
    for wallet, value in equity.items():
        parts["trading" if wallet in TRADING else wallet] += value / price
    details = {name: amount(value) for name, value in parts.items()}
    return [{"details": details, "totalBal": amount(sum(parts.values(), ZERO)), "ts": str(call.site.now_ms())}]


def bills(call: Call) -> object:
    """GET /api/v5/asset/bills: the last month, paged by time."""
    return page(call, matching(call, kept(call, _bills(call), 30), "ccy", "type"), "ts")


def bills_history(call: Call) -> object:
    """GET /api/v5/asset/bills-history: everything, paged by time or, with pagingType 2, by bill."""
    paging = call.params.get("pagingType") or BY_TIME
    if paging not in (BY_TIME, BY_BILL):
        raise refused("51000", "Parameter pagingType error")
    return page(call, matching(call, _bills(call), "ccy", "type"), "ts" if paging == BY_TIME else "billId")


def _bills(call: Call) -> list[Row]:
    return [
        {
            "billId": str(bill.id),
            "ccy": bill.event.asset,
            "clientId": "",
            "balChg": text(bill.change),
            "bal": text(bill.balance),
            "type": bill.kind,
            "ts": str(bill.event.at_ms),
            "notes": "",
        }
        for bill in books(call).funding
    ]


def deposits(call: Call) -> object:
    """GET /api/v5/asset/deposit-history; a row that does not count waits for confirmation."""
    rows: list[Row] = [
        {
            "depId": str(event.id),
            "ccy": event.asset,
            "chain": CHAINS.get(event.note, event.note),
            "amt": text(event.amount),
            "from": "",
            "areaCodeFrom": "",
            "to": "TSandboxAddress00000000000000000001",
            "txId": f"{event.id:064x}",
            "ts": str(event.at_ms - CONFIRMING_MS),
            "state": "2" if event.counts else "0",
            "fromWdId": "",
            "actualDepBlkConfirm": "12",
        }
        for event in _events(call, LedgerKind.DEPOSIT)
    ]
    return page(call, matching(call, rows, "ccy", "state"), "ts")


def withdrawals(call: Call) -> object:
    """GET /api/v5/asset/withdrawal-history: the fee comes on top of the amount."""
    fees = {event.ref: event.amount for event in _events(call, LedgerKind.FEE) if event.note == "withdrawal"}
    rows: list[Row] = [
        {
            "wdId": str(event.id),
            "ccy": event.asset,
            "chain": CHAINS.get(event.note, event.note),
            "nonTradableAsset": False,
            "amt": text(-event.amount),
            "fee": text(-fees.get(event.ref, ZERO)),
            "feeCcy": event.asset,
            "from": "",
            "to": "TSandboxAddress00000000000000000002",
            "txId": f"{event.id:064x}",
            "ts": str(event.at_ms),
            "state": "2" if event.counts else "0",
            "clientId": "",
            "note": "",
        }
        for event in _events(call, LedgerKind.WITHDRAWAL)
    ]
    return page(call, matching(call, rows, "ccy", "state"), "ts")


def _events(call: Call, kind: LedgerKind) -> list[Event]:
    return [event for event in call.events(call.world.opened_at, call.at) if event.kind is kind]


def currencies(call: Call) -> object:
    """GET /api/v5/asset/currencies."""
    return [
        {
            "ccy": coin,
            "name": coin,
            "chain": f"{coin}-Main",
            "canDep": True,
            "canWd": True,
            "canInternal": True,
            "mainNet": True,
            "minFee": "1",
            "maxFee": "1",
            "minWd": "1",
            "maxWd": "1000000",
            "wdTickSz": "8",
            "minDep": "1",
        }
        for coin in (*LISTED, "USDT", "USDC", "BRL", UNLISTED, *TINY)
    ]


ENDPOINTS = {
    ("GET", "/api/v5/asset/balances"): Endpoint(balances, 6, scope="1"),
    ("GET", "/api/v5/asset/currencies"): Endpoint(currencies, 6, scope="1"),
    ("GET", "/api/v5/asset/asset-valuation"): Endpoint(valuation, 1, scope="1"),
    ("GET", "/api/v5/asset/bills"): Endpoint(bills, 6, scope="1"),
    ("GET", "/api/v5/asset/bills-history"): Endpoint(bills_history, 1, scope="1"),
    ("GET", "/api/v5/asset/deposit-history"): Endpoint(deposits, 6, scope="1"),
    ("GET", "/api/v5/asset/withdrawal-history"): Endpoint(withdrawals, 6, scope="1"),
    ("GET", "/api/v5/finance/savings/balance"): Endpoint(savings, 6, scope="1"),
    ("GET", "/api/v5/finance/staking-defi/orders-active"): Endpoint(staking, 3, scope="1"),
}
