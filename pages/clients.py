"""The clients, for administrators: find one, open one, add one."""

from collections.abc import Sequence

import streamlit as st

from core.domain.types import Role, User
from core.services import people
from core.ui import client_admin, state
from core.ui.format import plain
from core.ui.freshness import badge
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _
from core.ui.paths import OVERVIEW

SHOWN = 25


def main() -> None:
    """Draw the page."""
    visitor = require_scope(role=Role.ADMIN)
    clients = people.list_clients(visitor.web.storage, visitor.scope)
    st.title(_("Clients"), anchor=False)
    listing, adding = st.columns([3, 2], gap="medium")
    with listing:
        wanted = st.text_input(
            _("Search"), key="client_search", placeholder=_("Name or sign-in name"), icon=":material/search:"
        )
        found = _matching(clients, str(wanted or ""))
        _render_list(found, visitor, has_clients=bool(clients))
    with adding, st.container(border=True, key="add_client"):
        st.header(_("Add client"), anchor=False, icon=":material/person_add:")
        client_admin.render_client_form()


def _matching(clients: Sequence[User], wanted: str) -> list[User]:
    words = wanted.casefold().split()
    return [client for client in clients if all(word in f"{client.name} {client.login}".casefold() for word in words)]


def _render_list(found: Sequence[User], visitor: Visitor, *, has_clients: bool) -> None:
    if not found:
        empty = _("No client has this name.") if has_clients else _("No client yet. Add the first one.")
        st.info(empty, icon=":material/group:")
        return
    for client in found[:SHOWN]:
        _render_client(client, visitor)
    if len(found) > SHOWN:
        st.caption(_("{shown} of {total} shown; search to see others.").format(shown=SHOWN, total=len(found)))


def _render_client(client: User, visitor: Visitor) -> None:
    on_screen = st.session_state.get(state.CLIENT) == str(client.id)
    with (
        st.container(border=True, key=f"client_{client.id}"),
        st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"),
    ):
        badges = [badge("blue", "visibility", _("on the screen"))] if on_screen else []
        badges += [badge("orange", "science", _("made-up data"))] if client.is_demo else []
        badges += [] if client.is_active else [badge("gray", "block", _("disabled"))]
        since = _("since {date}").format(date=visitor.formats.date(client.created_at))
        st.markdown(f"**{plain(client.name)}** {' '.join(badges)}  \n{plain(client.login)} · {since}", width="content")
        if st.button(
            _("Open"),
            key=f"open_{client.id}",
            icon=":material/arrow_forward:",
            on_click=client_admin.open_client,
            args=(str(client.id),),
        ):
            st.switch_page(OVERVIEW, query_params={"client": str(client.id)})


main()
