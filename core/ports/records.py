"""Small nouns that only pass between services and storage, and the types of clock and client ids."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.domain.marks import Mark
from core.domain.points import DetailPoint
from core.domain.types import (
    EquityPoint,
    ExchangeAccount,
    Heartbeat,
    HeldBalance,
    Job,
    LedgerRow,
    OpenPosition,
    SealedCredential,
    SyncState,
    WalletState,
)

Clock = Callable[[], datetime]


ClientIds = Collection[UUID] | None  # None: every client (admin, sidecar)


@dataclass(frozen=True, slots=True)
class LoginSession:
    """One login, as stored: the token itself is never kept, only its keyed hash."""

    id: UUID
    user_id: UUID
    token_hash: str
    created_at: datetime
    seen_at: datetime
    authenticated_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link that works once (setup, later invites); only the keyed hash of its token is kept."""

    id: UUID
    kind: str
    token_hash: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    user_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Attempts:
    """Failed sign-ins under one key (`user:<login>` or `ip:<address>`)."""

    key: str
    failures: int
    last_failed_at: datetime


@dataclass(frozen=True, slots=True)
class ExchangePause:
    """No request to this exchange from this address before `until` (rate limit or ban), or what is wrong with it."""

    exchange: str
    until: datetime
    reason: str
    egress: str = ""


@dataclass(frozen=True, slots=True)
class FleetRow:
    """What the plan needs to know of one account that is being read."""

    account_id: UUID
    client_id: UUID
    exchange: str
    testnet: bool
    is_main: bool
    tier: str
    egress: str | None
    looked_at: datetime | None
    client_seen_at: datetime | None
    interval_seconds: int


@dataclass(frozen=True, slots=True)
class Pacing:
    """What is decided of one account: its tier, the address that reads it, and how often."""

    account_id: UUID
    tier: str
    egress: str | None
    interval_seconds: int
    is_sooner: bool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One audited act; the storage adds sequence number, chain hash and MAC. `details` holds no secret."""

    at: datetime
    actor_id: UUID | None
    action: str
    object_type: str
    object_id: str
    client_id: UUID | None = None
    ip: str = ""
    details: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """An account claimed for one slot. Every write of the slot names `fence`; a stale one is refused."""

    account: ExchangeAccount
    owner: str
    fence: int
    until: datetime


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A client's data key as stored, wrapped under a vault key."""

    dek_id: str
    client_id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sealed credential that waits to be verified, with the options (the exchange's own choices) it came with."""

    credential: SealedCredential
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredReading:
    """Everything one slot writes for one account, already normalised and valued, in one transaction.

    `wallets` holds every wallet (failed ones carry the previous figures); `balances` and `positions` replace those of
    the wallets in `fresh_wallets` only. `equity` and `unrealized_pnl` are USD over all wallets, carried ones included.
    """

    account_id: UUID
    client_id: UUID
    slot: int
    at: datetime
    wallets: Sequence[WalletState]
    fresh_wallets: Collection[str]
    balances: Sequence[HeldBalance]
    positions: Sequence[OpenPosition]
    equity: float
    unrealized_pnl: float
    complete: bool
    ledger: Sequence[LedgerRow] = ()
    details: DetailPoint | None = None


@dataclass(frozen=True, slots=True)
class PointWindow:
    """Points of one bucket size with since <= at <= until."""

    bucket_seconds: int
    since: datetime
    until: datetime


# account id, time in microseconds since 1970 UTC, equity and unrealised P&L in USD, complete
PointRow = tuple[UUID, int, float, float, bool]


@dataclass(frozen=True, slots=True)
class ClientPicture:
    """Everything a page shows of one client but the curve, removed accounts included; see Pictures.of_client.

    `jobs` are the newest of each account and kind; `boundaries` the last point of each account at or before each time;
    `marks` are those of a day that a person should know of.
    """

    accounts: list[ExchangeAccount]
    states: list[SyncState]
    jobs: list[Job]
    wallets: list[WalletState]
    balances: list[HeldBalance]
    positions: list[OpenPosition]
    flows: list[LedgerRow]
    pauses: list[ExchangePause]
    heartbeats: list[Heartbeat]
    marks: list[Mark]
    boundaries: dict[datetime, dict[UUID, EquityPoint]]
