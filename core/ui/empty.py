"""Six reasons for an empty screen, each with its own words and its own way out."""

from collections.abc import Sequence

import streamlit as st

from core.domain.types import AccountStatus
from core.services.overview_types import AccountHealth, EmptyState, Sight
from core.ui import filters
from core.ui.format import markdown_safe, plain
from core.ui.guard import Visitor
from core.ui.i18n import _
from core.ui.messages import explain
from core.ui.paths import ACCOUNTS, ADD_ACCOUNT, CLIENTS


def render_empty(sight: Sight, visitor: Visitor) -> None:
    """Draw the empty state of a page of figures."""
    draw = {
        EmptyState.NO_ACCOUNT: _no_account,
        EmptyState.FIRST_SYNC: _first_sync,
        EmptyState.ZERO: _zero,
        EmptyState.FILTERED: _filtered,
        EmptyState.FAILED: _failed,
    }
    with st.container(border=True, key=f"empty_{sight.empty}", horizontal_alignment="center", gap="small"):
        st.space("small")
        draw[sight.empty](sight, visitor)
        st.space("small")


def render_no_client() -> None:
    """Draw the screen of an administrator who has not opened a client yet."""
    with st.container(border=True, key="empty_no_client", horizontal_alignment="center", gap="small"):
        st.space("small")
        _words("group", _("Whose accounts?"), _("Choose a client to see balances, positions and results."))
        if st.button(_("Choose a client"), type="primary", icon=":material/group:"):
            st.switch_page(CLIENTS)
        st.space("small")


def render_no_account(visitor: Visitor) -> None:
    """Draw the screen of a client without any exchange account."""
    with st.container(border=True, key="empty_no_account", horizontal_alignment="center", gap="small"):
        st.space("small")
        _no_account(None, visitor)
        st.space("small")


def _words(icon: str, title: str, text: str) -> None:
    st.header(title, anchor=False, icon=f":material/{icon}:", width="content")
    st.markdown(text, text_alignment="center")


def _no_account(sight: Sight | None, visitor: Visitor) -> None:
    _words(
        "account_balance_wallet",
        _("No exchange account yet"),
        _("Add the first one with a key that may only read. It takes about a minute."),
    )
    if visitor.scope.may_write and st.button(_("Add account"), type="primary", icon=":material/add:"):
        st.switch_page(ADD_ACCOUNT)


def _first_sync(sight: Sight, visitor: Visitor) -> None:
    waiting = [health for health in sight.accounts if health.as_of is None]
    done = sum(len(health.wallets) for health in sight.accounts)
    _words(
        "hourglass_top",
        _("The first reading is on its way"),
        _("The figures appear here by themselves, usually within a minute."),
    )
    names = ", ".join(plain(health.account.name) for health in waiting)
    ready = len(sight.accounts) - len(waiting)
    st.progress(
        ready / len(sight.accounts),
        _("{ready} of {total} accounts read").format(ready=ready, total=len(sight.accounts)),
    )
    st.caption(_("Waiting for: {names} · wallets ready: {count}").format(names=names, count=done))


def _zero(sight: Sight, visitor: Visitor) -> None:
    _words(
        "savings",
        _("Balance zero at the exchange"),
        _("Read and checked at {time}: there is nothing in these wallets.").format(
            time=visitor.formats.time(sight.equity.as_of)
        ),
    )


def _filtered(sight: Sight, visitor: Visitor) -> None:
    _words("filter_alt_off", _("Nothing matches this choice"), _("There are accounts, but none in this selection."))
    st.button(_("Clear filters"), type="primary", icon=":material/restart_alt:", on_click=filters.clear)


def _failed(sight: Sight, visitor: Visitor) -> None:
    _words("error", _("This could not be read"), _("What happened, and what to do about it:"))
    for health in _broken(sight):
        message = explain(
            health.error_code or health.account.status,
            exchange=visitor.web.exchanges.describe(health.account.exchange).name,
            ips=visitor.web.settings.egress_ips,
        )
        st.error(
            markdown_safe(message.cure),
            title=f"{plain(health.account.name)}: {markdown_safe(message.title)}",
            icon=":material/error:",
        )
    if st.button(_("Go to the accounts"), type="primary", icon=":material/arrow_forward:"):
        st.switch_page(ACCOUNTS)


def _broken(sight: Sight) -> Sequence[AccountHealth]:
    chosen = [health for health in sight.accounts if health.account.id in sight.shown] or sight.accounts
    return [health for health in chosen if health.error_code or health.account.status is AccountStatus.REFUSED]
