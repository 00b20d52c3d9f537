"""The check list of a key: ticks as the sidecar works, then the first balance or the refusal with its cure."""

from datetime import datetime
from uuid import UUID

import streamlit as st

from core.domain.types import AccountStatus, Job, JobKind, JobStatus, JobStep, StepState
from core.errors import NotFoundError
from core.services import accounts
from core.services.accounts import AccountView
from core.services.health import read_system_health
from core.ui import state
from core.ui.account_actions import open_replace, submit_retry
from core.ui.flash import Problem, render_problem
from core.ui.format import Formats, markdown_safe, plain
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import N_, _
from core.ui.messages import KNOWN, explain
from core.ui.paths import ACCOUNTS, OVERVIEW

POLL_SECONDS = 1
STEPS = {
    "clock": N_("Clocks agree"),
    "signature": N_("Key and secret fit together"),
    "permissions": N_("The key may read"),
    "no_withdraw": N_("The key may not withdraw"),
    "ip": N_("This server's address is allowed"),
    "expiry": N_("The key does not expire soon"),
    "identity": N_("The account is not here already"),
    "balances": N_("Balances can be read"),
}
MARKS = {
    StepState.WAITING: (":gray[:material/radio_button_unchecked:]", N_("waiting")),
    StepState.RUNNING: (":blue[:material/progress_activity:]", N_("checking")),
    StepState.OK: (":green[:material/check_circle:]", N_("all right")),
    StepState.WARNING: (":orange[:material/warning:]", N_("take note")),
    StepState.FAILED: (":red[:material/cancel:]", N_("failed")),
}
FINISHED = (JobStatus.DONE, JobStatus.FAILED)
DETAILS = {
    "unknown": N_("the exchange does not tell"),
    "not_restricted": N_("not bound to an address"),
    "trade": N_("may also trade"),
    "transfer": N_("may also transfer"),
    "trade,transfer": N_("may also trade and transfer"),
    "may_withdraw": N_("may withdraw"),
}


def render_watched_job(visitor: Visitor, client_id: UUID) -> None:
    """Draw the check list of the job that this session watches, if any; it ticks by itself until it is finished."""
    job = watched_job(visitor)
    if job is None:
        return
    if job.status in FINISHED:
        _render(job, visitor, client_id)
    else:
        _ticking(client_id)


def watched_job(visitor: Visitor) -> Job | None:
    """Return the job that this session watches; none once it is gone."""
    job_id = st.session_state.get(state.JOB)
    if job_id is None:
        return None
    try:
        return accounts.job(visitor.web.storage, visitor.scope, UUID(job_id))
    except NotFoundError:
        stop_watching()
        return None


def stop_watching() -> None:
    """Put the check list away."""
    st.session_state.pop(state.JOB, None)


@st.fragment(run_every=POLL_SECONDS, key="checklist")
def _ticking(client_id: UUID) -> None:
    visitor = require_scope()
    job = watched_job(visitor)
    if job is None or job.status in FINISHED:
        st.session_state[state.QUIET_RERUN] = True
        st.rerun()
    _render(job, visitor, client_id)


def _render(job: Job, visitor: Visitor, client_id: UUID) -> None:
    view = _view_of(job, visitor, client_id)
    with st.container(border=True, key="checklist_panel"):
        name = plain(view.account.name) if view else ""
        st.header(_("Checking {name}").format(name=name), anchor=False, icon=":material/fact_check:")
        st.markdown("  \n".join(_line(step, job, visitor.formats) for step in job.steps))
        if job.status is JobStatus.DONE and view:
            _render_done(job, view, visitor)
        elif job.status is JobStatus.FAILED and view:
            _render_failed(job, view, visitor)
        elif read_system_health(visitor.web.storage, visitor.web.clock()).sidecar_silent:
            st.warning(_("The reading process does not answer; the check begins once it is back."))


def _view_of(job: Job, visitor: Visitor, client_id: UUID) -> AccountView | None:
    views = accounts.list_accounts(visitor.web.storage, visitor.scope, client_id)
    return next((view for view in views if view.account.id == job.account_id), None)


def _line(step: JobStep, job: Job, formats: Formats) -> str:
    code, step_state, detail = step.code, step.state, step.detail
    mark, words = MARKS[step_state]
    if step_state is StepState.WAITING and job.status in FINISHED:
        words = N_("not reached")
    label = _(STEPS[code]) if code in STEPS else plain(code)
    note = _note(code, step_state, detail, formats)
    return f"{mark} {label} · *{_(words)}*" + (f" ({note})" if note else "")


def _note(code: str, step_state: StepState, detail: str, formats: Formats) -> str:
    """Return what stands beside a line: a date, a count of seconds, a name, or the words of a code."""
    if detail in DETAILS:
        return _(DETAILS[detail])
    if code == "expiry" and detail and step_state is not StepState.FAILED:
        return _("until {date}").format(date=formats.date(datetime.fromisoformat(detail)))
    if code == "clock" and detail and step_state is StepState.WARNING:
        return _("off by {seconds} s").format(seconds=plain(detail))
    if detail in KNOWN:
        return markdown_safe(explain(detail).title.rstrip("."))
    return plain(detail)


def _render_done(job: Job, view: AccountView, visitor: Visitor) -> None:
    known = [wallet.equity for wallet in view.wallets if wallet.equity is not None]
    if view.account.status is AccountStatus.UNVERIFIED:
        render_problem(Problem("permissions_unknown"), exchange=_exchange_name(view, visitor))
    elif known:
        total = markdown_safe(visitor.formats.money(view.equity, view.currency))
        title = _("The new key is in place") if job.kind is JobKind.REPLACE_KEY else _("The account is connected")
        st.success(_("Balance now: **{total}**").format(total=total), title=title, icon=":material/check_circle:")
    else:
        st.success(_("The first balance follows in a moment."), title=_("The account is connected"))
    with st.container(horizontal=True):
        if st.button(_("See the overview"), type="primary", icon=":material/monitoring:", on_click=stop_watching):
            st.switch_page(OVERVIEW)
        if st.button(_("To the accounts"), on_click=stop_watching):
            st.switch_page(ACCOUNTS)


def _render_failed(job: Job, view: AccountView, visitor: Visitor) -> None:
    ips = visitor.web.settings.egress_ips
    render_problem(Problem(job.error_code or "unknown"), exchange=_exchange_name(view, visitor), ips=ips)
    with st.container(horizontal=True):
        if view.account.status is not AccountStatus.REFUSED:
            st.button(
                _("Try again"),
                type="primary",
                icon=":material/refresh:",
                on_click=submit_retry,
                args=(str(view.account.id),),
            )
        elif st.button(
            _("Enter another key"),
            type="primary",
            icon=":material/key:",
            on_click=open_replace,
            args=(str(view.account.id),),
        ):
            st.switch_page(ACCOUNTS)
        st.button(_("Close"), on_click=stop_watching)


def _exchange_name(view: AccountView, visitor: Visitor) -> str:
    return visitor.web.exchanges.describe(view.account.exchange).name
