"""What the Ledger page asks for, kept in the URL: account, period, `kind`, `asset`, `q`, and the place of the page.

The URL is the truth. A place belongs to one question: once a filter changes, the newest entries are shown again.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from urllib.parse import urlencode
from uuid import UUID
from zlib import crc32

import streamlit as st

from core.services.ledger_types import (
    GROUPS,
    LONGEST_TEXT,
    LedgerPage,
    LedgerQuestion,
    Turn,
    clean_text,
    read_place,
    write_place,
)
from core.ui import filters, results_filters
from core.ui.i18n import _
from core.ui.ledger_words import group_name

KIND, ASSET, TEXT, BEFORE, AFTER, SHOW = "kind", "asset", "q", "before", "after", "show"
ENTRIES, TRANSFERS = "entries", "transfers"
NOTHING = ""
KEYS = {KIND: "ledger_kind", ASSET: "ledger_asset", TEXT: "ledger_text", SHOW: "ledger_show"}


def question_from_url(client_id: UUID) -> LedgerQuestion:
    """Return what the URL asks for; thirty days of the main account where it does not say or says nonsense."""
    period = results_filters.question_from_url(client_id, "USD")
    group = st.query_params.get(KIND, NOTHING)
    return LedgerQuestion(
        client_id,
        period.view,
        period.period,
        period.first,
        period.last,
        group if group in GROUPS else None,
        clean_text(st.query_params.get(ASSET, NOTHING)) or None,
        clean_text(st.query_params.get(TEXT, NOTHING)),
    )


def turn_from_url(question: LedgerQuestion) -> Turn | None:
    """Return beside which entry the page begins; None for the newest, and where the place is of another question."""
    for parameter in (BEFORE, AFTER):
        text, _dot, mark = st.query_params.get(parameter, NOTHING).partition(".")
        place = read_place(text) if mark == _mark(question) else None
        if place is not None:
            return Turn(place, newer=parameter == AFTER)
    return None


def shows_transfers() -> bool:
    """Tell whether the URL asks for transfers rather than entries."""
    return st.query_params.get(SHOW) == TRANSFERS


def render_filters(page: LedgerPage, today: date) -> None:
    """Draw account, period, kind, asset and search; each writes the URL."""
    question = page.question
    filters.render_account_filter(page.accounts, question.view)
    period = results_filters.question_from_url(question.client_id, "USD")
    results_filters.render_period_filter(period, today)
    kinds = {NOTHING: _("All kinds"), **{group: group_name(group) for group in GROUPS}}
    _select(KIND, _("Kind"), kinds, question.group)
    names = sorted({*page.assets, *([question.asset] if question.asset else [])})
    _select(ASSET, _("Asset"), {NOTHING: _("All assets"), **{name: name for name in names}}, question.asset)
    st.session_state[KEYS[TEXT]] = question.text
    st.text_input(
        _("Search"),
        key=KEYS[TEXT],
        max_chars=LONGEST_TEXT,
        placeholder=_("Pair, transaction id, reference"),
        icon=":material/search:",
        on_change=_to_url,
        args=(TEXT,),
        width=220,
    )


def render_show() -> None:
    """Draw the choice between entries and transfers."""
    names = {ENTRIES: _("Entries"), TRANSFERS: _("Transfers between accounts")}
    st.session_state[KEYS[SHOW]] = TRANSFERS if shows_transfers() else ENTRIES
    st.segmented_control(
        _("Show"),
        list(names),
        key=KEYS[SHOW],
        format_func=lambda option: names[option],
        on_change=_to_url,
        args=(SHOW,),
        required=True,
        label_visibility="collapsed",
    )


def render_pager(page: LedgerPage, count: Sequence[str]) -> None:
    """Draw where the page stands, and the ways to newer and older entries; `count` are first, last and total."""
    first, last, total = count
    mark = _mark(page.question)
    with st.container(horizontal=True, vertical_alignment="center", key="pager"):
        text = _("{first} to {last} of {total}, newest first").format(first=first, last=last, total=total)
        zone = _("times of {zone}").format(zone=page.time_zone)
        st.caption(f"{text} · {zone}")
        if page.newer or page.before:
            _turn(_("Newest"), "newest", None, ":material/first_page:", disabled=not page.newer)
            after, before = page.after, page.before
            newer = f"{write_place(after)}.{mark}" if after else NOTHING
            older = f"{write_place(before)}.{mark}" if before else NOTHING
            _turn(_("Newer"), AFTER, newer, ":material/chevron_left:", disabled=not after)
            _turn(_("Older"), BEFORE, older, ":material/chevron_right:", disabled=not before)


def render_file(question: LedgerQuestion) -> None:
    """Draw one link per dialect, for everything that the filters let through."""
    dialects = {
        "pt-BR": _("Excel in Brazil: semicolon, decimal comma"),
        "iso": _("International: comma, decimal point"),
    }
    with st.popover(_("Export"), icon=":material/download:"):
        for dialect, about in dialects.items():
            st.caption(about)
            st.link_button(
                _("Ledger") + " (CSV)",
                f"/exports/ledger.csv?{urlencode({**_query(question), 'dialect': dialect})}",
                key=f"export_ledger_{dialect}",
                width="stretch",
                type="tertiary",
                icon=":material/table:",
            )


def clear() -> None:
    """Go back to thirty days of the main account, all kinds."""
    results_filters.clear()
    for parameter in (KIND, ASSET, TEXT, BEFORE, AFTER):
        st.query_params.pop(parameter, None)


def _query(question: LedgerQuestion) -> dict[str, str]:
    asked = {
        "client": str(question.client_id),
        "view": question.view,
        "period": question.period,
        "from": question.first.isoformat() if question.first else "",
        "to": question.last.isoformat() if question.last else "",
        KIND: question.group or "",
        ASSET: question.asset or "",
        TEXT: question.text,
    }
    return {name: value for name, value in asked.items() if value}


def _mark(question: LedgerQuestion) -> str:
    return f"{crc32(repr(question).encode()):08x}"


def _select(parameter: str, label: str, names: Mapping[str, str], chosen: str | None) -> None:
    st.session_state[KEYS[parameter]] = chosen or NOTHING
    st.selectbox(
        label,
        list(names),
        key=KEYS[parameter],
        format_func=lambda option: names.get(option, option),
        on_change=_to_url,
        args=(parameter,),
        filter_mode=None,
        width=165,
    )


def _turn(label: str, parameter: str, value: str | None, icon: str, *, disabled: bool) -> None:
    st.button(
        label, key=f"ledger_{parameter}", icon=icon, disabled=disabled, on_click=_go, args=(parameter, value),
        type="tertiary",
    )  # fmt: skip


def _go(parameter: str, value: str | None) -> None:
    for name in (BEFORE, AFTER):
        st.query_params.pop(name, None)
    if value:
        st.query_params[parameter] = value


def _to_url(parameter: str) -> None:
    chosen = str(st.session_state[KEYS[parameter]] or NOTHING)
    if chosen in (NOTHING, ENTRIES):
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = clean_text(chosen) if parameter == TEXT else chosen
