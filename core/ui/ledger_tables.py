"""Tables of the Ledger page: a page of entries, one of them in full, and what all of them add up to."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal

import streamlit as st

from core.services.ledger_types import MOST_SUMMED, Entry, LedgerPage, LedgerSum
from core.ui.format import Formats, markdown_safe
from core.ui.i18n import _
from core.ui.ledger_words import amount_of, group_name, one_name, place_name, short_id
from core.ui.sheet import Column, draw_table, number_column, text_column
from core.ui.tables import pair_name, signed_color

WIDTH = 140


def render_entries(page: LedgerPage, formats: Formats, *, key: str) -> None:
    """Draw a page of entries, newest first; the one that is chosen is shown in full below."""
    rows = page.entries
    columns = [
        text_column("at", _("Time"), [formats.instant(entry.row.booked_at) for entry in rows], pinned=True),
        _amounts([entry.row.amount for entry in rows], formats),
        text_column("asset", _("Asset"), [entry.row.asset for entry in rows]),
        text_column("kind", _("Kind"), [one_name(entry.group) for entry in rows]),
        _number(
            "value",
            _("Value at booking (US$)"),
            [entry.value for entry in rows],
            lambda value: formats.money(value, signed=True),
            about=_("At the price of the moment it was booked. A dash: no price was known then."),
        ),
        text_column("symbol", _("Pair"), [pair_name(entry.row.symbol or "") for entry in rows]),
        text_column("account", _("Account"), [entry.account for entry in rows]),
        text_column("wallet", _("Wallet"), [entry.row.wallet for entry in rows]),
        text_column("venue_type", _("Exchange's own type"), [entry.row.venue_type or "" for entry in rows]),
        _ids("txid", _("Transaction id"), [entry.row.txid for entry in rows]),
    ]
    alt = _("Ledger: {count} rows").format(count=len(rows))
    chosen = draw_table(columns, key=key, alt=alt, selectable=True)
    if chosen is None or chosen >= len(rows):
        st.caption(_("Choose a row to see and copy all of it."))
    else:
        _render_entry(rows[chosen], formats)


def render_sums(page: LedgerPage, formats: Formats, *, key: str) -> None:
    """Draw what all entries that the filters let through add up to, by kind and asset."""
    if page.sums is None:
        words = _("More than {count} entries are not added up here. Choose a shorter period, a kind or an asset.")
        st.caption(words.format(count=formats.number(MOST_SUMMED, 0)))
        return
    sums = page.sums
    columns = [
        text_column("kind", _("Kind"), [group_name(one.group) for one in sums], pinned=True),
        text_column("asset", _("Asset"), [one.asset for one in sums]),
        _amounts([one.amount for one in sums], formats),
        _number(
            "value",
            _("Value at booking (US$)"),
            [None if one.unpriced == one.count else one.value for one in sums],
            lambda value: formats.money(value, signed=True),
        ),
        number_column("count", _("Entries"), [one.count for one in sums], lambda value: formats.number(value, 0)),
    ]
    draw_table(columns, key=key, alt=_("Sums by kind and asset: {count} rows").format(count=len(sums)))
    _render_unpriced(sums, formats)


def _render_unpriced(sums: Sequence[LedgerSum], formats: Formats) -> None:
    missing = sum(one.unpriced for one in sums)
    if missing:
        words = _("{count} entries have no price of their time and are in no value.")
        st.caption(":orange[:material/price_check:] " + words.format(count=formats.number(missing, 0)))


def _render_entry(entry: Entry, formats: Formats) -> None:
    """Draw everything that is known of an entry, its ids whole and ready to be copied."""
    row = entry.row
    with st.container(border=True, key="ledger_entry", gap="xxsmall"):
        st.markdown(f"{one_name(entry.group)} · **{amount_of(entry, formats, signed=True)}** · {place_name(entry)}")
        st.caption(
            markdown_safe(
                _("{time} · amount to the last digit: {amount} · price in US$: {price}").format(
                    time=f"{formats.second(row.booked_at)} ({formats.time_zone})",
                    amount=formats.exact(row.amount),
                    price=formats.price(row.price),
                )
            )
        )
        ids = {
            _("Transaction id"): row.txid,
            _("Reference"): row.ref,
            _("Exchange's own id"): row.native_id,
        }
        for label, value in ids.items():
            if value:
                st.caption(label)
                st.code(value, language=None, wrap_lines=True)


def _number(
    name: str,
    title: str,
    values: Sequence[Decimal | None],
    write: Callable[[Decimal], str],
    *,
    width: int | None = None,
    about: str | None = None,
) -> Column:
    """Return a column of exact numbers: texts are written from all digits, the numbers behind only sort."""
    column = number_column(name, title, values, write, style=signed_color, width=width, about=about)
    return replace(column, values=[None if value is None else float(value) for value in values])


def _amounts(values: Sequence[Decimal], formats: Formats) -> Column:
    """Return the column of signed amounts, each in the asset beside it."""
    return _number("amount", _("Amount"), values, lambda value: formats.amount(value, signed=True), width=WIDTH)


def _ids(name: str, title: str, values: Sequence[str | None]) -> Column:
    """Return a column of ids, shortened on the screen, whole when they are copied."""
    column = text_column(name, title, [value or "" for value in values])
    return replace(column, texts=[short_id(value) for value in values])
