"""Funding since a position was opened, from the ledger: by pair and wallet, and honest about since when."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from core.domain.types import LedgerRow, OpenPosition, SyncState
from core.services.risk_types import Basis, FundingSum, Reason

FUNDING = "funding"
Pair = tuple[UUID, str, str]
RateAt = Callable[[datetime], float]


def pair_of(position: OpenPosition) -> Pair:
    """Return what the ledger knows a position by: account, wallet and symbol."""
    return position.account_id, position.wallet, position.symbol


def legs_by_pair(positions: Iterable[OpenPosition]) -> dict[Pair, list[OpenPosition]]:
    """Return the positions of each pair; more than one where hedge legs (or margin modes) are apart."""
    found: dict[Pair, list[OpenPosition]] = {}
    for position in positions:
        found.setdefault(pair_of(position), []).append(position)
    return found


def has_funding(symbol: str) -> bool:
    """Tell whether a contract pays funding: perpetuals do, spot on margin, dated futures and options do not."""
    _pair, _sep, settled = symbol.partition(":")
    return bool(settled) and "-" not in settled


def funding_start(legs: Sequence[OpenPosition], state: SyncState | None) -> tuple[datetime, Basis]:
    """Return since when the funding of these legs is summed, and what that instant is."""
    starts = [
        (leg.opened_at, Basis.OPENED) if leg.opened_at else (leg.seen_since or leg.as_of, Basis.SEEN) for leg in legs
    ]
    since, basis = min(starts)
    begun = state.ledger_since if state is not None else None
    return (begun, Basis.LEDGER) if begun is not None and begun > since else (since, basis)


def earliest_start(positions: Iterable[OpenPosition], states: Mapping[UUID, SyncState]) -> datetime | None:
    """Return from when on ledger rows are needed for these positions, None where none pays funding."""
    pairs = legs_by_pair(position for position in positions if has_funding(position.symbol))
    return min((funding_start(legs, states.get(key[0]))[0] for key, legs in pairs.items()), default=None)


def funding_sums(
    positions: Iterable[OpenPosition],
    ledger: Sequence[LedgerRow],
    states: Mapping[UUID, SyncState],
    rate_at: RateAt,
) -> dict[Pair, FundingSum]:
    """Return the funding of each pair since it was opened; `rate_at`: units of the reporting currency for one USD."""
    rows: dict[Pair, list[LedgerRow]] = {}
    nameless: dict[tuple[UUID, str], datetime] = {}
    for row in ledger:
        if row.symbol is None:
            nameless[row.account_id, row.wallet] = row.booked_at
        else:
            rows.setdefault((row.account_id, row.wallet, row.symbol), []).append(row)
    return {
        key: _sum(legs, rows.get(key, ()), states.get(key[0]), nameless.get(key[:2]), rate_at)
        for key, legs in legs_by_pair(positions).items()
    }


def _sum(
    legs: Sequence[OpenPosition],
    rows: Sequence[LedgerRow],
    state: SyncState | None,
    last_nameless: datetime | None,
    rate_at: RateAt,
) -> FundingSum:
    asset, read_to = legs[0].settle_asset, state.ledger_read_to if state is not None else None
    since, basis = funding_start(legs, state)
    if not has_funding(legs[0].symbol):
        return FundingSum(None, None, asset, None, None, read_to, Reason.NO_FUNDING)
    if read_to is None:
        return FundingSum(None, None, asset, since, basis, None, Reason.LEDGER_UNREAD)
    if last_nameless is not None and last_nameless > since:
        return FundingSum(None, None, asset, since, basis, read_to, Reason.NO_PAIRS)
    mine = [row for row in rows if row.booked_at > since]
    assets = {row.asset for row in mine} or {asset}
    amount = sum((row.amount for row in mine), Decimal(0)) if len(assets) == 1 else None
    if any(row.price is None for row in mine):
        return FundingSum(None, amount, min(assets), since, basis, read_to, Reason.UNPRICED_ENTRY)
    value = math.fsum(float(row.amount * row.price) * rate_at(row.booked_at) for row in mine if row.price is not None)
    reason = Reason.NO_RATE if math.isnan(value) else None
    return FundingSum(None if reason else value, amount, min(assets), since, basis, read_to, reason)
