"""Tables of the Results page: the bars, the parts that add up to the total, the rows behind a bar."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from core.domain.pnl.book import COMPONENTS
from core.services.results_types import BARS, EXCHANGE, STEPS, SYMBOL, Part, Results, Row
from core.ui.format import Formats, markdown_safe
from core.ui.guard import Visitor
from core.ui.i18n import _
from core.ui.results_charts import money_writer
from core.ui.results_words import GROUPS, bar_name, key_name, kind_name
from core.ui.sheet import draw_table, number_column, text_column
from core.ui.tables import pair_name, signed_color

MOST_ROWS = 500


def render_bars(results: Results, formats: Formats, *, key: str) -> None:
    """Draw every bar with its amount, those that are zero too."""
    currency = results.question.currency
    amounts = number_column(
        "value",
        _("Amount ({currency})").format(currency=currency),
        [results.bars[bar] for bar in BARS],
        lambda value: formats.money(value, currency),
    )
    texts = [formats.money(results.bars[bar], currency, signed=bar in STEPS) for bar in BARS]
    names = text_column("name", _("Cause"), [bar_name(bar) for bar in BARS], pinned=True)
    columns = [names, replace(amounts, texts=texts)]
    draw_table(columns, key=key, alt=_("Bars of the waterfall: {count} rows").format(count=len(BARS)))


def render_parts(parts: Sequence[Part], results: Results, visitor: Visitor, *, by: str, key: str) -> None:
    """Draw what each part did, and that the parts add up to the result."""
    write = money_writer(results, visitor.formats)
    used = [name for name in COMPONENTS if any(abs(part.money[name]) >= results.cent for part in parts)]
    columns = [
        text_column("name", _(GROUPS[by]), [_part_name(part, visitor) for part in parts], pinned=True),
        _money(_("Result"), "total", parts, write),
        *(_money(bar_name(name), name, parts, write) for name in used),
    ]
    draw_table(columns, key=key, alt=_("Parts of the result: {count} rows").format(count=len(parts)))
    whole = write(sum(part.total for part in parts))
    st.caption(markdown_safe(_("Rows: {count} · sum: {amount}").format(count=len(parts), amount=whole)))


def render_rows(rows: Sequence[Row], results: Results, formats: Formats, *, key: str) -> None:
    """Draw the rows behind a bar, the largest where there are many, the others folded into one."""
    if not rows:
        st.caption(_("Nothing of this kind happened in the period."))
        return
    shown, others = rows, []
    if len(rows) > MOST_ROWS:
        ranked = sorted(rows, key=lambda row: -abs(row.value))
        kept = {id(row) for row in ranked[: MOST_ROWS - 1]}
        shown, others = [row for row in rows if id(row) in kept], ranked[MOST_ROWS - 1 :]
    write = money_writer(results, formats)
    more = [_("{count} smaller rows").format(count=len(others))] if others else []
    rest = [sum(row.value for row in others)] if others else []
    blank = [""] * len(more)
    columns = [
        text_column("at", _("Time"), [*(formats.instant(r.at) for r in shown), *blank], pinned=True),
        text_column("kind", _("Kind"), [*(kind_name(r.kind) for r in shown), *more]),
        number_column(
            "value",
            _("Amount ({currency})").format(currency=results.question.currency),
            [*(r.value for r in shown), *rest],
            write,
            style=signed_color,
        ),
        text_column("symbol", _("Pair"), [*(pair_name(r.symbol) for r in shown), *blank]),
        number_column(
            "amount", _("In the asset"), [*(r.amount for r in shown), *([None] * len(more))], _signed(formats)
        ),
        text_column("asset", _("Asset"), [*(r.asset for r in shown), *blank]),
        text_column("account", _("Account"), [*(key_name(r.account) for r in shown), *blank]),
        text_column("wallet", _("Wallet"), [*(r.wallet for r in shown), *blank]),
    ]
    draw_table(columns, key=key, alt=_("Rows behind the bar: {count}").format(count=len(rows)))
    whole = write(sum(row.value for row in rows))
    count = formats.number(len(rows), 0)
    st.caption(markdown_safe(_("Rows: {count} · sum: {amount}").format(count=count, amount=whole)))


def _money(title: str, name: str, parts: Sequence[Part], write: Callable[[Any], str]) -> Any:  # noqa: ANN401
    return number_column(name, title, [part.money[name] for part in parts], write, style=signed_color)


def _signed(formats: Formats) -> Callable[[Any], str]:
    return lambda value: formats.amount(value, signed=True)


def _part_name(part: Part, visitor: Visitor) -> str:
    if part.by == SYMBOL and "/" in part.name:
        return pair_name(part.name)
    if part.by == EXCHANGE and part.name in visitor.web.exchanges.available():
        return visitor.web.exchanges.describe(part.name).name
    return key_name(part.name)
