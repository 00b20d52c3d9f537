"""One sandbox at rest, with whom every client signs in."""

import socket
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any

import ccxt
import pytest
import requests
import time_machine

import connectors
from connectors import _pace
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerEntry
from tests.connectors.agreement.clients import Client
from tests.connectors.agreement.world import NOW, NOW_MS, SINCE


@pytest.fixture(scope="package")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=date(2026, 1, 1), clock=lambda: NOW, enforce_limits=False)) as running:
        yield running


@pytest.fixture(scope="package")
def theirs(sandbox: Sandbox) -> Iterator[Callable[[str, Client, str], Any]]:
    """Make ccxt clients of the sandbox that take numbers as text and the time from our clock."""
    made: dict[tuple[str, str], Any] = {}

    def connect(exchange: str, client: Client, name: str) -> Any:  # noqa: ANN401 - ccxt has no types
        if (exchange, name) not in made:
            key = sandbox.key(exchange, name)
            settings = {"apiKey": key.api_key, "secret": key.api_secret, "password": key.passphrase}
            found = getattr(ccxt, client.name or exchange)(
                {**settings, "enableRateLimit": False, "options": client.options}
            )
            base = next(iter(sandbox.hosts()[exchange].values()))
            found.urls["api"] = moved(found.urls["api"], base)
            found.number, found.milliseconds, found.seconds = str, lambda: NOW_MS, lambda: NOW_MS // 1000
            found.session.trust_env = False
            made[exchange, name] = found
        return made[exchange, name]

    yield connect
    for item in made.values():
        item.session.close()


@pytest.fixture(scope="package")
def ours(sandbox: Sandbox) -> Iterator[Callable[[str, str], connectors.Connector]]:
    """Make our connectors of the sandbox; limits rest, as its clock does."""

    @cache
    def connect(exchange: str, name: str) -> connectors.Connector:
        key = sandbox.key(exchange, name)
        return connectors.create(
            exchange,
            api_key=key.api_key,
            api_secret=key.api_secret,
            passphrase=key.passphrase,
            hosts=sandbox.hosts()[exchange],
            clock=lambda: NOW,
        )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)
        yield connect


@pytest.fixture(scope="package")
def ledger(ours: Callable[[str, str], connectors.Connector]) -> Callable[[str, str], list[LedgerEntry]]:
    """Read the ledger of an account, once for all tests."""
    return cache(lambda exchange, name: ours(exchange, name).get_ledger(SINCE, NOW))


def moved(urls: Any, base: str) -> Any:  # noqa: ANN401
    """Return the URLs of a client, in groups or not, on another host."""
    if isinstance(urls, dict):
        return {part: moved(url, base) for part, url in urls.items()}
    return "/".join([base, *urls.split("/", 3)[3:]])


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no client reach anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:  # noqa: ANN401
        assert address[0] in ("127.0.0.1", "::1"), address
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give clients that read the machine's clock the time of the sandbox, and end their sessions after the test."""
    sessions: list[requests.Session] = []
    start = requests.Session.__init__

    def started(self: requests.Session) -> None:
        start(self)
        self.trust_env = False
        sessions.append(self)

    monkeypatch.setattr(requests.Session, "__init__", started)
    with time_machine.travel(NOW, tick=False):
        yield
    for session in sessions:
        session.close()
