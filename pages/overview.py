"""The Overview: what a client's accounts are worth, how they did, and how far the figures can be trusted."""

from dataclasses import replace

import streamlit as st

from core.domain.currencies import USD
from core.domain.types import User
from core.errors import NotFoundError
from core.services.overview_money import load_money_overview
from core.services.overview_types import EmptyState, Overview
from core.services.rates import note_currency
from core.services.results_types import Question
from core.ui import charts, exports, filters, live, tables
from core.ui.banners import render_marks
from core.ui.cards import render_cards
from core.ui.clients import chosen_client
from core.ui.curve import render_curve_panel
from core.ui.empty import render_empty, render_no_client
from core.ui.format import plain
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _
from core.ui.money_words import no_rate
from core.ui.unpriced import render_unpriced


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    client = chosen_client(visitor)
    if client is None:
        st.title(_("Overview"), anchor=False)
        render_no_client()
        return
    view, days = filters.view_from_url(), filters.period_from_url()
    try:
        overview = _load(visitor, client, view, days)
    except NotFoundError:
        filters.clear()
        view = filters.view_from_url()
        overview = _load(visitor, client, view, days)
    _render_title(overview, client, visitor, view, days)
    live.render_head(overview, client.id, render_cards)
    render_marks(overview, visitor.formats)
    if overview.empty is EmptyState.NONE:
        _render_body(overview, visitor, f"{client.id}_{view}_{days}")
    else:
        render_empty(overview, visitor)


def _load(visitor: Visitor, client: User, view: str, days: int) -> Overview:
    now, currency = visitor.web.clock(), filters.currency_from_url(client)
    note_currency(visitor.web.storage, visitor.scope, client.id, currency, now=now)
    return load_money_overview(
        visitor.web.storage,
        visitor.scope,
        Question(client.id, view, currency=currency),
        period_days=days,
        time_zone=client.time_zone,
        now=now,
    )


def _render_title(overview: Overview, client: User, visitor: Visitor, view: str, days: int) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        title = plain(client.name) if visitor.is_admin else _("Overview")
        st.title(title, anchor=False, width="content")
        if not overview.accounts:
            return
        with st.container(horizontal=True, vertical_alignment="bottom", width="content", key="filters"):
            filters.render_account_filter([health.account for health in overview.accounts], view)
            filters.render_period_filter(days)
            filters.render_currency_filter(client, overview.currency)
            exports.render_menu(client.id, view, days)


def _render_body(overview: Overview, visitor: Visitor, view: str) -> None:
    formats = replace(visitor.formats, currency=overview.currency)
    render_unpriced(overview.unpriced, formats, overview.now)
    left, right = st.columns([2, 1])
    with left, st.container(border=True, height="stretch", key="panel_curve"):
        st.header(_("Equity over time"), anchor=False)
        if overview.rate is None and overview.currency != USD:
            st.caption(no_rate(overview.currency))
        else:
            render_curve_panel(overview.curve, formats, view=view)
    with right, st.container(border=True, height="stretch", key="panel_allocation"):
        st.header(_("Allocation"), anchor=False)
        charts.render_allocation(overview.allocation, formats, key="allocation")
    with st.container(border=True, key="panel_positions"):
        st.header(_("Open positions"), anchor=False)
        if overview.positions:
            tables.render_positions(overview.positions, formats, key="positions")
        else:
            st.caption(_("No open position, as read at {time}.").format(time=formats.time(overview.equity.as_of)))
    with st.container(border=True, key="panel_balances"):
        st.header(_("Balances"), anchor=False)
        by_asset, by_wallet = st.columns([2, 3])
        with by_asset:
            st.caption(_("By asset"))
            tables.render_allocation(overview.allocation, formats, key="assets")
        with by_wallet:
            st.caption(_("By account and wallet"))
            tables.render_balances(overview.balances, formats, key="balances")
        if any(row.carried for row in overview.balances):
            st.caption(tables.CARRIED.strip() + " " + _("older value: this wallet could not be read last time."))


main()
