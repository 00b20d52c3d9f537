"""Figures of the Results page: the result on top, what it rests on, and statistics with the size of their sample."""

from dataclasses import dataclass

import streamlit as st

from core.domain.currencies import USD
from core.services.results_types import CLOSING, Results
from core.ui.format import MISSING, Formats, markdown_safe
from core.ui.i18n import _
from core.ui.money_words import rate_note
from core.ui.results_words import full_date

CARD_WIDTH = 190
FEW_DAYS, SOME_DAYS = 30, 90


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its name, its text, what it means, and why it is missing where it is."""

    name: str
    label: str
    text: str
    about: str
    reason: str = ""


def render_cards(results: Results, formats: Formats) -> None:
    """Draw result, returns and closing equity."""
    currency, returns = results.question.currency, results.returns
    with st.grid(4, min_column_width=CARD_WIDTH, gap="small"):
        for figure in (
            Figure(
                "result",
                _("Result"),
                formats.money(results.total, currency, signed=True),
                _("Change of equity without deposits, withdrawals and capital in or out of scope."),
                _no_money(results),
            ),
            Figure(
                "twr",
                _("Time-weighted return"),
                formats.percent(returns.twr, signed=True),
                _("How good the trading was: days linked, whatever came or went."),
                _no_return(results),
            ),
            Figure(
                "mwr",
                _("Money-weighted return"),
                formats.percent(returns.mwr, signed=True),
                _("What your money earned: deposits and withdrawals count from when they were made."),
                _no_return(results),
            ),
            Figure(
                "closing",
                _("Closing equity"),
                formats.money(results.bars[CLOSING], currency),
                _("Value of everything at the end of the period."),
                _no_money(results),
            ),
        ):
            with st.container(border=True, height="stretch", key=f"card_{figure.name}", gap="xxsmall"):
                draw_figure(figure)
                if figure.name == "result":
                    _render_currency_effect(results, formats)


def _render_currency_effect(results: Results, formats: Formats) -> None:
    """Say how much of the result is trading and how much the exchange rate did."""
    currency, effect = results.question.currency, results.bars.get("fx_effect")
    if currency == USD or effect is None or results.trading is None:
        return
    trading, rate = (formats.money(value, currency, signed=True) for value in (results.trading, effect))
    words = _("of which {trading} from trading and {effect} from the exchange rate")
    st.caption(markdown_safe(words.format(trading=trading, effect=rate)))


def render_pending(results: Results) -> None:
    """Say that days are not computed in the currency yet, in place of figures that would be half the truth."""
    currency = results.question.currency
    text = _("{count} days of this period are not computed in {currency} yet.")
    more = _("The sidecar is at it; it takes a minute or two. Nothing is shown until every day is there.")
    st.info(
        f"{text.format(count=results.pending, currency=currency)} {more}",
        title=_("Results in {currency} are being computed").format(currency=currency),
        icon=":material/hourglass_top:",
    )


def render_basis(results: Results, formats: Formats) -> None:
    """Say from when on the figures count, in which zone, and what of them is not final."""
    if results.since is None:
        return
    began = full_date(results.since, formats)
    text = _("result since {date}, where the history begins") if results.history_begins else _("result since {date}")
    zone = _("days of {zone}").format(zone=results.time_zone)
    unit = rate_note(results.rate, results.question.currency, formats)
    st.caption(markdown_safe(f":material/calendar_month: {text.format(date=began)} · {zone} · {unit}"))
    notes = []
    if results.is_provisional:
        if results.ledger_read_to is None:
            notes.append(":orange[:material/pending:] " + _("provisional: the ledger has not been read yet"))
        else:
            read_to = formats.instant(results.ledger_read_to)
            notes.append(
                ":orange[:material/pending:] " + _("provisional: the ledger is read up to {time}").format(time=read_to)
            )
    if results.revised:
        days = ", ".join(full_date(day, formats) for day in results.revised[-5:])
        notes.append(
            ":material/edit_calendar: " + _("restated after late entries or linked transfers: {days}").format(days=days)
        )
    if results.gaps:
        notes.append(
            ":orange[:material/history:] " + _("days with a wallet not read: {count}").format(count=len(results.gaps))
        )
    if results.unrated:
        days = ", ".join(full_date(day, formats) for day in results.unrated[-5:])
        words = _("no exchange rate for {count} days, so their money is unknown: {days}")
        notes.append(":orange[:material/currency_exchange:] " + words.format(count=len(results.unrated), days=days))
    for note in notes:
        st.caption(note)


def render_unexplained(results: Results, formats: Formats) -> None:
    """Warn of what the ledger cannot explain, where it is more than a trifle."""
    odd = results.bars.get("unexplained")
    if odd is None or (results.unexplained_ok is not False and not results.unexplained_days):
        return
    amount = markdown_safe(formats.money(odd, results.question.currency, signed=True))
    days = ", ".join(full_date(day, formats) for day in results.unexplained_days[-5:])
    text = _("The balances changed by {amount} without a ledger entry that says why.").format(amount=f"**{amount}**")
    more = _("Days: {days}. Open the bar below to see the assets.").format(days=days or MISSING)
    odd_days = [day for day in results.days if day.result.unexplained_ok is False]
    if all(day.is_provisional for day in odd_days):
        may = _("The ledger is still being read; entries may yet explain it.")
        st.info(f"{text} {may}", icon=":material/pending:")
    else:
        st.warning(f"{text} {more}", icon=":material/rule:")


def render_statistics(results: Results, formats: Formats) -> None:
    """Draw risk of the closed days."""
    n = results.risk.n if results.risk else 0
    with st.grid(4, min_column_width=CARD_WIDTH, gap="small", key="statistics"):
        for figure in statistics(results, formats):
            with st.container(border=True, height="stretch", key=f"stat_{figure.name}", gap="xxsmall"):
                draw_figure(figure)
    st.caption(_("n = {count} closed days, 365 days a year; the day that runs is left out.").format(count=n))


def statistics(results: Results, formats: Formats) -> list[Figure]:
    """Return the figures of risk with the reason where one is missing."""
    risk, fall, returns = results.risk, results.fall, results.returns
    if risk is None or fall is None:
        return []
    n = risk.n
    few = _("needs {least} closed days, there are {count}").format(least=FEW_DAYS, count=n)
    some = _("needs {least} closed days, there are {count}").format(least=SOME_DAYS, count=n)
    year = _("needs a period of 365 days")
    flat = _("the returns do not vary")
    plain = few if n < FEW_DAYS else flat

    def ratio(value: float | None) -> str:
        return formats.number(value, 2)

    return [
        Figure("xirr", _("XIRR per year"), formats.percent(returns.mwr_per_year, signed=True),
               _("Money-weighted return per year."), year),
        Figure("twr_year", _("Return per year"), formats.percent(returns.twr_per_year, signed=True),
               _("Time-weighted return per year."), year),
        Figure("drawdown", _("Maximum drawdown"), formats.percent(risk.max_drawdown, signed=True),
               _("Deepest fall of the time-weighted index from its peak."), _("no closed day yet")),
        Figure("volatility", _("Volatility"), formats.percent(risk.volatility),
               _("Standard deviation of the daily returns, per year."), few),
        Figure("sharpe", _("Sharpe"), ratio(risk.sharpe),
               _("Mean daily return over its standard deviation, per year, risk-free rate 0."), plain),
        Figure("sortino", _("Sortino"), ratio(risk.sortino),
               _("Mean daily return over the deviation of the losing days, per year."), plain),
        Figure("calmar", _("Calmar"), ratio(risk.calmar),
               _("Return per year over the maximum drawdown."), some if n < SOME_DAYS else flat),
        Figure("positive", _("Winning days"), formats.percent(risk.positive_days, 1),
               _("Share of the closed days with a gain."), _("no closed day yet")),
    ]  # fmt: skip


def _no_money(results: Results) -> str:
    """Return why an amount of money is not known."""
    if results.unrated:
        return _("There is no exchange rate for {count} days.").format(count=len(results.unrated))
    return _("A wallet has not been read for more than a day.")


def _no_return(results: Results) -> str:
    return _("needs two readings and capital in the period")


def draw_figure(figure: Figure) -> None:
    """Draw one figure, with why it is missing where it is."""
    missing = figure.text == MISSING
    about = f"{figure.about} {figure.reason}." if missing and figure.reason else figure.about
    st.metric(figure.label, markdown_safe(figure.text), help=about)
    if missing and figure.reason:
        st.caption(figure.reason)
