"""Closed positions of one account: which span is read next, and the rows that are stored of it.

The newest are read first, so that the last thirty days are whole at once; each later reading goes a piece further back,
until ninety days are known. What exchanges keep no longer is not in their answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, NotSupportedError
from connectors.types import ClosedPosition
from core.domain.closed import ClosedRow
from core.domain.types import ExchangeAccount, SyncState
from core.sync.due import LEDGER_FIRST, overlapped
from core.sync.ledger import Then
from core.sync.ports import Connector

PIECE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ClosedPart:
    """What was read: positions, and from when to when they are known as whole now. `error` is why it is not more."""

    since: datetime
    read_to: datetime
    found: Sequence[ClosedPosition] = ()
    rows: Sequence[ClosedRow] = ()
    error: ConnectorError | None = None


def read_closed(connector: Connector, state: SyncState, now: datetime) -> ClosedPart | ConnectorError | None:
    """Read what is new since the last reading, then a piece more of the past; None where the exchange tells nothing.

    Returns:
        What was read, or the error where nothing was; a part names the error that cut it short.
    """
    since, start = state.closed_since, fresh_since(state, now)
    try:
        found = connector.get_closed_positions(start, now)
    except NotSupportedError:
        return None
    except ConnectorError as e:
        return e
    if since is None or is_forgotten(state, now):
        return ClosedPart(start, now, found)
    part = ClosedPart(since, now, found)
    further = max(since - PIECE, now - LEDGER_FIRST)
    if further >= since:
        return part
    try:
        older = connector.get_closed_positions(further, since)
    except ConnectorError as e:
        return replace(part, error=e)
    return replace(part, since=further, found=[*older, *found])


def fresh_since(state: SyncState, now: datetime) -> datetime:
    """Return from when closed positions are read: a piece back at first, then from the last reading with an overlap."""
    read_to = state.closed_read_to
    return now - PIECE if read_to is None or is_forgotten(state, now) else overlapped(read_to, now)


def is_forgotten(state: SyncState, now: datetime) -> bool:
    """Tell whether the last reading is too long ago to go on from it."""
    return state.closed_read_to is None or state.closed_read_to < now - LEDGER_FIRST


def closed_rows(account: ExchangeAccount, found: Iterable[ClosedPosition], then: Then) -> list[ClosedRow]:
    """Return closed positions as rows, with the price of their settle asset at close where it is known."""
    return [
        ClosedRow(
            account_id=account.id,
            client_id=account.user_id,
            native_id=position.id,
            closed_at=position.closed_at,
            symbol=position.symbol,
            venue_symbol=position.venue_symbol,
            side=position.side.value,
            settle_asset=position.settle_asset,
            net_pnl=position.net_pnl,
            size_base=position.size_base,
            entry_price=position.entry_price,
            exit_price=position.exit_price,
            gross_pnl=position.gross_pnl,
            fee=position.fee,
            funding=position.funding,
            price=then.price(position.settle_asset, position.closed_at),
            opened_at=position.opened_at,
        )
        for position in found
    ]
