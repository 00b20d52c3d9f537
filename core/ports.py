"""What the inner ring needs from the outside, as protocols: clock, storage, vault, connector maker.

Storage rules: only the unit of work commits (on leaving its block without an exception); every tenant read and write
names its client ids; repositories return domain types, never rows.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from connectors.types import ExchangeInfo
from core.domain.types import (
    AccountStatus,
    EquityPoint,
    ExchangeAccount,
    Heartbeat,
    HeldBalance,
    Job,
    JobKind,
    JobStatus,
    JobStep,
    KeyRights,
    LedgerRow,
    OpenPosition,
    PriceQuote,
    Role,
    Scope,
    SealedCredential,
    SyncState,
    User,
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
    """No request to this exchange before `until` (rate limit or ban), or what is wrong with it as a whole."""

    exchange: str
    until: datetime
    reason: str


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
class Candidate:
    """A sealed credential that waits to be verified, with the options (the exchange's own choices) it came with."""

    credential: SealedCredential
    options: Mapping[str, str]


class Exchanges(Protocol):
    """The connector library as services see it: facts and field checks, no calls."""

    def available(self) -> list[str]: ...
    def describe(self, exchange: str) -> ExchangeInfo: ...
    def check_fields(
        self, exchange: str, fields: Mapping[str, str], *, testnet: bool, options: Mapping[str, str]
    ) -> None:
        """Raise CredentialError naming the field that cannot be right; nothing is sent anywhere."""
        ...


class Sealer(Protocol):
    """The vault as the web process holds it: it seals and never opens."""

    def seal(
        self, *, client_id: UUID, account_id: UUID, exchange: str, generation: int, fields: Mapping[str, str]
    ) -> SealedCredential:
        """Seal api_key, api_secret and passphrase of one account under a fresh data key of the client."""
        ...

    def duplicate_index(self, exchange: str, api_key: str) -> str:
        """Return the keyed hash under which the same key is found again."""
        ...


class Users(Protocol):
    """People and their passwords."""

    def add(self, user: User, password_hash: str | None) -> None: ...
    def get(self, user_id: UUID) -> User | None: ...
    def by_login(self, login: str) -> tuple[User, str | None] | None: ...
    def all(self, *, role: Role | None = None, client_ids: ClientIds = None) -> list[User]: ...
    def count(self, *, role: Role | None = None) -> int: ...
    def update(self, user: User) -> None: ...
    def set_password(self, user_id: UUID, password_hash: str) -> None: ...
    def delete_demo(self) -> int: ...


class LoginSessions(Protocol):
    """Login sessions, one-time links and the throttle."""

    def add(self, session: LoginSession) -> None: ...
    def by_token_hash(self, token_hash: str) -> tuple[LoginSession, User] | None: ...
    def by_id(self, session_id: UUID) -> tuple[LoginSession, User] | None: ...
    def touch(self, session_id: UUID, seen_at: datetime) -> None: ...
    def reauthenticate(self, session_id: UUID, at: datetime) -> None: ...
    def revoke(self, session_id: UUID, at: datetime) -> None: ...
    def revoke_all(self, user_id: UUID, at: datetime) -> int: ...
    def revoked_among(self, session_ids: Collection[UUID], now: datetime) -> set[UUID]: ...
    def attempts(self, key: str) -> Attempts | None: ...
    def record_failure(self, key: str, at: datetime) -> Attempts: ...
    def clear_failures(self, key: str) -> None: ...
    def add_link(self, link: OneTimeLink) -> None: ...
    def use_link(self, kind: str, token_hash: str, now: datetime) -> OneTimeLink | None: ...
    def find_link(self, kind: str, token_hash: str, now: datetime) -> OneTimeLink | None: ...


class Accounts(Protocol):
    """Exchange accounts without their secrets. Removed accounts are left out unless asked for."""

    def add(self, account: ExchangeAccount, credential: SealedCredential, duplicate_index: str) -> None: ...
    def get(self, account_id: UUID, client_ids: ClientIds, *, for_update: bool = False) -> ExchangeAccount | None: ...
    def all(self, client_ids: ClientIds, *, with_removed: bool = False) -> list[ExchangeAccount]: ...
    def update(self, account: ExchangeAccount) -> None: ...
    def set_status(self, account: ExchangeAccount, status: AccountStatus, reason: str | None, at: datetime) -> None: ...
    def set_rights(self, account: ExchangeAccount, rights: KeyRights, uid: str | None, at: datetime) -> None: ...
    def set_main(self, client_id: UUID, account_id: UUID, at: datetime) -> None: ...
    def main_of(self, client_id: UUID) -> ExchangeAccount | None: ...
    def by_duplicate_index(self, duplicate_index: str) -> ExchangeAccount | None: ...
    def by_exchange_uid(self, exchange: str, uid: str, *, testnet: bool) -> list[ExchangeAccount]: ...
    def remove(self, account: ExchangeAccount, at: datetime) -> None: ...
    def has_real(self) -> bool: ...


class Credentials(Protocol):
    """Sealed credentials: web only writes, sync reads. A candidate waits beside the current one until verified."""

    def load(self, account_id: UUID, client_id: UUID) -> SealedCredential | None: ...
    def save_candidate(
        self, credential: SealedCredential, *, hint: str, duplicate_index: str, options: Mapping[str, str], at: datetime
    ) -> None: ...
    def load_candidate(self, account_id: UUID, client_id: UUID) -> Candidate | None: ...
    def promote_candidate(self, verified: SealedCredential, at: datetime) -> None:
        """Put this waiting credential in the current one's place; ConflictError when another one waits by now."""
        ...

    def drop_candidate(self, account_id: UUID, client_id: UUID) -> None: ...
    def erase(self, account_id: UUID, client_id: UUID) -> None: ...
    def key_checks(self) -> dict[str, str]: ...
    def add_key_check(self, kid: str, token: str) -> None: ...
    def kids_in_use(self) -> set[str]: ...


class Jobs(Protocol):
    """Work asked of the sidecar; at most one unfinished job of a kind per account."""

    def add(self, job: Job) -> Job: ...
    def get(self, job_id: UUID, client_ids: ClientIds) -> Job | None: ...
    def latest(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, kind: JobKind | None = None
    ) -> list[Job]: ...
    def claim(self, now: datetime, *, stale_after_seconds: float, limit: int) -> list[Job]: ...
    def set_steps(self, job_id: UUID, steps: Sequence[JobStep]) -> None: ...
    def finish(self, job_id: UUID, status: JobStatus, at: datetime, *, error_code: str | None = None) -> None: ...


class Syncing(Protocol):
    """Sync states, leases, pauses and heartbeats."""

    def ensure(self, account_id: UUID, client_id: UUID, due_at: datetime, interval_seconds: int) -> None: ...
    def states(self, client_ids: ClientIds, *, account_ids: Collection[UUID] | None = None) -> list[SyncState]: ...
    def claim(
        self, now: datetime, *, owner: str, lease_seconds: float, limit: int, exchanges_paused: Collection[str] = ()
    ) -> list[Lease]: ...
    def claim_one(self, account_id: UUID, now: datetime, *, owner: str, lease_seconds: float) -> Lease | None: ...
    def check_fence(self, lease: Lease) -> None: ...
    def release(
        self,
        lease: Lease,
        *,
        next_due_at: datetime,
        interval_seconds: int,
        now: datetime,
        error_code: str | None = None,
    ) -> None: ...
    def set_ledger(self, lease: Lease, *, read_to: datetime, since: datetime) -> None: ...
    def make_due(self, account_id: UUID, client_id: UUID, now: datetime) -> None: ...
    def data_version(self, client_ids: ClientIds, account_ids: Collection[UUID] | None = None) -> int: ...
    def pause(self, pause: ExchangePause) -> None: ...
    def pauses(self, now: datetime) -> list[ExchangePause]: ...
    def beat(self, heartbeat: Heartbeat) -> None: ...
    def heartbeats(self) -> list[Heartbeat]: ...


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
    details: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class PointWindow:
    """Points of one bucket size with since <= at <= until."""

    bucket_seconds: int
    since: datetime
    until: datetime


# account id, time in microseconds since 1970 UTC, equity and unrealised P&L in USD, complete
PointRow = tuple[UUID, int, float, float, bool]


class Readings(Protocol):
    """Latest state and history of accounts."""

    def store(self, reading: StoredReading) -> None: ...
    def wallets(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[WalletState]: ...
    def balances(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[HeldBalance]: ...
    def positions(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[OpenPosition]: ...
    def points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, windows: Sequence[PointWindow]
    ) -> list[PointRow]:
        """Return the points of all windows in one query, ascending by account and time (the page's hot path)."""
        ...

    def last_points_before(
        self, account_ids: Collection[UUID], client_ids: ClientIds, times: Sequence[datetime]
    ) -> dict[datetime, dict[UUID, EquityPoint]]: ...
    def first_point_at(self, account_ids: Collection[UUID], client_ids: ClientIds) -> dict[UUID, EquityPoint]: ...
    def iter_points(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, since: datetime, until: datetime
    ) -> Iterator[EquityPoint]: ...
    def add_history(
        self, points: Iterable[EquityPoint], ledger: Iterable[LedgerRow], starts: Iterable[WalletState] = ()
    ) -> None:
        """Store past points and entries; `starts` move wallets' first good reading back to where history begins."""
        ...


@dataclass(frozen=True, slots=True)
class ClientPicture:
    """Everything a page shows of one client but the curve, removed accounts included; see Pictures.of_client.

    `jobs` are the newest of each account and kind; `boundaries` the last point of each account at or before each time.
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
    boundaries: dict[datetime, dict[UUID, EquityPoint]]


class Pictures(Protocol):
    """A client's whole state in one query: a page costs a session, a picture and its points."""

    def of_client(
        self,
        client_id: UUID,
        *,
        times: Sequence[datetime],
        flows_since: datetime,
        kinds: Collection[str],
        now: datetime,
    ) -> ClientPicture:
        """Read flows with flows_since < booked_at <= now and pauses that outlast `now`."""
        ...


class Ledger(Protocol):
    """Ledger rows: unique by (account, wallet, dedupe_key); storing one again changes nothing."""

    def add(self, rows: Iterable[LedgerRow]) -> int: ...
    def flows(
        self,
        account_ids: Collection[UUID],
        client_ids: ClientIds,
        *,
        since: datetime,
        until: datetime,
        kinds: Collection[str],
    ) -> list[LedgerRow]: ...


class Prices(Protocol):
    """Latest USD prices per exchange."""

    def save(self, quotes: Iterable[PriceQuote]) -> None: ...
    def latest(self, exchange: str | None = None) -> list[PriceQuote]: ...


class AuditLog(Protocol):
    """Append-only hash chain."""

    def append(self, entry: AuditEntry) -> None: ...


class Facts(Protocol):
    """Small facts of the installation (for example that it holds the demo world)."""

    def get(self, key: str) -> str | None: ...
    def set(self, key: str, value: str) -> None: ...


class UnitOfWork(Protocol):
    """One transaction over all repositories."""

    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> LoginSessions: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def credentials(self) -> Credentials: ...
    @property
    def jobs(self) -> Jobs: ...
    @property
    def syncing(self) -> Syncing: ...
    @property
    def readings(self) -> Readings: ...
    @property
    def pictures(self) -> Pictures: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def prices(self) -> Prices: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def facts(self) -> Facts: ...


class Storage(Protocol):
    """Gives out transactions. `scope` None is the system itself (sidecar, command line)."""

    def begin(self, scope: Scope | None = None, *, write: bool = True) -> AbstractContextManager[UnitOfWork]: ...
    def ping(self) -> None: ...
    def schema_is_current(self) -> bool: ...
    def dispose(self) -> None: ...


class PasswordHasher(Protocol):
    """Password rules and slow hashes. Checking against None (an unknown name) takes as long and is never true."""

    def check(self, password: str, *, login: str = "") -> None: ...
    def hash(self, password: str) -> str: ...
    def verify(self, stored: str | None, password: str) -> bool: ...
    def needs_rehash(self, stored: str) -> bool: ...


class TokenHasher(Protocol):
    """Random tokens and their keyed hashes, one purpose each."""

    def new(self) -> str: ...
    def hash_session(self, token: str) -> str: ...
    def hash_link(self, token: str) -> str: ...
