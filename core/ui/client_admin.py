"""What the Clients page does: open a client, add one."""

import streamlit as st

from core.domain.types import Role
from core.errors import PlatformError
from core.services import people
from core.services.people import NewPerson, Preferences
from core.ui import flash, state
from core.ui.format import plain
from core.ui.guard import require_scope
from core.ui.i18n import LANGUAGES, _

PAGE = "/clients"
NAME, LOGIN, PASSWORD, LANGUAGE = "client_name", "client_login", "client_password", "client_language"


def open_client(client_id: str) -> None:
    """Put a client on the screen; services check the right again with every read."""
    require_scope(role=Role.ADMIN, touch=True)
    st.session_state[state.CLIENT] = client_id


def submit_client() -> None:
    """Add the client typed into the form; the password leaves the session in this run."""
    visitor = require_scope(role=Role.ADMIN, touch=True)
    settings = visitor.web.settings
    st.session_state.pop(state.CLIENT_ERROR, None)
    try:
        person = NewPerson(
            name=str(st.session_state.get(NAME, "")),
            login=str(st.session_state.get(LOGIN, "")),
            password=str(st.session_state.get(PASSWORD, "")),
            preferences=Preferences(
                language=str(st.session_state.get(LANGUAGE, settings.default_language)),
                time_zone=settings.default_time_zone,
            ),
        )
        client = people.add_client(
            visitor.web.storage, visitor.scope, visitor.web.passwords, person, now=visitor.web.clock()
        )
        st.session_state[state.CLIENT] = str(client.id)
        for key in (NAME, LOGIN):
            st.session_state[key] = ""
        flash.note(_("{name} has been added and is on the screen").format(name=plain(client.name)))
    except PlatformError as e:
        st.session_state[state.CLIENT_ERROR] = flash.problem_of(e, come_back=PAGE)
    finally:
        st.session_state.pop(PASSWORD, None)


def render_client_form() -> None:
    """Draw the form for a new client."""
    visitor = require_scope(role=Role.ADMIN)
    problem = st.session_state.get(state.CLIENT_ERROR)
    if problem:
        flash.render_problem(problem)
    languages = list(LANGUAGES)
    with st.form("client_form", border=False):
        st.text_input(_("Name"), key=NAME, max_chars=80, autocomplete="off")
        st.text_input(_("Sign-in name"), key=LOGIN, max_chars=64, autocomplete="off")
        st.text_input(
            _("First password"),
            key=PASSWORD,
            type="password",
            max_chars=256,
            autocomplete="new-password",
            help=_("At least 12 characters. Hand it over in person or by phone."),
        )
        st.selectbox(
            _("Language"),
            languages,
            index=languages.index(visitor.web.settings.default_language),
            format_func=lambda code: LANGUAGES.get(code, code),
            key=LANGUAGE,
        )
        st.form_submit_button(
            _("Add client"), type="primary", icon=":material/person_add:", key="client_submit", on_click=submit_client
        )
