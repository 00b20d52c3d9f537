"""Results: where the money went in a period, day by day and cause by cause, with the rows behind every figure."""

from zoneinfo import ZoneInfo

import streamlit as st

from core.domain.types import User
from core.errors import InvalidInputError, NotFoundError
from core.services.rates import note_currency
from core.services.results import load_results
from core.services.results_rows import load_parts, load_rows
from core.services.results_types import STEPS, Question, Results
from core.ui import filters, live, results_charts, results_days, results_figures, results_filters, results_tables
from core.ui import results_trades as trades
from core.ui.clients import chosen_client
from core.ui.empty import render_no_account, render_no_client
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _
from core.ui.results_words import GROUPS, MEANINGS, bar_name
from core.ui.unpriced import render_unpriced


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    client = chosen_client(visitor)
    if client is None:
        st.title(_("Results"), anchor=False)
        render_no_client()
        return
    currency = filters.currency_from_url(client)
    question = results_filters.question_from_url(client.id, currency)
    note_currency(visitor.web.storage, visitor.scope, client.id, currency, now=visitor.web.clock())
    try:
        results = _load(visitor, question)
    except (NotFoundError, InvalidInputError):
        results_filters.clear()
        results = _load(visitor, results_filters.question_from_url(client.id, filters.usual_currency(client)))
    _render_title(results, client)
    if not results.accounts and not results.days:
        render_no_account(visitor)
    elif results.pending:
        results_figures.render_pending(results)
        live.render_wait()
    elif not results.days:
        st.info(_("There is no history in this period yet."), icon=":material/hourglass_top:")
    else:
        _render_body(results, visitor)


def _load(visitor: Visitor, question: Question) -> Results:
    return load_results(visitor.web.storage, visitor.scope, question, now=visitor.web.clock())


def _render_title(results: Results, client: User) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"):
        st.title(_("Results"), anchor=False, width="content")
        with st.container(horizontal=True, vertical_alignment="bottom", width="content", key="filters"):
            filters.render_account_filter(results.accounts, results.question.view)
            today = results.now.astimezone(ZoneInfo(client.time_zone)).date()
            results_filters.render_period_filter(results.question, today)
            filters.render_currency_filter(client, results.question.currency)
            results_filters.render_files(results)


def _render_body(results: Results, visitor: Visitor) -> None:
    formats = visitor.formats
    results_figures.render_basis(results, formats)
    results_figures.render_unexplained(results, formats)
    results_figures.render_cards(results, formats)
    render_unpriced(results.unpriced, formats, results.now)
    with st.container(border=True, key="panel_waterfall"):
        st.header(_("From opening to closing equity"), anchor=False)
        chart, table = st.columns([3, 2])
        with chart:
            results_charts.render_waterfall(results, formats, key="waterfall")
        with table:
            results_tables.render_bars(results, formats, key="bars")
        _render_behind(results, visitor)
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="panel_result_curve"):
        st.header(_("Cumulative result"), anchor=False)
        results_charts.render_curve(results, formats, rate=False, key="curve_result")
    with right, st.container(border=True, height="stretch", key="panel_return_curve"):
        st.header(_("Time-weighted return"), anchor=False)
        results_charts.render_curve(results, formats, rate=True, key="curve_return")
    left, right = st.columns(2)
    with left, st.container(border=True, height="stretch", key="panel_days"):
        st.header(_("Result by day"), anchor=False)
        results_days.render_days(results, formats, key="days")
    with right, st.container(border=True, height="stretch", key="panel_calendar"):
        st.header(_("Calendar"), anchor=False)
        results_days.render_calendar(results, formats, key="calendar")
    with st.container(border=True, key="panel_parts"):
        st.header(_("Where it came from"), anchor=False)
        by = results_filters.group_from_url()
        results_filters.render_choice("by", _("By"), {name: _(words) for name, words in GROUPS.items()}, by)
        parts = load_parts(visitor.web.storage, visitor.scope, results, by=by)
        results_tables.render_parts(parts, results, visitor, by=by, key=f"parts_{by}")
    with st.container(border=True, key="panel_statistics"):
        st.header(_("Statistics"), anchor=False)
        results_figures.render_statistics(results, formats)
    trades.render_trades(results, visitor)


def _render_behind(results: Results, visitor: Visitor) -> None:
    """Draw the choice of bars, and the rows behind the one that is open."""
    names = {bar: bar_name(bar) for bar in STEPS if abs(results.bars[bar] or 0.0) >= results.cent}
    opened = results_filters.bar_from_url()
    opened = opened if opened in names else None
    st.caption(_("Open a bar to see the rows behind it:"))
    results_filters.render_choice("bar", _("Bar"), names, opened)
    if opened is None:
        return
    st.caption(_(MEANINGS[opened]))
    rows = load_rows(visitor.web.storage, visitor.scope, results, bar=opened)
    results_tables.render_rows(rows, results, visitor.formats, key=f"rows_{opened}")


main()
