"""Outcomes of actions, told once: a short note on success, title and cure on refusal."""

from dataclasses import dataclass

import streamlit as st

from core.errors import InvalidInputError, PlatformError, StepUpRequiredError
from core.ui import state
from core.ui.format import markdown_safe
from core.ui.i18n import _
from core.ui.messages import explain


@dataclass(frozen=True, slots=True)
class Problem:
    """A refused action: its code, the field it names, and the page to come back to after the password."""

    code: str
    field: str = ""
    come_back: str = "/"


def note(text: str) -> None:
    """Remember a short note for the next drawing; `text` must be safe for Markdown."""
    st.session_state[state.FLASH] = text


def render_note() -> None:
    """Show the remembered note, once."""
    text = st.session_state.pop(state.FLASH, None)
    if text:
        st.toast(text, icon=":material/check_circle:")


def problem_of(error: PlatformError, *, come_back: str = "/") -> Problem:
    """Return what to remember of a refused action; never its text, which is for logs."""
    field = error.field if isinstance(error, InvalidInputError) else ""
    return Problem(error.code, field, come_back)


def render_problem(problem: Problem, *, exchange: str = "", ips: str = "") -> None:
    """Draw a refusal with its cure, and the way to the password page where that is the cure."""
    message = explain(problem.code, exchange=exchange, ips=ips)
    label = field_label(problem.field)
    title = f"{label}: {message.title}" if label else message.title
    st.error(markdown_safe(message.cure), title=markdown_safe(title), icon=":material/error:")
    if problem.code == StepUpRequiredError.code:
        st.link_button(
            _("Give the password again"), f"/reauth?next={problem.come_back}", icon=":material/lock:", type="primary"
        )


def field_label(field: str) -> str:
    """Return the words for an input's name, empty for none."""
    labels = {
        "api_key": _("API key"),
        "api_secret": _("API secret"),
        "passphrase": _("Passphrase"),
        "name": _("Name"),
        "login": _("Sign-in name"),
        "password": _("Password"),
        "exchange": _("Exchange"),
        "testnet": _("Test network"),
        "language": _("Language"),
        "time_zone": _("Time zone"),
        "entry": _("Ledger entry"),
        "region": _("Region"),
        "site": _("Site"),
    }
    return labels.get(field, field.replace("_", " "))
