"""The upper half of the sync health page: the whole sync in four figures, then each exchange in a card."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import streamlit as st

from core.domain.sync_runs import ErrorClass
from core.domain.types import Freshness
from core.ports import ExchangePause
from core.services.sync_health import BudgetUse, ExchangeHealth, SidecarHealth, Success, SyncHealth, load_sync_health
from core.ui.format import MISSING, Formats, markdown_safe, plain
from core.ui.freshness import badge, crowd, span
from core.ui.guard import Visitor
from core.ui.i18n import N_, _

STRIP_WIDTH, CARD_WIDTH, FIGURE_WIDTH = 215, 305, 84
NEARLY_FULL = 0.9
LONG_SECONDS = 120
GOOD_RATE = 0.99
CLASSES = {
    ErrorClass.KEY: ("red", "key_off", N_("keys")),
    ErrorClass.LIMIT: ("orange", "speed", N_("limits")),
    ErrorClass.AWAY: ("orange", "cloud_off", N_("unreachable")),
    ErrorClass.ANSWER: ("orange", "data_alert", N_("bad answers")),
    ErrorClass.DOUBT: ("blue", "help", N_("looked at twice")),
    ErrorClass.OWN: ("red", "build", N_("our own")),
}
PAUSES = {
    "rate_limited": ("orange", "hourglass", N_("asked for a pause · goes on in {time}")),
    "ip_banned": ("red", "block", N_("address blocked · goes on in {time}")),
    "maintenance": ("orange", "construction", N_("under maintenance · next look in {time}")),
    "network": ("red", "cloud_off", N_("not reached · next look in {time}")),
}
OTHER_PAUSE = ("orange", "pause_circle", N_("paused · goes on in {time}"))
KEYS = {"ok": N_("keys open"), "locked": N_("keys locked")}


def render_health(visitor: Visitor) -> None:
    """Draw the figures and cards as they are now."""
    health = load_sync_health(visitor.web.storage, visitor.scope, visitor.web.clock())
    _render_strip(health, visitor.formats)
    st.header(_("Exchanges"), anchor=False)
    if not health.exchanges:
        st.info(_("No exchange account yet. With the first one its exchange appears here."), icon=":material/hub:")
        return
    ordered = sorted(health.exchanges, key=lambda exchange: (_is_well(exchange), exchange.exchange))
    with st.grid(3, min_column_width=CARD_WIDTH, gap="small"):
        for exchange in ordered:
            _render_exchange(exchange, visitor, health.now)


def _render_strip(health: SyncHealth, formats: Formats) -> None:
    fresh, late, old, never = (_count(health, state) for state in Freshness)
    reading = fresh + late + old + never
    due = sum(exchange.due for exchange in health.exchanges)
    oldest = max((exchange.oldest_due_seconds for exchange in health.exchanges), default=0.0)
    alive = sum(not sidecar.silent for sidecar in health.sidecars)
    with st.grid(4, min_column_width=STRIP_WIDTH, gap="small"):
        with _card("on_time"):
            st.metric(_("Accounts on time"), f"{formats.number(fresh, 0)} / {formats.number(reading, 0)}")
            st.caption(_lateness(late, old, never))
        with _card("success"):
            hour, day = (_together(health, name) for name in ("last_hour", "last_day"))
            st.metric(_("Good runs, last hour"), formats.percent(hour.rate, 1))
            runs = _("{count} runs").format(count=formats.number(hour.total, 0))
            st.caption(f"{runs} · " + _("last day {rate}").format(rate=formats.percent(day.rate, 1)))
        with _card("queue"):
            st.metric(_("Due and not yet taken"), formats.number(due, 0))
            waits = _("the oldest for {age}").format(age=_length(oldest, formats))
            st.caption(waits if due else _("Nobody waits."))
        with _card("sidecars"):
            st.metric(_("Sidecars"), f"{alive} / {len(health.sidecars)}")
            if not health.sidecars:
                st.caption(_("None has ever given a sign of life."))
            for sidecar in health.sidecars:
                st.markdown(f":small[{_sidecar(sidecar, formats, health.now)}]")


def _card(key: str) -> st.delta_generator.DeltaGenerator:
    return st.container(border=True, height="stretch", key=f"health_{key}", gap="xxsmall")


def _count(health: SyncHealth, state: Freshness) -> int:
    return sum(exchange.by_freshness.get(state, 0) for exchange in health.exchanges)


def _together(health: SyncHealth, stretch: str) -> Success:
    sums: dict[str, int] = {}
    for exchange in health.exchanges:
        for outcome, count in getattr(exchange, stretch).runs.items():
            sums[outcome] = sums.get(outcome, 0) + count
    return Success(sums)  # type: ignore[arg-type]


def _lateness(late: int, old: int, never: int) -> str:
    parts = [
        _("late: {count}").format(count=late) if late else "",
        _("out of date: {count}").format(count=old) if old else "",
        _("never read: {count}").format(count=never) if never else "",
    ]
    return " · ".join(part for part in parts if part) or _("Nobody is late.")


def _sidecar(sidecar: SidecarHealth, formats: Formats, now: datetime) -> str:
    beat = sidecar.beat
    age = _("{age} ago").format(age=formats.age(beat.beat_at, now))
    is_well = not sidecar.silent and beat.keys == "ok"
    color, icon = ("green", "check_circle") if is_well else ("red", "error")
    keys = _(KEYS[beat.keys]) if beat.keys in KEYS else plain(beat.keys)
    version = plain(sidecar.version) or MISSING
    return f":{color}[:material/{icon}:] {plain(beat.sidecar_id)} · {version} · {keys} · {age}"


# one exchange


def _is_well(exchange: ExchangeHealth) -> bool:
    rate = exchange.last_hour.rate
    late = sum(exchange.by_freshness.get(state, 0) for state in (Freshness.LATE, Freshness.OLD))
    return not exchange.pauses and not late and (rate is None or rate >= GOOD_RATE)


def _render_exchange(exchange: ExchangeHealth, visitor: Visitor, now: datetime) -> None:
    formats, name = visitor.formats, visitor.web.exchanges.describe(exchange.exchange).name
    with st.container(border=True, height="stretch", key=f"exchange_{exchange.exchange}", gap="xsmall"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader(plain(name), anchor=False, width="content")
            st.markdown(" ".join(_states(exchange, formats, now)), width="content")
        with st.grid(3, min_column_width=FIGURE_WIDTH, gap="xsmall"):
            for label, value in _figures(exchange, formats):
                st.markdown(f"**{markdown_safe(value)}**  \n:small[{label}]")
        if exchange.fullest is not None:
            _render_budget(exchange.fullest, formats)
        for plan in exchange.plans:
            if plan.is_stretched:
                st.caption(":orange[:material/expand:] " + markdown_safe(crowd(plan, name)))
        st.caption(":material/timer: " + _rhythm(exchange, formats))
        if exchange.classes:
            st.markdown(_("Last hour:") + " " + " ".join(_troubles(exchange, formats)))


def _states(exchange: ExchangeHealth, formats: Formats, now: datetime) -> list[str]:
    if exchange.pauses:
        return [_pause(pause, formats, now) for pause in exchange.pauses]
    if not exchange.reading:
        return [badge("gray", "pause_circle", _("no account is being read"))]
    if _is_well(exchange):
        return [badge("green", "check_circle", _("reading"))]
    return [badge("orange", "warning", _("reading, with trouble"))]


def _pause(pause: ExchangePause, formats: Formats, now: datetime) -> str:
    color, icon, words = PAUSES.get(pause.reason, OTHER_PAUSE)
    where = f" · {plain(pause.egress)}" if pause.egress else ""
    return badge(color, icon, _(words).format(time=countdown(pause.until, now)) + where)


def countdown(until: datetime, now: datetime) -> str:
    """Return the time left as minutes and seconds, with hours where there are some."""
    seconds = max(0, int((until - now).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes = f"{rest // 60:02}" if hours else str(rest // 60)
    return (f"{hours}:" if hours else "") + f"{minutes}:{rest % 60:02}"


def _figures(exchange: ExchangeHealth, formats: Formats) -> Iterable[tuple[str, str]]:
    def age(share: float) -> str:
        seconds = exchange.age(share)
        return MISSING if seconds is None else _length(seconds, formats)

    yield _("accounts read"), f"{formats.number(exchange.reading, 0)} / {formats.number(exchange.accounts, 0)}"
    yield _("age p50"), age(0.5)
    yield _("age p99"), age(0.99)
    yield _("good, hour"), formats.percent(exchange.last_hour.rate, 1)
    yield _("good, day"), formats.percent(exchange.last_day.rate, 1)
    oldest = _length(exchange.oldest_due_seconds, formats)
    yield _("waiting"), f"{formats.number(exchange.due, 0)}" + (f" · {oldest}" if exchange.due else "")


def _length(seconds: float, formats: Formats) -> str:
    """Return a length of time in seconds up to two minutes, then in its largest whole unit."""
    return span(int(seconds)) if seconds < LONG_SECONDS else formats.duration(timedelta(seconds=seconds))


def _render_budget(use: BudgetUse, formats: Formats) -> None:
    text = _("Limit used: {share}, {used} of {limit} in {time}").format(
        share=formats.percent(use.ratio, 0),
        used=formats.number(use.used, 0),
        limit=formats.number(use.limit, 0),
        time=span(use.window_seconds),
    )
    where = f" · {plain(use.egress)}" if use.egress else ""
    warning = ":orange[:material/warning:] " if use.ratio >= NEARLY_FULL else ""
    st.progress(min(1.0, use.ratio), text=f"{warning}:small[{text}{where}]")


def _rhythm(exchange: ExchangeHealth, formats: Formats) -> str:
    parts = [
        _("every {time}: {count}").format(time=span(seconds), count=formats.number(count, 0))
        for seconds, count in sorted(exchange.intervals.items())
    ]
    asked = _("requests in the last hour: {count}").format(count=formats.number(exchange.requests_last_hour, 0))
    return " · ".join([*parts, asked])


def _troubles(exchange: ExchangeHealth, formats: Formats) -> Iterable[str]:
    for kind, count in exchange.classes.items():
        color, icon, words = CLASSES[kind]
        yield badge(color, icon, f"{_(words)} {formats.number(count, 0)}")
