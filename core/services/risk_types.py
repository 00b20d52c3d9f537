"""What the Positions & risk page shows, as data: exposure, margins, positions, their funding and what is missing."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from core.domain.types import OpenPosition
from core.services.overview_types import AccountHealth, EmptyState, Figure, SystemHealth
from core.services.rates import Rate


class Reason(StrEnum):
    """Why a figure is unknown; the screens have the words."""

    NO_LEVERAGE = "no_leverage"
    NO_ENTRY = "no_entry"
    NO_PNL = "no_pnl"
    QUANTO = "quanto"
    NO_MARK = "no_mark"
    NO_PRICE = "no_price"
    NO_RATE = "no_rate"
    UNPRICED_ENTRY = "unpriced_entry"
    NO_LIQUIDATION = "no_liquidation"
    OTHER_SIDE = "other_side"
    NO_FUNDING = "no_funding"
    LEDGER_UNREAD = "ledger_unread"
    NO_PAIRS = "no_pairs"
    BOTH_LEGS = "both_legs"
    NO_MARGIN = "no_margin"
    OWN_ONLY = "own_only"
    ISOLATED = "isolated"
    NO_BALANCE = "no_balance"
    NO_EQUITY = "no_equity"
    GAP = "gap"


class Basis(StrEnum):
    """Since when funding is summed: the opening, the first reading that showed the position, or the ledger's begin."""

    OPENED = "opened"
    SEEN = "seen"
    LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class FundingSum:
    """Funding of a pair in one wallet since an instant: received (+) or paid (-).

    `value` is in the reporting currency at the rates of each booking, `amount` in `asset`, exact; both None where
    `reason` says why. `read_to` is how far the ledger is known.
    """

    value: float | None
    amount: Decimal | None
    asset: str
    since: datetime | None
    basis: Basis | None
    read_to: datetime | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SharedFunding:
    """Funding of a pair whose legs the ledger does not tell apart, for all legs together, closed ones included."""

    account: str
    symbol: str
    funding: FundingSum


@dataclass(frozen=True, slots=True)
class RiskRow:
    """One open position: money in the reporting currency, ratios as ratios, None with its reason.

    `roe` is unrealised P&L over the margin at entry (notional at entry / leverage); `distance` is the ratio of the mark
    that the price may move before liquidation, an estimate; `carried`: its wallet could not be read the last time.
    """

    position: OpenPosition
    account: str
    exchange: str
    testnet: bool
    notional: float | None
    upnl: float | None
    roe: float | None
    distance: float | None
    funding: FundingSum
    carried: bool
    notional_reason: Reason | None = None
    upnl_reason: Reason | None = None
    roe_reason: Reason | None = None
    distance_reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SymbolExposure:
    """Notional of one pair over all accounts shown; hedge legs add up in gross."""

    symbol: str
    long: float
    short: float
    gross: float
    net: float


@dataclass(frozen=True, slots=True)
class MarginRow:
    """Margin of one wallet with positions. `own`: the ratio is the exchange's own figure; liquidation at 1."""

    account: str
    exchange: str
    wallet: str
    kind: str
    balance: float | None
    ratio: float | None
    own: bool
    reason: Reason | None
    as_of: datetime | None
    carried: bool


@dataclass(frozen=True, slots=True)
class Unpriced:
    """An asset that has no price and is in no sum; `amount` None: only open P&L is in it."""

    account: str
    wallet: str
    asset: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Exposed:
    """The sums. `leverage` is gross notional over equity, not a setting; None where equity is unknown or not positive.

    `unvalued` counts positions that have no notional and are in no sum; `min_distance` is of the nearest position. All
    are None where the rate of the currency is not known.
    """

    long: float | None
    short: float | None
    gross: float | None
    net: float | None
    leverage: float | None
    leverage_reason: Reason | None
    unrealized: float | None
    min_distance: float | None
    unvalued: int


@dataclass(frozen=True, slots=True)
class Risk:
    """Everything the Positions & risk page draws; the file is written from it. Money in `currency`.

    `rate` is the one in force now, None where it is not known.

    `status` is how far equity can be trusted (PNL.md section 13): ok, stale, gap, empty or no_fx. `wallets_read` of
    `wallets_total` wallets were read well the last time; `flat`: there is no open position, as read at `checked_at`.
    """

    accounts: tuple[AccountHealth, ...]
    shown: tuple[UUID, ...]
    testnet: bool
    empty: EmptyState
    currency: str
    rate: Rate | None
    equity: Figure
    status: str
    sums: Exposed
    symbols: tuple[SymbolExposure, ...]
    deltas: tuple[tuple[str, float], ...]
    margins: tuple[MarginRow, ...]
    positions: tuple[RiskRow, ...]
    shared_funding: tuple[SharedFunding, ...]
    unpriced: tuple[Unpriced, ...]
    wallets_read: int
    wallets_total: int
    flat: bool
    checked_at: datetime | None
    ledger_read_to: datetime | None
    data_version: int
    system: SystemHealth
    now: datetime
