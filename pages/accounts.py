"""The exchange accounts of a client: how each is doing, and everything that can be done with it."""

import streamlit as st

from core.services.accounts import list_accounts
from core.ui import state
from core.ui.account_list import removed_accounts, render_account_list, render_removed
from core.ui.account_panels import render_panel
from core.ui.checklist import render_watched_job
from core.ui.clients import chosen_client
from core.ui.empty import render_no_account, render_no_client
from core.ui.flash import render_problem
from core.ui.format import plain
from core.ui.guard import require_scope
from core.ui.i18n import _
from core.ui.paths import ADD_ACCOUNT


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    client = chosen_client(visitor)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        title = (
            _("Accounts of {name}").format(name=plain(client.name)) if visitor.is_admin and client else _("Accounts")
        )
        st.title(title, anchor=False, width="content")
        if client and visitor.scope.may_write and st.button(_("Add account"), icon=":material/add:", type="primary"):
            st.switch_page(ADD_ACCOUNT)
    if client is None:
        render_no_client()
        return
    views = list_accounts(visitor.web.storage, visitor.scope, client.id)
    with st.container():  # its place stays, so that what comes and goes here never redraws the list below
        if state.PANEL not in st.session_state:
            problem = st.session_state.pop(state.PANEL_ERROR, None)
            if problem:
                render_problem(problem, ips=visitor.web.settings.egress_ips)
        render_watched_job(visitor, client.id)
    if views:
        st.session_state.pop(state.REDRAW, None)
        render_account_list(client.id)
    else:
        render_no_account(visitor)
    render_removed(removed_accounts(visitor, client.id), visitor)
    render_panel(views)


main()
