"""The file of the Positions & risk page, from the same function as the page: every sum, pair, margin and position."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from core.domain.types import Scope
from core.ports import Storage
from core.services.access import clients_of, require_recent_login
from core.services.exports import Cell, Column, Export
from core.services.overview import ALL
from core.services.risk import USD, load_risk
from core.services.risk_types import FundingSum, MarginRow, Risk, RiskRow

POSITIONS_RISK = "positions_risk"
RATIO, COUNT = "ratio", "count"
SUM, PAIR, ASSET, WALLET, LEGS, UNPRICED, POSITION = "sum", "pair", "asset", "wallet", "legs", "unpriced", "position"
SUMS = ("long", "short", "gross", "net", "unrealized")
SIDES = ("long", "short", "gross", "net")
HEAD = (
    Column("section", "text"),
    Column("item", "text"),
    Column("value", "money"),
    Column("unit", "text"),
    Column("account", "text"),
    Column("exchange", "text"),
    Column("wallet", "text"),
    Column("symbol", "text"),
)
TAIL = (
    Column("side", "text"),
    Column("size_base", "amount"),
    Column("entry_price", "amount"),
    Column("mark_price", "amount"),
    Column("notional", "money"),
    Column("unrealized_value", "money"),
    Column("unrealized_pnl", "amount"),
    Column("settle_asset", "text"),
    Column("roe", "amount"),
    Column("funding", "money"),
    Column("funding_amount", "amount"),
    Column("funding_asset", "text"),
    Column("funding_since", "time"),
    Column("funding_basis", "text"),
    Column("liquidation_price", "amount"),
    Column("liquidation_distance", "amount"),
    Column("leverage", "amount"),
    Column("margin_mode", "text"),
    Column("hedged", "flag"),
    Column("testnet", "flag"),
    Column("as_of", "time"),
    Column("carried", "flag"),
    Column("reason", "text"),
)
COLUMNS = (*HEAD, *TAIL)
Line = dict[str, Cell]


def open_risk_export(  # noqa: PLR0913 - what the page asks
    storage: Storage,
    scope: Scope,
    *,
    client_id: UUID,
    view: str = ALL,
    currency: str = USD,
    time_zone: str = "UTC",
    now: datetime,
) -> Export:
    """Return every figure of the page for the accounts that a view shows.

    Raises:
        StepUpRequiredError: the login is older than ten minutes.
        NotFoundError: the client or the account is unknown or outside the scope.
    """
    require_recent_login(scope, now)
    clients_of(scope, client_id)
    risk = load_risk(storage, scope, client_id=client_id, view=view, currency=currency, time_zone=time_zone, now=now)
    names = [column.name for column in COLUMNS]
    rows = ([line.get(name) for name in names] for line in lines(risk))
    return Export(POSITIONS_RISK, COLUMNS, rows, now, f"{POSITIONS_RISK}-{now:%Y%m%dT%H%M%SZ}.csv", client_id)


def lines(risk: Risk) -> Iterator[Line]:
    """Yield one line per figure of the page, then one per position."""
    yield from _sums(risk)
    for symbol in risk.symbols:
        for side in SIDES:
            yield {**_figure(PAIR, side, getattr(symbol, side), risk.currency), "symbol": symbol.symbol}
    for asset, value in risk.deltas:
        yield _figure(ASSET, asset, value, risk.currency)
    for margin in risk.margins:
        yield from _margin(margin, risk)
    for shared in risk.shared_funding:
        line = _figure(LEGS, "funding", shared.funding.value, risk.currency)
        yield {**line, "account": shared.account, "symbol": shared.symbol, **_funding(shared.funding), "funding": None}
    for one in risk.unpriced:
        yield {
            **_figure(UNPRICED, one.asset, None, ""),
            "account": one.account,
            "wallet": one.wallet,
            "size_base": one.amount,
        }
    for row in risk.positions:
        yield _position(row, risk)


def _sums(risk: Risk) -> Iterator[Line]:
    sums = risk.sums
    for name in SUMS:
        yield {**_figure(SUM, name, getattr(sums, name), risk.currency), "as_of": risk.checked_at}
    yield {**_figure(SUM, "equity", risk.equity.value, risk.currency), "as_of": risk.equity.as_of}
    reason = None if sums.leverage_reason is None else sums.leverage_reason.value
    yield {**_figure(SUM, "notional_over_equity", sums.leverage, RATIO), "reason": reason}
    yield _figure(SUM, "nearest_liquidation", sums.min_distance, RATIO)
    ratio = next((margin.ratio for margin in risk.margins if margin.ratio is not None), None)
    yield _figure(SUM, "highest_margin_ratio", ratio, RATIO)
    counts = {
        "wallets_read": risk.wallets_read,
        "wallets": risk.wallets_total,
        "open_positions": len(risk.positions),
        "unvalued_positions": sums.unvalued,
        "unpriced_assets": len(risk.unpriced),
    }
    for name, count in counts.items():
        yield _figure(SUM, name, count, COUNT)


def _figure(section: str, item: str, value: Cell, unit: str) -> Line:
    return {"section": section, "item": item, "value": value, "unit": unit}


def _margin(margin: MarginRow, risk: Risk) -> Iterator[Line]:
    place: Line = {
        "account": margin.account,
        "exchange": margin.exchange,
        "wallet": margin.wallet,
        "as_of": margin.as_of,
        "carried": margin.carried,
    }
    reason = None if margin.reason is None else margin.reason.value
    item = "margin_ratio_of_the_exchange" if margin.own else "margin_ratio"
    yield {**_figure(WALLET, item, margin.ratio, RATIO), **place, "reason": reason}
    yield {**_figure(WALLET, "margin_balance", margin.balance, risk.currency), **place}


def _position(row: RiskRow, risk: Risk) -> Line:
    held = row.position
    reasons = (row.notional_reason, row.upnl_reason, row.roe_reason, row.distance_reason, row.funding.reason)
    return {
        "section": POSITION,
        "unit": risk.currency,
        "account": row.account,
        "exchange": row.exchange,
        "wallet": held.wallet,
        "symbol": held.symbol,
        "side": held.side,
        "size_base": held.size_base,
        "entry_price": held.entry_price,
        "mark_price": held.mark_price,
        "notional": row.notional,
        "unrealized_value": row.upnl,
        "unrealized_pnl": held.unrealized_pnl,
        "settle_asset": held.settle_asset,
        "roe": row.roe,
        **_funding(row.funding),
        "liquidation_price": held.liquidation_price,
        "liquidation_distance": row.distance,
        "leverage": held.leverage,
        "margin_mode": held.margin_mode,
        "hedged": held.hedged,
        "testnet": row.testnet,
        "as_of": held.as_of,
        "carried": row.carried,
        "reason": ", ".join(dict.fromkeys(reason.value for reason in reasons if reason is not None)),
    }


def _funding(funding: FundingSum) -> Line:
    return {
        "funding": funding.value,
        "funding_amount": funding.amount,
        "funding_asset": funding.asset,
        "funding_since": funding.since,
        "funding_basis": None if funding.basis is None else funding.basis.value,
    }
