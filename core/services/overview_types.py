"""What the Overview shows, as data: figures with their age, what was carried into them, what could not be priced."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from core.domain.currencies import USD
from core.domain.marks import Mark
from core.domain.types import ExchangeAccount, Freshness, Job, OpenPosition, SyncState, WalletState
from core.ports import ExchangePause
from core.services.rates import Rate
from core.services.unpriced import UnpricedRow


class EmptyState(StrEnum):
    """Why there is nothing to show; each has its own words and its own way out."""

    NONE = "none"
    NO_ACCOUNT = "no_account"
    FIRST_SYNC = "first_sync"
    ZERO = "zero"
    FILTERED = "filtered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Figure:
    """One sum in USD. `as_of` is the oldest part's time; `carried` names wallets with older values inside it.

    `unpriced` lists assets that have no price, `missing` wallets that were never read: neither is in the sum.
    """

    value: float | None
    as_of: datetime | None
    carried: tuple[str, ...] = ()
    unpriced: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PnlFigure:
    """P&L of a period in USD: equity change minus external flows. `rate` is the time-weighted return as a ratio.

    `since` is where it really begins (the history may start later than the period); `ledger_read_to` tells up to when
    deposits and withdrawals are known; `unvalued` are flows without a price, which make the value unknown.
    `is_provisional`: the ledger lags so far behind the equity that a deposit may still look like a profit.
    """

    value: float | None
    rate: float | None
    period_start: datetime
    since: datetime | None
    as_of: datetime | None
    status: str
    net_flows: float
    unvalued: tuple[str, ...] = ()
    ledger_read_to: datetime | None = None
    is_provisional: bool = False
    trend: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowMarker:
    """A deposit or withdrawal on the curve; USD value, None where it has no price."""

    at: datetime
    value: float | None
    asset: str
    amount: Decimal
    account: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Equity over time in USD, at most 2,000 points; `carried[i]`: point i holds older values of a wallet."""

    at: tuple[datetime, ...]
    equity: tuple[float | None, ...]
    carried: tuple[bool, ...]
    flows: tuple[FlowMarker, ...]


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One asset in one wallet of one account; value in USD of total minus debt, or None when unpriced."""

    account_id: UUID
    account: str
    exchange: str
    wallet: str
    kind: str
    asset: str
    free: Decimal | None
    locked: Decimal | None
    total: Decimal
    debt: Decimal
    price: Decimal | None
    value: float | None
    as_of: datetime
    carried: bool


@dataclass(frozen=True, slots=True)
class Allocation:
    """One asset over all wallets shown: net amount, USD value, share of the priced total as a ratio."""

    asset: str
    amount: Decimal
    value: float | None
    share: float | None


@dataclass(frozen=True, slots=True)
class PositionRow:
    """An open position with its account's name and the distance to liquidation as a ratio of the mark price.

    `pnl` is the open profit in the currency shown, None where its settling asset has no price or the rate is unknown.
    """

    position: OpenPosition
    account: str
    exchange: str
    distance: float | None
    carried: bool
    pnl: float | None = None


@dataclass(frozen=True, slots=True)
class AccountHealth:
    """One account's state for its badge: how fresh, how many wallets were read, what is wrong."""

    account: ExchangeAccount
    freshness: Freshness
    as_of: datetime | None
    planned_interval_seconds: int | None
    wallets: tuple[WalletState, ...]
    equity: float | None
    error_code: str | None
    sync: SyncState | None
    job: Job | None
    pause: ExchangePause | None


@dataclass(frozen=True, slots=True)
class SystemHealth:
    """Whether the sidecar is alive and can open keys. `sidecar_seen_at` None: never.

    `clock_seconds` is how far this server's clock is behind (+) those of the exchanges; 0 below five seconds.
    """

    sidecar_seen_at: datetime | None
    sidecar_silent: bool
    keys_locked: bool
    clock_seconds: float = 0.0


class Sight(Protocol):
    """What the head of a page of figures needs: whose accounts they are, how old they are, why there may be none."""

    @property
    def accounts(self) -> tuple[AccountHealth, ...]:
        """All accounts of the client."""
        ...

    @property
    def shown(self) -> tuple[UUID, ...]:
        """The ids of the accounts that the view shows."""
        ...

    @property
    def testnet(self) -> bool:
        """Whether what is shown is play money."""
        ...

    @property
    def empty(self) -> EmptyState:
        """Why there is nothing to show."""
        ...

    @property
    def equity(self) -> Figure:
        """Equity of the accounts shown."""
        ...

    @property
    def data_version(self) -> int:
        """A number that grows with every stored reading."""
        ...

    @property
    def system(self) -> SystemHealth:
        """How the sidecar is doing."""
        ...

    @property
    def now(self) -> datetime:
        """When this was read."""
        ...


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the Overview page draws. Money is in `currency`, `rate` the one in force now (None: unknown)."""

    accounts: tuple[AccountHealth, ...]
    shown: tuple[UUID, ...]
    testnet: bool
    empty: EmptyState
    equity: Figure
    unrealized: Figure
    today: PnlFigure
    month: PnlFigure
    curve: Curve
    allocation: tuple[Allocation, ...]
    balances: tuple[BalanceRow, ...]
    positions: tuple[PositionRow, ...]
    data_version: int
    system: SystemHealth
    now: datetime
    marks: tuple[Mark, ...] = ()
    currency: str = USD
    rate: Rate | None = None
    unpriced: tuple[UnpricedRow, ...] = ()
