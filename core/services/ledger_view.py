"""The ledger of a client's accounts: filtered, searched and paged in the database, summed exactly outside of it.

One function decides what a question means for page and file. Days are local days of the client's zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core.domain.points import start_of_day
from core.domain.types import ExchangeAccount, Scope
from core.errors import InvalidInputError
from core.ports import LedgerFilter, LedgerSize, Storage, UnitOfWork
from core.services.access import without_hint
from core.services.ledger_types import (
    GROUPS,
    MOST_SUMMED,
    PAGE_ROWS,
    LedgerPage,
    LedgerQuestion,
    LedgerSum,
    Turn,
    clean_text,
    entry_of,
    group_of,
    kinds_of,
    place_of,
)
from core.services.period_days import Shown
from core.services.results import find_shown
from core.services.results_types import WHOLE, Question, Span, span_of

BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question means: whose accounts, which local days, which entries. `span.first` counts unless `whole`."""

    shown: Shown
    span: Span
    whole: bool
    filter: LedgerFilter

    @property
    def clients(self) -> frozenset[UUID]:
        """The client, as the storage is asked."""
        return frozenset({self.shown.client_id})

    @property
    def accounts(self) -> dict[UUID, ExchangeAccount]:
        """All accounts of the client by id, removed ones too."""
        return {account.id: account for account in self.shown.accounts}


def load_ledger(
    storage: Storage, scope: Scope, question: LedgerQuestion, *, turn: Turn | None = None, now: datetime
) -> LedgerPage:
    """Return one page of entries, newest first; without `turn` the newest.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        InvalidInputError: the period or the kind is none.
    """
    with storage.begin(scope, write=False) as uow:
        asked = find_asked(uow, scope, question, now)
        ledger, wanted, clients = uow.ledger, asked.filter, asked.clients
        is_newer = turn is not None and turn.newer
        rows = ledger.page(wanted, clients, place=turn.place if turn else None, newer=is_newer, limit=PAGE_ROWS)
        if turn is not None and len(rows) < (PAGE_ROWS if is_newer else 1):  # over an end: begin at the newest
            turn, rows = None, ledger.page(wanted, clients, place=None, newer=False, limit=PAGE_ROWS)
        total = ledger.count(wanted, clients)
        newer = ledger.count(wanted, clients, newer_than=place_of(rows[0])) if turn is not None else 0
        sums = None if total > MOST_SUMMED else sums_of(ledger.sizes(wanted, clients))
        assets = ledger.assets(_any_asset(wanted), clients)
    shown = asked.shown
    return LedgerPage(
        question=question,
        time_zone=shown.time_zone,
        now=now,
        since=None if asked.whole else asked.span.first,
        until=asked.span.last,
        accounts=tuple(without_hint(scope, account) for account in shown.accounts if account.removed_at is None),
        is_testnet=bool(shown.members) and all(account.testnet for account in shown.members),
        entries=tuple(entry_of(row, asked.accounts) for row in rows),
        total=total,
        newer=newer,
        sums=sums,
        assets=tuple(assets),
    )


def find_asked(uow: UnitOfWork, scope: Scope, question: LedgerQuestion, now: datetime) -> Asked:
    """Read what a question means.

    Raises:
        NotFoundError: the client is none, or the account is not the client's.
        InvalidInputError: the period or the kind is none.
    """
    if question.group is not None and question.group not in GROUPS:
        raise InvalidInputError("kind", "unknown_kind")
    period = Question(question.client_id, question.view, question.period, question.first, question.last)
    shown = find_shown(uow, scope, period, now)
    span = span_of(period, shown.today, None)
    whole = question.period == WHOLE
    since, until = day_edges(span, shown.time_zone)
    wanted = LedgerFilter(
        account_ids=frozenset(shown.ids),
        since=BEGINNING if whole else since,
        until=until,
        kinds=kinds_of(question.group),
        asset=question.asset,
        text=clean_text(question.text),
    )
    return Asked(shown, span, whole, wanted)


def day_edges(span: Span, time_zone: str) -> tuple[datetime, datetime]:
    """Return the first instant of a span of local days and the first one after it."""
    return _start(span.first, time_zone), _start(span.last + ONE_DAY, time_zone)


def sums_of(sizes: Iterable[LedgerSize]) -> tuple[LedgerSum, ...]:
    """Return exact sums by kind and asset, kinds in the order of GROUPS, assets by name."""
    amounts: dict[tuple[str, str], list[Decimal]] = {}
    values: dict[tuple[str, str], list[Decimal]] = {}
    for kind, asset, amount, price in sizes:
        key = (group_of(kind), asset)
        amounts.setdefault(key, []).append(amount)
        if price is not None:
            values.setdefault(key, []).append(amount * price)
    found = []
    for group, asset in sorted(amounts, key=lambda key: (GROUPS.index(key[0]), key[1])):
        some, priced = amounts[group, asset], values.get((group, asset), [])
        whole, value = sum(some, Decimal(0)), sum(priced, Decimal(0))
        found.append(LedgerSum(group, asset, len(some), whole, value, len(some) - len(priced)))
    return tuple(found)


def _any_asset(wanted: LedgerFilter) -> LedgerFilter:
    """Return the same period and accounts without the other choices: what a person may choose from."""
    return LedgerFilter(wanted.account_ids, wanted.since, wanted.until, kinds_of(None))


def _start(day: date, time_zone: str) -> datetime:
    return start_of_day(day, time_zone).astimezone(UTC)
