"""The days of a period as pages show them: those stored, and those computed now, up to the day that runs.

Overview, Results and files take their days from here, so that they never differ. A day that runs on which nothing came
or went needs no book: it began with yesterday's closing equity, and what it is worth now is in the latest readings.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isnan
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from core.domain.currencies import USD
from core.domain.day_result import DayResult
from core.domain.pnl import Book, daily_pnl, flows
from core.domain.pnl.book import COMPONENTS, DEFAULTS, instant
from core.domain.pnl.increments import increments
from core.domain.pnl.period import sums_by_component
from core.domain.pnl.short import ShortPnl
from core.domain.points import start_of_day
from core.domain.types import ExchangeAccount, LedgerRow, OpenPosition, Scope, SyncState, WalletState
from core.ports import UnitOfWork
from core.services.books import DAY_SECONDS, load_material, stale_after
from core.services.results_types import LIVE_DAYS, MONEY, Day, Span
from core.services.short_days import instant_of, short_day

ONE_DAY = timedelta(days=1)
MOST_SPARSE_DAYS = 3
STEP_SECONDS = 3600
SEEN_AFTER = timedelta(hours=2)  # a flow this long before midnight was seen by a reading before it


@dataclass(frozen=True, slots=True)
class Shown:
    """Whose results are shown: the accounts, the name their days are stored under, and how far they are known."""

    client_id: UUID
    time_zone: str
    scope: Scope
    accounts: tuple[ExchangeAccount, ...]
    members: tuple[ExchangeAccount, ...]
    name: str
    wallets: tuple[WalletState, ...]
    states: tuple[SyncState, ...]
    now: datetime

    @property
    def ids(self) -> set[UUID]:
        """The ids of the members."""
        return {account.id for account in self.members}

    @property
    def zone(self) -> ZoneInfo:
        """The client's zone."""
        return ZoneInfo(self.time_zone)

    @property
    def today(self) -> date:
        """The client's local date."""
        return self.now.astimezone(self.zone).date()

    @property
    def last(self) -> date:
        """The last local date that something can have happened on: today, or the day the last member was removed."""
        gone = [account.removed_at for account in self.members if account.removed_at is not None]
        if not gone or len(gone) < len(self.members):
            return self.today
        return max(gone).astimezone(self.zone).date()

    @property
    def began(self) -> datetime | None:
        """When the first wallet was first read."""
        return min((wallet.first_ok_at for wallet in self.wallets if wallet.first_ok_at is not None), default=None)

    @property
    def read_to(self) -> datetime | None:
        """Up to when every ledger that is still read is known."""
        living = {account.id for account in self.members if account.removed_at is None}
        times = [state.ledger_read_to for state in self.states if state.account_id in living]
        known = [at for at in times if at is not None]
        return min(known) if known and len(known) == len(times) else None


@dataclass(frozen=True, slots=True)
class Move:
    """Money that came in (+) or went (-), or capital that joined or left: `at` is the reading that first saw it."""

    account: str
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Live:
    """Days computed now with what they were computed from: a book, or plain numbers; None where nothing was."""

    days: tuple[Day, ...] = ()
    book: Book | None = None
    short: ShortPnl | None = None

    def moves(self, since: datetime, until: datetime) -> list[Move]:
        """Return what came and went in (since, until], in the order of events."""
        if self.short is not None:
            found = sorted(self.short.flows, key=lambda one: (one.us, one.end, one.wallet))
            seen = [Move(one.wallet.partition("/")[0], instant_of(one.end), one.usd) for one in found]
            return [move for move in seen if since < move.at <= until]
        if self.book is None:
            return []
        table = flows(self.book, since, until)
        table = table[table["value"].notna()]
        columns = (table["wallet"], table["end"], table["value"])
        return [
            Move(str(wallet).partition("/")[0], end.to_pydatetime(), float(value))
            for wallet, end, value in zip(*columns, strict=True)
        ]

    def by_account(self) -> dict[str, dict[str, float]]:
        """Return what each account did in these days; what was on its way between wallets is in none."""
        if self.short is not None:
            return self.short.by_account
        if self.book is None or not self.days:
            return {}
        since, until = self.days[0].result.begins_at, self.days[-1].result.ends_at
        table = increments(self.book, self.book.ccy)
        table = table[(table["end"] > instant(since)) & (table["end"] <= instant(until))]
        found = {}
        for account, part in table.groupby(table["wallet"].map(lambda wallet: str(wallet).partition("/")[0])):
            money = sums_by_component(part)
            found[str(account)] = {name: 0.0 if isnan(money[name]) else money[name] for name in MONEY}
        return found


def edges_of(shown: Shown, span: Span) -> tuple[datetime, datetime]:
    """Return the first instant of a span of local days, and its end or now."""
    zone = shown.time_zone
    return start_of_day(span.first, zone), min(start_of_day(span.last + ONE_DAY, zone), shown.now)


def stored_days(
    uow: UnitOfWork, shown: Shown, names: Collection[str], *, currency: str, span: Span
) -> tuple[dict[str, list[DayResult]], Span | None]:
    """Return the stored days of each name, and the span to compute now (None: there are too many).

    What is missing before a stored day is never computed here: the sidecar is still at it.
    """
    found: dict[str, list[DayResult]] = {name: [] for name in names}
    rows = uow.days.find({shown.client_id}, names, since=span.first, until=span.last, currency=currency)
    for row in rows:
        if row.time_zone == shown.time_zone:
            found[row.scope].append(row)
    whole = found[shown.name]
    end = next((n for n, row in enumerate(whole) if row.day != span.first + n * ONE_DAY), len(whole))
    last = span.first + end * ONE_DAY
    if (span.last - last).days > LIVE_DAYS:
        return found, None
    found[shown.name] = whole[:end]
    return {name: [row for row in some if row.day < last] for name, some in found.items()}, Span(last, span.last)


def live_days(uow: UnitOfWork, shown: Shown, *, currency: str, span: Span) -> Live:
    """Return the days of a span computed from a book, the last one up to now where it is today."""
    span = Span(span.first, min(span.last, shown.last))
    if span.first > span.last:
        return Live()
    since, until = edges_of(shown, span)
    material = load_material(
        uow, shown.scope, shown.ids, since, until, time_zone=shown.time_zone, currency=currency,
        step_seconds=DAY_SECONDS if span.days <= MOST_SPARSE_DAYS else STEP_SECONDS,
    )  # fmt: skip
    if span.days == 1 and span.first == shown.today and currency == USD:
        short = short_day(material, since, until)
        if short is not None:
            return Live((_short(shown, (since, until), short),), short=short)
    book = material.book(shown.time_zone, currency)
    found = daily_pnl(book, span.first.isoformat(), span.last.isoformat(), now=shown.now)
    days = []
    for day in found:
        local = date.fromisoformat(day.date)
        money = {name: getattr(day, name) for name in (*MONEY, "equity0", "equity1", "unexplained_ok", "twr", "status")}
        ends = (day.t0.to_pydatetime(), day.t1.to_pydatetime())
        days.append(_day(shown, local, ends, currency, unpriced=len(day.unpriced), **money))
    return Live(tuple(days), book)


def quiet_today(
    shown: Shown, yesterday: DayResult | None, ledger: Sequence[LedgerRow], positions: Sequence[OpenPosition]
) -> Day | None:
    """Return the day that runs, in USD, from yesterday's closing equity and the latest readings; components unknown.

    None where it takes a book: something came or went, joined or left, has no price, was not read lately, or
    yesterday's row is missing or in doubt. What it returns is what the book says, to the last digit that is shown.
    """
    if yesterday is None or not _is_closed(shown, yesterday):
        return None
    began, now = yesterday.ends_at, shown.now
    living = {account.id for account in shown.members if account.removed_at is None}
    left = any(account.removed_at is not None and account.removed_at > began for account in shown.members)
    seen_before = began - max(SEEN_AFTER, stale_after(shown.states))
    moved = any(row.account_id in shown.ids and row.booked_at > seen_before for row in ledger)
    wallets = [w for w in shown.wallets if w.account_id in living and w.first_ok_at is not None]
    young = now - stale_after(shown.states)
    known = all(_is_known(wallet, began, young) for wallet in wallets)
    if left or moved or not known or not any(wallet.as_of and wallet.as_of > began for wallet in wallets):
        return None
    read_at = {(wallet.account_id, wallet.wallet): wallet.as_of for wallet in wallets}
    if any(p.as_of != read_at.get((p.account_id, p.wallet), p.as_of) for p in positions if p.account_id in living):
        return None
    before, after = yesterday.equity1 or 0.0, sum(wallet.equity or 0.0 for wallet in wallets)
    least = DEFAULTS["min_capital_usd"]
    if before < least or after < least:
        return None
    return _day(
        shown, shown.today, (began, now), USD, equity0=before, equity1=after, total=after - before, net_flows=0.0,
        scope_flows=0.0, **dict.fromkeys(COMPONENTS), unexplained_ok=None, twr=after / before - 1, status="ok",
        unpriced=0,
    )  # fmt: skip


def _short(shown: Shown, ends: tuple[datetime, datetime], short: ShortPnl) -> Day:
    return _day(
        shown, shown.today, ends, USD, **short.money, equity0=short.equity0, equity1=short.equity1,
        unexplained_ok=short.unexplained_ok, twr=short.twr, status="ok", unpriced=0,
    )  # fmt: skip


def _is_closed(shown: Shown, row: DayResult) -> bool:
    """Tell whether a row is yesterday's and says all that the day after needs: a fresh equity with every price."""
    is_yesterday = row.day == shown.today - ONE_DAY and row.time_zone == shown.time_zone and row.ends_at < shown.now
    return is_yesterday and row.status == "ok" and row.unpriced == 0 and row.currency == USD


def _is_known(wallet: WalletState, began: datetime, young: datetime) -> bool:
    """Tell whether a wallet was there when the day began, was read lately, and everything in it has a price."""
    is_old = wallet.first_ok_at is not None and wallet.first_ok_at <= began
    return is_old and wallet.as_of is not None and wallet.as_of >= young and not wallet.unpriced


def _day(shown: Shown, day: date, ends: tuple[datetime, datetime], currency: str, **figures: Any) -> Day:  # noqa: ANN401 - fields
    begins_at, ends_at = ends
    row = DayResult(
        client_id=shown.client_id,
        scope=shown.name,
        day=day,
        currency=currency,
        account_id=None,
        time_zone=shown.time_zone,
        begins_at=begins_at,
        ends_at=ends_at,
        settled=shown.read_to is not None and shown.read_to >= ends_at,
        revised=False,
        computed_at=shown.now,
        **figures,
    )
    return Day(row, is_open=day == shown.today)
