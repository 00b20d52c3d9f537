"""The sandbox itself: one loopback port per exchange and one control port, in threads of this process."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Self

from connectors.sandbox import dialects
from connectors.sandbox.control import Control, RequestLog, truth
from connectors.sandbox.dialect import Dialect, Site
from connectors.sandbox.faults import Fault, FaultBoard, FaultKind
from connectors.sandbox.httpd import WireServer
from connectors.sandbox.keys import KeyRing, SandboxKey
from connectors.sandbox.limits import Limiter
from connectors.sandbox.wire import Answer, WireRequest
from connectors.sandbox.world import World

DEFAULT_SEED = 7
DEFAULT_DAYS = 45
REPLACED = frozenset({FaultKind.STATUS, FaultKind.ERROR_200})


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class SandboxConfig:
    """How a sandbox is set up.

    `opened_on` None means 45 days before the clock's today; `base_port` 0 means free ports, else exchanges take ports
    from there in the order of their ids and control takes the next. `exchanges` None means all. `clock` returns aware
    UTC.
    """

    seed: int = DEFAULT_SEED
    opened_on: date | None = None
    base_port: int = 0
    clock: Callable[[], datetime] = utc_now
    exchanges: tuple[str, ...] | None = None
    enforce_limits: bool = True


class Sandbox:
    """Exchanges on loopback. Use as a context manager, or start() and stop()."""

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        opened_on = self.config.opened_on or self.config.clock().date() - timedelta(days=DEFAULT_DAYS)
        names = self.config.exchanges or dialects.available()
        self._dialects = {name: dialects.load(name) for name in names}
        accounts = [spec for dialect in self._dialects.values() for spec in dialect.accounts()]
        self.world = World(self.config.seed, opened_on, self.config.clock, accounts)
        self.faults = FaultBoard()
        self.requests = RequestLog()
        self._sites = {name: (dialect, self._make_site(dialect)) for name, dialect in self._dialects.items()}
        self._servers: dict[str, WireServer] = {}

    def _make_site(self, dialect: Dialect) -> Site:
        ring = KeyRing(dialect.default_keys())
        return Site(self.world, ring, self.faults, Limiter(), dialect.id, enforce_limits=self.config.enforce_limits)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Open the ports; once this returns every exchange answers."""
        try:
            for index, name in enumerate((*self._dialects, "control")):
                port = self.config.base_port + index if self.config.base_port else 0
                server = WireServer(port, self._control() if name == "control" else self._exchange(name))
                self._servers[name] = server
                server.start()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Close the ports and every connection."""
        for server in self._servers.values():
            server.stop()
        self._servers.clear()

    def hosts(self) -> dict[str, dict[str, str]]:
        """Return exchange -> host key -> base URL, in the form of EXCHANGE_HOSTS."""
        return {name: dict.fromkeys(dialect.hosts, self._servers[name].url) for name, dialect in self._dialects.items()}

    @property
    def control_url(self) -> str:
        """Base URL of the control port."""
        return self._servers["control"].url

    def key(self, exchange: str, name: str) -> SandboxKey:
        """Return a key as the exchange knows it now, by its name."""
        return next(key for key in self._sites[exchange][1].keys.all() if key.name == name)

    def put_key(self, key: SandboxKey) -> None:
        """Add or change a key."""
        self._sites[key.exchange][1].keys.put(key)

    def site(self, exchange: str) -> Site:
        """Return what an exchange's dialect works on, for tests that ask without a wire."""
        return self._sites[exchange][1]

    def fault(self, fault: Fault) -> None:
        """Order a fault."""
        self.faults.add(fault)

    def truth(self, uid: str, at: datetime | None = None) -> dict[str, object]:
        """Return the truth table of an account, with Decimals and datetimes."""
        return truth(self.world, uid, at or self.world.clock())

    def _control(self) -> Control:
        return Control(world=self.world, sites=self._sites, faults=self.faults, requests=self.requests)

    def _exchange(self, name: str) -> Callable[[WireRequest], tuple[Answer, Fault | None]]:
        dialect, site = self._sites[name]

        def app(request: WireRequest) -> tuple[Answer, Fault | None]:
            api_key = dialect.key_of(request)
            fault = self.faults.take(name, request.path, api_key)
            if fault is not None and fault.kind in REPLACED:
                answer = _replaced(dialect, fault, site.now_ms())
                fault = None
            else:
                answer = dialect.answer(request, site)
            self.requests.add(name, request, api_key, answer.status)
            return answer, fault

        return app


def _replaced(dialect: Dialect, fault: Fault, now_ms: int) -> Answer:
    answer = dialect.refusal(fault.status, now_ms)
    answer.status = 200 if fault.kind is FaultKind.ERROR_200 else fault.status
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def serve_forever(config: SandboxConfig, *, announce: Callable[[str], object] | None = None) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code; first print EXCHANGE_HOSTS=… and SANDBOX_CONTROL=…."""
    say = announce or sys.stdout.write
    done = threading.Event()
    before = {name: signal.signal(name, lambda *_: done.set()) for name in (signal.SIGTERM, signal.SIGINT)}
    try:
        with Sandbox(config) as sandbox:
            say(f"EXCHANGE_HOSTS={json.dumps(sandbox.hosts())}\n")
            say(f"SANDBOX_CONTROL={sandbox.control_url}\n")
            sys.stdout.flush()
            while not done.wait(1):
                pass
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    return 0


def run(arguments: Sequence[str] = ()) -> int:
    """Serve with command-line options: --seed, --opened-on, --base-port, --exchange (repeatable), --no-limits."""
    parser = argparse.ArgumentParser(prog="sandbox serve")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED)
    parser.add_argument("--opened-on", type=date.fromisoformat)
    parser.add_argument("--base-port", type=int, default=0)
    parser.add_argument("--exchange", action="append", choices=dialects.available())
    parser.add_argument("--no-limits", action="store_true")
    options = parser.parse_args(list(arguments))
    config = SandboxConfig(
        seed=options.seed,
        opened_on=options.opened_on,
        base_port=options.base_port,
        exchanges=tuple(options.exchange) if options.exchange else None,
        enforce_limits=not options.no_limits,
    )
    return serve_forever(config)
