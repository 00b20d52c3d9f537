"""Trades on the Results page: statistics of the closed positions, by pair and by account, and who tells of none."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import streamlit as st

from connectors.types import Capability
from core.domain.pnl.trades import TradeStats
from core.services.results_types import ACCOUNT, SYMBOL, Results
from core.services.trades_types import Told, TradePart, Trades
from core.ui.format import MISSING, Formats, markdown_safe
from core.ui.guard import Visitor
from core.ui.i18n import N_, _
from core.ui.results_charts import money_writer
from core.ui.results_figures import CARD_WIDTH, Figure, draw_figure
from core.ui.sheet import Column, draw_table, number_column, text_column
from core.ui.tables import pair_name, signed_color

FEW = 30
OLD = timedelta(hours=1)
GROUPS = {SYMBOL: N_("Pair"), ACCOUNT: N_("Account")}


def render_trades(results: Results, visitor: Visitor) -> None:
    """Draw the section."""
    trades = results.trades
    if trades is None:
        return
    silent, telling = _split(trades.told, visitor)
    with st.container(border=True, key="panel_trades"):
        st.header(_("Trades"), anchor=False)
        if silent:
            names = ", ".join(sorted({_exchange_name(one, visitor) for one in silent}))
            words = _("Not available for {exchanges}: closed positions are not told there.")
            st.caption(":material/visibility_off: " + words.format(exchanges=names))
        if not telling:
            return
        _render_reach(trades, telling, results, visitor.formats)
        if not trades.is_told:
            return
        if not trades.stats.n:
            st.caption(_("No position was closed in the period (n = 0)."))
            return
        _render_cards(trades.stats, results, visitor.formats)
        for by, title in GROUPS.items():
            _render_parts(trades.parts[by], results, visitor.formats, by=by, title=_(title))
        if any(part.stats.low_sample for parts in trades.parts.values() for part in parts):
            st.caption("⚠ " + _few())
        st.caption(_("Net of each closed position as its exchange tells it, at the rate of its close."))


def _split(told: Sequence[Told], visitor: Visitor) -> tuple[list[Told], list[Told]]:
    """Return the accounts whose exchange tells no closed positions, and the others."""
    known = visitor.web.exchanges.available()
    silent, telling = list[Told](), list[Told]()
    for one in told:
        tells = one.exchange in known and (
            Capability.CLOSED_POSITIONS in visitor.web.exchanges.describe(one.exchange).capabilities
        )
        (telling if tells else silent).append(one)
    return silent, telling


def _render_reach(trades: Trades, telling: Sequence[Told], results: Results, formats: Formats) -> None:
    """Say what is not known of the period: accounts not read yet, days before the first known, what has no price."""
    unread = [one.name for one in telling if one.since is None]
    if unread:
        words = _("Closed positions not read yet: {accounts}")
        st.caption(":orange[:material/pending:] " + markdown_safe(words.format(accounts=", ".join(unread))))
    late = [one for one in telling if one.since is not None and one.since > trades.since]
    if late:
        words = _("Closed positions are known from {date} on.")
        since = max(one.since for one in late if one.since is not None)
        st.caption(":orange[:material/history:] " + words.format(date=formats.date(since)))
    times = [one.read_to for one in telling if one.read_to is not None]
    if times and min(times) < results.now - OLD:
        words = _("Closed positions are read up to {time}.")
        st.caption(":orange[:material/pending:] " + words.format(time=formats.instant(min(times))))
    if trades.unvalued:
        words = _("{count} closed positions have no known price or rate and are in no figure.")
        st.caption(":orange[:material/money_off:] " + words.format(count=trades.unvalued))


def _render_cards(stats: TradeStats, results: Results, formats: Formats) -> None:
    with st.grid(4, min_column_width=CARD_WIDTH, gap="small", key="trades"):
        for figure in figures(stats, results.question.currency, formats):
            with st.container(border=True, height="stretch", key=f"trade_{figure.name}", gap="xxsmall"):
                draw_figure(figure)
                if figure.name == "n" and stats.low_sample:
                    st.caption(":orange[:material/science:] " + _few())


def figures(stats: TradeStats, currency: str, formats: Formats) -> list[Figure]:
    """Return the figures of closed positions with the reason where one is missing."""

    def money(value: float | None) -> str:
        return formats.money(value, currency, signed=True)

    no_loss, no_win = _("no losses"), _("no wins")
    both = no_loss if not stats.losses else no_win
    return [
        Figure("n", _("Closed positions"), formats.number(stats.n, 0),
               _("{wins} with a gain, {losses} with a loss, {even} even.").format(
                   wins=stats.wins, losses=stats.losses, even=stats.breakeven)),
        Figure("net", _("Net of trades"), money(stats.net), _("Sum of the nets of the closed positions.")),
        Figure("win_rate", _("Win rate"), formats.percent(stats.win_rate, 1),
               _("Share of the positions with a gain; even ones are left out."), _("neither wins nor losses")),
        Figure("profit_factor", _("Profit factor"), formats.number(stats.profit_factor, 2),
               _("Sum of the gains over the sum of the losses."), no_loss),
        Figure("expectancy", _("Expectancy"), money(stats.expectancy), _("Mean net of a position.")),
        Figure("payoff", _("Payoff"), formats.number(stats.payoff, 2),
               _("Average gain over average loss."), both),
        Figure("avg_win", _("Average gain"), money(stats.avg_win), _("Mean of the gains."), no_win),
        Figure("avg_loss", _("Average loss"), money(stats.avg_loss), _("Mean of the losses."), no_loss),
        Figure("largest_win", _("Largest gain"), money(stats.largest_win), _("The best position."), no_win),
        Figure("largest_loss", _("Largest loss"), money(stats.largest_loss), _("The worst position."), no_loss),
    ]  # fmt: skip


def _render_parts(parts: Sequence[TradePart], results: Results, formats: Formats, *, by: str, title: str) -> None:
    """Draw the statistics of each part; a small sample is marked beside its count."""
    write = money_writer(results, formats)
    stats = [part.stats for part in parts]
    names = [pair_name(part.name) if by == SYMBOL else part.name for part in parts]
    counts = number_column("n", _("n"), [one.n for one in stats], lambda value: formats.number(value, 0))
    marked = [f"{text} ⚠" if one.low_sample else text for text, one in zip(counts.texts, stats, strict=True)]
    columns = [
        text_column("name", title, names, pinned=True),
        replace(counts, texts=marked),
        number_column("net", _("Net"), [one.net for one in stats], write, style=signed_color),
        number_column("win_rate", _("Win rate"), [one.win_rate for one in stats], lambda v: formats.percent(v, 1)),
        _factor(stats, formats),
        number_column("expectancy", _("Expectancy"), [one.expectancy for one in stats], write, style=signed_color),
        number_column("payoff", _("Payoff"), [one.payoff for one in stats], lambda v: formats.number(v, 2)),
        *(_money(name, title, stats, write) for name, title in (
            ("avg_win", _("Average gain")), ("avg_loss", _("Average loss")),
            ("largest_win", _("Largest gain")), ("largest_loss", _("Largest loss")),
        )),
    ]  # fmt: skip
    draw_table(columns, key=f"trades_{by}", alt=_("Closed positions: {count} rows").format(count=len(parts)))


def _factor(stats: Sequence[TradeStats], formats: Formats) -> Column:
    column = number_column(
        "profit_factor", _("Profit factor"), [one.profit_factor for one in stats], lambda v: formats.number(v, 2)
    )
    texts = [_("no losses") if text == MISSING else text for text in column.texts]
    return replace(column, texts=texts)


def _money(name: str, title: str, stats: Sequence[TradeStats], write: Callable[[Any], str]) -> Column:
    return number_column(name, title, [getattr(one, name) for one in stats], write, style=signed_color)


def _few() -> str:
    return _("fewer than {least}: low sample").format(least=FEW)


def _exchange_name(one: Told, visitor: Visitor) -> str:
    known = visitor.web.exchanges.available()
    return visitor.web.exchanges.describe(one.exchange).name if one.exchange in known else one.exchange
