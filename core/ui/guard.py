"""Who looks: every page, fragment and callback asks here first, and the session is read again each time."""

from dataclasses import dataclass

import streamlit as st

from core.bootstrap import Web
from core.domain.types import Role, Scope, User
from core.errors import NotSignedInError, StorageUnavailableError
from core.services import auth
from core.ui import state
from core.ui.context import get_web
from core.ui.flash import problem_of, render_problem
from core.ui.format import Formats
from core.ui.i18n import current_language, use_language


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is signed in, what they may touch, and how they read numbers."""

    web: Web
    scope: Scope
    user: User
    formats: Formats

    @property
    def is_admin(self) -> bool:
        """Tell whether the person looks after all clients."""
        return self.user.role is Role.ADMIN


def require_scope(*, role: Role | None = None, touch: bool = False) -> Visitor:
    """Return who is signed in, or end this run with nothing shown.

    `touch` is true where the person acted (router, callbacks); what runs by itself must not keep a session alive.
    A page asked for with another role than `role` stops as if it were empty; without a database the run ends saying so.
    """
    web = get_web()
    try:
        scope, user = auth.scope_of(web.storage, str(st.user.get("session_ref") or ""), web.clock(), touch=touch)
    except NotSignedInError:
        st.logout()
        st.stop()
    except StorageUnavailableError as e:
        render_problem(problem_of(e))
        st.stop()
    use_language(user.language)
    if role is not None and user.role is not role:
        st.stop()
    hidden = bool(st.session_state.get(state.HIDE_AMOUNTS))
    return Visitor(web, scope, user, Formats(current_language(), user.time_zone, hidden=hidden))
