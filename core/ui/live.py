"""The part of the Overview that lives: ages every five seconds, and a redraw of the page when new data is stored."""

from uuid import UUID

import streamlit as st

from core.services.health import read_system_health
from core.services.overview import data_version
from core.services.overview_types import AccountHealth, Overview
from core.ui import state
from core.ui.banners import render_system_banner
from core.ui.cards import render_cards
from core.ui.freshness import Pulse, age_badge, badge, note_look, summary, testnet_badge
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

TICK_SECONDS = 5
LOOK_AGAIN_SECONDS = 60


def render_head(overview: Overview, client_id: UUID) -> None:
    """Draw banners, badges and cards, and keep their ages right from now on."""
    st.session_state[state.JUST_DRAWN] = True
    _ticker(overview, client_id)


@st.fragment(run_every=TICK_SECONDS, key="ticker")
def _ticker(overview: Overview, client_id: UUID) -> None:
    """Redraw the ages; ask for the whole page once the data has moved on. Never touches the session's idle clock."""
    visitor = require_scope()
    now = visitor.web.clock()
    note_look(visitor, client_id, overview.shown)
    system = overview.system
    if not st.session_state.pop(state.JUST_DRAWN, False):
        moved = data_version(visitor.web.storage, visitor.scope, client_id) != overview.data_version
        if moved or _worth_a_look(overview, visitor):
            st.session_state[state.QUIET_RERUN] = True
            st.rerun()
        system = read_system_health(visitor.web.storage, now)
    render_system_banner(system, visitor.formats, now)
    shown = [health for health in overview.accounts if health.account.id in overview.shown]
    _render_badges(overview, shown, visitor)
    if overview.equity.value is not None:
        render_cards(overview, visitor.formats, now)


def _worth_a_look(overview: Overview, visitor: Visitor) -> bool:
    """Tell whether failures may have changed what is said, which no data version tells."""
    age = (visitor.web.clock() - overview.now).total_seconds()
    return age >= LOOK_AGAIN_SECONDS


def _render_badges(overview: Overview, shown: list[AccountHealth], visitor: Visitor) -> None:
    if not shown:
        return
    now = visitor.web.clock()
    pulses = [Pulse(health.account, health.sync, health.wallets) for health in shown]
    badges = [summary(pulses, visitor.formats, now)] if len(pulses) > 1 else []
    badges += [age_badge(pulse, visitor.formats, now, named=True) for pulse in pulses]
    if overview.testnet:
        badges.append(testnet_badge())
    for exchange, until in {(health.account.exchange, health.pause.until) for health in shown if health.pause}:
        name = visitor.web.exchanges.describe(exchange).name
        text = _("{exchange} asked for a pause until {time}").format(exchange=name, time=visitor.formats.time(until))
        badges.append(badge("orange", "hourglass", text))
    st.markdown(" ".join(badges))
