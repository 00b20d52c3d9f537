"""How many accounts sidecars keep on time, how close to an exchange's limits they go, and what a slot costs."""

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from connectors.sandbox import dialects
from connectors.sandbox.faults import FaultKind
from core.bootstrap import utc_now
from tests.bench import sync_costs
from tests.bench.report import show
from tests.databases import fresh_url, postgres_server
from tests.fleet.exchanges import Counts, Running, even, members, opened_at, running
from tests.fleet.gauges import Gauge, look_all, percentile
from tests.fleet.installation import Installation, Placed
from tests.fleet.limits import PUBLISHED
from tests.fleet.readings import Watch, ages, missed

INTERVAL = 30
OVERLOAD = 2_000  # accounts, more than this machine keeps at 30 s
FIRST_SECONDS, COUNTED_SECONDS = 45.0, 60.0
LOAD = 0.8
LATE_SECONDS = 45.0
LIMITED, LIMITED_ACCOUNTS = "binance", 400  # about three times what one address allows at 30 s
SETTLED_SECONDS = 600.0  # first readings are dear, and the plan is made for them at first
BUDGET_GOAL = 0.95
FAMILIES = {"api": "/api/", "fapi": "/fapi/", "dapi": "/dapi/"}  # counts that many endpoints share, by path
EACH, EACH_PREFIX = "sapi", "/sapi/"  # a count of this limit for every endpoint
OWN_LIMIT = "uid"  # of each account, not of the address
HANGING = 7
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Fleet:
    """A running fleet and those who look at it."""

    house: Installation
    placed: list[Placed]
    exchanges: Running
    watch: Watch
    gauges: Mapping[str, Gauge]

    def live(self, seconds: float) -> int:
        """Look on for so long; return how many readings there were."""
        before, end = self._readings(), time.monotonic() + seconds
        look_all(self.gauges)
        while time.monotonic() < end:
            self.watch.look()
            time.sleep(1)
        look_all(self.gauges)
        return self._readings() - before

    def _readings(self) -> int:
        self.watch.look()
        return sum(map(len, self.watch.times.values()))


@contextmanager
def fleet(counts: Counts, sidecars: int, *, limits: bool = False) -> Iterator[Fleet]:
    """Run a fleet of main accounts on PostgreSQL."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ga-bench-")))
        exchanges = stack.enter_context(running(counts, limits=limits))
        house = Installation(stack.enter_context(fresh_url("postgresql", folder)), folder)
        stack.callback(house.storage.dispose)
        placed = house.place(
            members(counts), is_main=lambda _: True, interval=lambda _: INTERVAL, ledger_from=opened_at()
        )
        hosts = json.dumps(exchanges.hosts)
        pids = [stack.enter_context(house.sidecar(hosts, limits=limits)).pid for _ in range(sidecars)]
        gauges = {f"sidecar {number}": Gauge(psutil.Process(pid)) for number, pid in enumerate(pids, start=1)}
        gauges["sandbox"] = Gauge(psutil.Process(exchanges.pid))
        gauges["database server"] = Gauge(psutil.Process(postgres_server().get_pid()), with_children=True)
        yield Fleet(house, placed, exchanges, Watch(house.storage, placed), gauges)


def main() -> int:
    """Measure and print."""
    sync_costs.main()
    for sidecars in (1, 2):
        kept = capacity(sidecars)
        at_load(sidecars, max(10, int(kept * LOAD)))
    eighth_on_time()
    within_limits()
    return 0


def capacity(sidecars: int, accounts: int = OVERLOAD, seconds: float = COUNTED_SECONDS) -> float:
    """Overload sidecars; print and return how many accounts they keep at 30 s."""
    with fleet(even(accounts), sidecars) as it:
        it.live(FIRST_SECONDS)
        began = time.monotonic()
        slots = it.live(seconds)
        kept = slots / (time.monotonic() - began) * INTERVAL
        spans = {name: gauge.since(began) for name, gauge in it.gauges.items()}
    work = sum(span.cpu_seconds for name, span in spans.items() if name.startswith("sidecar"))
    cores = ", ".join(f"{name} {span.cores:.2f}" for name, span in spans.items())
    cost = work / max(1, slots) * 1000
    show(f"accounts kept at {INTERVAL} s, sidecars: {sidecars}", f"{kept:.0f}", f"cores: {cores}")
    show(
        f"CPU per slot, sidecars: {sidecars}", f"{cost:.1f} ms", f"a whole core would keep {INTERVAL / cost * 1000:.0f}"
    )
    return kept


def at_load(sidecars: int, accounts: int, seconds: float = COUNTED_SECONDS * 2) -> None:
    """Print the ages of accounts at a part of what can be kept."""
    with fleet(even(accounts), sidecars) as it:
        it.live(FIRST_SECONDS)
        since = utc_now()
        it.live(seconds)
        until = utc_now()
        gaps = [gap for p in it.placed for gap in ages(it.watch.within(p.account.id, since, until), since, until)]
    late = f"goal p99 {LATE_SECONDS:.0f} s; missed slots {missed(gaps, INTERVAL)}"
    figures = " ".join(f"{figure:.1f}" for figure in (percentile(gaps, 0.5), percentile(gaps, 0.99), max(gaps)))
    show(f"age at {LOAD:.0%}, sidecars: {sidecars}, accounts: {accounts}", f"p50 p99 most {figures} s", late)


def eighth_on_time(accounts: int = 160, seconds: float = COUNTED_SECONDS * 2) -> None:
    """Let seven of eight exchanges hang; print the ages of the eighth's accounts."""
    names = dialects.available()[: HANGING + 1]
    with fleet(even(accounts, names), 1) as it:
        it.live(FIRST_SECONDS)
        for name in names[:HANGING]:
            it.exchanges.order(name, FaultKind.HANG, seconds=60)
        since = utc_now()
        it.live(seconds)
        until = utc_now()
        eighth = [p.account.id for p in it.placed if p.account.exchange == names[HANGING]]
        gaps = [gap for account in eighth for gap in ages(it.watch.within(account, since, until), since, until)]
    figures = " ".join(f"{figure:.1f}" for figure in (percentile(gaps, 0.5), percentile(gaps, 0.99), max(gaps)))
    show(
        "seven of eight exchanges hang: age at the eighth",
        f"p50 p99 most {figures} s",
        f"goal p99 {LATE_SECONDS:.0f} s",
    )


def within_limits(accounts: int = LIMITED_ACCOUNTS, minutes: int = 3) -> None:
    """Ask for more than the published limits allow; print what was refused and how much of the budget was used."""
    with fleet({LIMITED: accounts}, 1, limits=True) as it:
        it.live(SETTLED_SECONDS)
        it.live(60 - time.time() % 60)  # the exchange counts by the minute
        before = _weights(it.exchanges)
        it.live(minutes * 60)
        used = {name: weight - before.get(name, 0) for name, weight in _weights(it.exchanges).items()}
        refused = sum(row["count"] for row in it.exchanges.rows() if row["status"] in (418, 429))
        seconds = {state.planned_interval_seconds for state in it.house.states().values()}
    limits = {limit.name: limit.limit for limit in PUBLISHED[LIMITED]}
    shares = {name: weight / minutes / limits.get(name, limits[EACH]) for name, weight in used.items()}
    most = max(shares.values(), default=0.0)
    tightest = sorted(shares.items(), key=lambda item: -item[1])[:SHOWN]
    show(f"{LIMITED}, {accounts} accounts: refused for the limits", f"{refused}", "goal 0; from the first second on")
    each = ", ".join(f"{name} {share:.1%}" for name, share in tightest)
    show(
        f"{LIMITED}: of the tightest budget used",
        f"{most:.1%}",
        f"goal {BUDGET_GOAL:.0%}; {each}; every {sorted(seconds)} s",
    )


def _weights(exchanges: Running) -> dict[str, int]:
    """Return the weights asked so far by count of the address: of a family, or of an endpoint counted by itself."""
    endpoints = dialects.load(LIMITED).endpoints
    sums: dict[str, int] = defaultdict(int)
    for row in exchanges.rows():
        path = row["path"]
        own = path if path.startswith(EACH_PREFIX) else None
        family = next((name for name, prefix in FAMILIES.items() if path.startswith(prefix)), own)
        endpoint = endpoints.get((row["method"], row["path"]))
        if family and endpoint and endpoint.scope != OWN_LIMIT:
            sums[family] += endpoint.weight * row["count"]
    return sums
