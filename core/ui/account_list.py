"""The list of exchange accounts: one card each, with its state, its age and a menu bound to its id."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from core.domain.types import AccountStatus, KeyRights
from core.services.accounts import AccountView, list_accounts
from core.services.health import read_system_health
from core.services.looking import stretched_plans
from core.ui import account_actions as actions
from core.ui import state
from core.ui.account_panels import CAN_BE_MAIN
from core.ui.banners import render_system_banner
from core.ui.format import markdown_safe, plain
from core.ui.freshness import (
    Pulse,
    age_badge,
    badge,
    crowd,
    main_badge,
    note_look,
    pace,
    status_badge,
    testnet_badge,
)
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _
from core.ui.messages import explain
from core.ui.tables import wallet_name

TICK_SECONDS = 5


@st.fragment(run_every=TICK_SECONDS, key="account_list")
def render_account_list(client_id: UUID) -> None:
    """Draw the client's accounts and keep them right; never touches the session's idle clock."""
    if st.session_state.pop(state.REDRAW, False):
        st.rerun()
    visitor = require_scope()
    now = visitor.web.clock()
    with st.container():  # its place stays, so that a banner never closes an open menu below
        render_system_banner(read_system_health(visitor.web.storage, now), visitor.formats, now)
    views = list_accounts(visitor.web.storage, visitor.scope, client_id)
    note_look(visitor, client_id, {view.account.id for view in views if view.account.is_active})
    with st.container(key="crowds"):
        _render_crowds(views, visitor)
    for view in views:
        _render_card(view, visitor)


def _render_crowds(views: Sequence[AccountView], visitor: Visitor) -> None:
    """Say where an exchange's limits make accounts wait longer than they should."""
    exchanges = {view.account.exchange for view in views if view.account.is_active}
    for plan in stretched_plans(visitor.web.storage, exchanges):
        name = visitor.web.exchanges.describe(plan.exchange).name
        st.caption(":orange[:material/hourglass_top:] " + markdown_safe(crowd(plan, name)))


def _render_card(view: AccountView, visitor: Visitor) -> None:
    account = view.account
    with st.container(border=True, key=f"account_{account.id}"):
        what, worth, menu = st.columns([5, 3, 1.4], vertical_alignment="center")
        with what, st.container(gap="xsmall"):
            st.header(plain(account.name), anchor=False)
            exchange = visitor.web.exchanges.describe(account.exchange).name
            badges = [main_badge()] if account.is_main else []
            badges += [status_badge(account)]
            badges += [testnet_badge()] if account.testnet else []
            st.markdown(" ".join(badges))
            key = _("key ••••{hint}").format(hint=plain(account.hint))
            st.caption(f"{exchange} · {key} · {_rights(account.rights)}")
        with worth, st.container(gap="xsmall"):
            st.markdown(f"**{markdown_safe(visitor.formats.money(view.equity, view.currency))}**")
            st.markdown(age_badge(Pulse(account, view.sync, view.wallets), visitor.formats, visitor.web.clock()))
            st.caption(" · ".join(filter(None, (_wallets(view), pace(view.sync, account)))))
        with menu:
            _render_menu(view, visitor)
        _render_trouble(view, visitor, exchange)


def _render_menu(view: AccountView, visitor: Visitor) -> None:
    options = _options(view, visitor)
    if not options:
        return
    account_id = str(view.account.id)
    st.menu_button(
        _("Actions"),
        list(options),
        key=actions.menu_key(account_id),
        format_func=lambda option: options.get(option, option),
        on_click=actions.choose,
        args=(account_id,),
        width="stretch",
    )


def _options(view: AccountView, visitor: Visitor) -> dict[str, str]:
    """Return the actions that make sense for this account now, in the order of the menu."""
    account = view.account
    if not visitor.scope.may_write:
        return {}
    usable = account.status in CAN_BE_MAIN
    offered = {
        actions.SET_MAIN: (_("Make it the main account"), usable and not account.is_main),
        actions.SYNC: (_("Read now"), usable and account.is_active),
        actions.ACCEPT: (
            _("Accept without verification"),
            account.status is AccountStatus.UNVERIFIED and visitor.is_admin,
        ),
        actions.RETRY: (_("Check again"), account.status in (AccountStatus.PENDING, AccountStatus.UNVERIFIED)),
        actions.RENAME: (_("Rename"), True),
        actions.REPLACE_KEY: (_("Replace the key"), True),
        actions.PAUSE: (_("Pause"), account.is_active and usable),
        actions.RESUME: (_("Resume"), not account.is_active),
        actions.REMOVE: (_("Remove"), True),
    }
    return {action: words for action, (words, fits) in offered.items() if fits}


def _render_trouble(view: AccountView, visitor: Visitor, exchange: str) -> None:
    """Say what is wrong and what to do, for the account and for each wallet that failed."""
    code = view.account.reason or (view.sync.last_error_code if view.sync and view.sync.failures else None)
    ips = visitor.web.settings.egress_ips
    if code:
        message = explain(code, exchange=exchange, ips=ips)
        st.warning(markdown_safe(message.cure), title=markdown_safe(message.title), icon=":material/warning:")
    elif view.account.status is AccountStatus.PENDING:
        st.caption(":material/pending: " + _("The key is being checked."))
    for wallet in view.wallets:
        if not wallet.ok and wallet.reason and wallet.reason != code:
            message = explain(wallet.reason, exchange=exchange, ips=ips)
            age = visitor.formats.age(wallet.as_of, visitor.web.clock())
            text = _("{wallet}: {problem} The value is {age} old.").format(
                wallet=wallet_name(wallet.kind), problem=message.title, age=age
            )
            st.caption(":orange[:material/history:] " + markdown_safe(text))


def _wallets(view: AccountView) -> str:
    if not view.wallets:
        return _("no wallet read yet")
    good = sum(wallet.ok for wallet in view.wallets)
    return _("{good} of {total} wallets read").format(good=good, total=len(view.wallets))


def _rights(rights: KeyRights) -> str:
    if rights.checked_at is None:
        return _("rights not checked yet")
    if rights.trade or rights.transfer:
        return _("may also trade") if rights.trade else _("may also transfer")
    return _("may only read") if rights.trade is False else _("rights unknown")


def removed_accounts(visitor: Visitor, client_id: UUID) -> Sequence[AccountView]:
    """Return the accounts whose key is erased and whose history is kept."""
    views = list_accounts(visitor.web.storage, visitor.scope, client_id, with_removed=True)
    return [view for view in views if view.account.removed_at is not None]


def render_removed(views: Sequence[AccountView], visitor: Visitor) -> None:
    """List removed accounts, each with the way to its history."""
    if not views:
        return
    with st.expander(_("Removed accounts ({count})").format(count=len(views)), icon=":material/inventory_2:"):
        for view in views:
            removed = visitor.formats.date(view.account.removed_at)
            gone = badge("gray", "inventory_2", _("removed"))
            with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
                name = plain(view.account.name)
                st.markdown(f"{gone} {name} · {removed}", width="content")
                st.page_link(
                    "../../pages/overview.py",
                    label=_("History"),
                    icon=":material/monitoring:",
                    query_params={"account": str(view.account.id), "period": "90"},
                )
