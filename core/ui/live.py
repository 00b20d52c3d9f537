"""The head of a page that lives: ages every five seconds, and a redraw of the page when new data is stored."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import streamlit as st

from core.services.health import read_system_health
from core.services.overview import data_version
from core.services.overview_types import AccountHealth, Sight
from core.ui import state
from core.ui.banners import render_system_banner
from core.ui.format import Formats
from core.ui.freshness import Pulse, age_badge, badge, note_look, summary, testnet_badge
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

TICK_SECONDS = 5
LOOK_AGAIN_SECONDS = 60
WAIT_SECONDS = 10
Draw = Callable[[Any, Formats, datetime], None]


def render_head(sight: Sight, client_id: UUID, draw: Draw) -> None:
    """Draw banners, badges and the page's own figures (`draw`), and keep their ages right from now on."""
    st.session_state[state.JUST_DRAWN] = True
    _ticker(sight, client_id, draw)


@st.fragment(run_every=TICK_SECONDS, key="ticker")
def _ticker(sight: Sight, client_id: UUID, draw: Draw) -> None:
    """Redraw the ages; ask for the whole page once the data has moved on. Never touches the session's idle clock."""
    visitor = require_scope()
    now = visitor.web.clock()
    note_look(visitor, client_id, sight.shown)
    system = sight.system
    if not st.session_state.pop(state.JUST_DRAWN, False):
        moved = data_version(visitor.web.storage, visitor.scope, client_id) != sight.data_version
        if moved or _worth_a_look(sight, visitor):
            st.session_state[state.QUIET_RERUN] = True
            st.rerun()
        system = read_system_health(visitor.web.storage, now)
    render_system_banner(system, visitor.formats, now)
    shown = [health for health in sight.accounts if health.account.id in sight.shown]
    _render_badges(sight, shown, visitor)
    draw(sight, visitor.formats, now)


def render_wait() -> None:
    """Draw the page again every ten seconds, for what the sidecar is working on."""
    st.session_state[state.JUST_DRAWN] = True
    _wait()


@st.fragment(run_every=WAIT_SECONDS, key="wait")
def _wait() -> None:
    """Ask for the whole page; never touches the session's idle clock."""
    require_scope()
    if not st.session_state.pop(state.JUST_DRAWN, False):
        st.session_state[state.QUIET_RERUN] = True
        st.rerun()


def _worth_a_look(sight: Sight, visitor: Visitor) -> bool:
    """Tell whether failures may have changed what is said, which no data version tells."""
    age = (visitor.web.clock() - sight.now).total_seconds()
    return age >= LOOK_AGAIN_SECONDS


def _render_badges(sight: Sight, shown: list[AccountHealth], visitor: Visitor) -> None:
    if not shown:
        return
    now = visitor.web.clock()
    pulses = [Pulse(health.account, health.sync, health.wallets) for health in shown]
    badges = [summary(pulses, visitor.formats, now)] if len(pulses) > 1 else []
    badges += [age_badge(pulse, visitor.formats, now, named=True) for pulse in pulses]
    if sight.testnet:
        badges.append(testnet_badge())
    for exchange, until in {(health.account.exchange, health.pause.until) for health in shown if health.pause}:
        name = visitor.web.exchanges.describe(exchange).name
        text = _("{exchange} asked for a pause until {time}").format(exchange=name, time=visitor.formats.time(until))
        badges.append(badge("orange", "hourglass", text))
    st.markdown(" ".join(badges))
