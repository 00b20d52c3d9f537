"""The four figures of the Overview, each with its age and with what is missing from it."""

from dataclasses import replace
from datetime import datetime

import streamlit as st

from core.domain.currencies import USD
from core.services.overview_types import Overview, PnlFigure, PositionRow
from core.ui.charts import render_sparkline
from core.ui.format import Formats, markdown_safe, plain
from core.ui.i18n import _
from core.ui.money_words import no_rate, rate_note
from core.ui.tables import pair_name

CARD_WIDTH = 215
LATELY = 96


def render_cards(overview: Overview, formats: Formats, now: datetime) -> None:
    """Draw equity, today's result, unrealised P&L and the month's result; nothing while no wallet was read."""
    if overview.equity.as_of is None:
        return
    formats = replace(formats, currency=overview.currency)
    with st.grid(4, min_column_width=CARD_WIDTH, gap="small"):
        _equity(overview, formats, now)
        _result("today", _("Result today"), overview.today, formats, now)
        _unrealized(overview, formats, now)
        _result("month", _("Result this month"), overview.month, formats, now)


def _equity(overview: Overview, formats: Formats, now: datetime) -> None:
    figure = overview.equity
    with st.container(border=True, height="stretch", key="card_equity", gap="xxsmall"):
        st.metric(_("Equity"), markdown_safe(formats.money(figure.value)))
        _small(figure.as_of, _("accounts: {count}").format(count=len(overview.shown)), formats, now)
        if figure.carried:
            names = ", ".join(plain(name) for name in figure.carried)
            st.caption(":orange[:material/history:] " + _("with older values of {wallets}").format(wallets=names))
        if figure.missing:
            names = ", ".join(plain(name) for name in figure.missing)
            st.caption(":orange[:material/help:] " + _("without {wallets}: never read").format(wallets=names))
        if figure.unpriced:
            assets = ", ".join(plain(asset) for asset in figure.unpriced)
            st.caption(":orange[:material/price_check:] " + _("without {assets}: no price").format(assets=assets))
        if overview.currency != USD:
            known_rate = overview.rate is not None
            text = rate_note(overview.rate, overview.currency, formats) if known_rate else no_rate(overview.currency)
            st.caption(markdown_safe(":material/currency_exchange: " + text))
        known = [value for value in overview.curve.equity if value is not None]
        if len(known) > 1:
            render_sparkline(known[-LATELY:], key="spark_equity", alt=_("Equity lately"), gain=None)


def _unrealized(overview: Overview, formats: Formats, now: datetime) -> None:
    figure = overview.unrealized
    with st.container(border=True, height="stretch", key="card_unrealized", gap="xxsmall"):
        share = figure.value / overview.equity.value if figure.value is not None and overview.equity.value else None
        _metric(_("Unrealised"), figure.value, share, formats, help_text=_("Open positions at the mark price."))
        count = _("open positions: {count}").format(count=len(overview.positions))
        _small(figure.as_of, count, formats, now)
        if figure.carried:
            st.caption(":orange[:material/history:] " + _("with older values"))
        known = [row for row in overview.positions if row.pnl is not None]
        if len(known) > 1:
            ranked = sorted(known, key=lambda row: row.pnl or 0.0)
            best, worst = _extreme(_("best"), ranked[-1], formats), _extreme(_("worst"), ranked[0], formats)
            st.caption(f"{best}  \n{worst}")


def _extreme(label: str, row: PositionRow, formats: Formats) -> str:
    amount = markdown_safe(formats.money(row.pnl, signed=True))
    return f"{label}: {plain(pair_name(row.position.symbol))} **{amount}**"


def _result(name: str, label: str, figure: PnlFigure, formats: Formats, now: datetime) -> None:
    meaning = _("Change of equity without deposits and withdrawals; the percentage is the time-weighted return.")
    with st.container(border=True, height="stretch", key=f"card_{name}", gap="xxsmall"):
        _metric(label, figure.value, figure.rate, formats, help_text=meaning)
        _small(figure.as_of, _since(figure, formats), formats, now)
        if figure.is_provisional:
            read_to = formats.instant(figure.ledger_read_to)
            text = _("provisional: deposits and withdrawals are known up to {time}").format(time=read_to)
            st.caption(":orange[:material/pending:] " + text)
        if figure.unvalued:
            assets = ", ".join(plain(asset) for asset in figure.unvalued)
            unknown = _("without {assets}: moved without a price").format(assets=assets)
            st.caption(":orange[:material/price_check:] " + unknown)
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
    late = figure.since > figure.period_start
    began = figure.since if late else figure.period_start
    start = formats.time(began) if formats.date(began) == formats.date(figure.as_of) else formats.day(began)
    return (_("since {start}, where the history begins") if late else _("since {start}")).format(start=start)


def _small(at: datetime | None, text: str, formats: Formats, now: datetime) -> None:
    age = _("{age} ago").format(age=formats.age(at, now))
    st.caption(f":material/schedule: {age} · {text}")
