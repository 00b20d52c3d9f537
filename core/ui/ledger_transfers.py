"""Transfers on the Ledger page: what was sent and what arrived, how it was matched, and the person's word on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar
from uuid import UUID

import streamlit as st

from core.domain.transfer_links import LinkKind, TransferLink
from core.services.ledger_types import Entry
from core.services.transfers import MOST_SHOWN, Single, Transfer, Transfers, key_of
from core.ui import flash, ledger_actions, state
from core.ui.format import Formats, markdown_safe
from core.ui.guard import Visitor
from core.ui.i18n import _
from core.ui.ledger_words import METHODS, amount_of, choice_name, one_name, place_name

ARROW = " :material/arrow_forward: "
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose transfers are drawn, for whom, and how figures and times are written."""

    client_id: UUID
    user_id: UUID
    may_write: bool
    formats: Formats


def render_transfers(found: Transfers, visitor: Visitor, client_id: UUID, formats: Formats) -> None:
    """Draw transfers that belong together, then entries without another half."""
    problem = st.session_state.pop(state.LEDGER_ERROR, None)
    if problem is not None:
        flash.render_problem(problem)
    if found.too_many:
        words = _("{count} deposits, withdrawals and transfers are too many to match here. Choose a shorter period.")
        st.info(words.format(count=formats.number(found.too_many, 0)), icon=":material/filter_alt:")
        return
    inside = [one for one in found.transfers if one.in_ and one.in_.row.account_id == one.out.row.account_id]
    between = [one for one in found.transfers if one not in inside]
    desk = Desk(client_id, visitor.user.id, visitor.scope.may_write, formats)
    with st.container(border=True, key="panel_transfers"):
        st.header(_("Between your accounts"), anchor=False)
        st.caption(_("What left one account and arrived in another: no profit and no loss, only the fee on the way."))
        _draw_some(desk, between, _draw_transfer, _("No transfer between accounts in this period."))
    with st.container(border=True, key="panel_singles"):
        st.header(_("From outside, or going there"), anchor=False)
        st.caption(_("These count as money paid in or out. Say so, or link an entry with its other half."))
        _draw_some(desk, found.singles, _draw_single, _("Nothing came from outside or went there in this period."))
    if inside:
        count = formats.number(len(inside), 0)
        with st.expander(_("Between wallets of one account: {count}").format(count=count), key="panel_wallets"):
            _draw_some(desk, inside, _draw_transfer, "")


def _draw_some(desk: Desk, rows: Sequence[T], draw: Callable[[Desk, T], None], nothing: str) -> None:
    if not rows:
        st.caption(nothing)
    for row in rows[:MOST_SHOWN]:
        draw(desk, row)
    if len(rows) > MOST_SHOWN:
        words = _("{shown} of {total} shown; search or choose a shorter period to see others.")
        st.caption(words.format(shown=MOST_SHOWN, total=desk.formats.number(len(rows), 0)))


def _draw_transfer(desk: Desk, transfer: Transfer) -> None:
    out, into = transfer.out, transfer.in_
    key = _key(out)
    with st.container(border=True, key=f"transfer_{key}", gap="xxsmall"):
        sent = f"**{amount_of(out, desk.formats)}** · {place_name(out)}"
        target = place_name(into) if into else _("on its way to an own address")
        st.markdown(sent + ARROW + target)
        times = [_("sent {time}").format(time=desk.formats.instant(out.row.booked_at))]
        if into is not None:
            times.append(_("received {time}").format(time=desk.formats.instant(into.row.booked_at)))
            fee = markdown_safe(desk.formats.amount(transfer.fee)) + " " + out.row.asset
            times.append(_("fee {amount}").format(amount=fee) if transfer.fee else _("no fee"))
        st.caption(" · ".join([*times, _(METHODS[transfer.method])]))
        if transfer.review:
            st.caption(":orange[:material/help:] " + _("Another entry fits as well: look, then confirm."))
        if transfer.link is not None:
            _draw_word(desk, transfer.link)
        if into is None and any(choice.row.booked_at >= out.row.booked_at for choice in transfer.choices):
            st.caption(":orange[:material/move_to_inbox:] " + _("Something like it has arrived: link the two."))
        if desk.may_write:
            with st.container(horizontal=True, key=f"acts_{key}"):
                _draw_transfer_acts(desk, transfer, key)


def _draw_transfer_acts(desk: Desk, transfer: Transfer, key: str) -> None:
    out, into = transfer.out, transfer.in_
    if transfer.link is not None:
        _undo(desk, transfer.link, key)
    if into is None:
        _draw_choices(desk, out, transfer.choices, key)
    elif transfer.link is None:
        _say(desk, _("Confirm"), f"confirm_{key}", ":material/check:", LinkKind.PAIR, out, into)
        _say(desk, _("Not a transfer"), f"deny_{key}", ":material/link_off:", LinkKind.EXTERNAL, out, into)


def _draw_single(desk: Desk, single: Single) -> None:
    entry = single.entry
    key, is_out = _key(entry), entry.row.amount < 0
    with st.container(border=True, key=f"single_{key}", gap="xxsmall"):
        amount = amount_of(entry, desk.formats, signed=True)
        st.markdown(f"**{amount}** · {one_name(entry.group)} · {place_name(entry)}")
        st.caption(desk.formats.instant(entry.row.booked_at))
        if single.link is not None:
            _draw_word(desk, single.link)
        if not desk.may_write:
            return
        with st.container(horizontal=True, key=f"acts_{key}"):
            if single.link is not None:
                _undo(desk, single.link, key)
                return
            went, came = _("This went to outside"), _("This came from outside")
            out, into = (entry, None) if is_out else (None, entry)
            words, icon = (went, ":material/north_east:") if is_out else (came, ":material/south_west:")
            _say(desk, words, f"external_{key}", icon, LinkKind.EXTERNAL, out, into)
            if is_out:
                words = _("On its way to my own address")
                _say(desk, words, f"pending_{key}", ":material/schedule:", LinkKind.PENDING, entry, None)
            _draw_choices(desk, entry, single.choices, key)


def _draw_choices(desk: Desk, entry: Entry, choices: Sequence[Entry], key: str) -> None:
    """Draw the list of entries that could be the other half."""
    if not choices:
        return
    with st.popover(_("Link with …"), icon=":material/link:"):
        names = [choice_name(choice, desk.formats) for choice in choices]
        choice_key = f"choice_{key}"
        label = _("What arrived") if entry.row.amount < 0 else _("What was sent")
        st.selectbox(
            label, list(range(len(names))), key=choice_key, format_func=lambda number: names[number], filter_mode=None
        )
        st.button(
            _("Link"), key=f"link_{key}", type="primary", on_click=ledger_actions.link,
            args=(desk.client_id, key_of(entry), entry.row.amount < 0, tuple(map(key_of, choices)), choice_key),
        )  # fmt: skip


def _draw_word(desk: Desk, link: TransferLink) -> None:
    """Say who decided and when."""
    words = {
        LinkKind.PAIR: (_("confirmed by you on {time}"), _("confirmed by somebody else on {time}")),
        LinkKind.EXTERNAL: (_("declared external by you on {time}"), _("declared external by somebody else on {time}")),
        LinkKind.PENDING: (_("said by you on {time}"), _("said by somebody else on {time}")),
    }
    own, other = words[link.kind]
    told = own if link.said_by == desk.user_id else other
    st.caption(":material/person_check: " + told.format(time=desk.formats.instant(link.said_at)))


def _undo(desk: Desk, link: TransferLink, key: str) -> None:
    st.button(
        _("Undo"), key=f"undo_{key}", icon=":material/undo:", on_click=ledger_actions.undo,
        args=(desk.client_id, link.id),
    )  # fmt: skip


def _say(  # noqa: PLR0913 - what a button says and does
    desk: Desk, label: str, key: str, icon: str, kind: LinkKind, out: Entry | None, into: Entry | None
) -> None:
    legs = tuple(key_of(entry) if entry is not None else None for entry in (out, into))
    st.button(label, key=key, icon=icon, on_click=ledger_actions.say, args=(desk.client_id, kind, *legs))


def _key(entry: Entry) -> str:
    """Return what names an entry in widget keys."""
    return sha256(key_of(entry).entry.encode()).hexdigest()[:12]
