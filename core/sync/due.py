"""When an account is read next and what that reading covers; pure.

All durations are seconds; every instant is an aware UTC datetime given by the caller.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.types import ExchangeAccount, SyncState

SLOT_SECONDS = 30
AUTH_RETRY_SECONDS = 900.0
RIGHTS_MAX_AGE = timedelta(days=1)
LEDGER_OVERLAP = timedelta(minutes=10)
LEDGER_DAILY_OVERLAP = timedelta(hours=48)
LEDGER_FIRST = timedelta(days=90)

# the person must act: one try per quarter of an hour
AUTH_CODES = frozenset(
    {
        "bad_key",
        "bad_signature",
        "bad_passphrase",
        "auth_ambiguous",
        "ip_not_allowed",
        "permission_missing",
        "account_restricted",
        "credential",
        "other_identity",
    }
)


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often things are read: main accounts, all others, ledgers."""

    main_seconds: int = 30
    slow_seconds: int = 120
    ledger_seconds: int = 300


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """What one slot reads: always balances and positions, the ledger and the key's rights when due."""

    ledger_since: datetime | None
    rights: bool


def slot_of(at: datetime) -> int:
    """Return the number of the slot that an instant lies in."""
    return int(at.timestamp()) // SLOT_SECONDS


def planned_interval(account: ExchangeAccount, intervals: Intervals) -> int:
    """Return how often an account is meant to be read."""
    return intervals.main_seconds if account.is_main else intervals.slow_seconds


def next_due(
    planned_at: datetime,
    now: datetime,
    *,
    interval_seconds: int,
    error_code: str | None = None,
    paused_until: datetime | None = None,
) -> datetime:
    """Return the first step of the account's own grid after `now`; missed slots are skipped, never queued.

    After an error that only the person can cure it is a quarter of an hour from now, and never before the pause of
    the exchange ends.
    """
    if error_code in AUTH_CODES:
        return now + timedelta(seconds=AUTH_RETRY_SECONDS)
    interval = timedelta(seconds=interval_seconds)
    missed = (now - planned_at) // interval + 1 if now >= planned_at else 0
    due = planned_at + missed * interval
    if due - now > interval:  # the interval has become shorter
        due = now + interval
    return due if paused_until is None else max(due, paused_until)


def ledger_since(state: SyncState, now: datetime) -> datetime:
    """Return from when the ledger is read: 90 days back at first, then with an overlap, once a day a longer one.

    A reading in parts goes on where the last part ended.
    """
    if state.ledger_cursor is not None:
        return state.ledger_cursor
    read_to = state.ledger_read_to
    if read_to is None:
        return now - LEDGER_FIRST
    overlap = LEDGER_OVERLAP if read_to.date() == now.date() else LEDGER_DAILY_OVERLAP
    return min(read_to, now) - overlap


def is_ledger_due(state: SyncState, now: datetime, interval_seconds: int) -> bool:
    """Tell whether the ledger was read longer ago than its interval, in part only, or never."""
    if state.ledger_read_to is None or state.ledger_cursor is not None:
        return True
    return now - state.ledger_read_to >= timedelta(seconds=interval_seconds)


def plan_slot(account: ExchangeAccount, state: SyncState, now: datetime, intervals: Intervals) -> SlotPlan:
    """Return what the slot that starts now reads."""
    checked_at = account.rights.checked_at
    due = is_ledger_due(state, now, intervals.ledger_seconds)
    return SlotPlan(
        ledger_since=ledger_since(state, now) if due else None,
        rights=checked_at is None or now - checked_at >= RIGHTS_MAX_AGE,
    )
