"""The sandbox with as many accounts as a fleet has, in a process of its own (`python -m tests.fleet.exchanges`)."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox import SandboxKey, dialects
from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.keys import make_key
from connectors.sandbox.server import Sandbox, SandboxConfig
from connectors.sandbox.world import World

ROOT = Path(__file__).parents[2]
OPENED_DAYS = 1
SORTS = 5  # rich, spot, empty, dust, one way: what every exchange has
LATENCY_SECONDS = 0.05
Counts = Mapping[str, int]  # accounts by exchange


@dataclass(frozen=True, slots=True)
class Member:
    """One account of a fleet, as its exchange knows it."""

    spec: AccountSpec
    key: SandboxKey


def opened_at() -> datetime:
    """Return the first instant of the fleet's world."""
    return datetime.combine((datetime.now(UTC) - timedelta(days=OPENED_DAYS)).date(), clock_time(), UTC)


def even(accounts: int, exchanges: Sequence[str] = ()) -> dict[str, int]:
    """Return so many accounts spread over these exchanges, or over all."""
    names = exchanges or dialects.available()
    return {name: accounts // len(names) + (number < accounts % len(names)) for number, name in enumerate(names)}


def members(counts: Counts) -> list[Member]:
    """Return the fleet's accounts, the same in every process; all sorts of accounts take turns."""
    found = []
    for place, name in enumerate(dialects.available()):
        dialect = dialects.load(name)
        sorts = dialect.accounts()[:SORTS]
        for number in range(counts.get(name, 0)):
            uid = f"9{place:02d}{number:05d}"
            spec = replace(sorts[number % SORTS], uid=uid, name=f"fleet {number}")
            found.append(Member(spec, make_key(name, spec.name, dialect.style, uid=uid)))
    return found


def open_sandbox(counts: Counts, *, latency_seconds: float = LATENCY_SECONDS, limits: bool = False) -> Sandbox:
    """Return a sandbox, not started yet, where the fleet lives beside the standard accounts."""
    names = tuple(name for name, count in counts.items() if count)
    opened_on = opened_at().date()
    sandbox = Sandbox(SandboxConfig(opened_on=opened_on, exchanges=names, enforce_limits=limits))
    fleet = members(counts)
    before = sandbox.world
    everybody = [*before.accounts(), *(member.spec for member in fleet)]
    sandbox.world = World(before.seed, before.opened_on, before.clock, everybody)
    for name in names:
        sandbox.site(name).world = sandbox.world
        if latency_seconds:
            sandbox.fault(Fault(name, FaultKind.LATENCY, seconds=latency_seconds))
    for member in fleet:
        sandbox.put_key(member.key)
    return sandbox


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox in a process of its own."""

    pid: int
    hosts: Mapping[str, Mapping[str, str]]
    control: str

    def rows(self) -> list[dict[str, Any]]:
        """Return how often each path was asked, by exchange, key and answer."""
        found: list[dict[str, Any]] = requests.get(f"{self.control}/sandbox/requests", timeout=60).json()
        return found

    def clear(self) -> None:
        """Forget what was asked so far, and what was counted against limits."""
        requests.delete(f"{self.control}/sandbox/requests", timeout=60)
        requests.delete(f"{self.control}/sandbox/limits", timeout=60)

    def truth(self, uid: str, at: datetime) -> dict[str, Any]:
        """Return the exchange's own book of an account at an instant."""
        query = {"at": at.isoformat()}
        found: dict[str, Any] = requests.get(f"{self.control}/sandbox/truth/{uid}", params=query, timeout=60).json()
        return found

    def book_event(self, uid: str, asset: str, amount: str) -> None:
        """Let money arrive at an account now."""
        body = {"uid": uid, "kind": "deposit", "amounts": {asset: amount}}
        requests.post(f"{self.control}/sandbox/events", json=body, timeout=60).raise_for_status()

    def order(self, exchange: str, kind: FaultKind, **more: Any) -> None:  # noqa: ANN401 - the fields of a fault
        """Order a fault, in front of the latency that is in force."""
        self.call_off(exchange)
        body = {"exchange": exchange, "kind": kind.value, **more}
        requests.post(f"{self.control}/sandbox/faults", json=body, timeout=60).raise_for_status()

    def call_off(self, exchange: str) -> None:
        """End the faults of an exchange, its latency too."""
        requests.delete(f"{self.control}/sandbox/faults", params={"exchange": exchange}, timeout=60)


@contextmanager
def running(counts: Counts, *, latency_seconds: float = LATENCY_SECONDS, limits: bool = False) -> Iterator[Running]:
    """Run a fleet's sandbox in a process of its own for as long as the block lasts."""
    options = ["--counts", json.dumps(counts), "--latency", str(latency_seconds), *(["--limits"] if limits else [])]
    command = [sys.executable, "-m", "tests.fleet.exchanges", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("no output")
            said = json.loads(server.stdout.readline())
            yield Running(server.pid, said["hosts"], said["control"])
        finally:
            server.terminate()


def main(arguments: Sequence[str]) -> int:
    """Serve until told to end; print hosts and control port first."""
    parser = argparse.ArgumentParser(prog="python -m tests.fleet.exchanges")
    parser.add_argument("--counts", type=json.loads, required=True, help="accounts by exchange, as JSON")
    parser.add_argument("--latency", type=float, default=LATENCY_SECONDS, help="seconds")
    parser.add_argument("--limits", action="store_true", help="refuse as the exchanges do")
    options = parser.parse_args(arguments)
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    with open_sandbox(options.counts, latency_seconds=options.latency, limits=options.limits) as sandbox:
        sys.stdout.write(json.dumps({"hosts": sandbox.hosts(), "control": sandbox.control_url}) + "\n")
        sys.stdout.flush()
        while not done.wait(1) and os.getppid() != 1:
            pass
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
