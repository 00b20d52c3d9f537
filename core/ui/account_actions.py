"""What the buttons of the Accounts page do: callbacks bound to account ids, each asking anew who is signed in."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core.domain.types import Job
from core.errors import PlatformError
from core.services import account_keys, accounts, main_account
from core.ui import flash, state
from core.ui.fields import forget_key, read_key
from core.ui.format import plain
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

PAGE = "/accounts"
SET_MAIN, RENAME, PAUSE, RESUME = "set_main", "rename", "pause", "resume"
REPLACE_KEY, SYNC, RETRY, ACCEPT, REMOVE = "replace_key", "sync", "retry", "accept", "remove"
WITH_PANEL = frozenset({SET_MAIN, RENAME, REPLACE_KEY, REMOVE, ACCEPT})


def choose(account_id: str) -> None:
    """Start the action chosen in an account's menu: at once, or by opening its panel."""
    action = st.session_state.get(menu_key(account_id))
    if action is None:
        return
    st.session_state[state.REDRAW] = True
    st.session_state.pop(state.PANEL_ERROR, None)
    if action in WITH_PANEL:
        st.session_state[state.PANEL] = (action, account_id)
        return
    direct: dict[str, Callable[[Visitor, UUID], None]] = {
        PAUSE: lambda visitor, wanted: _set_active(visitor, wanted, active=False),
        RESUME: lambda visitor, wanted: _set_active(visitor, wanted, active=True),
        SYNC: _sync,
        RETRY: _retry,
    }
    if action in direct:
        _attempt(lambda visitor: direct[action](visitor, UUID(account_id)))


def menu_key(account_id: str) -> str:
    """Return the widget key of an account's menu."""
    return f"menu_{account_id}"


def open_replace(account_id: str) -> None:
    """Put the check list away and open the panel for another key."""
    st.session_state.pop(state.JOB, None)
    st.session_state[state.PANEL] = (REPLACE_KEY, account_id)


def close_panel() -> None:
    """Close the open panel and forget what was refused in it."""
    st.session_state.pop(state.PANEL, None)
    st.session_state.pop(state.PANEL_ERROR, None)


def submit_rename(account_id: str, name_key: str) -> None:
    """Give the account the name typed into the panel."""

    def act(visitor: Visitor) -> None:
        changed = accounts.rename(
            visitor.web.storage,
            visitor.scope,
            UUID(account_id),
            str(st.session_state[name_key]),
            now=visitor.web.clock(),
        )
        flash.note(_("Renamed to {name}").format(name=plain(changed.name)))

    _attempt(act, panel=True)


def submit_main(account_id: str, expected_main: str | None, reason_key: str) -> None:
    """Make the account the main one, if the main account is still the one that was on the screen."""

    def act(visitor: Visitor) -> None:
        main_account.set_main(
            visitor.web.storage,
            visitor.scope,
            UUID(account_id),
            expected_main=UUID(expected_main) if expected_main else None,
            reason=str(st.session_state.get(reason_key, "")),
            now=visitor.web.clock(),
        )
        flash.note(_("The main account has changed"))

    _attempt(act, panel=True)


def submit_accept(account_id: str) -> None:
    """Let an account be read whose key's rights the exchange does not tell."""

    def act(visitor: Visitor) -> None:
        now = visitor.web.clock()
        main_account.accept_unverified(visitor.web.storage, visitor.scope, UUID(account_id), now=now)
        flash.note(_("Accepted; the first reading follows"))

    _attempt(act, panel=True)


def submit_remove(account_id: str, successor_key: str) -> None:
    """Erase the key and take the account out of the lists."""

    def act(visitor: Visitor) -> None:
        successor = st.session_state.get(successor_key)
        accounts.remove(
            visitor.web.storage,
            visitor.scope,
            UUID(account_id),
            successor=UUID(successor) if successor else None,
            now=visitor.web.clock(),
        )
        flash.note(_("Removed; its key is erased, its history is kept"))

    _attempt(act, panel=True)


def submit_key(account_id: str, exchange: str, prefix: str) -> None:
    """Seal the new key at once and have it verified; nothing of it stays in the session."""

    def act(visitor: Visitor) -> None:
        info = visitor.web.exchanges.describe(exchange)
        job: Job = account_keys.replace_key(
            visitor.web.storage,
            visitor.web.exchanges,
            visitor.web.sealer,
            visitor.scope,
            UUID(account_id),
            read_key(info, prefix),
            now=visitor.web.clock(),
        )
        st.session_state[state.JOB] = str(job.id)

    try:
        _attempt(act, panel=True)
    finally:
        forget_key(prefix)


def submit_retry(account_id: str) -> None:
    """Have the stored key verified again."""
    _attempt(lambda visitor: _retry(visitor, UUID(account_id)))


def _set_active(visitor: Visitor, account_id: UUID, *, active: bool) -> None:
    changed = accounts.set_active(visitor.web.storage, visitor.scope, account_id, active, now=visitor.web.clock())
    text = _("{name} is read again") if active else _("{name} is paused")
    flash.note(text.format(name=plain(changed.name)))


def _sync(visitor: Visitor, account_id: UUID) -> None:
    accounts.request_sync(visitor.web.storage, visitor.scope, account_id, now=visitor.web.clock())
    flash.note(_("A reading has been asked for"))


def _retry(visitor: Visitor, account_id: UUID) -> None:
    job = account_keys.retry_verification(visitor.web.storage, visitor.scope, account_id, now=visitor.web.clock())
    st.session_state[state.JOB] = str(job.id)


def _attempt(act: Callable[[Visitor], None], *, panel: bool = False) -> None:
    """Run an action of the person; remember the refusal where they will see it."""
    visitor = require_scope(touch=True)
    try:
        act(visitor)
    except PlatformError as e:
        st.session_state[state.PANEL_ERROR] = flash.problem_of(e, come_back=PAGE)
        return
    if panel:
        close_panel()
        st.session_state[state.REDRAW] = True
