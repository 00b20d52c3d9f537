"""The platform's nouns: people, scopes, exchange accounts and what was stored of them.

Amounts are exact Decimals as the exchange sent them; values in USD are float64 (computed, never fed back into amounts).
Instants are aware UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may do: see own accounts, take assigned clients' data out, or look after everybody."""

    CLIENT = "client"
    ANALYST = "analyst"
    ADMIN = "admin"


class AccountStatus(StrEnum):
    """Life of an exchange account. Pausing is `is_active` false, not a status."""

    PENDING = "pending"
    ACTIVE = "active"
    NEEDS_ATTENTION = "needs_attention"
    REFUSED = "refused"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"


class JobKind(StrEnum):
    """Work that the web process asks of the sidecar."""

    VERIFY = "verify"
    REPLACE_KEY = "replace_key"
    SYNC = "sync"


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class StepState(StrEnum):
    """Where one line of the check list stands."""

    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Freshness(StrEnum):
    """Age of a figure against its planned interval: up to 2 intervals, up to 10, older, or never read."""

    FRESH = "fresh"
    LATE = "late"
    OLD = "old"
    NEVER = "never"


class Tier(StrEnum):
    """How often an account is meant to be read, the most often first.

    Main accounts; those on somebody's screen; others of a client who is active; all the rest.
    """

    MAIN = "main"
    WATCHED = "watched"
    ACTIVE = "active"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in. A client is a user with role client."""

    id: UUID
    login: str
    name: str
    role: Role
    currency: str
    language: str
    time_zone: str
    is_active: bool
    created_at: datetime
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Who asks, made from a login session at each script run, fragment, callback and request.

    `client_ids` None means every client (admin); otherwise the only clients whose rows may be touched.
    """

    user_id: UUID
    role: Role
    client_ids: frozenset[UUID] | None
    session_id: UUID | None = None
    authenticated_at: datetime | None = None
    ip: str = ""

    @property
    def may_write(self) -> bool:
        """Tell whether this scope may change accounts at all (analysts only read)."""
        return self.role in (Role.CLIENT, Role.ADMIN)

    def allows(self, client_id: UUID) -> bool:
        """Tell whether rows of this client may be touched."""
        return self.client_ids is None or client_id in self.client_ids


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What the exchange said the key may do; None is unknown."""

    read: bool | None = None
    trade: bool | None = None
    transfer: bool | None = None
    withdraw: bool | None = None
    ip_restricted: bool | None = None
    expires_at: datetime | None = None
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExchangeAccount:
    """One account at one exchange, without its sealed credentials.

    `user_id` is the client, `uid` the exchange's own id; `wants_main` asks to become main once it is active.
    """

    id: UUID
    user_id: UUID
    exchange: str
    name: str
    testnet: bool
    is_active: bool
    is_main: bool
    status: AccountStatus
    hint: str
    generation: int
    created_at: datetime
    updated_at: datetime
    uid: str | None = None
    reason: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    rights: KeyRights = KeyRights()
    removed_at: datetime | None = None
    wants_main: bool = False


@dataclass(frozen=True, slots=True)
class SealedCredential:
    """Sealed fields of one account as stored: tokens only, readable by the sidecar alone."""

    account_id: UUID
    client_id: UUID
    exchange: str
    generation: int
    dek_id: str
    data_key: str
    api_key: str
    secret_key: str
    passphrase: str | None
    origin_mac: str


@dataclass(frozen=True, slots=True)
class SyncState:
    """What the sidecar knows about the syncing of one account. `data_version` grows with each stored reading.

    The ledger is whole from `ledger_since` to `ledger_read_to`; `ledger_cursor` is where a reading in parts goes on.
    `looked_at` is when the account was last on a screen; `slow_read_at` and `seldom_read_at` are when the wallets that
    are not read in every slot last were; `egress` is the address (or the name of the proxy) it is read from. Closed
    positions are known from `closed_since` to `closed_read_to`.
    """

    account_id: UUID
    client_id: UUID
    planned_interval_seconds: int
    next_due_at: datetime
    fence: int
    leased_by: str | None = None
    leased_until: datetime | None = None
    last_attempt_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_error_code: str | None = None
    last_error_at: datetime | None = None
    failures: int = 0
    ledger_read_to: datetime | None = None
    ledger_since: datetime | None = None
    data_version: int = 0
    ledger_cursor: datetime | None = None
    tier: str = Tier.ACTIVE
    looked_at: datetime | None = None
    egress: str | None = None
    slow_read_at: datetime | None = None
    seldom_read_at: datetime | None = None
    closed_since: datetime | None = None
    closed_read_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobStep:
    """One line of the check list: `code` names it, `detail` is a code or a plain value, never a sentence."""

    code: str
    state: StepState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """Work asked of the sidecar for one account."""

    id: UUID
    account_id: UUID
    client_id: UUID
    kind: JobKind
    status: JobStatus
    created_at: datetime
    steps: tuple[JobStep, ...] = ()
    error_code: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class WalletState:
    """Latest state of one wallet. When `ok` is false the figures are the last good ones, carried from `as_of`.

    `equity` and `unrealized_pnl` are USD, priced part only; `first_ok_at` and `first_equity` are of the first good one.
    `maintenance_margin` is USD; `margin_ratio` is the exchange's own figure, maintenance margin over margin balance.
    """

    account_id: UUID
    client_id: UUID
    wallet: str
    kind: str
    ok: bool
    attempted_at: datetime
    reason: str | None = None
    as_of: datetime | None = None
    equity: float | None = None
    unrealized_pnl: float | None = None
    unpriced: tuple[str, ...] = ()
    first_ok_at: datetime | None = None
    first_equity: float | None = None
    maintenance_margin: float | None = None
    margin_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class HeldBalance:
    """Latest amount of one asset in one wallet. `net` = total - debt; `value` is USD or None when unpriced."""

    account_id: UUID
    client_id: UUID
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


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """Latest state of one open position; P&L in settle asset (exact) and in USD (computed).

    `opened_at` is told by the exchange, else the last reading of the wallet that did not show the position yet; None
    where the first reading showed it already. `seen_since` is the first reading that showed it.
    """

    account_id: UUID
    client_id: UUID
    wallet: str
    symbol: str
    venue_symbol: str
    side: str
    size_base: Decimal
    settle_asset: str
    as_of: datetime
    entry_price: Decimal | None = None
    mark_price: Decimal | None = None
    liquidation_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: str | None = None
    hedged: bool | None = None
    inverse: bool = False
    unrealized_pnl: Decimal | None = None
    unrealized_usd: float | None = None
    notional_usd: float | None = None
    opened_at: datetime | None = None
    seen_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """Equity of one account in one bucket, USD; `complete` is false when a wallet was carried into it."""

    account_id: UUID
    client_id: UUID
    at: datetime
    equity: float
    unrealized_pnl: float
    complete: bool
    open: float
    high: float
    low: float


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """A stored ledger entry; `kind` is the connector's kind, `price` USD per unit at booking time or None.

    `internal` is True where the exchange says that the money moved between accounts of one owner there.
    """

    account_id: UUID
    client_id: UUID
    wallet: str
    dedupe_key: str
    native_id: str
    kind: str
    asset: str
    amount: Decimal
    booked_at: datetime
    price: Decimal | None = None
    symbol: str | None = None
    txid: str | None = None
    ref: str | None = None
    venue_type: str | None = None
    internal: bool | None = None


@dataclass(frozen=True, slots=True)
class PriceQuote:
    """Latest USD price of an asset as one exchange's markets give it. `path` names the markets used."""

    exchange: str
    asset: str
    price: Decimal
    as_of: datetime
    path: str = ""


STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Last sign of life of one sidecar. `keys` is ok or locked; `stopped` is said by one that ends of itself.

    `clock_seconds` is how far its clock is behind (+) those of the exchanges; 0 below five seconds. `kids` are the
    vault keys it holds, separated by commas, the current one first.
    """

    sidecar_id: str
    started_at: datetime
    beat_at: datetime
    keys: str
    detail: str = ""
    egress: str = ""
    clock_seconds: float = 0.0
    kids: str = ""
