"""When an account is read next, by what tier, and what that reading covers; pure.

All durations are seconds; every instant is an aware UTC datetime given by the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.types import WalletKind
from core.domain.types import ExchangeAccount, SyncState, Tier, WalletState

SLOT_SECONDS = 30
AUTH_RETRY_SECONDS = 900.0
RIGHTS_MAX_AGE = timedelta(days=1)
LEDGER_OVERLAP = timedelta(minutes=10)
LEDGER_DAILY_OVERLAP = timedelta(hours=48)
LEDGER_FIRST = timedelta(days=90)
ON_TIME = timedelta(seconds=5)  # so much earlier than its interval a wallet's turn has come all the same

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
SLOW, SELDOM = "slow", "seldom"
# kinds that are not read in every slot; all others are
TURN_OF = {WalletKind.FUNDING: SLOW, WalletKind.MARGIN: SLOW, WalletKind.EARN: SELDOM}


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often things are read.

    Accounts by tier (main ones and those on a screen, others of active clients, the rest), ledgers, and the wallets
    that are not read in every slot: funding and margin (slow), earn (seldom). A client is active for `active_days`
    after being seen, an account on a screen for `look_seconds` after the last look.
    """

    main_seconds: int = 30
    slow_seconds: int = 120
    ledger_seconds: int = 300
    rest_seconds: int = 300
    slow_wallet_seconds: int = 120
    seldom_wallet_seconds: int = 600
    active_days: int = 7
    look_seconds: int = 60

    def of_tiers(self) -> dict[Tier, int]:
        """Return the wanted interval of each tier."""
        return {
            Tier.MAIN: self.main_seconds,
            Tier.WATCHED: self.main_seconds,
            Tier.ACTIVE: self.slow_seconds,
            Tier.REST: self.rest_seconds,
        }


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """What one slot reads: wallets and positions always, the ledger and the key's rights when due.

    `wallets` names the wallets to be asked for, None for all; `turns` says whose turn has come of slow and seldom.
    """

    ledger_since: datetime | None
    rights: bool
    wallets: frozenset[str] | None = None
    turns: frozenset[str] = frozenset({SLOW, SELDOM})


def slot_of(at: datetime) -> int:
    """Return the number of the slot that an instant lies in."""
    return int(at.timestamp()) // SLOT_SECONDS


def tier_of(
    *, is_main: bool, looked_at: datetime | None, client_seen_at: datetime | None, now: datetime, intervals: Intervals
) -> Tier:
    """Return the tier of an account, by what is stored of it and of its client."""
    if is_main:
        return Tier.MAIN
    if looked_at is not None and now - looked_at < timedelta(seconds=intervals.look_seconds):
        return Tier.WATCHED
    if client_seen_at is not None and now - client_seen_at < timedelta(days=intervals.active_days):
        return Tier.ACTIVE
    return Tier.REST


def tier_now(account: ExchangeAccount, state: SyncState | None) -> Tier:
    """Return the tier last decided, or main at once where the account has become or ceased to be that."""
    if account.is_main:
        return Tier.MAIN
    known = Tier(state.tier) if state is not None else Tier.ACTIVE
    return Tier.ACTIVE if known is Tier.MAIN else known


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
    return overlapped(read_to, now)


def overlapped(read_to: datetime, now: datetime) -> datetime:
    """Return from when to read again what was read up to `read_to`; once a day from much earlier."""
    overlap = LEDGER_OVERLAP if read_to.date() == now.date() else LEDGER_DAILY_OVERLAP
    return min(read_to, now) - overlap


def is_ledger_due(state: SyncState, now: datetime, interval_seconds: int) -> bool:
    """Tell whether the ledger was read longer ago than its interval, in part only, or never."""
    if state.ledger_read_to is None or state.ledger_cursor is not None:
        return True
    return now - state.ledger_read_to >= timedelta(seconds=interval_seconds)


def turns_due(state: SyncState, now: datetime, intervals: Intervals) -> frozenset[str]:
    """Return whose turn has come of the wallets that are not read in every slot."""
    turns = (
        (SLOW, state.slow_read_at, intervals.slow_wallet_seconds),
        (SELDOM, state.seldom_read_at, intervals.seldom_wallet_seconds),
    )
    return frozenset(
        turn
        for turn, read_at, seconds in turns
        if read_at is None or now < read_at or now - read_at >= timedelta(seconds=seconds) - ON_TIME
    )


def wallets_due(
    kinds: Mapping[str, WalletKind], known: Mapping[str, WalletState], turns: frozenset[str]
) -> frozenset[str] | None:
    """Return the names of the wallets to be asked for, None for all; one that failed is asked for with the slow ones.

    Args:
        kinds: every wallet that the exchange may have, by its own name.
        known: the stored wallets of the account by name.
        turns: whose turn has come.
    """
    if turns == {SLOW, SELDOM}:
        return None

    def is_due(name: str, kind: WalletKind) -> bool:
        turn = TURN_OF.get(kind)
        has_failed = name in known and not known[name].ok
        return turn is None or turn in turns or (has_failed and SLOW in turns)

    return frozenset(name for name, kind in kinds.items() if is_due(name, kind))


def plan_slot(
    account: ExchangeAccount,
    state: SyncState,
    now: datetime,
    intervals: Intervals,
    *,
    kinds: Mapping[str, WalletKind] | None = None,
    known: Mapping[str, WalletState] | None = None,
) -> SlotPlan:
    """Return what the slot that starts now reads; without `kinds` all wallets.

    The key's rights are asked daily, and at the try that follows an error of authentication.
    """
    checked_at = account.rights.checked_at
    due = is_ledger_due(state, now, intervals.ledger_seconds)
    turns = turns_due(state, now, intervals) if kinds else frozenset({SLOW, SELDOM})
    return SlotPlan(
        ledger_since=ledger_since(state, now) if due else None,
        rights=checked_at is None or now - checked_at >= RIGHTS_MAX_AGE or state.last_error_code in AUTH_CODES,
        wallets=wallets_due(kinds or {}, known or {}, turns),
        turns=turns,
    )
