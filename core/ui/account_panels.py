"""Panels of the Accounts page: what an action will do, said before it is done."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.domain.types import AccountStatus
from core.services.accounts import AccountView
from core.ui import account_actions as actions
from core.ui import state
from core.ui.fields import key_prefix, render_key_fields, takes_lines
from core.ui.flash import Problem, render_problem
from core.ui.format import markdown_safe, plain
from core.ui.freshness import Pulse, age_badge
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

CAN_BE_MAIN = (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION)


def render_panel(views: Sequence[AccountView]) -> None:
    """Open the panel that was asked for, over the page."""
    panel = st.session_state.get(state.PANEL)
    if panel is None:
        return
    action, account_id = panel
    view = next((view for view in views if str(view.account.id) == account_id), None)
    if view is None:
        actions.close_panel()
        return
    titles = {
        actions.SET_MAIN: _("Change the main account"),
        actions.RENAME: _("Rename"),
        actions.REPLACE_KEY: _("Replace the key"),
        actions.REMOVE: _("Remove the account"),
        actions.ACCEPT: _("Accept without verification"),
    }
    st.dialog(titles[action], on_dismiss=actions.close_panel)(_body)(action, view, views)


def _body(action: str, view: AccountView, views: Sequence[AccountView]) -> None:
    if st.session_state.get(state.PANEL) is None:
        st.rerun()
    visitor = require_scope()
    problem: Problem | None = st.session_state.get(state.PANEL_ERROR)
    if problem:
        exchange = visitor.web.exchanges.describe(view.account.exchange).name
        render_problem(problem, exchange=exchange, ips=visitor.web.settings.egress_ips)
    draw: dict[str, Callable[[AccountView, Sequence[AccountView], Visitor], None]] = {
        actions.SET_MAIN: _set_main,
        actions.RENAME: _rename,
        actions.REPLACE_KEY: _replace_key,
        actions.REMOVE: _remove,
        actions.ACCEPT: _accept,
    }
    draw[action](view, views, visitor)


def _rename(view: AccountView, views: Sequence[AccountView], visitor: Visitor) -> None:
    with st.form("rename_form", border=False):
        st.text_input(_("Name"), value=view.account.name, key="rename_name", max_chars=80)
        st.form_submit_button(
            _("Save"),
            type="primary",
            key="rename_submit",
            on_click=actions.submit_rename,
            args=(str(view.account.id), "rename_name"),
        )


def _set_main(view: AccountView, views: Sequence[AccountView], visitor: Visitor) -> None:
    current = next((other for other in views if other.account.is_main), None)
    before, after = st.columns(2)
    with before, st.container(border=True):
        st.caption(_("Now"))
        _preview(current, visitor)
    with after, st.container(border=True):
        st.caption(_("Then"))
        _preview(view, visitor)
    st.markdown(_("The main account is what the Overview shows first. History and results of both accounts stay."))
    with st.form("main_form", border=False):
        st.text_input(_("Reason (kept in the audit log)"), key="main_reason", max_chars=200)
        st.form_submit_button(
            _("Make {name} the main account").format(name=plain(view.account.name)),
            type="primary",
            icon=":material/star:",
            key="main_submit",
            on_click=actions.submit_main,
            args=(str(view.account.id), str(current.account.id) if current else None, "main_reason"),
        )


def _preview(view: AccountView | None, visitor: Visitor) -> None:
    if view is None:
        st.markdown(_("No main account"))
        return
    st.markdown(f"**{plain(view.account.name)}**")
    st.markdown(markdown_safe(visitor.formats.money(view.equity, view.currency)))
    pulse = Pulse(view.account, view.sync, view.wallets)
    st.markdown(age_badge(pulse, visitor.formats, visitor.web.clock()))


def _replace_key(view: AccountView, views: Sequence[AccountView], visitor: Visitor) -> None:
    info = visitor.web.exchanges.describe(view.account.exchange)
    prefix = key_prefix(info.id, view.account.id)
    st.markdown(
        _("The new key must belong to the same account at {exchange}. The old one stays until it is verified.").format(
            exchange=info.name
        )
    )
    in_lines = takes_lines(info) and st.toggle(_("The secret is a text of several lines (PEM)"), key=f"lines_{info.id}")
    with st.form("replace_form", border=False, clear_on_submit=True):
        render_key_fields(info, prefix, in_lines=in_lines)
        st.form_submit_button(
            _("Verify and replace"),
            type="primary",
            icon=":material/key:",
            key="replace_submit",
            on_click=actions.submit_key,
            args=(str(view.account.id), info.id, prefix),
        )


def _remove(view: AccountView, views: Sequence[AccountView], visitor: Visitor) -> None:
    st.markdown(
        _(
            "- The key is erased here, at once and for good.\n"
            "- The history stays: past results of “All accounts” do not change, and it can still be read.\n"
            "- Reading stops. To stop it only for a while, use “Pause” instead."
        )
    )
    successors = {
        str(other.account.id): other.account.name
        for other in views
        if other.account.id != view.account.id and other.account.status in CAN_BE_MAIN
    }
    with st.form("remove_form", border=False):
        if view.account.is_main and successors:
            st.selectbox(
                _("This is the main account. Which one takes its place?"),
                list(successors),
                format_func=lambda option: successors.get(option, option),
                key="remove_successor",
                index=None,
                placeholder=_("Choose an account"),
            )
        st.form_submit_button(
            _("Remove {name}").format(name=plain(view.account.name)),
            type="primary",
            icon=":material/delete:",
            key="remove_submit",
            on_click=actions.submit_remove,
            args=(str(view.account.id), "remove_successor"),
        )


def _accept(view: AccountView, views: Sequence[AccountView], visitor: Visitor) -> None:
    st.markdown(
        _("The exchange does not tell what this key may do. Accept it only after checking there that it may only read.")
    )
    st.button(
        _("Accept {name}").format(name=plain(view.account.name)),
        type="primary",
        on_click=actions.submit_accept,
        args=(str(view.account.id),),
    )
