"""The equity curve: value over time with deposits, withdrawals and what was carried into it.

Its zoom is a range of days (or hours) kept in the session, not in the chart: so it survives every refresh of the data,
can be set by keyboard, and the vertical scale follows it.
"""

import math
from datetime import datetime, timedelta

import pandas as pd
import streamlit as st

from core.services.overview_types import Curve, FlowMarker
from core.ui.charts import FONT_SIZE, Spec, text_style, tooltip_style
from core.ui.format import Formats
from core.ui.i18n import _
from core.ui.palette import Palette, current_palette

CURVE_HEIGHT = 330
TICKS = 5
LETTER_WIDTH = 7.2
FEWEST_STOPS = 3
BY_HOUR_UP_TO = timedelta(days=2)
UP, DOWN = "path://M0,10 L10,10 L5,0 Z", "path://M0,0 L10,0 L5,10 Z"
WHOLE = ("first", "last")
EDGES = FROM, TO = "from", "to"
Stops = dict[str, datetime]


def render_curve_panel(curve: Curve, formats: Formats, *, view: str) -> None:
    """Draw the part of the curve that the zoom shows, and the zoom; each `view` (what is shown) has its own."""
    if not any(value is not None for value in curve.equity):
        st.caption(_("The curve begins with the second reading."))
        return
    stops = zoom_stops(curve, formats)
    if len(stops) < FEWEST_STOPS:
        render_equity_curve(curve, formats, key=f"curve_{view}")
        return
    start, end = _kept_zoom(view, stops)
    render_equity_curve(cut_curve(curve, stops[start], stops[end]), formats, key=f"curve_{view}")
    hourly = curve.at[-1] - curve.at[0] <= BY_HOUR_UP_TO
    names = {stop: f"{formats.day(at)} {formats.time(at)}" if hourly else formats.day(at) for stop, at in stops.items()}
    names["last"] = _("now")
    with st.container(horizontal=True, horizontal_alignment="right", key="zoom"):
        for edge, label, usual in ((FROM, _("From"), WHOLE[0]), (TO, _("To"), WHOLE[1])):
            options = [stop for stop in stops if stop != WHOLE[edge == FROM]]
            st.selectbox(
                label,
                options,
                index=options.index(usual),
                key=zoom_key(edge, view),
                format_func=lambda stop: names.get(stop, stop),
                filter_mode=None,
                persist_state="session",
                width=150,
            )


def zoom_key(edge: str, view: str) -> str:
    """Return the widget key of one edge of the zoom."""
    return f"zoom_{edge}_{view}"


def zoom_stops(curve: Curve, formats: Formats) -> Stops:
    """Return where the zoom may begin and end: each local day, or hour of a short curve, and both ends of the curve."""
    first, last = curve.at[0], curve.at[-1]
    hourly = last - first <= BY_HOUR_UP_TO
    stops: Stops = {"first": first}
    for at in curve.at:
        local = formats.local(at)
        name = local.strftime("%Y-%m-%dT%H") if hourly else local.strftime("%Y-%m-%d")
        stops.setdefault(name, at)
    inner = {name: at for name, at in stops.items() if name == "first" or at > first}
    return {**inner, "last": last}


def cut_curve(curve: Curve, start: datetime, end: datetime) -> Curve:
    """Return the part of the curve between two instants, both included; the whole where nothing known lies between."""
    inside = [index for index, at in enumerate(curve.at) if start <= at <= end]
    if not any(curve.equity[index] is not None for index in inside):
        return curve
    return Curve(
        at=tuple(curve.at[index] for index in inside),
        equity=tuple(curve.equity[index] for index in inside),
        carried=tuple(curve.carried[index] for index in inside),
        flows=tuple(flow for flow in curve.flows if start <= flow.at <= end),
    )


def _kept_zoom(view: str, stops: Stops) -> tuple[str, str]:
    """Return the kept zoom, the whole curve where an edge of it has left the period or the edges have crossed."""
    start, end = (st.session_state.get(zoom_key(edge, view), usual) for edge, usual in zip(EDGES, WHOLE, strict=True))
    if start in stops and end in stops and stops[start] < stops[end]:
        return start, end
    for edge in EDGES:
        st.session_state.pop(zoom_key(edge, view), None)
    return WHOLE


def render_equity_curve(curve: Curve, formats: Formats, *, key: str) -> None:
    """Draw equity over time with deposits, withdrawals and what was carried; at least one value must be known."""
    colors = current_palette()
    known = [value for value in curve.equity if value is not None]
    ticks = nice_ticks(min(known), max(known))
    labels = [formats.tick(tick) for tick in ticks]
    figure: Spec = {
        "animation": False,
        "textStyle": text_style(colors),
        "dataset": {"source": _curve_frame(curve, formats)},
        "grid": {"left": max(map(len, labels)) * LETTER_WIDTH + 10, "right": 14, "top": 36, "bottom": 26},
        "legend": {
            "top": 0,
            "left": 0,
            "itemGap": 18,
            "itemWidth": 16,
            "itemHeight": 10,
            "textStyle": text_style(colors),
            "data": _legend(curve),
        },
        "tooltip": {
            "trigger": "axis",
            "formatter": "{@when}<br/><b>{@money}</b><br/>{@note}",
            **tooltip_style(colors),
        },
        "xAxis": _time_axis(formats, colors),
        "yAxis": {"type": "value", "min": ticks[0], "max": ticks[-1], "show": False},
        "series": _curve_series(curve, dict(zip(ticks, labels, strict=True)), formats, colors),
    }
    summary = _("Equity from {start} to {end}").format(start=formats.money(known[0]), end=formats.money(known[-1]))
    st.echarts_chart(figure, key=key, height=CURVE_HEIGHT, theme=None, alt=summary)


def nice_ticks(low: float, high: float) -> list[float]:
    """Return round numbers around low and high at even steps, about five of them; never below zero for a gain."""
    span = high - low or abs(high) * 0.1 or 1.0
    raw = span / TICKS
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= raw)
    first = math.floor((low - span * 0.08) / step)
    first = max(0, first) if low >= 0 else first
    return [round(number * step, 10) for number in range(first, math.ceil((high + span * 0.02) / step) + 1)]


def _curve_frame(curve: Curve, formats: Formats) -> pd.DataFrame:
    """Return the rows of the chart; times are the person's clock face, which the chart shows as it is."""
    notes = [""] * len(curve.at)
    for flow in curve.flows:
        place = next((index for index, at in enumerate(curve.at) if at >= flow.at), len(curve.at) - 1)
        notes[place] = " · ".join(filter(None, (notes[place], _flow_text(flow, formats))))
    rows = list(zip(curve.at, curve.equity, curve.carried, strict=True))
    near = [any(curve.carried[max(0, index - 1) : index + 2]) for index in range(len(rows))]
    return pd.DataFrame(
        {
            "time": [clock_face(at, formats) for at, _value, _old in rows],
            "equity": [None if old else value for _at, value, old in rows],
            "last": [value if close else None for (_at, value, _old), close in zip(rows, near, strict=True)],
            "when": [formats.instant(at) for at, _value, _old in rows],
            "money": [formats.money(value) for _at, value, _old in rows],
            "note": [note or (_("Last known value") if row[2] else "") for note, row in zip(notes, rows, strict=True)],
        }
    )


def _curve_series(curve: Curve, ticks: dict[float, str], formats: Formats, colors: Palette) -> list[Spec]:
    lines = [{"yAxis": tick, "label": {"formatter": label}} for tick, label in ticks.items()]
    series: list[Spec] = [
        {
            "type": "line",
            "name": _("Equity"),
            "encode": {"x": "time", "y": "equity"},
            "showSymbol": sum(value is not None for value in curve.equity) == 1,
            "color": colors.primary,
            "lineStyle": {"width": 2.2},
            "areaStyle": {"opacity": 0.10, "origin": "start"},
            "markLine": {
                "silent": True,
                "symbol": "none",
                "lineStyle": {"color": colors.grid, "type": "solid", "width": 1},
                "label": {"position": "start", "color": colors.muted, "fontSize": FONT_SIZE},
                "data": lines,
            },
        }
    ]
    if any(curve.carried):
        series.append(
            {
                "type": "line",
                "name": _("Last known value"),
                "encode": {"x": "time", "y": "last"},
                "showSymbol": False,
                "color": colors.warning,
                "lineStyle": {"width": 2.2, "type": "dotted"},
            }
        )
    for incoming, name, color, symbol in (
        (True, _("Deposit"), colors.gain, UP),
        (False, _("Withdrawal"), colors.loss, DOWN),
    ):
        points = [_mark(curve, flow, formats) for flow in curve.flows if (flow.amount >= 0) is incoming]
        if points:
            marks = {"symbol": symbol, "symbolSize": 11, "z": 5, "data": points}
            border = {"borderColor": colors.background, "borderWidth": 1.5}
            series.append({"type": "scatter", "name": name, "color": color, "itemStyle": border, **marks})
    return series


def _legend(curve: Curve) -> list[str]:
    names = [_("Equity")]
    names += [_("Last known value")] if any(curve.carried) else []
    names += [_("Deposit")] if any(flow.amount >= 0 for flow in curve.flows) else []
    names += [_("Withdrawal")] if any(flow.amount < 0 for flow in curve.flows) else []
    return names


def _mark(curve: Curve, flow: FlowMarker, formats: Formats) -> list[str | float | None]:
    place = next((index for index, at in enumerate(curve.at) if at >= flow.at), len(curve.at) - 1)
    return [clock_face(curve.at[place], formats), curve.equity[place]]


def _flow_text(flow: FlowMarker, formats: Formats) -> str:
    name = _("Deposit") if flow.amount >= 0 else _("Withdrawal")
    value = formats.money(flow.value, signed=True) if flow.value is not None else _("no price")
    return f"{name}: {formats.amount(flow.amount, signed=True)} {flow.asset} ({value})"


def _time_axis(formats: Formats, colors: Palette) -> Spec:
    day = "{dd}/{MM}" if formats.locale.startswith("pt") else "{d} {MMM}"
    clock = "{HH}:{mm}"
    levels = {"year": day, "month": day, "day": day, "hour": clock, "minute": clock, "second": clock}
    return {
        "type": "time",
        "axisLabel": {"formatter": levels, "color": colors.muted, "fontSize": FONT_SIZE, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": colors.grid}},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
    }


def clock_face(at: datetime, formats: Formats) -> str:
    """Return the person's local clock face without its zone, as charts take it."""
    return formats.local(at).replace(tzinfo=None).isoformat(timespec="seconds")
