"""What the Results page asks for, kept in the URL: `?account=…&period=30d` or `&period=custom&from=…&to=…`, `&bar=…`.

The URL is the truth: a widget writes it, and the page reads only it.
"""

from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.services.overview import MAIN
from core.services.results_types import CUSTOM, GROUPS, PERIODS, STEPS, THIRTY, Question, Results
from core.ui import filters
from core.ui.i18n import _
from core.ui.results_words import PERIODS as PERIOD_NAMES

PERIOD, FIRST, LAST, BAR, BY = "period", "from", "to", "bar", "by"
PERIOD_KEY, DATES_KEY = "results_period", "results_dates"
USUAL = THIRTY
DIALECTS = ("pt-BR", "iso")


def question_from_url(client_id: UUID, currency: str) -> Question:
    """Return what the URL asks for; thirty days of the main account where it does not say or says nonsense."""
    period = st.query_params.get(PERIOD, USUAL)
    first, last = _date(FIRST), _date(LAST)
    if period not in PERIODS or (period == CUSTOM and (first is None or last is None or first > last)):
        period = USUAL
    dates = (first, last) if period == CUSTOM else (None, None)
    return Question(client_id, filters.view_from_url(), period, *dates, currency=currency)


def bar_from_url() -> str | None:
    """Return which bar is open, None where none is."""
    asked = st.query_params.get(BAR)
    return asked if asked in STEPS else None


def group_from_url() -> str:
    """Return by what the parts are shown."""
    asked = st.query_params.get(BY, "")
    return asked if asked in GROUPS else GROUPS[0]


def render_period_filter(question: Question, today: date) -> None:
    """Draw the choice of periods, and the dates of a custom one; choosing writes the URL."""
    names = {period: _(name) for period, name in PERIOD_NAMES.items()}
    st.session_state[PERIOD_KEY] = question.period
    st.selectbox(
        _("Period"),
        list(names),
        key=PERIOD_KEY,
        format_func=lambda option: names[option],
        on_change=_choose_period,
        args=(today,),
        filter_mode=None,
        width=150,
    )
    if question.period != CUSTOM or question.first is None or question.last is None:
        return
    st.session_state[DATES_KEY] = (question.first, min(question.last, today))
    st.date_input(_("Dates"), key=DATES_KEY, max_value=today, format="DD/MM/YYYY", on_change=_choose_dates, width=240)


def render_choice(parameter: str, label: str, names: dict[str, str], chosen: str | None) -> None:
    """Draw a row of choices that writes the URL; a parameter that may be empty can be unchosen."""
    key = f"results_{parameter}"
    st.session_state[key] = chosen
    st.pills(
        label,
        list(names),
        key=key,
        format_func=lambda option: names[option],
        on_change=_choose,
        args=(parameter, key),
        required=chosen is not None and parameter == BY,
        label_visibility="collapsed",
    )


def render_files(results: Results) -> None:
    """Draw one link per file and dialect, for what is on the screen."""
    names = {
        "pnl": _("Result and statistics"),
        "daily": _("Days"),
        "attribution": _("By exchange, account, asset, pair"),
        "pnl_rows": _("Rows behind the bars"),
        "closed_positions": _("Closed positions"),
    }
    dialects = {
        "pt-BR": _("Excel in Brazil: semicolon, decimal comma"),
        "iso": _("International: comma, decimal point"),
    }
    with st.popover(_("Export"), icon=":material/download:"):
        for dialect in DIALECTS:
            st.caption(dialects[dialect])
            for dataset, name in names.items():
                st.link_button(
                    f"{name} (CSV)",
                    f"/exports/{dataset}.csv?{urlencode({**_query(results.question), 'dialect': dialect})}",
                    key=f"export_{dataset}_{dialect}",
                    width="stretch",
                    type="tertiary",
                    icon=":material/table:",
                )


def clear() -> None:
    """Go back to thirty days of the main account."""
    filters.clear()
    for parameter in (FIRST, LAST, BAR, BY):
        st.query_params.pop(parameter, None)


def _query(question: Question) -> dict[str, str]:
    asked = {"client": str(question.client_id), "view": question.view or MAIN, "period": question.period}
    if question.first is not None and question.last is not None:
        asked |= {FIRST: question.first.isoformat(), LAST: question.last.isoformat()}
    return {**asked, "currency": question.currency}


def _choose_period(today: date) -> None:
    period = str(st.session_state[PERIOD_KEY])
    st.query_params[PERIOD] = period
    if period == CUSTOM:
        st.query_params[FIRST] = (today - timedelta(days=29)).isoformat()
        st.query_params[LAST] = today.isoformat()
    else:
        for parameter in (FIRST, LAST):
            st.query_params.pop(parameter, None)


def _choose_dates() -> None:
    chosen = st.session_state[DATES_KEY]
    if isinstance(chosen, tuple) and len(chosen) == 2:
        st.query_params[FIRST], st.query_params[LAST] = (day.isoformat() for day in chosen)


def _choose(parameter: str, key: str) -> None:
    chosen = st.session_state[key]
    if chosen is None:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = str(chosen)


def _date(parameter: str) -> date | None:
    try:
        return date.fromisoformat(st.query_params.get(parameter, ""))
    except ValueError:
        return None
