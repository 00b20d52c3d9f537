"""Charts of the Results page: the waterfall, and curves of result and return with days of flows marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from core.services.results_types import CLOSING, OPENING, STEPS, Day, Results
from core.ui.charts import FONT_SIZE, Spec, text_style, tooltip_style
from core.ui.curve import DOWN, LETTER_WIDTH, UP, nice_ticks
from core.ui.format import Formats, markdown_safe
from core.ui.i18n import _
from core.ui.palette import Palette, current_palette
from core.ui.results_words import bar_name, full_date

BAR_HEIGHT = 36
NAMES_WIDTH, LINE_HEIGHT = 110, 14
ROOM = 0.9  # of all bars together, for the amount behind the last one: a phone is narrow
CURVE_HEIGHT = 300


@dataclass(frozen=True, slots=True)
class _Step:
    """One bar of the waterfall: from a level to a level."""

    name: str
    start: float
    end: float
    text: str
    color: str


def render_waterfall(results: Results, formats: Formats, *, key: str) -> None:
    """Draw the way from opening to closing equity, one bar per cause; causes that round to nothing are left out."""
    colors = current_palette()
    steps = _steps(results, formats, colors)
    levels = [level for step in steps[1:-1] for level in (step.start, step.end)] or [steps[0].end, steps[-1].end]
    ticks = nice_ticks(min(levels), max(levels))
    low = ticks[0] if ticks[0] > 0 else min(0.0, *levels)
    room = (ticks[-1] - low) * ROOM
    figure: Spec = {
        "animation": False,
        "textStyle": text_style(colors),
        "grid": {"left": NAMES_WIDTH + 8, "right": 8, "top": 4, "bottom": 4},
        "xAxis": {"type": "value", "min": low, "max": ticks[-1] + room, "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [step.name for step in steps],
            "axisTick": {"show": False},
            "axisLine": {"show": False},
            "axisLabel": {
                "color": colors.text,
                "fontSize": FONT_SIZE,
                "lineHeight": LINE_HEIGHT,
                "width": NAMES_WIDTH,
                "overflow": "break",
            },
        },
        "series": _waterfall_series(steps, low, colors),
    }
    words = ", ".join(f"{step.name} {step.text}" for step in steps)
    alt = _("From opening to closing equity: {steps}").format(steps=words)
    st.echarts_chart(figure, key=key, height=len(steps) * BAR_HEIGHT + 12, theme=None, alt=alt)
    if low > 0 and not formats.hidden:
        beginning = formats.compact(low, results.question.currency)
        st.caption(markdown_safe(_("The scale of the bars begins at {amount}.").format(amount=beginning)))


def _steps(results: Results, formats: Formats, colors: Palette) -> list[_Step]:
    currency = results.question.currency
    opening, closing = results.bars[OPENING], results.bars[CLOSING]
    moved = sum(results.bars[name] or 0.0 for name in STEPS)
    level = opening if opening is not None else (closing - moved if closing is not None else 0.0)
    steps = [_Step(bar_name(OPENING), 0.0, level, formats.money(opening, currency), colors.primary)]
    for name in STEPS:
        value = results.bars[name]
        if value is None or abs(value) < results.cent:
            continue
        color = colors.series[8] if name in STEPS[:2] else colors.gain if value > 0 else colors.loss
        color = colors.warning if name == "unexplained" else color
        text = formats.money(value, currency, signed=True)
        steps.append(_Step(bar_name(name), level, level + value, text, color))
        level += value
    return [*steps, _Step(bar_name(CLOSING), 0.0, level, formats.money(closing, currency), colors.primary)]


def _waterfall_series(steps: Sequence[_Step], low: float, colors: Palette) -> list[Spec]:
    """Return stacked bars: what lies under a bar is drawn without colour; bars across zero have two halves."""
    bases, ups, downs = [], [], []
    for step in steps:
        bottom, top = min(step.start, step.end), max(step.start, step.end)
        bottom = max(bottom, low)
        label = {"show": True, "formatter": step.text, "color": colors.text, "fontSize": FONT_SIZE}
        style = {"color": step.color, "borderRadius": 3}
        base = bottom if bottom > 0 else min(top, 0.0)
        up, down = top - max(bottom, 0.0), bottom - min(top, 0.0)
        is_up = top > 0
        bases.append(base)
        ups.append(
            {"value": up if is_up else 0, "itemStyle": style, "label": {**label, "show": is_up, "position": "right"}}
        )
        side = {**label, "show": not is_up, "position": "right"}
        downs.append({"value": down if bottom < 0 else 0, "itemStyle": style, "label": side})
    shared = {"type": "bar", "stack": "levels", "barCategoryGap": "32%", "silent": True}
    return [
        {**shared, "data": bases, "itemStyle": {"color": "transparent"}},
        {**shared, "data": ups},
        {**shared, "data": downs},
    ]


def render_curve(results: Results, formats: Formats, *, rate: bool, key: str) -> None:
    """Draw the cumulative result in money, or the time-weighted return, day by day, with days of flows marked."""
    colors = current_palette()
    points = curve_points(results, rate=rate)
    write = (lambda value: formats.percent(value, signed=True)) if rate else money_writer(results, formats)
    values = [value for _at, value, _day in points]
    ticks = nice_ticks(min(values), max(values))
    labels = [formats.percent(tick, 1) if rate else formats.tick(tick, results.question.currency) for tick in ticks]
    days = pd.DataFrame(
        {
            "day": [at.isoformat() for at, _value, _day in points],
            "value": values,
            "when": [full_date(at, formats) for at, _value, _day in points],
            "text": [write(value) for value in values],
            "note": [day_note(day, results, formats) if day else "" for _at, _value, day in points],
        }
    )
    figure: Spec = {
        "animation": False,
        "textStyle": text_style(colors),
        "dataset": {"source": days},
        "grid": {"left": max(map(len, labels)) * LETTER_WIDTH + 10, "right": 14, "top": 30, "bottom": 26},
        "legend": {"top": 0, "left": 0, "itemWidth": 16, "itemHeight": 10, "textStyle": text_style(colors)},
        "tooltip": {"trigger": "axis", "formatter": "{@when}<br/><b>{@text}</b><br/>{@note}", **tooltip_style(colors)},
        "xAxis": _day_axis(formats, colors),
        "yAxis": {"type": "value", "min": ticks[0], "max": ticks[-1], "show": False},
        "series": _curve_series(points, dict(zip(ticks, labels, strict=True)), colors, rate=rate, least=results.cent),
    }
    alt = _("From {start} to {end}").format(start=write(values[0]), end=write(values[-1]))
    st.echarts_chart(figure, key=key, height=CURVE_HEIGHT, theme=None, alt=alt)


def curve_points(results: Results, *, rate: bool) -> list[tuple[date, float, Day | None]]:
    """Return the curve at the eve of the period (zero) and at the end of each day; unknown days stay where they were.

    The unit is money, or a ratio where `rate` is true.
    """
    level = 0.0
    points: list[tuple[date, float, Day | None]] = [(results.days[0].result.day - timedelta(days=1), 0.0, None)]
    for day in results.days:
        if rate:
            level = (1 + level) * (1 + (day.result.twr or 0.0)) - 1
        else:
            level += day.result.total or 0.0
        points.append((day.result.day, level, day))
    return points


def _curve_series(
    points: Sequence[tuple[date, float, Day | None]],
    ticks: dict[float, str],
    colors: Palette,
    *,
    rate: bool,
    least: float,
) -> list[Spec]:
    series: list[Spec] = [
        {
            "type": "line",
            "name": _("Time-weighted return") if rate else _("Result"),
            "encode": {"x": "day", "y": "value"},
            "showSymbol": len(points) <= 8,
            "color": colors.primary,
            "lineStyle": {"width": 2.2},
            "areaStyle": {"opacity": 0.10, "origin": 0},
            "markLine": tick_lines(ticks, colors),
        }
    ]
    for incoming, name, color, symbol in (
        (True, _("Deposit"), colors.gain, UP),
        (False, _("Withdrawal"), colors.loss, DOWN),
    ):
        marks = [
            [at.isoformat(), value]
            for at, value, day in points
            if day and abs(flow := day.result.net_flows or 0.0) >= least and (flow > 0) is incoming
        ]
        if marks:
            border = {"borderColor": colors.background, "borderWidth": 1.5}
            look = {"symbol": symbol, "symbolSize": 11, "z": 5, "itemStyle": border, "color": color}
            series.append({"type": "scatter", "name": name, "data": marks, **look})
    return series


def tick_lines(ticks: dict[float, str], colors: Palette) -> Spec:
    """Return the lines of a scale, written as the person reads them, for a series to carry."""
    return {
        "silent": True,
        "symbol": "none",
        "lineStyle": {"color": colors.grid, "type": "solid", "width": 1},
        "label": {"position": "start", "color": colors.muted, "fontSize": FONT_SIZE},
        "data": [{"yAxis": tick, "label": {"formatter": label}} for tick, label in ticks.items()],
    }


def day_note(day: Day, results: Results, formats: Formats) -> str:
    """Return what is to be known of a day, in a line each."""
    row, currency = day.result, results.question.currency
    lines = []
    if row.net_flows is not None and abs(row.net_flows) >= results.cent:
        flow = formats.money(row.net_flows, currency, signed=True)
        lines.append(_("deposits and withdrawals: {amount}").format(amount=flow))
    if row.unexplained is not None and row.unexplained_ok is False:
        odd = formats.money(row.unexplained, currency, signed=True)
        lines.append(_("unexplained: {amount}").format(amount=odd))
    lines += [_("provisional")] if day.is_provisional else []
    lines += [_("restated")] if row.revised else []
    lines += [_("not read for more than a day")] if row.status == "gap" else []
    lines += [_("no exchange rate")] if row.status == "no_fx" else []
    return "<br/>".join(lines)


def money_writer(results: Results, formats: Formats) -> Callable[[float], str]:
    """Return what writes signed money in the currency of the results."""
    return lambda value: formats.money(value, results.question.currency, signed=True)


def _day_axis(formats: Formats, colors: Palette) -> Spec:
    day = "{dd}/{MM}" if formats.locale.startswith("pt") else "{d} {MMM}"
    levels = {"year": day, "month": day, "day": day, "hour": "", "minute": "", "second": ""}
    return {
        "type": "time",
        "minInterval": 86_400_000,
        "axisLabel": {"formatter": levels, "color": colors.muted, "fontSize": FONT_SIZE, "hideOverlap": True},
        "axisLine": {"lineStyle": {"color": colors.grid}},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
    }
