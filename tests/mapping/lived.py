"""A client's past at a sandbox exchange: read over HTTP by the real connector, stored as the sidecar stores it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import connectors
from connectors import _base, _pace
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.model import Event
from connectors.types import LedgerEntry
from core.domain.ledger_kinds import KIND_OF
from core.domain.pnl import Book, daily_pnl
from core.domain.pnl.daily import DayPnl
from core.domain.points import DetailPoint
from core.domain.types import ExchangeAccount, LedgerRow, SyncState, User
from core.persistence import SqlStorage
from core.services.books import load_book
from core.sync.due import ledger_since
from core.sync.ingest import make_reading
from core.sync.ledger import ledger_rows, prices_wanted
from core.sync.prices import PriceBoard
from core.sync.reading import read_answers
from core.sync.slot import load_stored
from tests.core.persistence.makers import add_account, make_user
from tests.core.sync.house import MovableClock
from tests.databases import fresh_storage

ZONE = "America/Sao_Paulo"
FIRST_DAY = date(2026, 1, 3)
LEAD_DAYS = 2
DAYS = 90


@dataclass(frozen=True, slots=True)
class Plan:
    """How a past is lived: how many local days, on how many of them there is a reading within the day, and by what."""

    days: int = DAYS
    within_every: int = 4
    seed: int = 7


@dataclass
class Lived:
    """One account's past as it is stored, and what its exchange told of it."""

    storage: SqlStorage
    account: ExchangeAccount
    sandbox: Sandbox
    key: str
    plan: Plan
    entries: dict[tuple[str, str], LedgerEntry] = field(default_factory=dict)
    failed: dict[str, str | None] = field(default_factory=dict)

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last local day that was read from midnight to midnight."""
        return FIRST_DAY, FIRST_DAY + timedelta(days=self.plan.days - 1)

    @property
    def until(self) -> datetime:
        """The midnight that ends the last day."""
        return midnight(FIRST_DAY + timedelta(days=self.plan.days))

    @property
    def uid(self) -> str:
        """The account's id at the exchange."""
        return self.sandbox.key(self.account.exchange, self.key).uid

    def book(self, since: datetime, until: datetime) -> Book:
        """Return the book of a period, as screens load it."""
        with self.storage.begin(write=False) as uow:
            return load_book(uow, None, [self.account.id], since, until, time_zone=ZONE)

    @cached_property
    def points(self) -> list[DetailPoint]:
        """Every reading as it is kept, oldest first."""
        ids, end = [self.account.id], self.until + timedelta(seconds=1)
        with self.storage.begin(write=False) as uow:
            return uow.history.points(ids, None, since=midnight(FIRST_DAY), until=end)[self.account.id]

    @cached_property
    def rows(self) -> list[LedgerRow]:
        """Every ledger row that was stored."""
        ids, kinds, since = [self.account.id], KIND_OF.keys(), midnight(FIRST_DAY) - timedelta(days=LEAD_DAYS + 1)
        with self.storage.begin(write=False) as uow:
            return uow.ledger.flows(ids, None, since=since, until=self.until, kinds=kinds)

    @cached_property
    def results(self) -> list[DayPnl]:
        """The result of every day."""
        return self.results_of(*self.days)

    def results_of(self, first: date, last: date) -> list[DayPnl]:
        """Return the results of some days, from a book of just these."""
        book = self.book(midnight(first), midnight(last + timedelta(days=1)))
        return daily_pnl(book, first.isoformat(), last.isoformat(), now=self.until)

    @cached_property
    def happened(self) -> list[Event]:
        """What the world lived between the first reading and the last."""
        return [event for event in self.sandbox.world.events(self.uid, midnight(FIRST_DAY), self.until) if event.counts]


def midnight(day: date) -> datetime:
    """Return the first instant of a local day."""
    return datetime.combine(day, time(), ZoneInfo(ZONE)).astimezone(UTC)


def readings(plan: Plan) -> list[datetime]:
    """Return when the account is read: at every midnight, and on some days in between."""
    rng = random.Random(f"readings:{plan.seed}")  # noqa: S311 - a toy world
    found = []
    for number in range(plan.days + 1):
        start = midnight(FIRST_DAY + timedelta(days=number))
        found.append(start)
        if number < plan.days and number % plan.within_every == 1:
            found.append(start + timedelta(milliseconds=rng.randrange(3_600_000, 82_800_000)))
    return found


@contextmanager
def standing_still() -> Iterator[None]:
    """Let nothing wait: the world's clock stands still, so limits by the second are off."""
    kept = _pace.LONGEST_WINDOW_SECONDS, _base.RETRY_SECONDS
    _pace.LONGEST_WINDOW_SECONDS, _base.RETRY_SECONDS = 0, 0.0
    try:
        yield
    finally:
        _pace.LONGEST_WINDOW_SECONDS, _base.RETRY_SECONDS = kept


@contextmanager
def live(exchange: str, key: str, folder: Path, plan: Plan | None = None) -> Iterator[Lived]:
    """Give one account's past."""
    plan = plan or Plan()
    clock = MovableClock(midnight(FIRST_DAY))
    opened_on = FIRST_DAY - timedelta(days=LEAD_DAYS)
    config = SandboxConfig(
        seed=plan.seed, opened_on=opened_on, clock=clock, exchanges=(exchange,), enforce_limits=False, seldom=True
    )
    with standing_still(), Sandbox(config) as sandbox, fresh_storage("sqlite", folder) as storage:
        client: User = replace(make_user("ana"), time_zone=ZONE)
        with storage.begin() as uow:
            uow.users.add(client, None)
        account = add_account(storage, client, exchange=exchange, options={})
        lived = Lived(storage, account, sandbox, key, plan)
        _read_all(lived, clock)
        yield lived


def _read_all(lived: Lived, clock: MovableClock) -> None:
    exchange, hosts = lived.account.exchange, lived.sandbox.hosts()[lived.account.exchange]
    key = lived.sandbox.key(exchange, lived.key)
    connector = connectors.create(
        exchange, api_key=key.api_key, api_secret=key.api_secret, passphrase=key.passphrase, hosts=hosts, clock=clock
    )
    board = PriceBoard(
        lived.storage, clock, lambda name: connectors.create_public(name, testnet=False, hosts=hosts, clock=clock)
    )
    state = SyncState(lived.account.id, lived.account.user_id, 30, clock(), 1)
    for at in readings(lived.plan):
        clock.move((at - clock()).total_seconds())
        board.refresh(exchange, max_age_seconds=1)
        state = _read(lived, connector, board, state, clock)


def _read(
    lived: Lived, connector: connectors.Connector, board: PriceBoard, state: SyncState, clock: MovableClock
) -> SyncState:
    """Read and store wallets, positions and the ledger since it was last read, as one slot of the sidecar does."""
    account, now = lived.account, clock()
    with lived.storage.begin(write=False) as uow:
        before = load_stored(uow, account)
    answers = read_answers(connector, None, before=before, clock=clock)
    lived.failed |= {wallet.wallet: wallet.reason for wallet in answers.info.wallets if not wallet.ok}
    price_of = board.price_of(account.exchange)
    rows = []
    while True:
        part = connector.get_ledger_part(ledger_since(state, now), now)
        lived.entries |= {(entry.wallet, entry.dedupe_key): entry for entry in part.entries}
        past = board.prices_at(account.exchange, prices_wanted(part.entries, now))
        rows += ledger_rows(account, part.entries, price_of=price_of, now=now, price_at=past)
        state = replace(state, ledger_cursor=None if part.complete else part.read_to)
        if part.complete:
            break
    with lived.storage.begin() as uow:
        uow.readings.store(make_reading(account, answers, before, price_of=price_of, ledger=rows))
    return replace(state, ledger_read_to=now)
