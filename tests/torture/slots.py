"""Slots whose whole content follows from one number, written by the sidecar's own code, and a judge of what is stored.

Version n of an account holds 1,000,000 + n USDT in each of two wallets, a position of size n, and n ledger rows.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from connectors.types import (
    AccountInfo,
    Balance,
    ClosedPosition,
    LedgerEntry,
    LedgerKind,
    LedgerPart,
    Permissions,
    Position,
    Price,
    Side,
    WalletAccount,
    WalletKind,
)
from core.domain.types import AccountStatus, ExchangeAccount, Role, SealedCredential, SyncState, User
from core.errors import PlatformError
from core.persistence import SqlStorage
from core.persistence.models import Base
from core.persistence.unit_of_work import SqlUnitOfWork
from core.ports import Lease, PointWindow
from core.sync.ports import Tools
from core.sync.prices import PriceBoard
from core.sync.slot import run_slot
from tests.databases import chain_for_tests

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
STEP = timedelta(seconds=310)  # longer than the ledger's interval: each slot reads the ledger too
CASH = 1_000_000
COIN = "USDT"
LEASE_SECONDS = 60
CLAIMS = 100
BUCKETS = (30, 300, 3600, 86_400)
WALLETS = (("spot", WalletKind.SPOT), ("futures", WalletKind.FUTURES_LINEAR))
COUNTS = ("ledger_entries", "snapshot_details", "balances", "positions", "wallet_states")
Versions = dict[UUID, int]


@dataclass(slots=True)
class Feed:
    """An exchange that answers with version `version` of an account at `at`."""

    version: int = 0
    at: datetime = BEGIN
    sent: int = 0

    @property
    def times(self) -> "Feed":
        return self

    def take(self) -> datetime | None:
        return self.at

    def get_permissions(self) -> Permissions:
        return Permissions(read=True, trade=False, transfer=False, withdraw=False, ip_restricted=True)

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        found = []
        for name, kind in [each for each in WALLETS if wallets is None or each[0] in wallets]:
            cash = Decimal(CASH + self.version)
            balance = Balance(name, COIN, cash, Decimal(0), cash, as_of=self.at)
            found.append(WalletAccount(name, kind, True, balances=(balance,), as_of=self.at))
        return AccountInfo(tuple(found), "classic", self.at)

    def get_futures_positions(self) -> list[Position]:
        size = Decimal(self.version)
        return [Position("futures", "BTC/USDT:USDT", "BTCUSDT", Side.LONG, size, COIN, size, size, Decimal(0))]

    def get_ledger_part(self, since: datetime, until: datetime) -> LedgerPart:
        newest = range(max(1, self.version - 2), self.version + 1)  # each reading overlaps the ones before
        return LedgerPart(tuple(_entry(number) for number in newest), until)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        return []

    def get_prices(self) -> list[Price]:
        return []

    def get_server_time(self) -> datetime:
        return self.at


def _entry(number: int) -> LedgerEntry:
    at = BEGIN + timedelta(seconds=number)
    return LedgerEntry(str(number), str(number), LedgerKind.FUNDING, "futures", COIN, Decimal(1), at)


@dataclass(slots=True)
class Writer:
    """One sidecar thread: reads the next version of its account whenever it is asked to."""

    storage: SqlStorage
    account_id: UUID
    client_id: UUID
    name: str
    feed: Feed = field(default_factory=Feed)

    def start(self) -> None:
        """Go on where the account's last life ended, after the lease that it may have left behind."""
        state = state_of(self.storage, self.account_id)
        self.feed.version = state.data_version
        last = max(filter(None, (state.leased_until, state.last_attempt_at, state.next_due_at)), default=BEGIN)
        self.feed.at = max(last, BEGIN)

    def write(self) -> int:
        """Store the next version as a slot of the sidecar does, and return it once that has returned."""
        lease = self._claim()
        # Read under the lease, as the sidecar does: a server may end a commit after the death of who asked for it.
        state = state_of(self.storage, self.account_id)
        while state.last_ok_at is not None and state.last_ok_at >= self.feed.at:  # that slot was of this very instant
            self.feed.at = state.last_ok_at
            lease = self._claim()
            state = state_of(self.storage, self.account_id)
        self.feed.version = state.data_version + 1
        tools = Tools(
            storage=self.storage,
            clock=lambda: self.feed.at,
            connect=lambda _account, _sealed: self.feed,
            prices=PriceBoard(self.storage, lambda: self.feed.at, lambda _exchange: self.feed),
            owner=self.name,
            lease_seconds=LEASE_SECONDS,
        )
        code = run_slot(tools, lease)
        if code is not None:
            raise RuntimeError(f"slot not stored: {code}")
        return self.feed.version

    def _claim(self) -> Lease:
        """Take the account once a dead holder's lease is over; it may have been given out at the last moment."""
        for _ in range(CLAIMS):
            self.feed.at += STEP
            with self.storage.begin() as uow:
                lease = uow.syncing.claim_one(
                    self.account_id, self.feed.at, owner=self.name, lease_seconds=LEASE_SECONDS
                )
            if lease is not None:
                return lease
            time.sleep(0.05)
        raise RuntimeError("the account is held by a dead sidecar")


def furnish(storage: SqlStorage, accounts: int = 2, *, login: str = "ana") -> list[ExchangeAccount]:
    """Store a client with that many active accounts that were never read."""
    client = User(uuid4(), login, login, Role.CLIENT, "USD", "en", "UTC", True, BEGIN)
    made = [_account(client.id, number) for number in range(accounts)]
    with storage.begin() as uow:
        uow.users.add(client, None)
        for account in made:
            uow.accounts.add(account, _credential(account), f"index-{account.id}")
            uow.syncing.ensure(account.id, client.id, BEGIN, 30)
    return made


def _account(client_id: UUID, number: int) -> ExchangeAccount:
    return ExchangeAccount(
        id=uuid4(),
        user_id=client_id,
        exchange="alpha",
        name=f"account {number}",
        testnet=False,
        is_active=True,
        is_main=not number,
        status=AccountStatus.ACTIVE,
        hint="1234",
        generation=1,
        created_at=BEGIN,
        updated_at=BEGIN,
    )


def _credential(account: ExchangeAccount) -> SealedCredential:
    dek_id = uuid4().hex
    return SealedCredential(
        account_id=account.id,
        client_id=account.user_id,
        exchange=account.exchange,
        generation=1,
        dek_id=dek_id,
        data_key=f"k1.kid.{dek_id}.wrapped",
        api_key="f1.key",
        secret_key="f1.secret",
        passphrase=None,
        origin_mac="mac",
    )


def state_of(storage: SqlStorage, account_id: UUID) -> SyncState:
    """Return the sync state of an account."""
    with storage.begin(write=False) as uow:
        return uow.syncing.states(None, account_ids={account_id})[0]


def versions(storage: SqlStorage) -> Versions:
    """Return the version of each account that a reader sees now."""
    with storage.begin(write=False) as uow:
        return {state.account_id: state.data_version for state in uow.syncing.states(None)}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the judge found: the version of each account, and what is torn, damaged or lost."""

    versions: Versions
    torn: Sequence[str]
    lost: Sequence[str]


@contextmanager
def opened(url: str) -> Iterator[SqlStorage]:
    """Open a database as a process does, and close it."""
    storage = SqlStorage(url, audit_chain=chain_for_tests)
    try:
        yield storage
    finally:
        storage.dispose()


def judge(url: str, seen: Mapping[UUID, int]) -> Verdict:
    """Open the database anew and judge it against the versions that somebody has seen."""
    torn: list[str] = []
    found: Versions = {}
    try:
        with opened(url) as storage, storage.begin(write=False) as uow:
            torn += damages(uow)
            for state in uow.syncing.states(None):
                found[state.account_id] = state.data_version
                torn += tears(uow, state)
    except (PlatformError, DBAPIError) as e:
        return Verdict(found, [*torn, "it cannot be read"], [f"everything: {e}"])
    short = {key: number for key, number in seen.items() if found.get(key, -1) < number}
    return Verdict(
        found, torn, [f"version {number} was seen, {found.get(key)} is stored" for key, number in short.items()]
    )


def damages(uow: SqlUnitOfWork) -> list[str]:
    """Return what the database itself finds wrong with its file (SQLite)."""
    if uow.connection.dialect.name != "sqlite":
        return []
    answers = [row[0] for row in uow.connection.execute(text("PRAGMA integrity_check"))]
    orphans = uow.connection.execute(text("PRAGMA foreign_key_check")).fetchall()
    return [answer for answer in answers if answer != "ok"] + [f"orphan in {row[0]}" for row in orphans]


def tears(uow: SqlUnitOfWork, state: SyncState) -> list[str]:
    """Return where what is stored of an account is not one whole version of it."""
    number, account_id = state.data_version, state.account_id
    ids, clients = {account_id}, {state.client_id}
    counts = {name: _count(uow, name, state) for name in COUNTS}
    if number == 0:
        empty = not any(counts.values()) and state.ledger_read_to is None
        return [] if empty else [f"version 0 with {counts}"]
    at = max(wallet.attempted_at for wallet in uow.readings.wallets(ids, clients))
    points = uow.readings.points(ids, clients, [PointWindow(size, at, at) for size in BUCKETS])
    facts = {
        "wallets": {(wallet.attempted_at, wallet.equity) for wallet in uow.readings.wallets(ids, clients)}
        == {(at, float(CASH + number))},
        "balances": {(held.as_of, held.total) for held in uow.readings.balances(ids, clients)}
        == {(at, Decimal(CASH + number))},
        "positions": {(held.as_of, held.size_base) for held in uow.readings.positions(ids, clients)}
        == {(at, Decimal(number))},
        "points": [point[2] for point in points] == [2.0 * (CASH + number)] * len(BUCKETS),
        "cursor": state.ledger_read_to == at,
        "released": state.last_ok_at == at,
        "ledger": counts["ledger_entries"] == number,
        "details": counts["snapshot_details"] == number,
        "rows": (counts["balances"], counts["positions"], counts["wallet_states"]) == (2, 1, 2),
    }
    return [f"version {number}: {name} of another slot" for name, is_whole in facts.items() if not is_whole]


def _count(uow: SqlUnitOfWork, name: str, state: SyncState) -> int:
    """Count an account's rows in a table that knows it by its id or by its number."""
    table, accounts = Base.metadata.tables[name], Base.metadata.tables["exchange_accounts"]
    if "account_id" in table.c:
        own = table.c.account_id == state.account_id
    else:
        own = (
            table.c.account_key == select(accounts.c.number).where(accounts.c.id == state.account_id).scalar_subquery()
        )
    return uow.connection.execute(select(func.count()).select_from(table).where(own)).scalar_one()
