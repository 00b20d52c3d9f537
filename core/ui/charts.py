"""Charts: equity curve, allocation, sparkline. Each keeps zoom and legend over a refresh and has a text alternative."""

from collections.abc import Sequence
from datetime import datetime

import plotly.graph_objects as go
import streamlit as st

from core.services.overview_types import Allocation, Curve, FlowMarker
from core.ui.format import Formats
from core.ui.i18n import _
from core.ui.palette import Palette, current_palette, translucent

CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"}
STILL = {"displayModeBar": False, "staticPlot": True}
CURVE_HEIGHT = 340
SPARK_HEIGHT = 56
SHOWN_ASSETS = 7
NOON_MS = 43_200_000


def render_equity_curve(curve: Curve, formats: Formats, *, key: str, view: str) -> None:
    """Draw equity over time; `view` names what is shown, so that zoom survives a refresh and ends with a new view."""
    colors = current_palette()
    figure = go.Figure([*_curve_traces(curve, formats, colors), *_flow_traces(curve, formats, colors)])
    explained = any(curve.carried) or bool(curve.flows)
    _dress(figure, formats, colors)
    figure.update_layout(
        uirevision=view,
        hovermode="x",
        showlegend=explained,
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "font": {"size": 12},
            "traceorder": "normal",
        },
        margin={"l": 8, "r": 8, "t": 34 if explained else 12, "b": 28},
    )
    day = "%d/%m" if formats.locale.startswith("pt") else "%b %-d"
    figure.update_xaxes(
        showgrid=False,
        zeroline=False,
        nticks=7,
        tickformatstops=[
            {"dtickrange": [None, NOON_MS], "value": "%H:%M"},
            {"dtickrange": [NOON_MS, None], "value": day},
        ],
    )
    figure.update_yaxes(gridcolor=colors.grid, zeroline=False, nticks=6, tickformat=",.0f", automargin=True)
    known = [value for value in curve.equity if value is not None]
    summary = _("Equity from {start} to {end}").format(start=formats.money(known[0]), end=formats.money(known[-1]))
    st.plotly_chart(figure, key=key, config=CONFIG, theme=None, alt=summary)


def render_allocation(parts: Sequence[Allocation], formats: Formats, *, key: str) -> None:
    """Draw the parts of the priced total as a ring, largest first, the small ones folded into one."""
    colors = current_palette()
    priced = [(part.asset, part.value, part.share) for part in parts if part.value and part.share and part.value > 0]
    shown = priced[:SHOWN_ASSETS]
    folded = priced[SHOWN_ASSETS:]
    if folded:
        shown.append((_("others"), sum(value for _n, value, _s in folded), sum(share for _n, _v, share in folded)))
    labels = [f"{label}  {formats.percent(share, 1)}" for label, _value, share in shown]
    values = [value for _label, value, _share in shown]
    figure = go.Figure(
        go.Pie(
            labels=labels,
            values=values,
            hole=0.7,
            sort=False,
            direction="clockwise",
            textinfo="none",
            customdata=[formats.money(value) for value in values],
            hovertemplate="%{label}<br>%{customdata}<extra></extra>",
            marker={"colors": colors.series, "line": {"color": colors.background, "width": 2}},
        )
    )
    _dress(figure, formats, colors)
    caption = _("in balances")
    total = f"<b>{formats.compact(sum(values))}</b><br><span style='font-size:12px'>{caption}</span>"
    figure.update_layout(
        uirevision=key,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": -0.06, "yanchor": "top", "x": 0.5, "xanchor": "center", "font": {"size": 12}},
        annotations=[{"text": total, "showarrow": False, "font": {"size": 17, "color": colors.text}}],
    )
    alt = _("Allocation: {parts}").format(parts=", ".join(labels))
    st.plotly_chart(figure, key=key, config=CONFIG, theme=None, alt=alt)


def render_sparkline(values: Sequence[float], *, key: str, alt: str, gain: bool | None) -> None:
    """Draw a small curve without axes; `gain` picks green or red, None the neutral colour."""
    colors = current_palette()
    color = colors.primary if gain is None else colors.gain if gain else colors.loss
    low, high = min(values), max(values)
    pad = (high - low) * 0.12 or max(abs(high) * 0.01, 1.0)
    base = low - pad
    line = {"color": color, "width": 1.8}
    figure = go.Figure(
        [
            go.Scatter(y=[base] * len(values), mode="lines", line={"width": 0}),
            go.Scatter(y=list(values), mode="lines", line=line, fill="tonexty", fillcolor=translucent(color, 0.12)),
        ]
    )
    figure.update_layout(
        height=SPARK_HEIGHT,
        margin={"l": 0, "r": 0, "t": 2, "b": 0},
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    figure.update_xaxes(visible=False, fixedrange=True)
    figure.update_yaxes(visible=False, fixedrange=True, range=[base, high + pad])
    st.plotly_chart(figure, key=key, config=STILL, theme=None, alt=alt)


def _curve_traces(curve: Curve, formats: Formats, colors: Palette) -> list[go.Scatter]:
    times = [_clock_face(at, formats) for at in curve.at]
    known = [value for value in curve.equity if value is not None]
    low, high = min(known), max(known)
    base = low - ((high - low) * 0.15 or abs(high) * 0.02 or 1.0)
    base = max(0.0, base) if low >= 0 else base
    hover = [
        f"{formats.instant(at)}<br><b>{formats.money(value)}</b>"
        for at, value in zip(curve.at, curve.equity, strict=True)
    ]
    measured = [None if old else value for value, old in zip(curve.equity, curve.carried, strict=True)]
    shared = {"x": times, "text": hover, "hovertemplate": "%{text}<extra></extra>"}
    traces = [
        go.Scatter(x=times, y=[base] * len(times), mode="lines", line={"width": 0}, hoverinfo="skip", showlegend=False),
        go.Scatter(
            **shared,
            y=measured,
            name=_("Equity"),
            mode="lines" if len(known) > 1 else "markers",
            line={"color": colors.primary, "width": 2.2},
            fill="tonexty",
            fillcolor=translucent(colors.primary, 0.10),
        ),
    ]
    if any(curve.carried):
        carried = [value if _near(curve.carried, index) else None for index, value in enumerate(curve.equity)]
        line = {"color": colors.warning, "width": 2, "dash": "dot"}
        traces.append(go.Scatter(**shared, y=carried, name=_("Last known value"), mode="lines", line=line))
    return traces


def _near(flags: Sequence[bool], index: int) -> bool:
    """Tell whether this point or a neighbour is flagged, so that the dashed line joins the solid one."""
    return any(flags[max(0, index - 1) : index + 2])


def _flow_traces(curve: Curve, formats: Formats, colors: Palette) -> list[go.Scatter]:
    traces = []
    for incoming, name, symbol, color in (
        (True, _("Deposit"), "triangle-up", colors.gain),
        (False, _("Withdrawal"), "triangle-down", colors.loss),
    ):
        marks = [flow for flow in curve.flows if (flow.amount >= 0) is incoming]
        if not marks:
            continue
        traces.append(
            go.Scatter(
                x=[_clock_face(flow.at, formats) for flow in marks],
                y=[_value_after(curve, flow.at) for flow in marks],
                name=name,
                mode="markers",
                marker={"symbol": symbol, "size": 12, "color": color, "line": {"color": colors.background, "width": 2}},
                text=[_flow_text(name, flow, formats) for flow in marks],
                hovertemplate="%{text}<extra></extra>",
            )
        )
    return traces


def _flow_text(name: str, flow: FlowMarker, formats: Formats) -> str:
    amount = f"{formats.amount(flow.amount, signed=True)} {flow.asset}"
    value = formats.money(flow.value, signed=True) if flow.value is not None else _("no price")
    return f"{name} · {formats.instant(flow.at)}<br><b>{amount}</b> ({value})"


def _value_after(curve: Curve, at: datetime) -> float | None:
    later = (value for moment, value in zip(curve.at, curve.equity, strict=True) if moment >= at)
    return next(later, curve.equity[-1])


def _clock_face(at: datetime, formats: Formats) -> str:
    """Return the local clock face without its zone: charts draw what they are given."""
    return formats.local(at).replace(tzinfo=None).isoformat(timespec="seconds")


def _dress(figure: go.Figure, formats: Formats, colors: Palette) -> None:
    figure.update_layout(
        height=CURVE_HEIGHT,
        separators=formats.separators,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "'Source Sans', sans-serif", "color": colors.muted, "size": 12.5},
        hoverlabel={"bgcolor": colors.background, "bordercolor": colors.grid, "font": {"color": colors.text}},
    )
