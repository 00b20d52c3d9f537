"""What was stored beside what should have been: when accounts were read, and what ledgers hold."""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import connectors
from connectors.errors import ConnectorError, RateLimitedError
from connectors.types import LedgerEntry, LedgerKind
from core.domain.types import LedgerRow
from core.persistence import SqlStorage
from tests.fleet.exchanges import Running
from tests.fleet.installation import Placed

READERS = 64  # exchanges that count by key make them wait
EARLY = timedelta(days=3)
TRIES, REST_SECONDS = 4, 5.0


class Watch:
    """Notes when accounts were read, from the outside: looks at their states often enough to see each reading."""

    def __init__(self, storage: SqlStorage, placed: Iterable[Placed]) -> None:
        self._storage = storage
        self.times: dict[UUID, list[datetime]] = {item.account.id: [] for item in placed}

    def look(self) -> None:
        """Take in who was read since the last look."""
        with self._storage.begin(write=False) as uow:
            states = uow.syncing.states(None)
        for state in states:
            times = self.times[state.account_id]
            if state.last_ok_at is not None and (not times or times[-1] != state.last_ok_at):
                times.append(state.last_ok_at)

    def within(self, account_id: UUID, since: datetime, until: datetime) -> list[datetime]:
        """Return when an account was read in a stretch of time."""
        return [at for at in self.times[account_id] if since <= at <= until]


def ages(times: Sequence[datetime], since: datetime, until: datetime) -> list[float]:
    """Return how old the figures had become each time before new ones came, and at the end, in seconds."""
    edges = [since, *times, until]
    return [(after - before).total_seconds() for before, after in zip(edges, edges[1:], strict=False)]


def missed(gaps: Iterable[float], interval: float) -> int:
    """Return how many slots were left out: a gap of one and a half intervals or more has left one out."""
    return sum(int(gap / interval - 0.5) for gap in gaps if gap >= 1.5 * interval)


@dataclass(slots=True)
class Difference:
    """What stored ledgers have too little or too much, against what the exchanges say and what their books hold."""

    rows: int = 0
    accounts: int = 0
    lost: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    deposits: int = 0
    unread: list[str] = field(default_factory=list)

    def add(self, other: "Difference") -> None:
        """Take in what was found of another account."""
        self.rows += other.rows
        self.accounts += other.accounts
        self.deposits += other.deposits
        self.lost += other.lost
        self.extra += other.extra
        self.unread += other.unread


def compare_ledgers(
    storage: SqlStorage, placed: Sequence[Placed], exchanges: Running, *, grace_seconds: float
) -> Difference:
    """Read every ledger anew with a fresh connector, up to where the stored one was read, and compare row by row.

    Some rows come late: a deposit's record is older than its confirmation. So what was booked within `grace_seconds`
    of the last reading does not count, although both readings went that far; the next one would have begun before it.
    """
    total, grace = Difference(), timedelta(seconds=grace_seconds)
    with ThreadPoolExecutor(READERS) as threads:
        for one in threads.map(lambda item: compare_ledger(storage, item, exchanges, grace), placed):
            total.add(one)
    return total


def compare_ledger(storage: SqlStorage, item: Placed, exchanges: Running, grace: timedelta) -> Difference:
    """Compare one account's ledger with the exchange's answers and, for deposits, with its books."""
    account, member = item.account, item.member
    with storage.begin(write=False) as uow:
        state = uow.syncing.states({account.user_id}, account_ids={account.id})[0]
        read_to = state.ledger_cursor or state.ledger_read_to
        if read_to is None:
            return Difference(accounts=1, lost=[f"{account.name}: never read"])
        until = read_to - grace
        stored = uow.ledger.flows(
            {account.id}, {account.user_id}, since=until - EARLY, until=until, kinds=[kind.value for kind in LedgerKind]
        )
    key = member.key
    connector = connectors.create(
        key.exchange,
        api_key=key.api_key,
        api_secret=key.api_secret,
        passphrase=key.passphrase,
        hosts=exchanges.hosts[key.exchange],
    )
    try:
        fresh = [e for e in read_patiently(connector, until - EARLY, read_to) if e.booked_at <= until]
    except ConnectorError as e:
        return Difference(accounts=1, unread=[f"{account.name}: {e}"])
    books = exchanges.truth(member.spec.uid, until)["events"]
    return judge(account.name, stored, fresh, books)


def read_patiently(connector: connectors.Connector, since: datetime, until: datetime) -> list[LedgerEntry]:
    """Return a whole ledger, although the connector's own pace may allow no more for a while."""
    for _ in range(TRIES):
        try:
            return read_whole(connector, since, until)
        except RateLimitedError as e:
            time.sleep(e.retry_after or REST_SECONDS)
    return read_whole(connector, since, until)


def read_whole(connector: connectors.Connector, since: datetime, until: datetime) -> list[LedgerEntry]:
    """Return a whole ledger, however many parts it comes in."""
    entries: list[LedgerEntry] = []
    while True:
        part = connector.get_ledger_part(since, until)
        entries += part.entries
        if part.complete:
            return [entry for entry in entries if entry.booked_at <= until]
        since = part.read_to


def judge(
    name: str, stored: Sequence[LedgerRow], fresh: Sequence[LedgerEntry], books: Collection[Mapping[str, object]]
) -> Difference:
    """Compare stored rows with answers by all they say, and with the deposits in the exchange's books by amount."""
    ours = {(row.wallet, row.dedupe_key, row.asset, row.amount) for row in stored}
    theirs = {(entry.wallet, entry.dedupe_key, entry.asset, entry.amount) for entry in fresh}
    found = Difference(len(ours), 1)
    found.lost = [f"{name}: lost {row}" for row in sorted(theirs - ours)]
    found.extra = [f"{name}: extra {row}" for row in sorted(ours - theirs)]
    booked = Counter(Decimal(str(e["amount"])) for e in books if e["kind"] == LedgerKind.DEPOSIT and e["counts"])
    told: Counter[Decimal] = Counter(row.amount for row in stored if row.kind == LedgerKind.DEPOSIT)
    # where money arrives from the exchange's own spot side, it is a transfer
    moved: Counter[Decimal] = Counter(row.amount for row in stored if row.kind == LedgerKind.TRANSFER_IN)
    found.deposits = booked.total()
    found.lost += [
        f"{name}: deposit of {amount} lost, {count} times" for amount, count in (booked - told - moved).items()
    ]
    found.extra += [f"{name}: deposit of {amount} is no deposit" for amount in (told - booked)]
    return found


def by_exchange(lines: Iterable[str]) -> dict[str, int]:
    """Return how many findings each exchange has."""
    counts: dict[str, int] = defaultdict(int)
    for line in lines:
        counts[line.partition(" ")[0]] += 1
    return dict(counts)
