"""What one slot asks of the exchange, and what of the answers is believed."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, ExchangeError, IpBannedError, NotSupportedError, RateLimitedError
from connectors.types import LedgerKind, LedgerPart, Permissions
from core.domain.marks import FUNDING_WINDOW, Mark, MarkKind, awaits_funding
from core.domain.types import ExchangeAccount, LedgerRow, SealedCredential, SyncState
from core.sync.closed import ClosedPart, closed_rows, read_closed
from core.sync.due import SlotPlan, ledger_since
from core.sync.ingest import Answers, Stored, has_jumped
from core.sync.ledger import Then, ledger_rows, old_prices, prices_wanted
from core.sync.meter import OWN_SCOPE, ledger_calls
from core.sync.moves import SUSPECT, Move, agree, doubt, move_between
from core.sync.ports import Connector, PriceOf, Tools
from core.sync.reading import ReadingRefusedError, read_answers, require_identity
from core.sync.rights import MAY_WITHDRAW, read_permissions
from core.sync.stillness import STALE
from core.sync.turns import has_closed

log = logging.getLogger(__name__)

HOLD_BACK = timedelta(minutes=5)
LEDGER_GAP = timedelta(seconds=55)
PUT_OFF_MOST = 2  # times its interval
LEDGER_PENDING = "ledger_pending"
ALL_KINDS = frozenset(kind.value for kind in LedgerKind)


@dataclass(frozen=True, slots=True)
class Start:
    """What is known of the account when its slot begins."""

    account: ExchangeAccount
    state: SyncState
    sealed: SealedCredential
    before: Stored


@dataclass(frozen=True, slots=True)
class Found:
    """What the exchange said. `ledger` None: not read; `since` is from when it was; `halt`: it asked for peace.

    `rows` are the ledger's entries with their prices, `marks` what is remarkable, `code` why nothing was believed,
    `closed` the closed positions, None where they were not read.
    """

    answers: Answers
    permissions: Permissions | None
    ledger: LedgerPart | None
    since: datetime
    price_of: PriceOf
    halt: ExchangeError | None = None
    rows: Sequence[LedgerRow] = ()
    marks: Sequence[Mark] = ()
    code: str | None = None
    closed: ClosedPart | None = None


class WithdrawKeyError(Exception):
    """The key has come to be able to withdraw."""

    def __init__(self, permissions: Permissions) -> None:
        """Carry what the key may do."""
        super().__init__(MAY_WITHDRAW)
        self.permissions = permissions


class Asking:
    """The questions of one slot to one connector."""

    def __init__(self, tools: Tools, start: Start, connector: Connector) -> None:
        """Take up an account with what is stored of it."""
        self._tools = tools
        self._start = start
        self._account = start.account
        self._connector = connector
        self._began = tools.clock()

    def now(self) -> datetime:
        """Return the time by the exchange's clock, with which its ledger is compared."""
        return self._tools.clocks.exchange_time(self._account.exchange, self._tools.clock())

    def ask(self, plan: SlotPlan) -> Found:
        """Ask what is planned, and again what is not believed at once.

        Raises:
            ConnectorError: the exchange gave no answer that can be used.
            ReadingRefusedError: nothing of the answers may be stored.
            WithdrawKeyError: the key may withdraw by now.
        """
        self._connector.times.take()
        permissions = self._read_rights() if plan.rights else None
        answers = self._read(plan.wallets)
        self._refuse_old()
        price_of = self._tools.prices.price_of(self._account.exchange)
        move = move_between(self._start.before, answers, price_of)
        found = Found(answers, permissions, None, plan.ledger_since or self._since(), price_of)
        found = self._with_ledger(found, move, is_due=plan.ledger_since is not None)
        return self._with_closed(self._believed(found, move))

    # wallets

    def _read(self, wallets: Collection[str] | None = None) -> Answers:
        before = self._start.before
        return read_answers(self._connector, self._account, before=before, clock=self.now, wallets=wallets)

    def _read_rights(self) -> Permissions:
        permissions = read_permissions(self._connector)
        require_identity(self._account, permissions.uid)
        if permissions.withdraw and not self._tools.allow_withdraw_keys:
            raise WithdrawKeyError(permissions)
        return permissions

    def _refuse_old(self) -> None:
        """Refuse answers whose exchange time stands still."""
        told, exchange = self._connector.times.take(), self._account.exchange
        offset = self._tools.clocks.offset(exchange)
        if self._tools.stillness.is_still(self._account.id, told, now=self._tools.clock(), offset=offset):
            log.warning("answers are from %s", told, extra={"account_id": str(self._account.id)})
            raise ReadingRefusedError(STALE)

    # the ledger

    def _since(self) -> datetime:
        return ledger_since(self._start.state, self.now())

    def _with_ledger(self, found: Found, move: Move, *, is_due: bool) -> Found:
        """Read the ledger when it is due, when money has moved, and once funding must have been booked."""
        answers, start = found.answers, self._start
        is_large = move.is_large(move.unexplained((), found.price_of))
        jumped = is_large or has_jumped(answers.info, start.before, found.price_of)
        if jumped and was_just_read(start, answers.at) and may_wait(start, answers.at):
            raise ReadingRefusedError(LEDGER_PENDING)
        closed = answers.positions is not None and has_closed(start.before.positions, answers.positions)
        is_due = is_due and not self._can_wait(answers.at)
        if not (jumped or is_due or closed or is_funding_booked(start, answers.at)):
            return found
        try:
            ledger = _read_ledger(self._connector, found.since, answers.at)
        except ExchangeError as e:
            log.warning("ledger not read: %s", e, extra={"account_id": str(self._account.id)})
            if jumped and may_wait(start, answers.at):
                raise
            return replace(found, halt=e if isinstance(e, RateLimitedError | IpBannedError) else None)
        now = self.now()
        past = self._tools.prices.prices_at(self._account.exchange, prices_wanted(ledger.entries, now))
        rows = ledger_rows(self._account, ledger.entries, price_of=found.price_of, now=now, price_at=past)
        return replace(found, ledger=ledger, rows=rows)

    # closed positions

    def _with_closed(self, found: Found) -> Found:
        """Read closed positions beside a ledger that is whole; what goes wrong here is of no matter to the rest."""
        is_late = self._tools.clock() - self._began > timedelta(seconds=self._tools.lease_seconds / 2)
        if found.ledger is None or not found.ledger.complete or found.halt or found.code or is_late:
            return found
        with ledger_calls(goes_on=self._account.exchange):
            part = read_closed(self._connector, self._start.state, found.answers.at)
        error = part.error if isinstance(part, ClosedPart) else part
        if error is not None:
            log.warning("closed positions not read: %s", error, extra={"account_id": str(self._account.id)})
        if isinstance(error, RateLimitedError | IpBannedError) and getattr(error, "scope", "") != OWN_SCOPE:
            found = replace(found, halt=error)
        return replace(found, closed=self._priced(part, found)) if isinstance(part, ClosedPart) else found

    def _priced(self, part: ClosedPart, found: Found) -> ClosedPart:
        now = self.now()
        wanted = old_prices(((item.settle_asset, item.closed_at) for item in part.found), now)
        then = Then(found.price_of, now, self._tools.prices.prices_at(self._account.exchange, wanted))
        return replace(part, rows=closed_rows(self._account, part.found, then))

    def _can_wait(self, now: datetime) -> bool:
        """Tell whether a ledger that is merely due waits for its limits; one that was put off for long waits less."""
        read_to, exchange = self._start.state.ledger_read_to, self._account.exchange
        most = PUT_OFF_MOST * self._tools.rules(self._account).ledger_seconds
        is_old = read_to is not None and now - read_to > timedelta(seconds=most)
        return self._tools.is_crowded(exchange, is_old=is_old)

    # what is believed

    def _believed(self, found: Found, move: Move) -> Found:
        """Read a large move that nothing explains once more: the same is believed and marked, anything else is not."""
        unexplained = move.unexplained(found.rows, found.price_of)
        if move.is_large(unexplained):
            unexplained = move.unexplained(self._known_rows(found.rows, move), found.price_of)
        if not move.is_large(unexplained):
            return found
        again = None if found.halt else self._read_again(found.answers)
        if isinstance(again, ExchangeError):
            return self._doubted(found, unexplained, halt=again)
        equity = max(abs(move.equity), abs(move.equity + move.change))
        if again is None or not agree(found.answers, again, equity=equity, price_of=found.price_of):
            return self._doubted(found, unexplained)
        log.warning("large move confirmed: %.2f USD", unexplained, extra={"account_id": str(self._account.id)})
        return replace(found, answers=again, marks=[self._mark(MarkKind.LARGE_MOVE, again.at, unexplained)])

    def _known_rows(self, rows: Sequence[LedgerRow], move: Move) -> list[LedgerRow]:
        """Return these rows and those stored since the wallets were last read."""
        account, since = self._account, min(move.since.values(), default=self.now()) - timedelta(seconds=1)
        with self._tools.storage.begin(write=False) as uow:
            stored = uow.ledger.flows({account.id}, {account.user_id}, since=since, until=self.now(), kinds=ALL_KINDS)
        return list({(row.wallet, row.dedupe_key): row for row in (*stored, *rows)}.values())

    def _read_again(self, answers: Answers) -> Answers | ExchangeError | None:
        """Return another reading of the same account; None when it could not be had, the error when peace was asked.

        Raises:
            ReadingRefusedError: the key is that of another account.
        """
        try:
            if answers.info.uid is None:
                require_identity(self._account, read_permissions(self._connector).uid)
            return self._read()
        except (RateLimitedError, IpBannedError) as e:
            return e
        except ConnectorError as e:
            log.warning("not read again: %s", e, extra={"account_id": str(self._account.id)})
            return None

    def _doubted(self, found: Found, unexplained: float, *, halt: ExchangeError | None = None) -> Found:
        log.error("suspect reading not believed: %.2f USD", unexplained, extra={"account_id": str(self._account.id)})
        marks = [self._mark(MarkKind.SUSPECT, found.answers.at, unexplained)]
        return replace(found, answers=doubt(found.answers), marks=marks, code=SUSPECT, halt=halt or found.halt)

    def _mark(self, kind: MarkKind, at: datetime, value: float) -> Mark:
        return Mark(self._account.id, self._account.user_id, kind, at, self._tools.clock(), value)


def was_just_read(start: Start, now: datetime) -> bool:
    """Tell whether the ledger was read less than a minute ago; an account's limits often allow no more."""
    read_to = start.state.ledger_read_to
    return read_to is not None and now - read_to < LEDGER_GAP


def may_wait(start: Start, now: datetime) -> bool:
    """Tell whether the last figures are young enough to be kept a little longer; the jump may be a deposit."""
    read_at = last_read(start)
    return read_at is not None and now - read_at < HOLD_BACK


def is_funding_booked(start: Start, now: datetime) -> bool:
    """Tell whether the figures before were provisional for want of funding, which must be in the ledger by now."""
    read_at = last_read(start)
    if read_at is None or not start.before.positions or not awaits_funding(read_at, start.state.ledger_read_to):
        return False
    return now >= read_at.replace(minute=0, second=0, microsecond=0) + FUNDING_WINDOW


def last_read(start: Start) -> datetime | None:
    """Return when a wallet of the account was last read well."""
    return max((wallet.as_of for wallet in start.before.wallets if wallet.as_of), default=None)


def _read_ledger(connector: Connector, since: datetime, until: datetime) -> LedgerPart:
    try:
        with ledger_calls():
            return connector.get_ledger_part(since, until)
    except NotSupportedError:
        return LedgerPart((), until)
