"""How the sync is doing, for administrators: exchanges, limits, queues, sidecars, and the last runs of accounts."""

import streamlit as st

from core.domain.types import Role
from core.services.health import read_system_health
from core.ui.banners import render_system_banner
from core.ui.flash import render_note
from core.ui.guard import require_scope
from core.ui.i18n import _
from core.ui.sync_accounts import render_accounts, render_filters
from core.ui.sync_cards import render_health

TICK_SECONDS = 5


def main() -> None:
    """Draw the page."""
    visitor = require_scope(role=Role.ADMIN)
    st.title(_("Sync health"), anchor=False)
    _whole()
    st.header(_("Accounts"), anchor=False)
    render_filters(visitor)
    _accounts()


@st.fragment(run_every=TICK_SECONDS, key="sync_health")
def _whole() -> None:
    """Draw the figures again and again; never touches the session's idle clock."""
    visitor = require_scope(role=Role.ADMIN)
    now = visitor.web.clock()
    with st.container():  # its place stays
        render_system_banner(read_system_health(visitor.web.storage, now), visitor.formats, now)
    render_health(visitor)


@st.fragment(run_every=TICK_SECONDS, key="sync_accounts")
def _accounts() -> None:
    """Draw the accounts again and again, so that a run that was asked for shows by itself."""
    visitor = require_scope(role=Role.ADMIN)
    render_note()
    render_accounts(visitor)


main()
