"""A person's own settings: language, time zone, currency, and where they are signed in."""

from zoneinfo import available_timezones

import streamlit as st

from core.domain.currencies import REPORTING
from core.errors import PlatformError
from core.services import people
from core.services.people import Preferences
from core.ui import filters, flash, own_login, state
from core.ui.format import plain
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import LANGUAGES, N_, _

LANGUAGE, TIME_ZONE, CURRENCY = "settings_language", "settings_time_zone", "settings_currency"
NAMES = {
    "BRL": N_("Real (BRL)"),
    "USD": N_("US dollar (USD)"),
    "USDT": N_("Tether (USDT)"),
    "EUR": N_("Euro (EUR)"),
    "BTC": N_("Bitcoin (BTC)"),
}


def main() -> None:
    """Draw the page."""
    visitor = require_scope()
    st.title(_("Settings"), anchor=False)
    words, person = st.columns(2, gap="medium")
    with words, st.container(border=True, height="stretch", key="preferences"):
        st.header(_("Language, time and currency"), anchor=False, icon=":material/translate:")
        _render_preferences(visitor)
    with person, st.container(border=True, height="stretch", key="password"):
        st.header(_("Password"), anchor=False, icon=":material/password:")
        own_login.render_password_form()
    with st.container(border=True, key="sessions"):
        st.header(_("Where you are signed in"), anchor=False, icon=":material/devices:")
        st.markdown(_("Signed in as **{login}**").format(login=plain(visitor.user.login)))
        own_login.render_sessions()


def _render_preferences(visitor: Visitor) -> None:
    problem = st.session_state.pop(state.SETTINGS_ERROR, None)
    if problem:
        flash.render_problem(problem)
    languages = list(LANGUAGES)
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix/")))
    zones = zones if visitor.user.time_zone in zones else [visitor.user.time_zone, *zones]
    with st.form("preferences_form", border=False):
        st.selectbox(
            _("Language"),
            languages,
            index=languages.index(visitor.user.language) if visitor.user.language in languages else 0,
            format_func=lambda code: LANGUAGES.get(code, code),
            key=LANGUAGE,
        )
        st.selectbox(
            _("Time zone"),
            zones,
            index=zones.index(visitor.user.time_zone),
            key=TIME_ZONE,
            help=_("Days and months of results begin at midnight in this zone."),
        )
        st.selectbox(
            _("Currency"),
            REPORTING,
            index=REPORTING.index(filters.usual_currency(visitor.user)),
            format_func=lambda code: _(NAMES[code]),
            key=CURRENCY,
            help=_("Your money is shown in it. Results of past days are computed in a new currency within minutes."),
        )
        st.form_submit_button(_("Save"), type="primary", key="settings_submit", on_click=_save)


def _save() -> None:
    visitor = require_scope(touch=True)
    wanted = Preferences(
        language=str(st.session_state[LANGUAGE]),
        time_zone=str(st.session_state[TIME_ZONE]),
        currency=str(st.session_state[CURRENCY]),
    )
    try:
        people.update_preferences(visitor.web.storage, visitor.scope, wanted, now=visitor.web.clock())
    except PlatformError as e:
        st.session_state[state.SETTINGS_ERROR] = flash.problem_of(e)
        return
    require_scope()
    flash.note(_("Saved"))


main()
