"""What is held and has no price: a count that opens into a list with amounts, wallets and the last price known."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from core.services.unpriced import UnpricedRow
from core.ui.format import MISSING, Formats
from core.ui.i18n import _
from core.ui.sheet import draw_table, number_column, text_column


def render_unpriced(rows: Sequence[UnpricedRow], formats: Formats, now: datetime) -> None:
    """Draw the count of assets without a price, and behind it the list; nothing where everything is priced."""
    if not rows:
        return
    count = len({row.asset for row in rows})
    words = _("1 asset without a price") if count == 1 else _("{count} assets without a price")
    title = words.format(count=count)
    with st.expander(title, icon=":material/price_check:", key="unpriced"):
        st.caption(_("What has no price is in no sum here. It is never counted as zero nor at an old price."))
        columns = [
            text_column("asset", _("Asset"), [row.asset for row in rows], pinned=True),
            number_column("amount", _("Amount"), [row.amount for row in rows], formats.amount),
            text_column("account", _("Account"), [row.account for row in rows]),
            text_column("wallet", _("Wallet"), [row.wallet for row in rows]),
            number_column("price", _("Last known price (USD)"), [row.last_price for row in rows], formats.price),
            text_column("age", _("Age of the price"), [_age(row, formats, now) for row in rows]),
        ]
        draw_table(columns, key="unpriced_rows", alt=_("Assets without a price: {count} rows").format(count=len(rows)))


def _age(row: UnpricedRow, formats: Formats, now: datetime) -> str:
    return MISSING if row.last_at is None else formats.age(row.last_at, now)
