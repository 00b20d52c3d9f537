"""Binance futures: USD-M (`/fapi`) and COIN-M (`/dapi`) accounts, positions and income."""

from collections.abc import Iterable
from decimal import Decimal

from connectors.sandbox.binance.common import DAY_MS, instant, integer, limited
from connectors.sandbox.dialect import Call
from connectors.sandbox.life import LEVERAGE
from connectors.sandbox.model import ZERO, Book, Event, OpenPosition, to_ms
from connectors.sandbox.prices import CONTRACTS
from connectors.sandbox.wire import amount, text
from connectors.types import LedgerKind

TRAN_ID_BASE = 8_000_000_000_000_000_000
HISTORY_DAYS = 90
INCOME_TYPES = {
    LedgerKind.REALIZED_PNL: "REALIZED_PNL",
    LedgerKind.FEE: "COMMISSION",
    LedgerKind.FUNDING: "FUNDING_FEE",
    LedgerKind.TRANSFER_IN: "TRANSFER",
    LedgerKind.TRANSFER_OUT: "TRANSFER",
    LedgerKind.LIQUIDATION_FEE: "INSURANCE_CLEAR",
    LedgerKind.REBATE: "COMMISSION_REBATE",
    LedgerKind.BONUS: "WELCOME_BONUS",
    LedgerKind.REWARD: "CONTEST_REWARD",
    LedgerKind.CONVERSION: "AUTO_EXCHANGE",
}
Row = dict[str, object]


def linear_symbol(base: str) -> str:
    """Return the USD-M perpetual of a coin."""
    return f"{base}USDT"


def inverse_symbol(base: str) -> str:
    """Return the COIN-M perpetual of a coin."""
    return f"{base}USD_PERP"


def asset_rows(book: Book, wallet: str, extra: Iterable[str] = ()) -> list[Row]:
    """Return the rows of a futures account: cash, unrealised P&L, margins by asset; `extra` adds idle zero rows."""
    pnl, now = book.unrealized(wallet), to_ms(book.at)
    assets = book.amounts(wallet)
    rows = [
        _asset_row(asset, assets.get(asset, ZERO), pnl.get(asset, ZERO), book, wallet) | {"updateTime": now}
        for asset in {**assets, **pnl}
    ]
    rows += [_asset_row(asset, ZERO, ZERO, book, wallet) | {"updateTime": 0} for asset in extra if asset not in assets]
    return rows


def _asset_row(asset: str, cash: Decimal, pnl: Decimal, book: Book, wallet: str) -> Row:
    mine = [position for position in book.positions if position.wallet == wallet and position.settle == asset]
    initial = sum((position.initial_margin for position in mine), ZERO)
    maintenance = sum((position.maintenance_margin for position in mine), ZERO)
    available = max(cash + pnl - initial, ZERO)
    return {
        "asset": asset,
        "walletBalance": amount(cash),
        "unrealizedProfit": amount(pnl),
        "marginBalance": amount(cash + pnl),
        "maintMargin": amount(maintenance),
        "initialMargin": amount(initial),
        "positionInitialMargin": amount(initial),
        "openOrderInitialMargin": "0.00000000",
        "crossWalletBalance": amount(cash),
        "crossUnPnl": amount(pnl),
        "availableBalance": amount(available),
        "maxWithdrawAmount": amount(min(available, max(cash, ZERO))),
    }


def balance_rows(book: Book, wallet: str) -> list[Row]:
    """Return the light balance list (`/fapi/v3/balance`, `/dapi/v1/balance`)."""
    return [
        {
            "accountAlias": "SgsR",
            "asset": row["asset"],
            "balance": row["walletBalance"],
            "crossWalletBalance": row["crossWalletBalance"],
            "crossUnPnl": row["crossUnPnl"],
            "availableBalance": row["availableBalance"],
            "maxWithdrawAmount": row["maxWithdrawAmount"],
            "marginAvailable": True,
            "updateTime": row["updateTime"],
        }
        for row in asset_rows(book, wallet)
    ]


def totals(rows: list[Row], asset: str = "USDT") -> Row:
    """Return the account totals, which in single-asset mode count USDT only."""
    row = next((row for row in rows if row["asset"] == asset), None) or {}
    zero = "0.00000000"
    return {
        "totalInitialMargin": row.get("initialMargin", zero),
        "totalMaintMargin": row.get("maintMargin", zero),
        "totalWalletBalance": row.get("walletBalance", zero),
        "totalUnrealizedProfit": row.get("unrealizedProfit", zero),
        "totalMarginBalance": row.get("marginBalance", zero),
        "totalPositionInitialMargin": row.get("positionInitialMargin", zero),
        "totalOpenOrderInitialMargin": zero,
        "totalCrossWalletBalance": row.get("crossWalletBalance", zero),
        "totalCrossUnPnl": row.get("crossUnPnl", zero),
        "availableBalance": row.get("availableBalance", zero),
        "maxWithdrawAmount": row.get("maxWithdrawAmount", zero),
    }


def position_side(call: Call, position: OpenPosition) -> str:
    """Return LONG or SHORT in hedge mode, BOTH otherwise."""
    return position.side.value.upper() if call.account.hedged else "BOTH"


def account_position(call: Call, position: OpenPosition) -> Row:
    """Return a row of `positions` in `/fapi/v3/account`."""
    return {
        "symbol": linear_symbol(position.base),
        "positionSide": position_side(call, position),
        "positionAmt": text(position.signed_contracts),
        "unrealizedProfit": amount(position.unrealized),
        "isolatedMargin": "0",
        "notional": amount(position.notional * position.held.sign),
        "isolatedWallet": "0",
        "initialMargin": amount(position.initial_margin),
        "maintMargin": amount(position.maintenance_margin),
        "updateTime": to_ms(position.held.updated_at),
    }


def risk_v3(call: Call, position: OpenPosition) -> Row:
    """Return a row of `/fapi/v3/positionRisk` (no leverage, no margin type)."""
    return {
        "symbol": linear_symbol(position.base),
        "positionSide": position_side(call, position),
        "positionAmt": text(position.signed_contracts),
        "entryPrice": text(position.entry),
        "breakEvenPrice": text(position.entry),
        "markPrice": amount(position.mark),
        "unRealizedProfit": amount(position.unrealized),
        "liquidationPrice": text(position.liquidation or ZERO),
        "isolatedMargin": "0",
        "notional": amount(position.notional * position.held.sign),
        "marginAsset": position.settle,
        "isolatedWallet": "0",
        "initialMargin": amount(position.initial_margin),
        "maintMargin": amount(position.maintenance_margin),
        "positionInitialMargin": amount(position.initial_margin),
        "openOrderInitialMargin": "0",
        "adl": 2,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": to_ms(position.held.updated_at),
    }


def risk_v2(call: Call, base: str, side: str, position: OpenPosition | None) -> Row:
    """Return a row of `/fapi/v2/positionRisk`, which lists flat symbols too."""
    return {
        "symbol": linear_symbol(base),
        "positionAmt": text(position.signed_contracts) if position else "0.000",
        "entryPrice": text(position.entry) if position else "0.0",
        "breakEvenPrice": text(position.entry) if position else "0.0",
        "markPrice": amount(call.world.market.mark(base, call.at)),
        "unRealizedProfit": amount(position.unrealized if position else ZERO),
        "liquidationPrice": text(position.liquidation or ZERO) if position else "0",
        "leverage": str(leverage(base)),
        "maxNotionalValue": "100000000",
        "marginType": "cross",
        "isolatedMargin": "0.00000000",
        "isAutoAddMargin": "false",
        "positionSide": side,
        "notional": amount(position.notional * position.held.sign) if position else "0",
        "isolatedWallet": "0",
        "updateTime": to_ms(position.held.updated_at) if position else 0,
        "isolated": False,
        "adlQuantile": 2,
    }


def risk_inverse(call: Call, base: str, side: str, position: OpenPosition | None) -> Row:
    """Return a row of `/dapi/v1/positionRisk`, amounts in contracts, P&L in the coin."""
    return {
        "symbol": inverse_symbol(base),
        "positionAmt": text(position.signed_contracts) if position else "0",
        "entryPrice": text(position.entry) if position else "0.0",
        "breakEvenPrice": text(position.entry) if position else "0.0",
        "markPrice": amount(position.mark if position else ZERO),
        "unRealizedProfit": amount(position.unrealized if position else ZERO),
        "liquidationPrice": "0",
        "leverage": str(leverage(base)),
        "maxQty": "50",
        "marginType": "cross",
        "isolatedMargin": "0.00000000",
        "isAutoAddMargin": "false",
        "positionSide": side,
        "notionalValue": amount(position.notional * position.held.sign) if position else "0",
        "updateTime": to_ms(position.held.updated_at) if position else 0,
    }


def sides(call: Call) -> tuple[str, ...]:
    """Return the rows a symbol has: three in hedge mode, one otherwise."""
    return ("BOTH", "LONG", "SHORT") if call.account.hedged else ("BOTH",)


def find(call: Call, book: Book, base: str, side: str, *, inverse: bool) -> OpenPosition | None:
    """Return the position that a row stands for."""
    for position in book.positions:
        if position.base == base and position.inverse is inverse and position_side(call, position) == side:
            return position
    return None


def leverage(base: str) -> int:
    """Return the leverage set for a coin."""
    return LEVERAGE.get(base, 5)


def income(call: Call, wallet: str, *, text_ids: bool) -> list[Row]:
    """Return income rows, ascending, both ends inclusive; without times the last 7 days, never older than 3 months."""
    now = int(call.at.timestamp() * 1000)
    until = integer(call.params, "endTime", now) or now
    since = integer(call.params, "startTime")
    since = max(until - 7 * DAY_MS if since is None else since, now - HISTORY_DAYS * DAY_MS)
    if since > until:
        return []
    rows = [
        _income_row(event, wallet, text_ids=text_ids)
        for event in call.events(instant(since), instant(until))
        if event.wallet == wallet and event.counts and event.note not in ("buy", "sell")  # those are margin's
    ]
    for name in ("symbol", "incomeType"):
        rows = [row for row in rows if call.params.get(name, row[name]) == row[name]]
    return rows[: limited(call.params, 100, 1000)]


def _income_row(event: Event, wallet: str, *, text_ids: bool) -> Row:
    is_fill = event.kind in (LedgerKind.REALIZED_PNL, LedgerKind.FEE)
    tran_id = TRAN_ID_BASE + (event.ref if is_fill else event.id)
    symbol = (
        (inverse_symbol if wallet == "futures_inverse" else linear_symbol)(event.base)
        if event.base in CONTRACTS
        else ""
    )
    kind = INCOME_TYPES.get(event.kind, event.kind.value.upper())
    return {
        "symbol": symbol,
        "incomeType": kind,
        "income": amount(event.amount),
        "asset": event.asset,
        "info": str(event.ref) if is_fill else kind,
        "time": event.at_ms,
        "tranId": str(tran_id) if text_ids else tran_id,
        "tradeId": str(event.ref) if is_fill else "",
    }
