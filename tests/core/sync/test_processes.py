"""Several sidecar processes on one PostgreSQL: none reads what another reads, and what one leaves others take over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from connectors.sandbox.server import Sandbox, SandboxConfig
from core.domain.types import AccountStatus
from tests.core.sync.house import House, MovableClock
from tests.core.sync.worker import INTERVAL_SECONDS, LEASE_SECONDS
from tests.databases import fresh_url

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[3]
KEYS = ("good", "spot", "one_way")


class Line(NamedTuple):
    """What a worker said."""

    what: str
    at: float
    fence: int
    account: str


class RealClock(MovableClock):
    """The system's clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


class Worker:
    """One process and what it has said so far."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.log"

    def lines(self) -> list[Line]:
        whole = self._path.read_text().rpartition("\n")[0] if self._path.exists() else ""
        words = [line.split(" ") for line in whole.splitlines()]
        return [Line(what, float(at), int(fence), account) for what, at, fence, account in words]

    def last(self) -> Line:
        return self.lines()[-1]

    def send(self, number: signal.Signals) -> None:
        os.kill(self.lines()[0].fence, number)


class Fleet:
    """An installation with three accounts, and the processes that read them."""

    def __init__(self, house: House, environ: dict[str, str], folder: Path) -> None:
        self.house, self._environ, self._folder = house, environ, folder
        self.workers: list[Worker] = []

    def start(self, *holds: float) -> list[Worker]:
        names = {f"w{number}": hold for number, hold in enumerate(holds)}
        command = [sys.executable, "-m", "tests.core.sync.worker", *(f"{name}={hold}" for name, hold in names.items())]
        environ = self._environ | {"PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, cwd=self._folder, env=environ, start_new_session=True)
        self.workers = [Worker(self._folder, name) for name in names]
        wait_until(lambda: all(worker.lines() for worker in self.workers), 90)
        return self.workers

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    with (
        Sandbox(SandboxConfig(enforce_limits=False, exchanges=("binance",))) as sandbox,
        fresh_url("postgresql", tmp_path) as url,
    ):
        house = House(url=url, folder=tmp_path, sandbox=sandbox, clock=RealClock(datetime.now(UTC)))
        jobs = [house.add(key) for key in KEYS]
        house.once()
        assert {house.account(job).status for job in jobs} == {AccountStatus.ACTIVE}
        hosts = {"EXCHANGE_HOSTS": json.dumps(sandbox.hosts())}
        environ = os.environ | {"GA_DATABASE_URL": url, "GA_DATA_DIR": str(tmp_path)} | hosts
        with house.storage.begin() as uow:
            for job in jobs:
                uow.syncing.make_due(job.account_id, job.client_id, house.clock())
        made = Fleet(house, environ, tmp_path)
        try:
            yield made
        finally:
            made.stop()
            house.storage.dispose()


def wait_until(is_reached: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < deadline, "too late"
        time.sleep(0.01)


def everything(fleet: Fleet) -> list[Line]:
    return [line for worker in fleet.workers for line in worker.lines()]


def held_slots(workers: list[Worker]) -> dict[str, list[tuple[float, float, int]]]:
    """Return begin, end and fence of each account's finished slots, over all processes, by begin."""
    slots: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
    for worker in workers:
        begun: dict[str, Line] = {}
        for line in worker.lines():
            if line.what == "begin":
                begun[line.account] = line
            elif line.what == "end":
                slots[line.account].append((begun[line.account].at, line.at, line.fence))
    return {account: sorted(found) for account, found in slots.items()}


def test_processes_share_the_accounts_a_killed_one_is_replaced_and_a_frozen_one_writes_nothing(fleet: Fleet) -> None:
    *workers, doomed, frozen = fleet.start(0.3, 0.3, 1.0, 1.0)
    wait_until(lambda: sum(len(slots) for slots in held_slots(workers).values()) >= 4, 60)

    wait_until(lambda: doomed.last().what == "begin", 60)
    doomed.send(signal.SIGKILL)
    left = doomed.last()
    wait_until(lambda: frozen.last().what == "begin" and frozen.last().account != left.account, 60)
    frozen.send(signal.SIGSTOP)
    stopped = frozen.last()
    assert stopped.what == "begin"

    def taken_over(line: Line) -> bool:
        slots = held_slots(workers).get(line.account, [])
        return any(fence > line.fence for _, _, fence in slots)

    wait_until(lambda: taken_over(left) and taken_over(stopped), 60)
    for line in (left, stopped):
        claims = {
            said.fence: said.at for said in everything(fleet) if (said.what, said.account) == ("claim", line.account)
        }
        assert claims[line.fence + 1] - claims[line.fence] >= LEASE_SECONDS
    frozen.send(signal.SIGCONT)
    own = (stopped.fence, stopped.account)
    wait_until(lambda: own in {(line.fence, line.account) for line in frozen.lines() if line.what == "lost"}, 60)
    assert own not in {(line.fence, line.account) for line in frozen.lines() if line.what == "end"}

    for account, slots in held_slots(fleet.workers).items():
        for (begin, end, fence), (after, _, next_fence) in zip(slots, slots[1:], strict=False):
            assert after >= end, (account, "read by two at once")
            assert after - begin >= INTERVAL_SECONDS / 2, (account, "read twice in one slot")
            assert next_fence > fence
