"""The sandbox itself: one loopback port per exchange and one control port, in threads of this process."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import TracebackType
from typing import Self

from connectors.sandbox import dialects
from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.control import Control, RequestLog, truth
from connectors.sandbox.dialect import Dialect, Site
from connectors.sandbox.faults import Fault, FaultBoard
from connectors.sandbox.httpd import WireServer
from connectors.sandbox.keys import KeyRing, SandboxKey
from connectors.sandbox.limits import Limiter
from connectors.sandbox.proxy import FaultProxy, Front, needs_proxy
from connectors.sandbox.ptax import NAME as BANK
from connectors.sandbox.ptax import CentralBank
from connectors.sandbox.seldom import SELDOM
from connectors.sandbox.world import World

DEFAULT_SEED = 7
DEFAULT_DAYS = 45


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class SandboxConfig:
    """How a sandbox is set up.

    `opened_on` None means 45 days before the clock's today; `base_port` 0 means free ports, else exchanges take ports
    from there in the order of their ids and control takes the next. `exchanges` None means all. `clock` returns aware
    UTC. `proxied` puts the fault-injecting proxy in front of every exchange: it takes the ports, the servers behind it
    take free ones. With `seldom` everything that happens about once a week happens to every account that trades.
    """

    seed: int = DEFAULT_SEED
    opened_on: date | None = None
    base_port: int = 0
    clock: Callable[[], datetime] = utc_now
    exchanges: tuple[str, ...] | None = None
    enforce_limits: bool = True
    proxied: bool = False
    seldom: bool = False


class Sandbox:
    """Exchanges on loopback. Use as a context manager, or start() and stop()."""

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        opened_on = self.config.opened_on or self.config.clock().date() - timedelta(days=DEFAULT_DAYS)
        names = self.config.exchanges or dialects.available()
        self._dialects = {name: dialects.load(name) for name in names}
        accounts = [spec for dialect in self._dialects.values() for spec in self._accounts(dialect)]
        self.world = World(self.config.seed, opened_on, self.config.clock, accounts)
        self.faults = FaultBoard()
        self.requests = RequestLog()
        self._sites = {name: (dialect, self._make_site(dialect)) for name, dialect in self._dialects.items()}
        self.bank = CentralBank(self.world.market, self.config.clock, self.faults, self.requests)
        self._servers: dict[str, WireServer] = {}
        self._behind: list[WireServer] = []

    def _accounts(self, dialect: Dialect) -> list[AccountSpec]:
        names = tuple(name for name in SELDOM if name not in dialect.untold) if self.config.seldom else ()
        return [replace(spec, habits=replace(spec.habits, seldom=names)) for spec in dialect.accounts()]

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
            for index, name in enumerate((*self._dialects, "control", BANK)):
                port = self.config.base_port + index if self.config.base_port else 0
                self._servers[name] = server = self._serve(name, port)
                server.start()
        except OSError:
            self.stop()
            raise

    def stop(self) -> None:
        """Close the ports and every connection."""
        for server in (*self._servers.values(), *self._behind):
            server.stop()
        self._servers.clear()
        self._behind.clear()

    def reset(self) -> None:
        """Undo everything that was ordered since the start: faults, added events, changed keys, counts."""
        self.faults.clear()
        self.world.forget_added()
        self.world.market.fixed.clear()
        self.bank.fixed.clear()
        for dialect, site in self._sites.values():
            site.keys = KeyRing(dialect.default_keys())
            site.limiter.clear()
        for server in self._servers.values():
            if isinstance(server, FaultProxy):
                server.memory.forget()
        self.requests.clear()

    def hosts(self) -> dict[str, dict[str, str]]:
        """Return exchange -> host key -> base URL, in the form of EXCHANGE_HOSTS; the central bank is among them."""
        exchanges = self._dialects.items()
        found = {name: dict.fromkeys(dialect.hosts, self._servers[name].url) for name, dialect in exchanges}
        return found | {BANK: {"rest": self._servers[BANK].url}}

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
        """Order a fault.

        Raises:
            ValueError: only the proxy can act it out, and there is none.
        """
        if needs_proxy(fault) and not self.config.proxied:
            raise ValueError(f"{fault.kind} needs a sandbox with the proxy")
        self.faults.add(fault)

    def truth(self, uid: str, at: datetime | None = None) -> dict[str, object]:
        """Return the truth table of an account, with Decimals and datetimes."""
        return truth(self.world, uid, at or self.world.clock())

    def _serve(self, name: str, port: int) -> WireServer:
        if name == "control":
            control = Control(
                world=self.world, sites=self._sites, order=self.fault, faults=self.faults, log=self.requests
            )
            return WireServer(port, control)
        if name == BANK:
            bank = WireServer(port, self.bank)
            self.faults.watch(lambda: bank.refuse(self.faults.is_refusing(BANK)))
            return bank
        dialect, site = self._sites[name]
        note = self.requests.add
        if self.config.proxied:
            behind = WireServer(0, lambda request: (dialect.answer(request, site), None))
            self._behind.append(behind)
            behind.start()
            server: WireServer = FaultProxy(port, behind.url, dialect, site, note)
        else:
            server = WireServer(port, Front(dialect, site, lambda request: dialect.answer(request, site), note))
        self.faults.watch(lambda: server.refuse(self.faults.is_refusing(name)))
        return server


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
    """Serve with the command-line options of `sandbox serve --help`."""
    parser = argparse.ArgumentParser(prog="sandbox serve")
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="the same seed gives the same world")
    parser.add_argument("--opened-on", type=date.fromisoformat)
    parser.add_argument("--base-port", type=int, default=0)
    parser.add_argument("--exchange", action="append", choices=dialects.available(), help="may be repeated")
    parser.add_argument("--no-limits", action="store_true", help="never refuse for asking too often")
    parser.add_argument("--proxy", action="store_true", help="put the fault-injecting proxy in front")
    options = parser.parse_args(list(arguments))
    config = SandboxConfig(
        seed=options.seed,
        opened_on=options.opened_on,
        base_port=options.base_port,
        exchanges=tuple(options.exchange) if options.exchange else None,
        enforce_limits=not options.no_limits,
        proxied=options.proxy,
    )
    return serve_forever(config)
