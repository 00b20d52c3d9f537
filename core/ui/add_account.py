"""The add-account form: drawn from what the exchange needs, sealed in the run that submits it."""

from uuid import UUID

import streamlit as st

from connectors.types import ExchangeInfo
from core.errors import PlatformError
from core.services import account_keys
from core.services.account_keys import NewAccount, suggest_name
from core.services.accounts import list_accounts
from core.ui import flash, state
from core.ui.fields import forget_key, key_prefix, read_key, render_key_fields, takes_lines, unusual_fields
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import _

PAGE = "/add_account"
EXCHANGE_KEY = "add_exchange"
ADDRESSES = "add_addresses"


def choose_exchange(visitor: Visitor) -> ExchangeInfo:
    """Draw the choice of exchanges and return the facts of the chosen one."""
    ids = visitor.web.exchanges.available()
    names = {exchange: visitor.web.exchanges.describe(exchange).name for exchange in ids}
    chosen = st.selectbox(
        _("Exchange"),
        ids,
        key=EXCHANGE_KEY,
        format_func=lambda exchange: names.get(exchange, exchange),
        on_change=_forget_problem,
    )
    return visitor.web.exchanges.describe(str(chosen))


def render_form(info: ExchangeInfo, visitor: Visitor, client_id: UUID) -> None:
    """Draw name, key fields and choices of one exchange; submitting adds the account."""
    prefix = key_prefix(info.id)
    taken = [view.account.name for view in list_accounts(visitor.web.storage, visitor.scope, client_id)]
    in_lines = takes_lines(info) and st.toggle(_("The secret is a text of several lines (PEM)"), key=f"lines_{info.id}")
    with st.form(f"add_{info.id}", clear_on_submit=True):
        st.text_input(_("Name"), value=suggest_name(info.name, taken), key=f"name_{info.id}", max_chars=80)
        render_key_fields(info, prefix, in_lines=in_lines)
        with st.container(horizontal=True, gap="medium"):
            st.checkbox(_("Make it the main account"), key=f"main_{info.id}")
            if info.has_testnet:
                st.checkbox(_("Test network (play money)"), key=f"testnet_{info.id}")
        st.form_submit_button(
            _("Check and add"),
            type="primary",
            icon=":material/lock:",
            key="add_submit",
            on_click=submit,
            args=(info.id, str(client_id)),
        )
        st.caption(
            ":material/encrypted: " + _("The key is sealed before it is stored. This screen cannot read it back.")
        )


def submit(exchange: str, client_id: str) -> None:
    """Seal and add what was typed, and watch the check list; nothing of the key stays in the session."""
    visitor = require_scope(touch=True)
    info = visitor.web.exchanges.describe(exchange)
    prefix = key_prefix(exchange)
    st.session_state.pop(state.ADD_ERROR, None)
    try:
        st.session_state[state.ADD_WARNING] = unusual_fields(info, prefix)
        job = account_keys.add_account(
            visitor.web.storage,
            visitor.web.exchanges,
            visitor.web.sealer,
            visitor.scope,
            NewAccount(
                client_id=UUID(client_id),
                exchange=exchange,
                name=str(st.session_state.get(f"name_{exchange}", "")),
                key=read_key(info, prefix),
                testnet=bool(st.session_state.get(f"testnet_{exchange}", False)),
                make_main=bool(st.session_state.get(f"main_{exchange}", False)),
            ),
            now=visitor.web.clock(),
        )
        st.session_state[state.JOB] = str(job.id)
    except PlatformError as e:
        st.session_state[state.ADD_ERROR] = flash.problem_of(e, come_back=PAGE)
    finally:
        forget_key(prefix)


def render_steps(info: ExchangeInfo, visitor: Visitor) -> None:
    """Explain how to make a key that may only read, and which addresses to allow."""
    ips = [ip.strip() for ip in visitor.web.settings.egress_ips.split(",") if ip.strip()]
    st.header(_("A key that may only read"), anchor=False, icon=":material/verified_user:")
    steps = [
        _("Open the API page of {exchange} and create a new key.").format(exchange=info.name),
        _("Allow **reading** only. Leave trading, transfers and **withdrawals switched off**."),
        _("If the exchange asks for allowed addresses, enter those below.")
        if ips
        else _("If the exchange asks for allowed addresses, ask the operator for those of this server."),
        _("Copy key and secret right away: the secret is shown only once."),
        _("Paste both here. The check takes a few seconds."),
    ]
    st.markdown("\n".join(f"{number}. {text}" for number, text in enumerate(steps, start=1)))
    if ips:
        st.caption(_("Addresses of this server"))
        st.code("\n".join(ips), language=None)
    address = info.key_page_url or info.docs_url
    if address:
        st.link_button(_("Open {exchange}").format(exchange=info.name), address, icon=":material/open_in_new:")
    st.caption(_("A key that may withdraw is refused and erased at once."))


def render_refusal(info: ExchangeInfo, visitor: Visitor) -> None:
    """Tell what was wrong with the form that was sent, if anything was."""
    problem = st.session_state.get(state.ADD_ERROR)
    if problem:
        flash.render_problem(problem, exchange=info.name, ips=visitor.web.settings.egress_ips)


def render_warning() -> None:
    """Tell what looked unusual in the key that is being checked, if anything did."""
    fields = st.session_state.get(state.ADD_WARNING)
    if fields:
        text = _("Does not look like what the exchange usually issues: {fields}. It is being checked all the same.")
        st.info(text.format(fields=", ".join(fields)), icon=":material/info:")


def _forget_problem() -> None:
    st.session_state.pop(state.ADD_ERROR, None)
    st.session_state.pop(state.ADD_WARNING, None)
