"""The person's own sign-in on the Settings page: a new password, and where they are signed in."""

import re
from datetime import datetime
from uuid import UUID

import streamlit as st

from core.errors import PlatformError
from core.services import auth, own_login
from core.services.own_login import OwnSession, PasswordChange
from core.ui import flash, state
from core.ui.format import MISSING, Formats, plain
from core.ui.freshness import badge
from core.ui.guard import require_scope
from core.ui.i18n import _

CURRENT, NEW, REPEATED = "password_current", "password_new", "password_repeated"
LONGEST_PASSWORD = 256
LONGEST_DEVICE = 90
PARTS_OF_AGENT = re.compile(r"[^(]*\(([^)]*)\)(.*)", re.DOTALL)


def render_password_form() -> None:
    """Draw the form for a new password; nothing that is typed into it outlives the run that reads it."""
    problem = st.session_state.pop(state.CHANGE_ERROR, None)
    if problem:
        flash.render_problem(problem)
    st.markdown(_("A change signs out all your other devices. At least 12 characters; several words are best."))
    with st.form("password_form", border=False, clear_on_submit=True):
        st.text_input(
            _("Current password"),
            key=CURRENT,
            type="password",
            max_chars=LONGEST_PASSWORD,
            autocomplete="current-password",
        )
        for key, label in ((NEW, _("New password")), (REPEATED, _("New password again"))):
            st.text_input(label, key=key, type="password", max_chars=LONGEST_PASSWORD, autocomplete="new-password")
        st.form_submit_button(_("Change the password"), type="primary", key="password_submit", on_click=_change)


def render_sessions() -> None:
    """Draw where the person is signed in, with a way out of each."""
    visitor = require_scope()
    problem = st.session_state.pop(state.SESSION_ERROR, None)
    if problem:
        flash.render_problem(problem)
    now = visitor.web.clock()
    for session in own_login.list_own_sessions(visitor.web.storage, visitor.scope, now=now):
        _render_session(session, visitor.formats, now)
    st.markdown(_("Signing out everywhere ends this session and those on all other devices."))
    st.button(_("Sign out everywhere"), icon=":material/devices:", key="sign_out_all", on_click=_sign_out_all)


def device_name(user_agent: str) -> str:
    """Return what a browser says about itself, shortened to its products and system; its own words, not a guess."""
    parts = PARTS_OF_AGENT.fullmatch(user_agent)
    if parts is None:
        return user_agent[:LONGEST_DEVICE].strip()
    system, rest = parts.groups()
    products = " ".join(re.sub(r"\([^)]*\)", " ", rest).split()[1:])
    return (f"{products} · {system}" if products else system)[:LONGEST_DEVICE].strip()


def _render_session(session: OwnSession, formats: Formats, now: datetime) -> None:
    device = plain(device_name(session.user_agent)) or _("unknown browser")
    mark = badge("green", "check", _("this session")) if session.is_this else ""
    times = _("signed in {time} · last seen {age} ago · address {ip}").format(
        time=formats.instant(session.signed_in_at),
        age=formats.age(session.seen_at, now),
        ip=plain(session.ip) or MISSING,
    )
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key=f"session_{session.id}",
    ):
        st.markdown(f"**{device}** {mark}  \n:small[{times}]", width="stretch")
        if not session.is_this:
            st.button(
                _("Sign out"),
                key=f"end_{session.id}",
                icon=":material/logout:",
                help=_("Sign this device out"),
                on_click=_end,
                args=(str(session.id),),
            )


def _change() -> None:
    visitor = require_scope(touch=True)
    typed = [str(st.session_state.pop(key, "")) for key in (CURRENT, NEW, REPEATED)]
    web = visitor.web
    try:
        ended = own_login.change_password(
            web.storage, web.passwords, visitor.scope, PasswordChange(*typed), now=web.clock()
        )
    except PlatformError as e:
        st.session_state[state.CHANGE_ERROR] = flash.problem_of(e)
        return
    flash.note(_("The password is changed. Other devices signed out: {count}").format(count=ended))


def _end(session_id: str) -> None:
    visitor = require_scope(touch=True)
    try:
        own_login.end_own_session(visitor.web.storage, visitor.scope, UUID(session_id), now=visitor.web.clock())
    except PlatformError as e:
        st.session_state[state.SESSION_ERROR] = flash.problem_of(e)
        return
    flash.note(_("That device is signed out"))


def _sign_out_all() -> None:
    visitor = require_scope(touch=True)
    auth.sign_out_everywhere(visitor.web.storage, visitor.scope, now=visitor.web.clock())
