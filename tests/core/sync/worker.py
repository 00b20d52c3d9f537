"""A sidecar's reading without its loop, for tests of several processes: `python -m tests.core.sync.worker NAME=HOLD …`.

Each process claims what is due, reads it as the sidecar does, and writes a line to NAME.log at each begin and end; HOLD
seconds lie between the claim and the first question. Leases last four seconds, accounts are due every second.
"""

import os
import sys
import time
from dataclasses import replace

from core.bootstrap import build_sync
from core.config import load_settings
from core.domain.types import ExchangeAccount, SealedCredential
from core.errors import LeaseLostError
from core.sync.due import Intervals
from core.sync.ports import Connector
from core.sync.runner import Runner
from core.sync.slot import run_slot

LEASE_SECONDS = 4.0
INTERVAL_SECONDS = 1
OFTEN = Intervals(main_seconds=INTERVAL_SECONDS, slow_seconds=INTERVAL_SECONDS, rest_seconds=INTERVAL_SECONDS)


def start(workers: list[str]) -> None:
    """Make a process for each worker, which costs little once everything is imported, and wait for their ends."""
    for worker in workers:
        name, _, hold = worker.partition("=")
        if not os.fork():
            os.dup2(os.open(f"{name}.log", os.O_WRONLY | os.O_CREAT), sys.stdout.fileno())
            work(name, float(hold))
    for _ in workers:
        os.wait()


def work(name: str, hold: float) -> None:
    """Read until killed."""
    parts = replace(build_sync(load_settings()), sidecar_id=name)
    tools = Runner(parts).tools
    connect = tools.connect

    def held(account: ExchangeAccount, sealed: SealedCredential) -> Connector:
        time.sleep(hold)
        return connect(account, sealed)

    tools = replace(tools, connect=held, lease_seconds=LEASE_SECONDS, intervals=OFTEN, planned_seconds=None)
    say("ready", "", os.getpid())
    while True:
        now = tools.clock()
        with tools.storage.begin() as uow:
            leases = uow.syncing.claim(now, owner=name, lease_seconds=LEASE_SECONDS, limit=1)
        for lease in leases:
            account = str(lease.account.id)
            say("claim", account, lease.fence, at=now.timestamp())
            say("begin", account, lease.fence)
            try:
                run_slot(tools, lease)
            except LeaseLostError:
                say("lost", account, lease.fence)
            else:
                say("end", account, lease.fence)
        time.sleep(0.02)


def say(what: str, account: str, fence: int, *, at: float | None = None) -> None:
    """Print what happened and when, by a clock that all processes share; a claim by the time that its lease is from."""
    sys.stdout.write(f"{what} {time.monotonic() if at is None else at:.6f} {fence} {account}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    start(sys.argv[1:])
