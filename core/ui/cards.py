"""The four figures of the Overview, each with its age and with what is missing from it."""

from datetime import datetime

import streamlit as st

from core.services.overview_types import Overview, PnlFigure
from core.ui.charts import render_sparkline
from core.ui.format import Formats, markdown_safe, plain
from core.ui.i18n import _

CARD_WIDTH = 215


def render_cards(overview: Overview, formats: Formats, now: datetime) -> None:
    """Draw equity, today's result, unrealised P&L and the month's result."""
    with st.grid(4, min_column_width=CARD_WIDTH, gap="small"):
        _equity(overview, formats, now)
        _result("today", _("Result today"), overview.today, formats, now)
        _unrealized(overview, formats, now)
        _result("month", _("Result this month"), overview.month, formats, now)


def _equity(overview: Overview, formats: Formats, now: datetime) -> None:
    figure = overview.equity
    with st.container(border=True, height="stretch", key="card_equity", gap="xxsmall"):
        st.metric(_("Equity"), markdown_safe(formats.money(figure.value)))
        _age(figure.as_of, formats, now)
        if figure.carried:
            names = ", ".join(plain(name) for name in figure.carried)
            st.caption(":orange[:material/history:] " + _("with older values of {wallets}").format(wallets=names))
        if figure.unpriced:
            assets = ", ".join(plain(asset) for asset in figure.unpriced)
            st.caption(":orange[:material/price_check:] " + _("without {assets}: no price").format(assets=assets))
        known = [value for value in overview.curve.equity if value is not None]
        if len(known) > 1:
            render_sparkline(known[-96:], key="spark_equity", alt=_("Equity lately"), gain=None)


def _unrealized(overview: Overview, formats: Formats, now: datetime) -> None:
    figure = overview.unrealized
    with st.container(border=True, height="stretch", key="card_unrealized", gap="xxsmall"):
        share = figure.value / overview.equity.value if figure.value is not None and overview.equity.value else None
        _metric(_("Unrealised"), figure.value, share, formats, help_text=_("Open positions at the mark price."))
        _age(figure.as_of, formats, now)
        st.caption(_("open positions: {count}").format(count=len(overview.positions)))
        if figure.carried:
            st.caption(":orange[:material/history:] " + _("with older values"))


def _result(name: str, label: str, figure: PnlFigure, formats: Formats, now: datetime) -> None:
    with st.container(border=True, height="stretch", key=f"card_{name}", gap="xxsmall"):
        _metric(
            label,
            figure.value,
            figure.rate,
            formats,
            help_text=_(
                "Change of equity without deposits and withdrawals; the percentage is the time-weighted return."
            ),
        )
        _age(figure.as_of, formats, now)
        st.caption(_since(figure, formats))
        if figure.unvalued:
            assets = ", ".join(plain(asset) for asset in figure.unvalued)
            st.caption(
                ":orange[:material/price_check:] " + _("unknown: {assets} moved without a price").format(assets=assets)
            )
        if figure.value is not None and len(figure.trend) > 1:
            render_sparkline(figure.trend, key=f"spark_{name}", alt=label, gain=figure.value >= 0)


def _metric(label: str, value: float | None, rate: float | None, formats: Formats, *, help_text: str) -> None:
    percent = formats.percent(rate, signed=True) if rate is not None and value is not None else None
    moved = percent is not None and percent[0] in "+-"
    st.metric(
        label,
        markdown_safe(formats.money(value, signed=True)),
        percent,
        delta_color="normal" if moved else "off",
        delta_arrow="auto" if moved else "off",
        help=help_text,
    )


def _since(figure: PnlFigure, formats: Formats) -> str:
    if figure.since is None:
        return _("no history yet")
    began = max(figure.since, figure.period_start)
    late = figure.since > figure.period_start
    same_day = formats.date(began) == formats.date(figure.as_of)
    start = formats.time(began) if same_day and late else formats.day(began)
    return (_("since {start}, where the history begins") if late else _("since {start}")).format(start=start)


def _age(at: datetime | None, formats: Formats, now: datetime) -> None:
    st.caption(":material/schedule: " + _("{age} ago").format(age=formats.age(at, now)))
