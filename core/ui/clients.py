"""Whose data is on the screen: a client's own, or the client that an administrator has opened (`?client=<id>`)."""

from uuid import UUID

import streamlit as st

from core.domain.types import Role, User
from core.errors import NotFoundError
from core.services import people
from core.ui import state
from core.ui.guard import Visitor

PARAMETER = "client"


def chosen_client(visitor: Visitor) -> User | None:
    """Return the client on the screen, None while an administrator has opened none."""
    if visitor.user.role is Role.CLIENT:
        return visitor.user
    asked = st.query_params.get(PARAMETER) or st.session_state.get(state.CLIENT)
    client = _find(visitor, asked) if asked else None
    if client is None:
        st.session_state.pop(state.CLIENT, None)
        st.query_params.pop(PARAMETER, None)
        return None
    st.session_state[state.CLIENT] = str(client.id)
    if st.query_params.get(PARAMETER) != str(client.id):
        st.query_params[PARAMETER] = str(client.id)
    return client


def _find(visitor: Visitor, client_id: str) -> User | None:
    try:
        return people.get_client(visitor.web.storage, visitor.scope, UUID(client_id))
    except (NotFoundError, ValueError):
        return None
