"""Ledger: every entry of a client's accounts, what it adds up to, and which transfers belong together."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import streamlit as st

from core.domain.types import User
from core.errors import InvalidInputError, NotFoundError
from core.services.ledger_types import LedgerPage
from core.services.ledger_view import load_ledger
from core.services.transfers import load_transfers
from core.ui import ledger_filters, ledger_tables
from core.ui.clients import chosen_client
from core.ui.empty import render_no_account, render_no_client
from core.ui.format import Formats
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _
from core.ui.ledger_transfers import render_transfers


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    client = chosen_client(visitor)
    if client is None:
        st.title(_("Ledger"), anchor=False)
        render_no_client()
        return
    try:
        page = _load(visitor, client)
    except (NotFoundError, InvalidInputError):
        ledger_filters.clear()
        page = _load(visitor, client)
    formats = replace(visitor.formats, time_zone=page.time_zone)
    _render_title(page, client)
    if not page.accounts and not page.total:
        render_no_account(visitor)
        return
    ledger_filters.render_show()
    if ledger_filters.shows_transfers():
        found = load_transfers(visitor.web.storage, visitor.scope, page.question, now=page.now)
        render_transfers(found, visitor, client.id, formats)
    else:
        _render_entries(page, formats)


def _load(visitor: Visitor, client: User) -> LedgerPage:
    question = ledger_filters.question_from_url(client.id)
    turn = ledger_filters.turn_from_url(question)
    return load_ledger(visitor.web.storage, visitor.scope, question, turn=turn, now=visitor.web.clock())


def _render_title(page: LedgerPage, client: User) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(_("Ledger"), anchor=False, width="content")
        ledger_filters.render_file(page.question)
    with st.container(horizontal=True, vertical_alignment="bottom", key="filters"):
        ledger_filters.render_filters(page, page.now.astimezone(ZoneInfo(client.time_zone)).date())


def _render_entries(page: LedgerPage, formats: Formats) -> None:
    if not page.total:
        st.info(_("No entry fits these choices."), icon=":material/filter_alt_off:")
        st.button(_("Clear filters"), icon=":material/restart_alt:", on_click=ledger_filters.clear)
        return
    count = [formats.number(n, 0) for n in (page.newer + 1, page.newer + len(page.entries), page.total)]
    with st.container(border=True, key="panel_entries"):
        ledger_tables.render_entries(page, formats, key="ledger_entries")
        ledger_filters.render_pager(page, count)
    with st.container(border=True, key="panel_sums"):
        st.header(_("What they add up to"), anchor=False)
        ledger_tables.render_sums(page, formats, key="ledger_sums")


main()
