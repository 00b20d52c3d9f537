"""Days of the Results page: a bar for each, and a calendar of them; days are local dates of the client's zone."""

from datetime import timedelta

import pandas as pd
import streamlit as st
from babel.dates import get_day_names

from core.domain.pnl.sampling import CENTS, PLACES
from core.services.results_types import Results
from core.ui.charts import FONT_SIZE, Spec, text_style, tooltip_style
from core.ui.curve import LETTER_WIDTH, nice_ticks
from core.ui.format import Formats
from core.ui.i18n import _
from core.ui.palette import current_palette
from core.ui.results_charts import day_note, money_writer, tick_lines
from core.ui.results_words import full_date, short_date

DAYS_HEIGHT = 260
CELL_HEIGHT = 44
SMALL_CELL = 22
MONTHS_IN_FULL = 62
MOST_MIXED = 0.55


def render_days(results: Results, formats: Formats, *, key: str) -> None:
    """Draw the result of each day as a bar."""
    colors = current_palette()
    rows = [day for day in results.days if day.result.total is not None]
    values = [day.result.total or 0.0 for day in rows]
    if not values:
        st.caption(_("No day is known yet."))
        return
    ticks = nice_ticks(min(0.0, *values), max(0.0, *values))
    labels = [formats.tick(tick, results.question.currency) for tick in ticks]
    write = money_writer(results, formats)
    source = pd.DataFrame(
        {
            "day": [short_date(day.result.day, formats) for day in rows],
            "gain": [value if value >= 0 else None for value in values],
            "loss": [value if value < 0 else None for value in values],
            "when": [full_date(day.result.day, formats) for day in rows],
            "text": [write(value) for value in values],
            "note": [day_note(day, results, formats) for day in rows],
        }
    )
    grid_lines = tick_lines(dict(zip(ticks, labels, strict=True)), colors)
    bars = {"type": "bar", "stack": "day", "barMaxWidth": 26}
    figure: Spec = {
        "animation": False,
        "textStyle": text_style(colors),
        "dataset": {"source": source},
        "grid": {"left": max(map(len, labels)) * LETTER_WIDTH + 10, "right": 14, "top": 12, "bottom": 26},
        "tooltip": {"trigger": "axis", "formatter": "{@when}<br/><b>{@text}</b><br/>{@note}", **tooltip_style(colors)},
        "xAxis": {
            "type": "category",
            "data": [short_date(day.result.day, formats) for day in rows],
            "axisLabel": {"color": colors.muted, "fontSize": FONT_SIZE, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": colors.grid}},
            "axisTick": {"show": False},
        },
        "yAxis": {"type": "value", "min": ticks[0], "max": ticks[-1], "show": False},
        "series": [
            {**bars, "encode": {"x": "day", "y": "gain"}, "color": colors.gain, "markLine": grid_lines},
            {**bars, "encode": {"x": "day", "y": "loss"}, "color": colors.loss},
        ],
    }
    best, worst = max(values), min(values)
    alt = _("Result by day: best {best}, worst {worst}").format(best=write(best), worst=write(worst))
    st.echarts_chart(figure, key=key, height=DAYS_HEIGHT, theme=None, alt=alt)


def render_calendar(results: Results, formats: Formats, *, key: str) -> None:
    """Draw a calendar of the days, weeks beginning on Monday, coloured by result; a short period writes it too."""
    colors = current_palette()
    in_full = len(results.days) <= MONTHS_IN_FULL
    weeks, source = _calendar_frame(results, formats, in_full=in_full)
    most = max((abs(value) for value in source["value"]), default=0.0) or 1.0
    weekdays = _weekdays(formats)
    axis = {"type": "category", "axisTick": {"show": False}, "axisLine": {"show": False}, "splitArea": {"show": False}}
    label = {"color": colors.muted, "fontSize": FONT_SIZE, "hideOverlap": True}
    week_axis = {**axis, "data": weeks, "axisLabel": label, "inverse": in_full}
    day_axis = {**axis, "data": weekdays, "axisLabel": {**label, "interval": 0}, "inverse": not in_full}
    mixed = [_mixed(colors.loss, colors.background), colors.grid, _mixed(colors.gain, colors.background)]
    figure: Spec = {
        "animation": False,
        "textStyle": text_style(colors),
        "dataset": {"source": source},
        "grid": {"left": 2, "right": 2, "top": 2, "bottom": 2, "containLabel": True},
        "tooltip": {"formatter": "{@when}<br/><b>{@text}</b><br/>{@note}", **tooltip_style(colors)},
        "xAxis": day_axis if in_full else week_axis,
        "yAxis": week_axis if in_full else day_axis,
        "visualMap": {"show": False, "dimension": "value", "min": -most, "max": most, "inRange": {"color": mixed}},
        "series": [
            {
                "type": "heatmap",
                "encode": {
                    "x": "weekday" if in_full else "week",
                    "y": "week" if in_full else "weekday",
                    "value": "value",
                },
                "itemStyle": {"borderColor": colors.background, "borderWidth": 2, "borderRadius": 4},
                "label": {
                    "show": in_full,
                    "formatter": "{@label}",
                    "color": colors.text,
                    "fontSize": 11,
                    "lineHeight": 15,
                },
            }
        ],
    }
    figure["xAxis"] |= {"position": "top"} if in_full else {}
    height = len(weeks) * CELL_HEIGHT + 30 if in_full else 7 * SMALL_CELL + 34
    alt = _("Calendar of {count} days in {zone}").format(count=len(results.days), zone=results.time_zone)
    st.echarts_chart(figure, key=key, height=height, theme=None, alt=alt)


def _calendar_frame(results: Results, formats: Formats, *, in_full: bool) -> tuple[list[str], pd.DataFrame]:
    first, last = results.days[0].result.day, results.days[-1].result.day
    monday = first - timedelta(days=first.weekday())
    count = (last - monday).days // 7 + 1
    weeks = [short_date(monday + timedelta(weeks=n), formats) for n in range(count)]
    write = money_writer(results, formats)
    rows = []
    for day in results.days:
        row = day.result
        if row.total is None:
            continue
        place = ((row.day - monday).days // 7, row.day.weekday())
        mark = "*" if day.is_provisional or row.unexplained_ok is False else ""
        text = f"{row.day.day}\n{_tiny(row.total, results.question.currency, formats)}{mark}" if in_full else ""
        rows.append(
            (*place, row.total, full_date(row.day, formats), write(row.total), day_note(day, results, formats), text)
        )
    return weeks, pd.DataFrame(rows, columns=["week", "weekday", "value", "when", "text", "note", "label"])


def _weekdays(formats: Formats) -> list[str]:
    names = get_day_names("abbreviated", locale=formats.locale)
    return [str(names[number]).rstrip(".") for number in range(7)]


def _tiny(value: float, currency: str, formats: Formats) -> str:
    """Return money in a few letters, without its currency: 1.234 or 12,3 k, thousandths of a bitcoin; "" if hidden."""
    if formats.hidden:
        return ""
    if PLACES.get(currency, CENTS) > CENTS:
        return formats.number(value * 1000, 2, signed=True) + " m"
    if abs(value) >= 100_000:
        return formats.number(value / 1000, 0, signed=True) + " k"
    return formats.number(value, 0 if abs(value) >= 100 else 2, signed=True)


def _mixed(color: str, background: str) -> str:
    """Return a colour mixed with the background, so that text stays readable on it."""
    one, other = (tuple(int(text[n : n + 2], 16) for n in (1, 3, 5)) for text in (color, background))
    parts = (round(a * MOST_MIXED + b * (1 - MOST_MIXED)) for a, b in zip(one, other, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)
