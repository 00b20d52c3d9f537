"""A fleet over all exchanges, kept for half an hour by two sidecars: nothing late, lost, double or growing."""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil

from core.bootstrap import utc_now
from core.domain.types import SyncState
from tests.databases import fresh_url, postgres_server
from tests.fleet.exchanges import Running, even, members, opened_at, running
from tests.fleet.gauges import Gauge, look_all, percentile
from tests.fleet.installation import Installation, Placed
from tests.fleet.limits import forget_limits
from tests.fleet.readings import Difference, Watch, ages, by_exchange, compare_ledgers, missed
from tests.torture.summary import Summary

ACCOUNTS, MAINS, MINUTES, SIDECARS = 2000, 500, 30.0, 2
MAIN_SECONDS, REST_SECONDS = 30, 300
LATE_SECONDS = 45.0  # p99 of the age of main accounts
GROWTH_MOST = 20 * 2**20  # bytes an hour and process
WARM_UP_SECONDS = 300.0
LOOK_SECONDS = 5.0
DEPOSIT_SECONDS = 2.0
SAY_SECONDS = 60.0
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """How large and how long. Intervals, latency and times are in seconds."""

    accounts: int = ACCOUNTS
    mains: int = MAINS
    seconds: float = MINUTES * 60
    sidecars: int = SIDECARS
    latency: float = 0.05
    main_interval: int = MAIN_SECONDS
    rest_interval: int = REST_SECONDS
    backend: str = "postgresql"
    exchanges: tuple[str, ...] = ()  # none: all
    grace: float = 120.0


@dataclass(slots=True)
class Outcome:
    """What a soak has seen."""

    warm_up_seconds: float = 0.0
    main_ages: list[float] = field(default_factory=list)
    rest_ages: list[float] = field(default_factory=list)
    missed_main: int = 0
    missed_rest: int = 0
    slots: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    ledgers: Difference = field(default_factory=Difference)
    booked: int = 0
    requests: int = 0
    died: int = 0
    started: float = 0.0
    gauges: Mapping[str, Gauge] = field(default_factory=dict)


def soak(plan: Plan, folder: Path) -> Outcome:
    """Run a fleet for the time planned, and look at everything afterwards."""
    counts, found = even(plan.accounts, plan.exchanges), Outcome()
    with ExitStack() as stack:
        exchanges = stack.enter_context(running(counts, latency_seconds=plan.latency))
        url = stack.enter_context(fresh_url(plan.backend, folder))
        house = Installation(url, folder, _settings(plan))
        stack.callback(house.storage.dispose)
        every = plan.accounts // plan.mains
        placed = house.place(
            members(counts),
            is_main=lambda place: place % every == 0 and place // every < plan.mains,
            interval=lambda main: plan.main_interval if main else plan.rest_interval,
            ledger_from=opened_at(),
        )
        with ExitStack() as fleet:
            hosts, log = json.dumps(exchanges.hosts), folder / "sidecars.log"
            sidecars = [fleet.enter_context(house.sidecar(hosts, log=log)) for _ in range(plan.sidecars)]
            found.gauges = _gauges(plan, exchanges, [process.pid for process in sidecars])
            found.warm_up_seconds = _warm_up(house, placed, plan, found.gauges)
            watch = Watch(house.storage, placed)
            exchanges.clear()
            found.started, since = time.monotonic(), utc_now()
            found.booked = _live(plan, placed, exchanges, found, watch)
            until = utc_now()
            found.died = sum(process.poll() is not None for process in sidecars)
            found.errors = _errors(house)
            found.requests = sum(row["count"] for row in exchanges.rows())
        _judge_times(found, plan, placed, watch, (since, until))
        for name in counts:
            exchanges.call_off(name)
        found.ledgers = compare_ledgers(house.storage, placed, exchanges, grace_seconds=plan.grace)
    return found


def _settings(plan: Plan) -> dict[str, str]:
    return {
        "GA_SYNC_INTERVAL_SECONDS": str(plan.main_interval),
        "GA_SYNC_SLOW_INTERVAL_SECONDS": str(plan.rest_interval),
    }


def _gauges(plan: Plan, exchanges: Running, sidecars: Sequence[int]) -> dict[str, Gauge]:
    gauges = {f"sidecar {number}": Gauge(psutil.Process(pid)) for number, pid in enumerate(sidecars, start=1)}
    gauges["sandbox"] = Gauge(psutil.Process(exchanges.pid))
    if plan.backend == "postgresql":
        gauges["database server"] = Gauge(psutil.Process(postgres_server().get_pid()), with_children=True)
    return gauges


def _warm_up(house: Installation, placed: Sequence[Placed], plan: Plan, gauges: Mapping[str, Gauge]) -> float:
    """Wait until every main account was read once, its ledger too, and return the seconds that took."""
    began = time.monotonic()
    while time.monotonic() - began < WARM_UP_SECONDS:
        look_all(gauges)
        states = house.states()
        if all(_is_whole(states[item.account.id]) for item in placed if item.account.is_main):
            break
        time.sleep(min(LOOK_SECONDS, plan.seconds / 10))
    return time.monotonic() - began


def _say(found: Outcome, watch: Watch, seconds: float) -> None:
    """Print on standard error how it goes; a long run is not silent."""
    used = ", ".join(f"{name} {gauge.since(found.started).cores:.2f} cores" for name, gauge in found.gauges.items())
    sys.stderr.write(f"soak: {seconds:.0f} s, {sum(map(len, watch.times.values()))} readings, {used}\n")


def _is_whole(state: SyncState) -> bool:
    return state.last_ok_at is not None and state.ledger_read_to != state.ledger_since


def _live(plan: Plan, placed: Sequence[Placed], exchanges: Running, found: Outcome, watch: Watch) -> int:
    """Let money arrive here and there, and look at the processes; return how many deposits were booked."""
    rng, booked, looked_at, said_at = random.Random(7), 0, 0.0, time.monotonic()  # noqa: S311 - a toy's dice
    end = time.monotonic() + plan.seconds
    while time.monotonic() < end:
        item = rng.choice(placed)
        booked += 1
        exchanges.book_event(item.member.spec.uid, "USDT", f"{booked}.{rng.randrange(10_000, 99_999)}")
        watch.look()
        if time.monotonic() - looked_at >= LOOK_SECONDS:
            look_all(found.gauges)
            looked_at = time.monotonic()
        if time.monotonic() - said_at >= SAY_SECONDS:
            said_at = time.monotonic()
            _say(found, watch, said_at - found.started)
        time.sleep(min(DEPOSIT_SECONDS, plan.main_interval / 10, max(0.0, end - time.monotonic())))
    watch.look()
    look_all(found.gauges)
    return booked


def _errors(house: Installation) -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in house.states().values():
        if state.last_error_code:
            counts[state.last_error_code] = counts.get(state.last_error_code, 0) + 1
    return counts


def _judge_times(
    found: Outcome,
    plan: Plan,
    placed: Sequence[Placed],
    watch: Watch,
    window: tuple[datetime, datetime],
) -> None:
    for item in placed:
        own = watch.within(item.account.id, *window)
        found.slots += len(own)
        first = window[0] if item.account.is_main or not own else own[0]  # the others' first time may be yet to come
        gaps = ages(own, first, window[1])
        if item.account.is_main:
            found.main_ages += gaps
            found.missed_main += missed(gaps, plan.main_interval)
        else:
            found.rest_ages += gaps
            found.missed_rest += missed(gaps, plan.rest_interval)


def faults(found: Outcome) -> list[str]:
    """Return what must not be."""
    lines = [*found.ledgers.lost[:SHOWN], *found.ledgers.extra[:SHOWN], *found.ledgers.unread[:SHOWN]]
    if found.missed_main:
        lines.append(f"{found.missed_main} slots of main accounts were missed")
    if found.died:
        lines.append(f"{found.died} sidecars have ended")
    for name, gauge in found.gauges.items():
        span = gauge.since(found.started + gauge_rest(found, gauge))
        if name.startswith("sidecar") and span.seconds > 600 and span.bytes_per_hour > GROWTH_MOST:
            lines.append(f"{name} grows by {span.bytes_per_hour / 2**20:.0f} MiB an hour")
    return lines


def gauge_rest(found: Outcome, gauge: Gauge) -> float:
    """Return how much of the time at the beginning does not count for growth: a third, while caches fill."""
    return gauge.since(found.started).seconds / 3


def facts(plan: Plan, found: Outcome) -> dict[str, str]:
    """Return the figures."""
    ledgers, sandbox = found.ledgers, found.gauges["sandbox"].since(found.started)
    lost, extra = (f"{len(lines)} {by_exchange(lines) or ''}".rstrip() for lines in (ledgers.lost, ledgers.extra))
    lines = {
        "accounts": f"{plan.accounts}, {plan.mains} main at {plan.main_interval} s, others at {plan.rest_interval} s",
        "time": f"{sandbox.seconds:.0f} s, after {found.warm_up_seconds:.0f} s of first readings",
        "slots, requests": f"{found.slots}, {found.requests}",
        "main accounts, age p50 p99 most": _ages(found.main_ages),
        "others, age p50 p99 most": _ages(found.rest_ages),
        "missed slots, main, others": f"{found.missed_main}, {found.missed_rest}",
        "last errors": str(found.errors or "none"),
        "ledger rows": f"{ledgers.rows} of {ledgers.accounts} accounts",
        "deposits": f"{ledgers.deposits}, {found.booked} of them booked meanwhile",
        "ledger rows lost, extra": f"{lost}, {extra}",
        "ledgers not compared": f"{len(ledgers.unread)} {by_exchange(ledgers.unread) or ''}".rstrip(),
    }
    for name, gauge in found.gauges.items():
        span = gauge.since(found.started)
        later = gauge.since(found.started + gauge_rest(found, gauge))
        threads, files = later.range_of("threads"), later.range_of("files")
        lines[name] = (
            f"{span.cores:.2f} cores, {span.megabytes:.0f} MiB, {later.bytes_per_hour / 2**20:+.1f} MiB/h, "
            f"threads {threads[0]} to {threads[1]}, descriptors {files[0]} to {files[1]}"
        )
    work = sum(g.since(found.started).cpu_seconds for name, g in found.gauges.items() if name.startswith("sidecar"))
    lines["sidecars' CPU per slot"] = f"{work / max(1, found.slots) * 1000:.1f} ms"
    return lines


def _ages(values: Sequence[float]) -> str:
    return " ".join(
        f"{figure:.1f} s" for figure in (percentile(values, 0.5), percentile(values, 0.99), max(values, default=0))
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this torture."""
    parser.add_argument("--minutes", type=float, default=MINUTES, help="default: %(default)s")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help="default: %(default)s")
    parser.add_argument("--mains", type=int, default=MAINS, help="default: %(default)s")
    parser.add_argument("--sidecars", type=int, default=SIDECARS, help="default: %(default)s")


def run(options: argparse.Namespace) -> Summary:
    """Soak on PostgreSQL."""
    forget_limits()
    plan = Plan(options.accounts, options.mains, options.minutes * 60, options.sidecars)
    with tempfile.TemporaryDirectory(prefix="ga-soak-") as folder:
        found = soak(plan, Path(folder))
    return Summary("soak", facts(plan, found), faults(found))
