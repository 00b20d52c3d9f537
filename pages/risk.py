"""Positions & risk: what is at stake, which way it leans, how near it is to liquidation, position by position."""

import streamlit as st

from core.domain.types import User
from core.errors import NotFoundError
from core.services.overview_types import EmptyState
from core.services.rates import note_currency
from core.services.risk import load_risk
from core.services.risk_types import Risk
from core.ui import exports, filters, live, risk_charts, risk_tables
from core.ui.clients import chosen_client
from core.ui.empty import render_empty, render_no_client
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _
from core.ui.risk_cards import render_risk_cards


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    client = chosen_client(visitor)
    if client is None:
        st.title(_("Positions & risk"), anchor=False)
        render_no_client()
        return
    view = filters.view_from_url()
    try:
        risk = _load(visitor, client, view)
    except NotFoundError:
        filters.clear()
        view = filters.view_from_url()
        risk = _load(visitor, client, view)
    _render_title(risk, client, view)
    live.render_head(risk, client.id, render_risk_cards)
    if risk.empty is EmptyState.NONE:
        _render_body(risk, visitor)
    else:
        render_empty(risk, visitor)


def _load(visitor: Visitor, client: User, view: str) -> Risk:
    now, currency = visitor.web.clock(), filters.currency_from_url(client)
    note_currency(visitor.web.storage, visitor.scope, client.id, currency, now=now)
    return load_risk(
        visitor.web.storage,
        visitor.scope,
        client_id=client.id,
        view=view,
        currency=currency,
        time_zone=visitor.user.time_zone,
        now=now,
    )


def _render_title(risk: Risk, client: User, view: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(_("Positions & risk"), anchor=False, width="content")
        if not risk.accounts:
            return
        with st.container(horizontal=True, vertical_alignment="bottom", width="content", key="filters"):
            filters.render_account_filter([health.account for health in risk.accounts], view)
            filters.render_currency_filter(client, risk.currency)
            query = {"client": str(client.id), "view": view, "currency": risk.currency}
            exports.render_links({"positions_risk": _("Positions & risk")}, query)


def _render_body(risk: Risk, visitor: Visitor) -> None:
    formats = visitor.formats
    risk_tables.render_unpriced(risk, formats)
    if risk.flat:
        _render_flat(risk, visitor)
    else:
        with st.container(border=True, key="panel_positions"):
            st.header(_("Open positions"), anchor=False)
            risk_tables.render_positions(risk, formats, key="risk_positions")
        with st.container(border=True, key="panel_distance"):
            st.header(_("Distance to liquidation (estimate), nearest first"), anchor=False)
            risk_charts.render_distances(risk, formats, key="risk_distance")
    left, right = st.columns(2)
    if not risk.flat:
        with left, st.container(border=True, height="stretch", key="panel_exposure"):
            st.header(_("Exposure by pair"), anchor=False)
            risk_charts.render_exposure(risk, formats, key="risk_exposure")
    with left if risk.flat else right, st.container(border=True, height="stretch", key="panel_delta"):
        st.header(
            _("Delta by asset"), anchor=False, help=_("Coins held plus positions, signed; stable coins left out.")
        )
        risk_charts.render_delta(risk, formats, key="risk_delta")
    if risk.margins:
        with st.container(border=True, key="panel_margin"):
            st.header(_("Margin by wallet"), anchor=False)
            risk_tables.render_margins(risk.margins, risk, formats, key="risk_margins")


def _render_flat(risk: Risk, visitor: Visitor) -> None:
    with st.container(border=True, key="empty_flat", horizontal_alignment="center", gap="small"):
        st.space("small")
        st.header(_("No open position"), anchor=False, icon=":material/check_circle:", width="content")
        checked = visitor.formats.time(risk.checked_at)
        st.markdown(_("Checked at {time}: nothing is open in these accounts.").format(time=checked))
        if risk.wallets_read < risk.wallets_total:
            read = _("{read} of {total} wallets").format(read=risk.wallets_read, total=risk.wallets_total)
            st.caption(":orange[:material/history:] " + _("{read} could be read the last time.").format(read=read))
        st.space("small")


main()
