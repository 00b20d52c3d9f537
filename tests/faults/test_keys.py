"""Keys that stop working, and ways out that lead elsewhere."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.sandbox.faults import FaultKind
from connectors.sandbox.keys import SandboxKey
from core.domain.types import AccountStatus
from core.sync.runner import Runner
from tests.core.sync.house import EXCHANGE
from tests.faults.house import FaultHouse
from tests.faults.loopback import Listener, listening, self_signed

Spoil = Callable[[SandboxKey], SandboxKey]


def revoked(key: SandboxKey) -> SandboxKey:
    return replace(key, revoked=True)


def moved(key: SandboxKey) -> SandboxKey:
    return replace(key, allowed_ips=("203.0.113.7",))


def expired(key: SandboxKey) -> SandboxKey:
    return replace(key, permissions=replace(key.permissions, expires_at=datetime(2026, 2, 1, tzinfo=UTC)))


def blind(key: SandboxKey) -> SandboxKey:
    return replace(key, denied=("/api/", "/sapi/", "/fapi/", "/dapi/", "/papi/"))


@pytest.mark.parametrize("spoil", [revoked, moved, expired, blind])
def test_a_key_that_is_refused_needs_its_owner_and_is_tried_every_quarter_of_an_hour(
    house: FaultHouse, spoil: Spoil
) -> None:
    key = house.sandbox.key(EXCHANGE, "good")
    before = house.figures(house.good)
    house.sandbox.put_key(spoil(key))
    runner = house.runner()
    read(house, runner)
    account = house.account(house.good)
    assert account.status is AccountStatus.NEEDS_ATTENTION
    assert account.reason is not None
    house.sandbox.requests.clear()
    house.clock.move(870)
    read(house, runner)
    assert house.asked("good") == 0
    assert house.figures(house.good) == before
    assert house.age(house.spot) == 0
    assert house.reads().count("Needs attention") == 1
    house.pass_time()
    read(house, runner)
    assert 0 < house.asked("good") <= 6
    house.sandbox.put_key(key)
    house.clock.move(900)
    read(house, runner)
    assert house.account(house.good).status is AccountStatus.ACTIVE
    assert house.age(house.good) == 0


def read(house: FaultHouse, runner: Runner) -> None:
    """Let a sidecar read prices first and then what is due."""
    house.tick(runner)
    house.tick(runner)


@contextmanager
def instead(house: FaultHouse, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the exchange be looked for at another address."""
    hosts = house.sandbox.hosts()
    hosts[EXCHANGE] = dict.fromkeys(hosts[EXCHANGE], url)
    with monkeypatch.context() as patched:
        patched.setattr(house.sandbox, "hosts", lambda: hosts)
        yield


def assert_unread(house: FaultHouse, listener: Listener | None) -> None:
    """The last figures stay, the others are read, and nobody heard the key."""
    secrets = [text.encode() for name in ("good", "spot") for text in house.key(EXCHANGE, name).fields.values()]
    before = house.figures(house.good)
    house.once()
    assert house.figures(house.good) == before
    assert house.account(house.good).status is AccountStatus.ACTIVE
    assert house.age(house.other) == 0
    for secret in secrets if listener is not None else ():
        assert listener is not None
        assert secret not in listener.heard()


def test_a_name_that_does_not_resolve_is_named(
    house: FaultHouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **named: object) -> object:
        if host == "exchange.invalid":
            raise socket.gaierror(-2, "Name or service not known")
        return real(host, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with instead(house, "https://exchange.invalid", monkeypatch):
        assert_unread(house, None)
    assert house.state(house.good).last_error_code == "network"
    assert "(dns)" in caplog.text
    assert "Binance could not be reached in time" in house.reads()


@pytest.mark.parametrize("speaks_tls", [True, False])
def test_a_certificate_that_nobody_vouches_for_gets_no_key(
    house: FaultHouse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, speaks_tls: bool
) -> None:
    context = self_signed() if speaks_tls else None
    with listening(context) as listener, instead(house, f"https://127.0.0.1:{listener.port}", monkeypatch):
        assert_unread(house, listener)
        assert listener.calls > 0
    assert house.state(house.good).last_error_code == "network"
    assert "(tls)" in caplog.text


def test_a_redirect_is_not_followed(house: FaultHouse, caplog: pytest.LogCaptureFixture) -> None:
    with listening(None) as listener:
        house.strike(FaultKind.REDIRECT, value=f"http://127.0.0.1:{listener.port}/api/v3/account")
        assert_unread(house, listener)
        assert listener.calls == 0
    assert house.state(house.good).last_error_code == "bad_response"
    assert "(redirect)" in caplog.text


def test_a_proxy_that_the_environment_names_is_not_used(house: FaultHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(None) as listener:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
        house.once()
        assert listener.calls == 0
    assert house.age(house.good) == 0
