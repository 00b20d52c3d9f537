"""Add an exchange account: choose the exchange, paste a read-only key, watch it being checked."""

import streamlit as st

from core.services.health import read_system_health
from core.ui import add_account
from core.ui.banners import render_system_banner
from core.ui.checklist import render_watched_job, watched_job
from core.ui.clients import chosen_client
from core.ui.empty import render_no_client
from core.ui.format import plain
from core.ui.guard import require_scope
from core.ui.i18n import _


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    client = chosen_client(visitor)
    st.title(_("Add account"), anchor=False)
    if client is None:
        render_no_client()
        return
    if not visitor.scope.may_write:
        return
    if visitor.is_admin:
        st.caption(_("For {name}").format(name=plain(client.name)))
    now = visitor.web.clock()
    render_system_banner(read_system_health(visitor.web.storage, now), visitor.formats, now)
    job = watched_job(visitor)
    form, steps = st.columns([3, 2], gap="medium")
    with form:
        if job is not None:
            add_account.render_warning()
            render_watched_job(visitor, client.id)
        else:
            info = add_account.choose_exchange(visitor)
            add_account.render_refusal(info, visitor)
            add_account.render_form(info, visitor, client.id)
    if job is None:
        with steps, st.container(border=True, key="how_to"):
            add_account.render_steps(info, visitor)


main()
