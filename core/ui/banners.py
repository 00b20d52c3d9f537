"""Banners over every page: made-up data, a silent sidecar, locked keys."""

from datetime import datetime

import streamlit as st

from core.domain.marks import MarkKind
from core.domain.types import User
from core.services.overview_types import Overview, SystemHealth
from core.ui.format import Formats, markdown_safe, plain
from core.ui.guard import Visitor
from core.ui.i18n import _

MARKS_MOST = 3


def render_demo_banner(visitor: Visitor, client: User | None) -> None:
    """Say on every screen that the data is made up, where it is."""
    if visitor.user.is_demo or (client is not None and client.is_demo):
        text = _("**Made-up data.** Every account, price and result here was invented to try the product out.")
        st.warning(text, icon=":material/science:")


def render_system_banner(system: SystemHealth, formats: Formats, now: datetime) -> None:
    """Say that nothing is being read at the moment, and what that means."""
    if system.keys_locked:
        st.error(
            _("The operator has to unlock the vault. Until then nothing new is read; the last values stay."),
            title=_("The keys are locked"),
            icon=":material/lock:",
        )
    if system.clock_seconds:
        _render_clock_banner(system.clock_seconds)
    if not system.sidecar_silent:
        return
    if system.sidecar_seen_at is None:
        body = _("The reading process has not started yet. Nothing is read until it does.")
    else:
        body = _("The reading process last gave a sign of life {age} ago. The figures stay as they were then.").format(
            age=formats.age(system.sidecar_seen_at, now)
        )
    st.error(body, title=_("No new readings"), icon=":material/sync_problem:")


def render_marks(overview: Overview, formats: Formats) -> None:
    """Tell of changes in the last day that no ledger explains, and of readings that were not believed."""
    names = {health.account.id: plain(health.account.name) for health in overview.accounts}
    for mark in reversed(overview.marks[-MARKS_MOST:]):
        is_move = mark.kind is MarkKind.LARGE_MOVE
        words = (
            _("{account}: a change of {value} at {time} is in no ledger. A second reading confirmed it.")
            if is_move
            else _("{account}: a reading at {time} was not believed, the next one contradicted it. It is in no total.")
        )
        told = words.format(
            account=names.get(mark.account_id, ""),
            value=markdown_safe(formats.money(mark.value, signed=True)),
            time=formats.time(mark.at),
        )
        icon = ":orange[:material/priority_high:] " if is_move else ":red[:material/error:] "
        st.caption(icon + told)


def _render_clock_banner(seconds: float) -> None:
    """Say that this server's clock is wrong: what is read is dated by the exchanges' clocks meanwhile."""
    words = (
        _("This server's clock is {seconds} seconds behind those of the exchanges. Figures are dated by theirs.")
        if seconds > 0
        else _("This server's clock is {seconds} seconds ahead of those of the exchanges. Figures are dated by theirs.")
    )
    body = words.format(seconds=round(abs(seconds)))
    st.warning(body, title=_("The clock is wrong"), icon=":material/alarm_off:")
