"""The figures on top of the Positions & risk page, each with its age, its meaning and what is missing from it."""

from datetime import datetime

import streamlit as st

from core.domain.currencies import USD
from core.services.risk_types import MarginRow, Risk, RiskRow
from core.ui.format import MISSING, Formats, markdown_safe, plain
from core.ui.i18n import _
from core.ui.money_words import no_rate, rate_note
from core.ui.risk_words import leg_name, nearness, reason_words
from core.ui.tables import wallet_name

CARD_WIDTH = 215


def render_risk_cards(risk: Risk, formats: Formats, now: datetime) -> None:
    """Draw the sums; nothing while no wallet was read."""
    if risk.checked_at is None:
        return
    age = _("{age} ago").format(age=formats.age(risk.checked_at, now))
    read = _("{read} of {total} wallets").format(read=risk.wallets_read, total=risk.wallets_total)
    stamp = f":material/schedule: {age} · {read}"
    with st.grid(3, min_column_width=CARD_WIDTH, gap="small", key="risk_cards"):
        _gross(risk, formats, stamp)
        _net(risk, formats, stamp)
        _leverage(risk, formats, stamp)
        _unrealized(risk, formats, stamp)
        _nearest(risk, formats, stamp)
        _margin(risk, formats, stamp)


def _gross(risk: Risk, formats: Formats, stamp: str) -> None:
    sums = risk.sums
    with _card("gross"):
        _metric(_("Gross exposure"), _money(risk, sums.gross, formats), _("Notional of all positions, long and short."))
        st.caption(stamp)
        long, short = (markdown_safe(_money(risk, part, formats)) for part in (sums.long, sums.short))
        st.caption(f"{_('▲ long')} **{long}** · {_('▼ short')} **{short}**")
        if sums.unvalued:
            text = _("without {count} positions that have no value").format(count=sums.unvalued)
            st.caption(f":orange[:material/price_check:] {text}")
        _rate(risk, formats)


def _net(risk: Risk, formats: Formats, stamp: str) -> None:
    with _card("net"):
        text = formats.money(risk.sums.net, risk.currency, signed=True)
        _metric(_("Net exposure"), text, _("Long less short: how far the account leans to one side."))
        st.caption(stamp)
        _carried(risk)


def _leverage(risk: Risk, formats: Formats, stamp: str) -> None:
    sums = risk.sums
    with _card("leverage"):
        text = MISSING if sums.leverage is None else formats.number(sums.leverage, 2) + "×"
        meaning = _("Gross exposure over equity. It is not the leverage that is set at the exchange.")
        _metric(_("Notional / equity"), text, meaning)
        st.caption(stamp)
        if sums.leverage is None:
            st.caption(reason_words(sums.leverage_reason))
        else:
            st.caption(_("equity {amount}").format(amount=markdown_safe(_money(risk, risk.equity.value, formats))))


def _unrealized(risk: Risk, formats: Formats, stamp: str) -> None:
    with _card("unrealized"):
        text = formats.money(risk.sums.unrealized, risk.currency, signed=True)
        _metric(_("Unrealised"), text, _("Open positions at the mark price."))
        st.caption(stamp)
        st.caption(_("open positions: {count}").format(count=len(risk.positions)))


def _nearest(risk: Risk, formats: Formats, stamp: str) -> None:
    nearest = nearest_position(risk)
    with _card("nearest"):
        text = MISSING if nearest is None else formats.percent(nearest.distance, 1)
        meaning = _("How far the mark price may move before a position is liquidated; an estimate in cross margin.")
        _metric(_("Nearest liquidation (estimate)"), text, meaning)
        st.caption(stamp)
        if nearest is None or nearest.distance is None:
            st.caption(_("no open position") if risk.flat else _("no position has a liquidation price"))
            return
        warning = nearness(nearest.distance)
        mark = f":red[**{warning}**] · " if warning else ""
        st.caption(f"{mark}{plain(leg_name(nearest))} · {plain(nearest.account)}")


def _margin(risk: Risk, formats: Formats, stamp: str) -> None:
    highest = highest_margin(risk)
    with _card("margin"):
        text = MISSING if highest is None else formats.percent(highest.ratio, 1)
        meaning = _("Maintenance margin over margin balance; the wallet is liquidated at 100%.")
        _metric(_("Highest margin ratio"), text, meaning)
        st.caption(stamp)
        if highest is None:
            st.caption(_("no open position") if risk.flat else _("no wallet has one; the reasons are in the table"))
            return
        own = _("the exchange's own figure") if highest.own else _("computed")
        st.caption(f"{plain(highest.account)} · {wallet_name(highest.kind)} · {own}")


def nearest_position(risk: Risk) -> RiskRow | None:
    """Return the position that is nearest to its liquidation price."""
    known = [row for row in risk.positions if row.distance is not None]
    return min(known, key=lambda row: row.distance or 0.0, default=None)


def highest_margin(risk: Risk) -> MarginRow | None:
    """Return the wallet with the highest margin ratio."""
    return next((row for row in risk.margins if row.ratio is not None), None)


def _rate(risk: Risk, formats: Formats) -> None:
    """Say at which rate money is shown, or that there is none."""
    if risk.currency == USD:
        return
    if risk.rate is not None or risk.sums.gross is None:
        text = no_rate(risk.currency) if risk.rate is None else rate_note(risk.rate, risk.currency, formats)
        st.caption(markdown_safe(":material/currency_exchange: " + text))


def _carried(risk: Risk) -> None:
    """Say what is old and what is not in the sums at all."""
    if risk.equity.carried:
        names = ", ".join(plain(name) for name in risk.equity.carried)
        st.caption(":orange[:material/history:] " + _("with older values of {wallets}").format(wallets=names))
    if risk.equity.missing:
        names = ", ".join(plain(name) for name in risk.equity.missing)
        st.caption(":orange[:material/help:] " + _("without {wallets}: never read").format(wallets=names))


def _card(name: str) -> st.delta_generator.DeltaGenerator:
    return st.container(border=True, height="stretch", key=f"card_{name}", gap="xxsmall")


def _metric(label: str, text: str, meaning: str) -> None:
    st.metric(label, markdown_safe(text), help=meaning)


def _money(risk: Risk, value: float | None, formats: Formats) -> str:
    return formats.money(value, risk.currency)
