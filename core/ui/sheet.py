"""A table whose numbers stay numbers (they sort) and are read as the person writes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from core.ui.format import HIDDEN, MISSING

ROW_HEIGHT = 36
MOST_ROWS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what it holds, the texts shown for it, and the CSS of each cell ("" for none)."""

    name: str
    values: Sequence[Any]
    texts: Sequence[str]
    styles: Sequence[str]
    config: Any


def text_column(name: str, title: str, values: Sequence[str], *, pinned: bool = False) -> Column:
    """Return a column of words."""
    config = st.column_config.TextColumn(title, pinned=pinned or None)
    return Column(name, values, values, (), config)


def number_column(
    name: str,
    title: str,
    values: Sequence[Any],
    write: Callable[[Any], str],
    *,
    style: Callable[[Any], str] | None = None,
    width: int | None = None,
    about: str | None = None,
) -> Column:
    """Return a column of numbers, written by `write`; what is unknown is a dash and has no style."""
    texts = [MISSING if value is None else write(value) for value in values]
    styles = [] if style is None else ["" if value is None else style(value) for value in values]
    return Column(name, values, texts, styles, st.column_config.NumberColumn(title, width=width, help=about))


def draw_table(columns: Sequence[Column], *, key: str, alt: str, selectable: bool = False) -> int | None:
    """Draw the table; many rows scroll inside it. Return the number of the row that is chosen, None for none."""
    columns = [_covered(column) for column in columns]
    count = len(columns[0].values)
    look: dict[str, Any] = {
        "hide_index": True,
        "column_config": {column.name: column.config for column in columns},
        "row_height": ROW_HEIGHT,
        "height": "content" if count <= MOST_ROWS_SHOWN else (MOST_ROWS_SHOWN + 1) * ROW_HEIGHT,
        "placeholder": MISSING,
        "key": key,
        "alt": alt,
    }
    if not selectable:
        st.dataframe(_with_texts(columns, count), **look)
        return None
    drawn = st.dataframe(_with_texts(columns, count), on_select="rerun", selection_mode="single-row", **look)
    rows = drawn.selection.rows
    return int(rows[0]) if rows else None


def _covered(column: Column) -> Column:
    """Return the column without the numbers behind its dots, where amounts are hidden: cells give out their values."""
    if HIDDEN not in column.texts:
        return column
    config = {**column.config, "type_config": {"type": "text"}, "alignment": "right"}
    return replace(column, values=column.texts, config=config)


def _with_texts(columns: Sequence[Column], count: int) -> Styler:
    """Return a Styler that knows its texts and styles already.

    Streamlit asks a Styler for them in two steps that pandas makes slow (30 ms for 150 rows of 8 columns): it renders
    HTML that nobody reads. Both are answered here with what Streamlit reads of them.
    """
    styler = Styler(pd.DataFrame({column.name: column.values for column in columns}))
    body = [
        [{"id": f"row{row}_col{place}", "display_value": text} for row, text in enumerate(column.texts)]
        for place, column in enumerate(columns)
    ]
    cells: dict[str, list[str]] = {}
    for place, column in enumerate(columns):
        for row, style in enumerate(column.styles):
            if style:
                cells.setdefault(style, []).append(f"row{row}_col{place}")
    styles = [
        {"props": [tuple(part.split(": ")) for part in style.split("; ")], "selectors": names}
        for style, names in cells.items()
    ]
    translated = {"body": body, "cellstyle": styles}
    vars(styler).update(_compute=lambda: styler, _translate=lambda *_args, **_kwargs: translated)
    return styler
