"""How old a figure is and how an account is doing, as badges of icon, words and age: never by colour alone."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import streamlit as st

from core.domain.reading_plans import ReadingPlan
from core.domain.types import AccountStatus, ExchangeAccount, Freshness, SyncState, Tier, WalletState
from core.services.health import freshness
from core.services.looking import mark_looked
from core.ui import state
from core.ui.format import Formats, plain
from core.ui.guard import Visitor
from core.ui.i18n import N_, _

LOOK_AGAIN = timedelta(seconds=20)

AGES = {
    Freshness.FRESH: ("green", "check_circle", N_("{age} ago")),
    Freshness.LATE: ("orange", "schedule", N_("late · {age} ago")),
    Freshness.OLD: ("red", "error", N_("out of date · {age} ago")),
    Freshness.NEVER: ("gray", "hourglass_empty", N_("not read yet")),
}
STATUSES = {
    AccountStatus.PENDING: ("blue", "pending", N_("Being checked")),
    AccountStatus.ACTIVE: ("green", "check_circle", N_("Active")),
    AccountStatus.NEEDS_ATTENTION: ("orange", "warning", N_("Needs attention")),
    AccountStatus.REFUSED: ("red", "block", N_("Refused")),
    AccountStatus.UNVERIFIED: ("orange", "help", N_("Not verified")),
    AccountStatus.DAMAGED: ("red", "broken_image", N_("Key damaged")),
}


def badge(color: str, icon: str, text: str) -> str:
    """Return Markdown of one badge; `text` must be safe for Markdown already."""
    return f":{color}-badge[:material/{icon}: {text}]"


@dataclass(frozen=True, slots=True)
class Pulse:
    """What tells how an account's readings are doing."""

    account: ExchangeAccount
    sync: SyncState | None
    wallets: Sequence[WalletState]

    @property
    def read_at(self) -> datetime | None:
        """Return when the account was last read well."""
        return self.sync.last_ok_at if self.sync else None

    def is_whole(self, now: datetime) -> bool:
        """Tell whether the last reading is fresh and no wallet failed in it."""
        return freshness(self.sync, now) is Freshness.FRESH and all(wallet.ok for wallet in self.wallets)


def age_badge(pulse: Pulse, formats: Formats, now: datetime, *, named: bool = False) -> str:
    """Return the badge that tells how old an account's figures are, with its name in front when `named`."""
    name = plain(pulse.account.name) + " · " if named else ""
    if not pulse.account.is_active:
        return badge("gray", "pause_circle", name + _("paused"))
    found = freshness(pulse.sync, now)
    color, icon, words = AGES[found]
    if found is Freshness.FRESH and not pulse.is_whole(now):
        color, icon, words = "orange", "warning", N_("partial · {age} ago")
    return badge(color, icon, name + _(words).format(age=formats.age(pulse.read_at, now)))


def status_badge(account: ExchangeAccount) -> str:
    """Return the badge of an account's status; a paused account says so instead."""
    if not account.is_active and account.status is AccountStatus.ACTIVE:
        return badge("gray", "pause_circle", _("Paused"))
    color, icon, words = STATUSES[account.status]
    return badge(color, icon, _(words))


def main_badge() -> str:
    """Return the badge of the main account."""
    return badge("blue", "star", _("Main account"))


def testnet_badge() -> str:
    """Return the badge of an account whose money is play money."""
    return badge("violet", "science", _("Test network"))


TIERS = {
    Tier.MAIN: N_("main account"),
    Tier.WATCHED: N_("on screen"),
    Tier.ACTIVE: N_("not on screen"),
    Tier.REST: N_("client away"),
}


def pace(sync: SyncState | None, account: ExchangeAccount) -> str:
    """Return how often the account is read, and why so often; empty while it is not read at all."""
    if sync is None or not account.is_active:
        return ""
    tier = Tier.MAIN if account.is_main else Tier(sync.tier)
    return _("read every {interval} · {tier}").format(interval=span(sync.planned_interval_seconds), tier=_(TIERS[tier]))


def crowd(plan: ReadingPlan, exchange: str) -> str:
    """Return what the exchange's limits make of the intervals; `exchange` is its name as people know it."""
    wanted, allowed = plan.wanted[Tier.MAIN], plan.allowed or 0
    words = _("{exchange}: {accounts} accounts, one address allows {allowed} at {wanted}: ").format(
        exchange=exchange, accounts=plan.accounts, allowed=allowed, wanted=span(wanted)
    )
    first = plan.seconds.get(Tier.MAIN, plan.seconds.get(Tier.WATCHED, 0))
    if first > wanted:
        return words + _("now every {interval}").format(interval=span(first))
    others = max((plan.seconds[tier] for tier in (Tier.ACTIVE, Tier.REST) if tier in plan.seconds), default=wanted)
    return words + _("now main accounts every {first}, others every {others}").format(
        first=span(wanted), others=span(others)
    )


def span(seconds: int) -> str:
    """Return a length of time as seconds, or as minutes where it is whole ones."""
    if seconds >= 120 and seconds % 60 == 0:
        return _("{count} min").format(count=seconds // 60)
    return _("{count} s").format(count=seconds)


def note_look(visitor: Visitor, client_id: UUID, account_ids: Collection[UUID]) -> None:
    """Note that accounts are on this person's screen, at most every twenty seconds for the same ones."""
    now, shown = visitor.web.clock(), sorted(map(str, account_ids))
    before, at = st.session_state.get(state.LOOKED, ((), None))
    if shown != before or at is None or now - at >= LOOK_AGAIN:
        st.session_state[state.LOOKED] = (shown, now)
        mark_looked(visitor.web.storage, visitor.scope, client_id, account_ids, now=now)


def summary(pulses: Sequence[Pulse], formats: Formats, now: datetime) -> str:
    """Return one badge for all accounts shown: the age of the oldest and how many are up to date."""
    active = [pulse for pulse in pulses if pulse.account.is_active]
    times = [pulse.read_at for pulse in active if pulse.read_at is not None]
    if not times:
        return badge("gray", "hourglass_empty", _("No reading yet"))
    fresh = sum(pulse.is_whole(now) for pulse in active)
    text = _("Updated {age} ago · {fresh}/{total} accounts").format(
        age=formats.age(min(times), now), fresh=fresh, total=len(active)
    )
    whole = fresh == len(active)
    return badge("green" if whole else "orange", "check_circle" if whole else "schedule", text)
