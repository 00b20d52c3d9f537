"""What a page shows, kept in the URL: `?account=main|all|<id>`, `?period=1|7|30|90`, `?currency=BRL`.

The URL is the truth; the client's own currency counts where it says none.
"""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.domain.currencies import REPORTING, USD
from core.domain.types import ExchangeAccount, User
from core.services.overview import ALL, MAIN, PERIODS
from core.ui.i18n import _

ACCOUNT, PERIOD, CURRENCY = "account", "period", "currency"
ACCOUNT_KEY, PERIOD_KEY, CURRENCY_KEY = "filter_account", "filter_period", "filter_currency"
USUAL_PERIOD = 30


def view_from_url() -> str:
    """Return which accounts the URL asks for; the main account when it does not say."""
    return st.query_params.get(ACCOUNT, MAIN)


def period_from_url() -> int:
    """Return how many days the URL asks for; 30 when it does not say or says nonsense."""
    asked = st.query_params.get(PERIOD, "")
    return int(asked) if asked in {str(days) for days in PERIODS} else USUAL_PERIOD


def currency_from_url(client: User) -> str:
    """Return the currency that the URL asks for; the client's own when it does not say or says nonsense."""
    asked = st.query_params.get(CURRENCY, "")
    return asked if asked in REPORTING else usual_currency(client)


def usual_currency(client: User) -> str:
    """Return the currency that a client reads money in."""
    return client.currency if client.currency in REPORTING else USD


def render_currency_filter(client: User, currency: str) -> None:
    """Draw the choice of currencies; choosing writes the URL."""
    st.session_state[CURRENCY_KEY] = currency
    st.selectbox(
        _("Currency"),
        REPORTING,
        key=CURRENCY_KEY,
        on_change=_to_url,
        args=(CURRENCY, CURRENCY_KEY, usual_currency(client)),
        filter_mode=None,
        width=110,
    )


def render_account_filter(accounts: Sequence[ExchangeAccount], view: str) -> None:
    """Draw the choice of accounts; choosing writes the URL."""
    names = {MAIN: _("Main account"), ALL: _("All accounts")}
    for account in accounts:
        names[str(account.id)] = _name(account)
    if view not in names:
        names[view] = _("Removed account")
    st.session_state[ACCOUNT_KEY] = view
    st.selectbox(
        _("Accounts"),
        list(names),
        key=ACCOUNT_KEY,
        format_func=lambda option: names.get(option, option),
        on_change=_to_url,
        args=(ACCOUNT, ACCOUNT_KEY, MAIN),
        filter_mode=None,
        width=220,
    )


def render_period_filter(days: int) -> None:
    """Draw the choice of periods; choosing writes the URL."""
    names: Mapping[str, str] = {"1": _("24 hours"), "7": _("7 days"), "30": _("30 days"), "90": _("90 days")}
    st.session_state[PERIOD_KEY] = str(days)
    st.selectbox(
        _("Period"),
        list(names),
        key=PERIOD_KEY,
        format_func=lambda option: names[option],
        on_change=_to_url,
        args=(PERIOD, PERIOD_KEY, str(USUAL_PERIOD)),
        filter_mode=None,
        width=130,
    )


def clear() -> None:
    """Go back to the main account, the usual period and the client's currency."""
    for parameter in (ACCOUNT, PERIOD, CURRENCY):
        st.query_params.pop(parameter, None)


def _name(account: ExchangeAccount) -> str:
    star = "★ " if account.is_main else ""
    note = _("test network")
    return star + account.name + (f" ({note})" if account.testnet else "")


def _to_url(parameter: str, key: str, usual: str) -> None:
    chosen = str(st.session_state[key])
    if chosen == usual:
        st.query_params.pop(parameter, None)
    else:
        st.query_params[parameter] = chosen
