"""The way out: what calls cost, what exchanges tell of it, and the address or proxy they leave by."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

import connectors
from connectors import Exit, Way
from connectors.errors import IpBannedError, NetworkError, RateLimitedError
from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.server import Sandbox, SandboxConfig
from connectors.types import Cost


@dataclass
class Listener:
    """A meter that writes down what it is told."""

    paid: list[tuple[Cost, ...]] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)
    halts: list[tuple[float | None, bool]] = field(default_factory=list)
    full: bool = False

    def pay(self, costs: tuple[Cost, ...]) -> float:
        if self.full:
            raise RateLimitedError("own-budget", retry_after=9)
        self.paid.append(costs)
        return 0.0

    def learn(self, cost: Cost, used: int, at: datetime) -> None:
        assert at.tzinfo is UTC
        self.told.append((cost.bucket, used))

    def halt(self, seconds: float | None, *, banned: bool) -> None:
        self.halts.append((seconds, banned))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(exchanges=("binance", "bybit", "bingx"))) as made:
        yield made


def connect(sandbox: Sandbox, exchange: str, way: Way) -> connectors.Connector:
    key = sandbox.key(exchange, "good")
    return connectors.create(
        exchange, api_key=key.api_key, api_secret=key.api_secret, hosts=sandbox.hosts()[exchange], way=way
    )


def test_every_request_is_paid_for_before_it_leaves_and_the_exchange_s_own_count_is_handed_on(sandbox: Sandbox) -> None:
    meter = Listener()
    sandbox.site("binance").limiter.clear()
    connector = connect(sandbox, "binance", Way(meter=meter))
    connector.get_spot_balances()
    connector.get_spot_balances()
    cost = Cost("api", 20, 6_000, 60)
    assert meter.paid == [(cost,), (cost,)]
    assert meter.told == [("api", 20), ("api", 40)]


def test_endpoints_with_counts_of_their_own_have_buckets_of_their_own(sandbox: Sandbox) -> None:
    meter = Listener()
    connect(sandbox, "binance", Way(meter=meter)).get_permissions()
    assert meter.paid[0] == (Cost("sapi GET /sapi/v1/account/apiRestrictions", 1, 12_000, 60),)


def test_a_limit_over_everything_is_paid_by_calls_that_count_for_the_account_too(sandbox: Sandbox) -> None:
    meter = Listener()
    connect(sandbox, "bybit", Way(meter=meter)).get_account_info()
    assert {costs for costs in meter.paid} == {(Cost("ip", 1, 600, 5),)}


def test_a_limit_by_the_second_of_the_address_is_paid_endpoint_by_endpoint(sandbox: Sandbox) -> None:
    meter = Listener()
    connect(sandbox, "bingx", Way(meter=meter)).get_spot_balances()
    assert {cost.window_seconds for costs in meter.paid for cost in costs} == {1}
    assert all(" GET /openApi/" in cost.bucket for costs in meter.paid for cost in costs)


def test_a_request_that_does_not_fit_is_never_sent_and_is_no_refusal_of_the_exchange(sandbox: Sandbox) -> None:
    meter = Listener(full=True)
    sandbox.requests.clear()
    with pytest.raises(RateLimitedError) as caught:
        connect(sandbox, "binance", Way(meter=meter)).get_spot_balances()
    assert (caught.value.scope, caught.value.retry_after) == ("own", 9)
    assert sandbox.requests.rows() == []
    assert meter.halts == []


@pytest.mark.parametrize(("status", "error", "banned"), [(429, RateLimitedError, False), (418, IpBannedError, True)])
def test_a_refusal_of_the_address_stops_everything_for_as_long_as_it_says(
    sandbox: Sandbox, status: int, error: type[Exception], banned: bool
) -> None:
    meter = Listener()
    sandbox.fault(Fault("binance", FaultKind.STATUS, status=status, retry_after=33))
    try:
        with pytest.raises(error):
            connect(sandbox, "binance", Way(meter=meter)).get_spot_balances()
    finally:
        sandbox.faults.clear()
    assert meter.halts == [(33.0, banned)]


def test_requests_leave_from_the_address_that_was_asked_for(sandbox: Sandbox) -> None:
    seen: list[str] = []
    with listening(lambda peer, _: seen.append(peer[0])) as port:
        hosts = dict.fromkeys(sandbox.hosts()["binance"], f"http://127.0.0.1:{port}")
        connector = connectors.create_public("binance", hosts=hosts, way=Way(exit=Exit(address="127.0.0.9")))
        with pytest.raises(NetworkError):
            connector.get_server_time()
    assert set(seen) == {"127.0.0.9"}


def test_an_address_that_is_not_ours_is_a_network_error(sandbox: Sandbox) -> None:
    way = Way(exit=Exit(address="192.0.2.1"))
    connector = connectors.create_public("binance", hosts=sandbox.hosts()["binance"], way=way)
    with pytest.raises(NetworkError):
        connector.get_server_time()


def test_a_proxy_is_asked_for_a_tunnel_and_nothing_but_that(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    heads: list[bytes] = []
    with listening(lambda _, head: heads.append(head), sandbox.hosts()["binance"]["spot"]) as port:
        way = Way(exit=Exit(proxy=f"http://us%40er:word@127.0.0.1:{port}"))
        connector = connectors.create_public("binance", hosts=sandbox.hosts()["binance"], way=way)
        assert connector.get_server_time().tzinfo is UTC
    place = sandbox.hosts()["binance"]["spot"].removeprefix("http://")
    assert heads[0].startswith(f"CONNECT {place} HTTP/1.".encode())
    assert b"Proxy-Authorization: Basic dXNAZXI6d29yZA==" in heads[0]
    assert b"/api/v3/time" not in heads[0]


@contextmanager
def listening(note: Callable[[tuple[str, int], bytes], None], target: str = "") -> Iterator[int]:
    """Give the port of a server that hangs up on everybody, or that joins them with a target once they ask."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, address = server.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(5)
                note(address, peer.recv(65_536))
                if target:
                    host, _, port = target.removeprefix("http://").partition(":")
                    peer.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    with socket.create_connection((host, int(port)), timeout=5) as other:
                        other.sendall(peer.recv(65_536))
                        peer.sendall(other.recv(65_536))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
