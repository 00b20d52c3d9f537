"""The lower half of the sync health page: accounts in trouble or searched for, each with its last runs and a cure."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

import streamlit as st

from core.domain.sync_runs import RunOutcome, SyncRun
from core.domain.types import Role
from core.errors import NotFoundError, PlatformError
from core.services import accounts as account_service
from core.services.sync_runs import AccountList, AccountRuns, find_accounts, list_in_trouble, load_account_runs
from core.ui import flash, state
from core.ui.format import Formats, markdown_safe, plain
from core.ui.freshness import Pulse, age_badge, main_badge, status_badge
from core.ui.guard import Visitor, require_scope
from core.ui.i18n import N_, _
from core.ui.messages import explain
from core.ui.sheet import draw_table, number_column, text_column

SEARCH, EXCHANGE = "health_search", "health_exchange"
OUTCOMES = {
    RunOutcome.OK: ("green", N_("✓ good")),
    RunOutcome.PARTIAL: ("orange", N_("◐ in part")),
    RunOutcome.FAILED: ("red", N_("✕ failed")),
    RunOutcome.MISSED: ("gray", N_("– missed")),
}
BLOCK = "▮"
STRIP = 25


def render_accounts(visitor: Visitor) -> None:
    """Draw the accounts that fit what is typed and chosen; with nothing typed those in trouble."""
    wanted = str(st.session_state.get(SEARCH) or "").strip()
    exchange = st.session_state.get(EXCHANGE)
    storage, scope, now = visitor.web.storage, visitor.scope, visitor.web.clock()
    if wanted:
        found = find_accounts(storage, scope, wanted, exchange=exchange)
    else:
        found = list_in_trouble(storage, scope, now, exchange=exchange)
    opened = _opened()
    if not found.accounts:
        if wanted:
            st.info(_("No account has this name."), icon=":material/search:")
        else:
            st.success(_("Every account that is being read is on time."), icon=":material/check_circle:")
    for view in found.accounts:
        _render_account(view, visitor, is_open=view.account.id == opened)
    _render_rest(found)
    if opened is not None and all(view.account.id != opened for view in found.accounts):
        _render_opened(opened, visitor)


def render_filters(visitor: Visitor) -> None:
    """Draw the search field and the choice of one exchange."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input(
            _("Search"), key=SEARCH, placeholder=_("Account, client or sign-in name"), icon=":material/search:"
        )
        st.selectbox(
            _("Exchange"),
            visitor.web.exchanges.available(),
            index=None,
            key=EXCHANGE,
            placeholder=_("all"),
            format_func=lambda exchange: visitor.web.exchanges.describe(exchange).name,
            width=220,
        )


def _render_rest(found: AccountList) -> None:
    if found.total > len(found.accounts):
        text = _("{shown} of {total} shown; search to see others.")
        st.caption(text.format(shown=len(found.accounts), total=found.total))


def _opened() -> UUID | None:
    try:
        return UUID(str(st.session_state.get(state.HEALTH_ACCOUNT)))
    except ValueError:
        return None


def _render_opened(account_id: UUID, visitor: Visitor) -> None:
    """Draw the opened account also where it is not among those listed, so that a cured one does not vanish."""
    try:
        view = load_account_runs(visitor.web.storage, visitor.scope, account_id)
    except NotFoundError:
        st.session_state.pop(state.HEALTH_ACCOUNT, None)
        return
    _render_account(view, visitor, is_open=True)


def _render_account(view: AccountRuns, visitor: Visitor, *, is_open: bool) -> None:
    account, formats, now = view.account, visitor.formats, visitor.web.clock()
    exchange = visitor.web.exchanges.describe(account.exchange).name
    with st.container(border=True, key=f"runs_{account.id}", gap="xsmall"):
        what, lately, buttons = st.columns([4, 4, 2], vertical_alignment="center")
        with what, st.container(gap="xxsmall"):
            st.markdown(f"**{plain(account.name)}**  \n:small[{plain(exchange)} · {plain(view.client.name)}]")
            badges = [main_badge()] if account.is_main else []
            badges += [status_badge(account), age_badge(Pulse(account, view.sync, ()), formats, now)]
            st.markdown(" ".join(badges))
        with lately, st.container(gap="xxsmall"):
            st.markdown(_strip(view.runs))
            st.caption(_summary(view.runs))
            reason = _present_reason(view)
            if reason is not None and not is_open:
                title = explain(reason, exchange=exchange, ips=visitor.web.settings.egress_ips).title
                st.caption(":orange[:material/warning:] " + markdown_safe(title))
        with buttons:
            label, icon = (_("Close"), "expand_less") if is_open else (_("Runs"), "expand_more")
            st.button(
                label, key=f"health_open_{account.id}", icon=f":material/{icon}:", width="stretch",
                on_click=_toggle, args=(str(account.id), not is_open),
            )  # fmt: skip
        if is_open:
            _render_detail(view, visitor, exchange)


def _strip(runs: Sequence[SyncRun]) -> str:
    """Return the last runs as coloured marks, the newest on the right."""
    marks = [OUTCOMES[run.outcome][0] for run in reversed(runs[:STRIP])]
    return "".join(f":{color}[{BLOCK * len(list(same))}]" for color, same in groupby(marks)) or "—"


def _summary(runs: Sequence[SyncRun]) -> str:
    if not runs:
        return _("no run yet")
    good = sum(run.outcome is RunOutcome.OK for run in runs)
    return _("{good} good of the last {count} runs").format(good=good, count=len(runs))


def _toggle(account_id: str, is_open: bool) -> None:
    require_scope(role=Role.ADMIN, touch=True)
    if is_open:
        st.session_state[state.HEALTH_ACCOUNT] = account_id
    else:
        st.session_state.pop(state.HEALTH_ACCOUNT, None)


def _render_detail(view: AccountRuns, visitor: Visitor, exchange: str) -> None:
    account = view.account
    problem = st.session_state.pop(state.HEALTH_ERROR, None)
    if problem:
        flash.render_problem(problem)
    _render_cures(view, visitor, exchange)
    if account.is_active:
        st.button(
            _("Read now"), key=f"health_read_{account.id}", icon=":material/sync:", on_click=_read_now,
            args=(str(account.id),),
        )  # fmt: skip
    if view.runs:
        _render_runs(view.runs, visitor.formats, exchange=exchange, key=f"runs_table_{account.id}")


def _render_cures(view: AccountRuns, visitor: Visitor, exchange: str) -> None:
    """Say of every reason among the runs what it means and what to do, the newest first; and what holds now."""
    present = _present_reason(view)
    counts = Counter(run.reason for run in view.runs if run.reason)
    ips = visitor.web.settings.egress_ips
    if present is not None:
        message = explain(present, exchange=exchange, ips=ips)
        st.warning(markdown_safe(message.cure), title=markdown_safe(message.title), icon=":material/warning:")
    elif view.runs:
        st.markdown(":green[:material/check_circle:] " + _("The last run went well."))
    for reason, count in counts.items():
        if reason != present:
            message = explain(reason, exchange=exchange, ips=ips)
            st.caption(f"{count}× {markdown_safe(message.title)} {markdown_safe(message.cure)}")


def _present_reason(view: AccountRuns) -> str | None:
    """Return the code of what is wrong now: the account's own, else that of its last run."""
    return view.account.reason or (view.runs[0].reason if view.runs else None)


def _render_runs(runs: Sequence[SyncRun], formats: Formats, *, exchange: str, key: str) -> None:
    columns = [
        text_column("started", _("Began"), [formats.second(run.started_at) for run in runs], pinned=True),
        text_column("outcome", _("Outcome"), [_(OUTCOMES[run.outcome][1]) for run in runs]),
        text_column("reason", _("Reason"), [_reason(run, exchange) for run in runs]),
        number_column(
            "duration",
            _("Took"),
            [run.duration.total_seconds() for run in runs],
            lambda value: formats.number(value, 1) + " s",
        ),
        number_column(
            "requests", _("Requests"), [run.requests for run in runs], lambda value: formats.number(value, 0)
        ),
        text_column("wallets", _("Wallets that failed"), [", ".join(run.wallets_failed) for run in runs]),
        text_column("sidecar", _("Sidecar"), [run.sidecar_id for run in runs]),
        number_column("run", _("Run"), [run.number for run in runs], str),
    ]
    draw_table(columns, key=key, alt=_("Last runs: {count} rows").format(count=len(runs)))


def _reason(run: SyncRun, exchange: str) -> str:
    return explain(run.reason, exchange=exchange).title if run.reason else ""


def _read_now(account_id: str) -> None:
    visitor = require_scope(role=Role.ADMIN, touch=True)
    try:
        now = visitor.web.clock()
        account_service.request_sync(visitor.web.storage, visitor.scope, UUID(account_id), now=now)
    except PlatformError as e:
        st.session_state[state.HEALTH_ERROR] = flash.problem_of(e)
        return
    flash.note(_("A reading has been asked for"))
