"""Results by local day: made when a client's day closes, again when the ledger or a rate tells late of something in it.

There is a row per currency in which the client reads results, or has read them. Pages read these rows. They are made
before thinning takes the points they come from (PNL.md section 14).
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from uuid import UUID
from zoneinfo import ZoneInfo

from core.domain.currencies import REPORTING, USD
from core.domain.day_result import DayResult
from core.domain.marks import MarkKind
from core.domain.pnl import daily_pnl
from core.domain.pnl.daily import DayPnl
from core.domain.pnl.sampling import CENTS, PLACES
from core.domain.points import start_of_day
from core.domain.types import AccountStatus, ExchangeAccount, SyncState, User, WalletState
from core.ports import Storage, UnitOfWork
from core.services.books import load_book
from core.services.rates import late_rates

log = logging.getLogger(__name__)

ALL, TESTNET = "all", "testnet"
SETTLE = timedelta(minutes=15)  # a slot may be stored ten minutes late
LOOK_BACK = timedelta(days=7)
UNSETTLED_DAYS = 3
REACH_DAYS = 2  # a late entry moves the day it is booked in and where its interval or its counterpart ends
MOST_DAYS = 31
STEP_SECONDS = 3600
HALF = 0.5  # of the last digit shown: less is no other figure
ONE_DAY = timedelta(days=1)
NO_RATE = "no_fx"
MONEY = (
    "equity0", "equity1", "net_flows", "scope_flows", "total", "realised", "unrealised_change", "funding", "fees",
    "other_income", "price_effect", "fx_effect", "unexplained",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayScope:
    """What a row is about: accounts of one client, and the local days from the first reading to the last."""

    name: str
    accounts: tuple[ExchangeAccount, ...]
    first: date
    last: date

    @property
    def account_id(self) -> UUID | None:
        """The account, None where it is the client's whole."""
        return None if self.name in (ALL, TESTNET) else self.accounts[0].id


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a client when days in a currency are looked for.

    `rows` are the stored ones that may be due again; `outdated` of them were made before a rate of theirs was known.
    """

    currency: str
    scopes: Sequence[DayScope]
    spans: Mapping[str, tuple[date, date]]
    rows: Mapping[tuple[str, date], DayResult]
    late: Sequence[tuple[UUID, date, datetime]]
    relinked: Sequence[tuple[date, date, datetime]]
    read_to: Mapping[UUID, datetime | None]
    outdated: Set[tuple[str, date]] = frozenset()


def close_days(storage: Storage, client: User, now: datetime) -> int:
    """Compute and store the client's days that have closed or are restated; return how many rows were stored.

    Each currency is stored by itself, at most a month of each in one call; 0 says that nothing is left to do.
    """
    return sum(_close(storage, client, now, currency) for currency in currencies_of(storage, client))


def closed_until(storage: Storage, client: User, now: datetime) -> datetime:
    """Return up to when the client's days are stored in every currency: what is older may be thinned."""
    first = now.astimezone(ZoneInfo(client.time_zone)).date()
    for currency in currencies_of(storage, client):
        with storage.begin(write=False) as uow:
            past = read_past(uow, client, now, currency)
        due = due_days(past, client.time_zone, most=None).values()
        first = min([first, *(day for days in due for day in days)])
    return start_of_day(first, client.time_zone)


def currencies_of(storage: Storage, client: User) -> list[str]:
    """Return the currencies that a client's days are computed in: the dollar, then those used now or before."""
    with storage.begin(write=False) as uow:
        wanted = uow.fx.wanted({client.id}).get(client.id, {})
    used = {client.currency, *wanted} - {USD}
    return [USD, *(currency for currency in REPORTING if currency in used)]


def _close(storage: Storage, client: User, now: datetime, currency: str) -> int:
    with storage.begin(write=False) as uow:
        past = read_past(uow, client, now, currency)
    due = due_days(past, client.time_zone)
    if not due:
        return 0
    with storage.begin(write=False) as uow:
        rows = [row for part in _batches(due) for row in _compute(uow, client, past, part, now)]
    with storage.begin() as uow:
        uow.days.save(rows)
    return len(rows)


def read_past(uow: UnitOfWork, client: User, now: datetime, currency: str) -> Past:
    """Read what days a client's accounts have, and which of them are stored in a currency."""
    ids = {client.id}
    accounts = [
        account for account in uow.accounts.all(ids, with_removed=True) if account.status is not AccountStatus.PENDING
    ]
    keys = {account.id for account in accounts}
    scopes = day_scopes(accounts, uow.readings.wallets(keys, ids), client.time_zone, now)
    marks = uow.marks.find(keys, ids, kinds={MarkKind.LATE}, noted_since=now - LOOK_BACK)
    zone = ZoneInfo(client.time_zone)
    late = [(mark.account_id, mark.at.astimezone(zone).date(), mark.noted_at) for mark in marks]
    links = uow.links.changed(ids, since=now - LOOK_BACK)
    relinked = [
        (link.first_at.astimezone(zone).date(), link.last_at.astimezone(zone).date(), link.changed_at) for link in links
    ]
    today = now.astimezone(zone).date()
    since = min([today - LOOK_BACK, *(day for _, day, _ in late), *(day for day, _, _ in relinked)])
    names = {scope.name for scope in scopes}
    found = uow.days.find(ids, names, since=since, until=today, currency=currency)
    rates = late_rates(uow, currency, now - LOOK_BACK, now)
    outdated = [row for row in uow.days.made_before(client.id, currency, rates) if row.scope in names]
    return Past(
        currency,
        scopes,
        uow.days.spans(client.id, currency),
        {(row.scope, row.day): row for row in [*found, *outdated]},
        late,
        relinked,
        _read_to(uow.syncing.states(ids, account_ids=keys)),
        {(row.scope, row.day) for row in outdated},
    )


def day_scopes(
    accounts: Iterable[ExchangeAccount], wallets: Iterable[WalletState], time_zone: str, now: datetime
) -> list[DayScope]:
    """Return the whole, its testnet side and each account with its closed local days; what was never read has none."""
    zone = ZoneInfo(time_zone)
    yesterday = (now - SETTLE).astimezone(zone).date() - ONE_DAY
    began: dict[UUID, datetime] = {}
    for wallet in wallets:
        if wallet.first_ok_at is not None:
            began[wallet.account_id] = min(wallet.first_ok_at, began.get(wallet.account_id, wallet.first_ok_at))
    known = [account for account in accounts if account.id in began]
    real = tuple(account for account in known if not account.testnet)
    test = tuple(account for account in known if account.testnet)
    groups = [(ALL, real), (TESTNET, test), *((str(account.id), (account,)) for account in known)]
    scopes = []
    for name, members in groups:
        if not members:
            continue
        first = min(began[account.id] for account in members).astimezone(zone).date()
        gone = [account.removed_at for account in members]
        ends = [at.astimezone(zone).date() for at in gone if at is not None]
        last = min(yesterday, max(ends)) if len(ends) == len(members) else yesterday
        if first <= last:
            scopes.append(DayScope(name, members, first, last))
    return scopes


def due_days(past: Past, time_zone: str, *, most: int | None = MOST_DAYS) -> dict[str, list[date]]:
    """Return per scope the days to compute, ascending, at most `most` of each: what is missing, restated, unsettled.

    Days before the first stored one come last, the newest of them first, so that what is stored never has a hole.
    """
    due = {}
    for scope in past.scopes:
        begin, end = past.spans.get(scope.name, (None, None))
        is_new = begin is None or end is None
        before = _dates(scope.first, scope.last if is_new or begin is None else begin - ONE_DAY)
        after = set() if is_new or end is None else {*_dates(end + ONE_DAY, scope.last)}
        again = {day for (name, day), row in past.rows.items() if name == scope.name and _is_due(row, scope, past)}
        again |= {day for (name, day), row in past.rows.items() if name == scope.name and row.time_zone != time_zone}
        again |= {day for name, day in past.outdated if name == scope.name}
        days = sorted(after | again)
        if most is not None:
            days = days[:most]
            before = before[max(0, len(before) - (most - len(days))) :]
        if days or before:
            due[scope.name] = sorted({*before, *days})
    return due


def _is_due(row: DayResult, scope: DayScope, past: Past) -> bool:
    """Tell whether a row is to be made again: ledger or a person told later, or it is only now read past its end."""
    members = {account.id for account in scope.accounts}
    is_late = any(
        account_id in members and noted_at >= row.computed_at and day <= row.day <= day + REACH_DAYS * ONE_DAY
        for account_id, day, noted_at in past.late
    )
    is_late = is_late or any(
        said_at >= row.computed_at and first <= row.day <= last + REACH_DAYS * ONE_DAY
        for first, last, said_at in past.relinked
    )
    is_young = row.day > scope.last - UNSETTLED_DAYS * ONE_DAY
    return is_late or (not row.settled and is_young and _is_settled(scope, row.ends_at, past.read_to))


def _is_settled(scope: DayScope, end: datetime, read_to: Mapping[UUID, datetime | None]) -> bool:
    """Tell whether every account's ledger that is still read was read past the end of a day."""
    living = (account for account in scope.accounts if account.removed_at is None)
    return all((read_to.get(account.id) or datetime.min.replace(tzinfo=UTC)) >= end for account in living)


def _read_to(states: Iterable[SyncState]) -> dict[UUID, datetime | None]:
    return {state.account_id: state.ledger_read_to for state in states}


def _dates(first: date, last: date) -> list[date]:
    return [first + n * ONE_DAY for n in range((last - first).days + 1)]


def _batches(due: Mapping[str, Collection[date]]) -> list[dict[str, list[date]]]:
    """Return runs of neighbouring days, each with the scopes that are due in it: one book is loaded for each."""
    days = sorted({day for some in due.values() for day in some})
    runs = [[day for _, day in run] for _, run in groupby(enumerate(days), lambda item: item[1] - item[0] * ONE_DAY)]
    return [{name: [day for day in run if day in some] for name, some in due.items()} for run in runs]


def _compute(
    uow: UnitOfWork, client: User, past: Past, due: Mapping[str, Sequence[date]], now: datetime
) -> list[DayResult]:
    days = sorted({day for some in due.values() for day in some})
    scopes = [scope for scope in past.scopes if due.get(scope.name)]
    rows = []
    for is_test in (False, True):
        side = [scope for scope in scopes if scope.accounts[0].testnet is is_test]
        accounts = {account.id for scope in side for account in scope.accounts}
        since, until = start_of_day(days[0], client.time_zone), start_of_day(days[-1] + ONE_DAY, client.time_zone)
        book = load_book(
            uow, None, accounts, since, until,
            time_zone=client.time_zone, currency=past.currency, step_seconds=STEP_SECONDS,
        )  # fmt: skip
        for scope in side:
            members = [str(account.id) for account in scope.accounts]
            wanted = set(due[scope.name])
            found = daily_pnl(book, min(wanted).isoformat(), max(wanted).isoformat(), scope=members)
            rows += [_row(client, scope, day, past, now) for day in found if date.fromisoformat(day.date) in wanted]
    return rows


def _row(client: User, scope: DayScope, found: DayPnl, past: Past, now: datetime) -> DayResult:
    day, end = date.fromisoformat(found.date), found.t1.to_pydatetime()
    row = DayResult(
        client_id=client.id,
        scope=scope.name,
        day=day,
        currency=past.currency,
        account_id=scope.account_id,
        time_zone=client.time_zone,
        begins_at=found.t0.to_pydatetime(),
        ends_at=end,
        **{name: getattr(found, name) for name in MONEY},
        unexplained_ok=found.unexplained_ok,
        twr=found.twr,
        status=found.status,
        settled=_is_settled(scope, end, past.read_to),
        revised=False,
        computed_at=now,
        unpriced=len(found.unpriced),
    )
    old = past.rows.get((scope.name, day))
    if old is None:
        return row
    was_known = old.settled and old.status != NO_RATE
    return replace(row, revised=old.revised or (was_known and _differs(row, old)))


def _differs(row: DayResult, old: DayResult) -> bool:
    pairs = [(getattr(row, field.name), getattr(old, field.name)) for field in fields(row) if field.name in MONEY]
    least = HALF / 10 ** PLACES.get(row.currency, CENTS)
    return any((a is None) != (b is None) or (a is not None and b is not None and abs(a - b) > least) for a, b in pairs)
