"""A person's own settings: language, time zone, currency, and where they are signed in."""

from zoneinfo import available_timezones

import streamlit as st

from core.domain.currencies import REPORTING
from core.errors import PlatformError
from core.services import auth, people
from core.services.people import Preferences
from core.ui import filters, flash, state
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
    with person, st.container(border=True, height="stretch", key="sign_in"):
        st.header(_("Sign-in"), anchor=False, icon=":material/person:")
        st.markdown(_("Signed in as **{login}**").format(login=plain(visitor.user.login)))
        st.markdown(_("Signing out everywhere ends this session and those on all other devices."))
        st.button(_("Sign out everywhere"), icon=":material/devices:", key="sign_out_all", on_click=_sign_out_all)


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


def _sign_out_all() -> None:
    visitor = require_scope(touch=True)
    auth.sign_out_everywhere(visitor.web.storage, visitor.scope, now=visitor.web.clock())


main()
