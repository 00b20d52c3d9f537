"""The router, run at every script run: who is signed in, which pages their role has, then the page itself."""

from pathlib import Path

import streamlit as st

from core.domain.types import Role
from core.errors import StorageUnavailableError
from core.ui import paths, state
from core.ui.banners import render_demo_banner
from core.ui.clients import chosen_client
from core.ui.flash import problem_of, render_note, render_problem
from core.ui.format import plain
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

PRODUCT = "GlobalAutomation"
ASSETS = Path(__file__).parent / "assets"


def main() -> None:
    """Check the session, draw the frame, run the chosen page."""
    st.set_page_config(page_title=PRODUCT, page_icon=str(ASSETS / "icon.png"), layout="wide")
    by_itself = st.session_state.pop(state.QUIET_RERUN, False)
    visitor = require_scope(touch=not by_itself)
    mode = "dark" if st.context.theme.type == "dark" else "light"
    st.logo(str(ASSETS / f"logo_{mode}.svg"), icon_image=str(ASSETS / "mark.svg"), size="large")
    page = st.navigation(_pages(visitor), position="sidebar")
    client = chosen_client(visitor)
    with st.sidebar:
        _render_who(visitor, client.name if client else None)
    render_note()
    render_demo_banner(visitor, client)
    page.run()


def _pages(visitor: Visitor) -> list[st.Page]:
    pages = [
        st.Page(paths.OVERVIEW, title=_("Overview"), icon=":material/monitoring:", default=True),
        st.Page(paths.RISK, title=_("Positions & risk"), icon=":material/balance:"),
        st.Page(paths.RESULTS, title=_("Results"), icon=":material/query_stats:"),
        st.Page(paths.LEDGER, title=_("Ledger"), icon=":material/receipt_long:"),
        st.Page(paths.ACCOUNTS, title=_("Accounts"), icon=":material/key:"),
        st.Page(paths.SETTINGS, title=_("Settings"), icon=":material/tune:"),
    ]
    if visitor.scope.may_write:
        pages.insert(len(pages) - 1, st.Page(paths.ADD_ACCOUNT, title=_("Add account"), icon=":material/add_circle:"))
    if visitor.is_admin:
        pages.insert(0, st.Page(paths.CLIENTS, title=_("Clients"), icon=":material/group:"))
        health = st.Page(paths.SYNC_HEALTH, title=_("Sync health"), icon=":material/monitor_heart:")
        pages.insert(len(pages) - 1, health)
    return pages


def _render_who(visitor: Visitor, client: str | None) -> None:
    roles = {Role.CLIENT: _("Client"), Role.ANALYST: _("Analyst"), Role.ADMIN: _("Administrator")}
    if visitor.is_admin:
        nobody = _("none chosen")
        shown = f"**{plain(client)}**" if client else f"*{nobody}*"
        label = _("Client on the screen")
        st.markdown(f":small[:material/visibility: {label}]  \n{shown}")
    st.markdown(f"**{plain(visitor.user.name)}**  \n:small[{roles[visitor.user.role]}]")
    st.toggle(
        _("Hide amounts"),
        key=state.HIDE_AMOUNTS,
        bind="query-params",
        help=_("Money and amounts become dots on all screens of this tab; percentages and ages stay."),
    )
    if st.button(_("Sign out"), icon=":material/logout:", key="sign_out", type="tertiary"):
        st.logout()


try:
    main()
except StorageUnavailableError as e:  # it went away in the middle of a run; the next run looks again
    render_problem(problem_of(e))
