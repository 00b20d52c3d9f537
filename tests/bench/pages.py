"""How fast the pages are: start, one visitor, fifty visitors, memory."""

import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import psutil
import requests

from connectors.sandbox import Sandbox, SandboxConfig
from core import bootstrap
from core.domain.points import DetailPoint, HeldAsset, WalletPoint
from core.domain.types import EquityPoint, ExchangeAccount, User
from core.ports import UnitOfWork
from core.sync.days import close_days
from tests.bench.report import show
from tests.bench.visitor import Visitor, sign_in
from tests.e2e.installation import Installation, clean_environ, free_port

KEYS = ("good", "spot", "empty", "dust", "one_way")
EXCHANGES = ("binance", "bitget")
QUERY = "account=all&period=90"
RERUNS = 60
SESSIONS = 50
MEASURED_SECONDS = 20.0
THINK_SECONDS = 2.0


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(SandboxConfig(enforce_limits=False)) as sandbox:
        show("from supervisor start to ready", f"{start_to_ready(Path(folder) / 'start'):.1f} s", "goal 15 s")
        with Installation(Path(folder), sandbox) as installation:
            client = installation.add_person("bench")
            fill(installation, sandbox, client)
            installation.stop("web")
            installation.start("web")
            installation.wait_until_ready()
            cookie = sign_in(installation.url, client.login)
            one_visitor(installation, cookie)
            many_visitors(installation, cookie)
            for name in ("web", "sync"):
                rss = psutil.Process(installation.pid(name)).memory_info().rss / 2**20
                show(f"memory of {name}", f"{rss:.0f} MiB", "resident")
    return 0


def start_to_ready(folder: Path) -> float:
    """Return the seconds from starting the supervisor on a fresh installation until `/readyz` answers 200."""
    port = free_port()
    environ = clean_environ() | {"GA_DATA_DIR": str(folder), "GA_PORT": str(port)}
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "core", "init"], env=environ, check=True, capture_output=True)
    command = [sys.executable, "-m", "core.supervisor"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as supervisor:
        try:
            while not is_ready(port):
                time.sleep(0.05)
            return time.perf_counter() - started
        finally:
            supervisor.terminate()


def is_ready(port: int) -> bool:
    """Tell whether `/readyz` answers 200."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=2).ok
    except requests.RequestException:
        return False


def fill(installation: Installation, sandbox: Sandbox, client: User) -> None:
    """Give the client ten verified accounts and ninety days of points."""
    for exchange in EXCHANGES:
        for name in KEYS:
            account = installation.add_account(client, sandbox.key(exchange, name), f"{exchange} {name}")
            with installation.storage.begin() as uow:
                uow.readings.add_history(past(account), ())
                remember(uow, account)
    while close_days(installation.storage, client, bootstrap.utc_now()):
        pass
    with installation.storage.begin(write=False) as uow:
        ids = [account.id for account in uow.accounts.all({client.id})]
        now = bootstrap.utc_now()
        count = sum(1 for _ in uow.readings.iter_points(ids, None, since=now - timedelta(days=91), until=now))
    show("stored", f"{len(ids)} accounts, {count} points", "90 days")


def remember(uow: UnitOfWork, account: ExchangeAccount) -> None:
    """Let the account's wallets have held what they hold for three days, read every five minutes."""
    now = bootstrap.utc_now()
    begun = now - timedelta(days=3)
    wallets = uow.readings.wallets({account.id}, {account.user_id})
    uow.readings.add_history((), (), [replace(wallet, first_ok_at=begun) for wallet in wallets])
    held = tuple(
        WalletPoint(wallet.wallet, True, (HeldAsset("USDT", Decimal(str(wallet.equity or 0)), Decimal(1)),))
        for wallet in wallets
    )
    count = int(timedelta(days=3) / timedelta(minutes=5))
    uow.history.add(account, [DetailPoint(begun + n * timedelta(minutes=5), held) for n in range(count)])


def past(account: ExchangeAccount) -> Iterator[EquityPoint]:
    """Return ninety days of a random walk: hourly, every five minutes over the last thirty days."""
    rng = random.Random(account.name)
    now, equity = bootstrap.utc_now(), 10_000.0
    at = now - timedelta(days=90)
    while at < now - timedelta(minutes=10):
        equity *= 1 + rng.gauss(0, 0.001)
        yield EquityPoint(
            account_id=account.id, client_id=account.user_id, at=at, equity=equity, unrealized_pnl=equity / 100,
            complete=True, open=equity, high=equity, low=equity,
        )  # fmt: skip
        at += timedelta(hours=1) if now - at > timedelta(days=30) else timedelta(minutes=5)


def one_visitor(installation: Installation, cookie: str) -> None:
    """Measure one page alone."""
    with Visitor(installation.url, cookie, QUERY) as visitor:
        first = visitor.rerun()
        again = [visitor.rerun().seconds for _ in range(RERUNS)]
    show("first payload of the overview", f"{first.payload_bytes / 1024:.0f} KiB", f"{first.seconds * 1000:.0f} ms")
    show("rerun of the overview, alone", times(again), "goal p50 40 ms")


def many_visitors(installation: Installation, cookie: str) -> None:
    """Measure fifty pages at once, each asking every two seconds on average."""
    seconds: list[float] = []
    failures: list[BaseException] = []

    def look(seed: int) -> None:
        rng = random.Random(seed)
        try:
            with Visitor(installation.url, cookie, QUERY) as visitor:
                visitor.rerun()
                start_together.wait()
                until = time.monotonic() + MEASURED_SECONDS
                while time.monotonic() < until:
                    time.sleep(rng.expovariate(1 / THINK_SECONDS))
                    seconds.append(visitor.rerun().seconds)
        except (OSError, TimeoutError, threading.BrokenBarrierError) as e:
            failures.append(e)
            start_together.abort()

    start_together = threading.Barrier(SESSIONS)
    threads = [threading.Thread(target=look, args=(seed,)) for seed in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    show(f"rerun of the overview, {SESSIONS} sessions", times(seconds), f"goal p95 250 ms; {len(failures)} failed")


def times(seconds: Sequence[float]) -> str:
    """Return p50 and p95 in milliseconds."""
    cuts = statistics.quantiles(seconds, n=20)
    return f"p50 {statistics.median(seconds) * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms"
