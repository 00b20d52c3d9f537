"""What the buttons of the transfers do: callbacks bound to entries, each asking anew who is signed in."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from core.domain.transfer_links import LegKey, LinkKind
from core.errors import PlatformError
from core.services import transfer_words
from core.services.transfer_words import Word
from core.ui import flash, state
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

PAGE = "/ledger"


def say(client_id: UUID, kind: LinkKind, out: LegKey | None, in_: LegKey | None) -> None:
    """Store what the person says of one or two entries."""

    def act(visitor: Visitor) -> None:
        word = Word(client_id, kind, out, in_)
        transfer_words.say(visitor.web.storage, visitor.scope, word, now=visitor.web.clock())

    _attempt(act)


def link(client_id: UUID, leg: LegKey, is_out: bool, choices: tuple[LegKey, ...], choice_key: str) -> None:
    """Say that an entry and the one chosen from the list are one transfer."""
    number = st.session_state.get(choice_key)
    if not isinstance(number, int) or not 0 <= number < len(choices):
        return
    out, into = (leg, choices[number]) if is_out else (choices[number], leg)
    say(client_id, LinkKind.PAIR, out, into)


def undo(client_id: UUID, link_id: UUID) -> None:
    """Take a word back."""
    _attempt(
        lambda visitor: transfer_words.undo(
            visitor.web.storage, visitor.scope, client_id, link_id, now=visitor.web.clock()
        )
    )


def _attempt(act: Callable[[Visitor], object]) -> None:
    visitor = require_scope(touch=True)
    st.session_state.pop(state.LEDGER_ERROR, None)
    try:
        act(visitor)
    except PlatformError as e:
        st.session_state[state.LEDGER_ERROR] = flash.problem_of(e, come_back=PAGE)
    else:
        flash.note(_("Saved. The days it touches are computed again within minutes."))
