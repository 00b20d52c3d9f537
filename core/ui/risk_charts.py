"""Charts of the Positions & risk page: bars of exposure, of delta and of the distance to liquidation, nearest first."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.services.risk_types import Risk
from core.ui.charts import FONT_SIZE, Spec, text_style
from core.ui.format import Formats
from core.ui.i18n import _
from core.ui.palette import Palette, current_palette
from core.ui.risk_words import VERY_NEAR, leg_name, nearness
from core.ui.tables import pair_name

BAR_HEIGHT, LEGEND_HEIGHT, LINE_HEIGHT = 38, 34, 14
MOST_BARS = 12
ROOM = 0.5  # of the longest bar, for the words behind it
TWO_SIDED_ROOM = 0.9  # of both bars together, on either side: a phone is narrow
SCALE, NEAREST_TIMES = 1.0, 4  # a distance beyond both 100 % and four times the nearest fills the chart


@dataclass(frozen=True, slots=True)
class _Bar:
    """One bar: its value, the words behind it and its colour."""

    value: float
    text: str
    color: str


def render_exposure(risk: Risk, formats: Formats, *, key: str) -> None:
    """Draw long (to the right) and short (to the left) notional by pair, the largest first."""
    colors = current_palette()
    shown = risk.symbols[:MOST_BARS]
    if not shown:
        st.caption(_("No position has a value."))
        return
    longs = [_Bar(row.long, _amount("▲", row.long, risk, formats), colors.gain) for row in shown]
    shorts = [_Bar(-row.short, _amount("▼", row.short, risk, formats), colors.loss) for row in shown]
    names = [pair_name(row.symbol) for row in shown]
    legend = {_("▲ long"): (longs, colors.gain), _("▼ short"): (shorts, colors.loss)}
    series = [_series(bars, name=name, stack="side", color=color) for name, (bars, color) in legend.items()]
    words = [f"{name} {bar.text} {other.text}" for name, bar, other in zip(names, longs, shorts, strict=True)]
    alt = _("Exposure by pair: {parts}").format(parts=", ".join(words))
    _draw(names, series, _edges([*longs, *shorts]), colors, key=key, alt=alt, legend=True)
    _folded(len(risk.symbols) - len(shown))


def render_delta(risk: Risk, formats: Formats, *, key: str) -> None:
    """Draw how much each asset's price moves the account: coins held plus positions, signed."""
    colors = current_palette()
    shown = risk.deltas[:MOST_BARS]
    if not shown:
        st.caption(_("Nothing here moves with the price of a coin."))
        return
    bars = []
    for _asset, value in shown:
        text = ("+" if value > 0 else "") + formats.compact(value, risk.currency)
        bars.append(_Bar(value, text, colors.gain if value > 0 else colors.loss))
    names = [asset for asset, _value in shown]
    words = ", ".join(f"{name} {bar.text}" for name, bar in zip(names, bars, strict=True))
    alt = _("Delta by asset: {parts}").format(parts=words)
    _draw(names, [_series(bars, name=_("Delta"))], _edges(bars), colors, key=key, alt=alt)
    _folded(len(risk.deltas) - len(shown))


def render_distances(risk: Risk, formats: Formats, *, key: str) -> None:
    """Draw the distance to liquidation of each position, the nearest first; what is near is said in words too."""
    colors = current_palette()
    known = [(row.distance, row) for row in risk.positions if row.distance is not None]
    ranked = sorted(known, key=lambda pair: pair[0])
    if not ranked:
        st.caption(_("No position has a liquidation price."))
        return
    shown = ranked[:MOST_BARS]
    bars, longest = [], max(SCALE, NEAREST_TIMES * shown[0][0])
    for distance, _row in shown:
        warning = nearness(distance)
        color = colors.primary if not warning else colors.loss if distance < VERY_NEAR else colors.warning
        text = f"{formats.percent(distance, 1)} {warning}".strip()
        bars.append(_Bar(max(0.0, min(distance, longest)), text, color))
    names = [f"{leg_name(row)}\n{row.account}" for _distance, row in shown]
    words = ", ".join(f"{name} {bar.text}" for name, bar in zip(names, bars, strict=True))
    alt = _("Distance to liquidation, estimate, nearest first: {parts}").format(parts=words)
    edges = (0.0, (max(bar.value for bar in bars) or SCALE) * (1 + ROOM))
    _draw(names, [_series(bars, name=_("Distance"))], edges, colors, key=key, alt=alt)
    _folded(len(ranked) - len(shown))


def _amount(sign: str, value: float, risk: Risk, formats: Formats) -> str:
    return f"{sign} {formats.compact(value, risk.currency)}" if value else ""


def _series(bars: Sequence[_Bar], *, name: str, stack: str | None = None, color: str | None = None) -> Spec:
    data = [
        {
            "value": bar.value,
            "itemStyle": {"color": bar.color, "borderRadius": 3},
            "label": {
                "show": bool(bar.text),
                "formatter": bar.text,
                "position": "left" if bar.value < 0 else "right",
                "fontSize": FONT_SIZE,
            },
        }
        for bar in bars
    ]
    shared: Spec = {
        "type": "bar",
        "name": name,
        "barCategoryGap": "34%",
        "barMaxWidth": 22,
        "silent": True,
        "data": data,
    }
    return {**shared, **({"stack": stack} if stack else {}), **({"color": color} if color else {})}


def _edges(bars: Sequence[_Bar]) -> tuple[float, float]:
    """Return the ends of the scale, with room for the words behind the bars on both sides that have any."""
    low, high = min(0.0, *(bar.value for bar in bars)), max(0.0, *(bar.value for bar in bars))
    room = (high - low) * (TWO_SIDED_ROOM if low < 0 < high else ROOM)
    return (low - room if low < 0 else low), (high + room if high > 0 else high)


def _draw(
    names: Sequence[str],
    series: Sequence[Spec],
    edges: tuple[float, float],
    colors: Palette,
    *,
    key: str,
    alt: str,
    legend: bool = False,
) -> None:
    labelled = [
        {**one, "data": [{**item, "label": {**item["label"], "color": colors.text}} for item in one["data"]]}
        for one in series
    ]
    top = LEGEND_HEIGHT if legend else 4
    figure: Spec = {
        "animation": False,
        "textStyle": text_style(colors),
        "grid": {"left": 4, "right": 8, "top": top, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "min": edges[0], "max": edges[1], "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": list(names),
            "axisTick": {"show": False},
            "axisLine": {"lineStyle": {"color": colors.grid}},
            "axisLabel": {
                "color": colors.text,
                "fontSize": FONT_SIZE,
                "lineHeight": LINE_HEIGHT,
                "width": 130,
                "overflow": "truncate",
            },
        },
        "series": labelled,
    }
    if legend:
        figure["legend"] = {"top": 0, "left": 0, "itemWidth": 12, "itemHeight": 12, "textStyle": text_style(colors)}
    height = max(3, len(names)) * BAR_HEIGHT + top + 8
    st.echarts_chart(figure, key=key, height=height, theme=None, alt=alt)


def _folded(count: int) -> None:
    if count > 0:
        st.caption(_("and {count} more in the table").format(count=count))
