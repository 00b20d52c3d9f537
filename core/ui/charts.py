"""Charts: allocation and sparkline. A key keeps the same chart over a refresh; all words are written in Python."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core.services.overview_types import Allocation
from core.ui.format import Formats
from core.ui.i18n import _
from core.ui.palette import Palette, current_palette

RING_HEIGHT = 360
SPARK_HEIGHT = 56
SHOWN_ASSETS = 7
FONT_SIZE = 12
FONT = "'Source Sans', sans-serif"
Spec = dict[str, Any]


def render_allocation(parts: Sequence[Allocation], formats: Formats, *, key: str) -> None:
    """Draw the parts of the priced total as a ring, largest first, the small ones folded into one."""
    colors = current_palette()
    shown = _folded(parts)
    labels = [f"{label}  {formats.percent(share, 1)}" for label, _value, share in shown]
    values = [value for _label, value, _share in shown]
    source = pd.DataFrame({"name": labels, "value": values, "money": [formats.money(value) for value in values]})
    figure: Spec = {
        "animation": False,
        "color": list(colors.series),
        "textStyle": text_style(colors),
        "dataset": {"source": source},
        "legend": {"bottom": 0, "left": "center", "itemWidth": 12, "itemHeight": 12, "textStyle": text_style(colors)},
        "tooltip": {"trigger": "item", "formatter": "{@name}<br/><b>{@money}</b>", **tooltip_style(colors)},
        "title": {
            "text": formats.compact(sum(values)),
            "subtext": _("in balances"),
            "left": "center",
            "top": 104,
            "itemGap": 4,
            "textStyle": {"color": colors.text, "fontSize": 18, "fontWeight": 700, "fontFamily": FONT},
            "subtextStyle": text_style(colors),
        },
        "series": [
            {
                "type": "pie",
                "radius": [88, 122],
                "center": ["50%", 130],
                "encode": {"itemName": "name", "value": "value"},
                "label": {"show": False},
                "itemStyle": {"borderColor": colors.background, "borderWidth": 2},
                "emphasis": {"scale": False},
            }
        ],
    }
    alt = _("Allocation: {parts}").format(parts=", ".join(labels))
    st.echarts_chart(figure, key=key, height=RING_HEIGHT, theme=None, alt=alt)


def render_sparkline(values: Sequence[float], *, key: str, alt: str, gain: bool | None) -> None:
    """Draw a small curve without axes; `gain` picks green or red, None the neutral colour."""
    colors = current_palette()
    color = colors.primary if gain is None else colors.gain if gain else colors.loss
    low, high = min(values), max(values)
    pad = (high - low) * 0.12 or max(abs(high) * 0.01, 1.0)
    figure: Spec = {
        "animation": False,
        "grid": {"left": 0, "right": 0, "top": 3, "bottom": 0},
        "xAxis": {"type": "category", "show": False, "boundaryGap": False},
        "yAxis": {"type": "value", "show": False, "min": low - pad, "max": high + pad},
        "series": [
            {
                "type": "line",
                "data": list(values),
                "showSymbol": False,
                "silent": True,
                "lineStyle": {"color": color, "width": 2},
                "areaStyle": {"color": color, "opacity": 0.13, "origin": "start"},
            }
        ],
    }
    st.echarts_chart(figure, key=key, height=SPARK_HEIGHT, theme=None, alt=alt)


def _folded(parts: Sequence[Allocation]) -> list[tuple[str, float, float]]:
    priced = [(part.asset, part.value, part.share) for part in parts if part.value and part.share and part.value > 0]
    shown, rest = priced[:SHOWN_ASSETS], priced[SHOWN_ASSETS:]
    if rest:
        shown.append((_("others"), sum(value for _n, value, _s in rest), sum(share for _n, _v, share in rest)))
    return shown


def text_style(colors: Palette) -> Spec:
    """Return how words in a chart look."""
    return {"color": colors.muted, "fontSize": FONT_SIZE, "fontFamily": FONT}


def tooltip_style(colors: Palette) -> Spec:
    """Return how the box beside the pointer looks."""
    return {
        "backgroundColor": colors.background,
        "borderColor": colors.grid,
        "textStyle": {"color": colors.text, "fontSize": FONT_SIZE},
    }
