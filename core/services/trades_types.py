"""Closed positions of a period and what they say together, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.domain.closed import ClosedRow
from core.domain.pnl.trades import TradeStats


@dataclass(frozen=True, slots=True)
class Trade:
    """One closed position; `value` is its net in the currency asked for at the rate of its close, None: unknown."""

    row: ClosedRow
    account: str
    exchange: str
    value: float | None


@dataclass(frozen=True, slots=True)
class TradePart:
    """What the closed positions of one symbol or account say together."""

    key: str
    name: str
    stats: TradeStats


@dataclass(frozen=True, slots=True)
class Told:
    """From when to when the closed positions of an account that is still read are known; None: none were read yet."""

    account_id: UUID
    name: str
    exchange: str
    since: datetime | None
    read_to: datetime | None


@dataclass(frozen=True, slots=True)
class Trades:
    """The closed positions of a period, the oldest first, with their statistics.

    `unvalued` of them have no known value in the currency and are in no figure; `parts` are by symbol and by account.
    """

    since: datetime
    stats: TradeStats
    rows: tuple[Trade, ...] = ()
    parts: Mapping[str, tuple[TradePart, ...]] = field(default_factory=dict)
    told: tuple[Told, ...] = ()
    unvalued: int = 0

    @property
    def is_told(self) -> bool:
        """Tell whether closed positions were read of any account; where not, their number is unknown, not zero."""
        return bool(self.rows) or any(one.since is not None for one in self.told)
