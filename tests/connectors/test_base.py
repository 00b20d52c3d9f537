"""The machinery: one deadline, few retries, each signed anew, only to hosts that are allowed."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
import requests

from connectors import _base, _http
from connectors._base import RestConnector
from connectors._credentials import Credentials, Secret
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import milliseconds
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors.errors import (
    BadResponseError,
    ConnectorError,
    IpBannedError,
    MaintenanceError,
    NetworkError,
    NotSupportedError,
    RateLimitedError,
    RegionBlockedError,
    TimestampSkewError,
    UnknownExchangeError,
)
from connectors.types import ExchangeInfo
from tests.connectors.servers import Asked, Reply, Script, ScriptServer, raw, scripted

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
READ = Endpoint("GET", "/read")
TIME = Endpoint("GET", "/time", private=False)
ITEM = Endpoint("GET", "/items/{item}/rows", private=False)


class Toy(RestConnector):
    """An exchange of one page."""

    info: ClassVar[ExchangeInfo] = ExchangeInfo(
        "toy", "Toy", "", (), frozenset(), {}, has_testnet=False, hosts={"rest": "https://toy.invalid"}
    )
    endpoints: ClassVar[tuple[Endpoint, ...]] = (READ, TIME, ITEM)
    time_endpoint: ClassVar[Endpoint] = TIME
    usage_headers: ClassVar[tuple[str, ...]] = ("X-Used",)
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        ("GET", "/read"): lambda answer: Reading(
            extra={"value": answer.payload["value"]}, next=answer.payload.get("next")
        ),
        ("GET", "/time"): lambda answer: Reading(server_time_ms=milliseconds(answer.payload["now"])),
        ("GET", "/items/{item}/rows"): lambda answer: Reading(extra={"path": answer.path}),
    }

    def sign(self, call: Call) -> requests.PreparedRequest:
        secret = self.credentials.api_secret.reveal()
        return build_request(call.method, f"{call.url}?at={call.now_ms}&nonce={call.nonce}&signature={secret}")

    def check(self, answer: Answer) -> None:
        if isinstance(answer.payload, dict) and answer.payload.get("code") == "skew":
            raise self.error(TimestampSkewError, answer, "skew")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture
def script() -> Script:
    return {"/read": Reply({"value": 1}), "/time": Reply({"now": 1_795_348_800_000})}


@pytest.fixture
def server(script: Script) -> Iterator[ScriptServer]:
    with scripted(script) as running:
        yield running


def make(url: str) -> Toy:
    return Toy(Credentials(Secret("key"), Secret("canary")), Settings({"rest": url}, lambda: NOW))


def test_a_passing_failure_is_retried_twice_and_signed_anew(server: ScriptServer, script: Script) -> None:
    script["/read"] = [Reply({}, 503), Reply(b"<html>", 200), Reply({"value": 7})]
    assert make(server.url).call(READ).extra == {"value": 7}
    nonces = [request.params["nonce"] for request in server.asked]
    assert len(set(nonces)) == 3
    assert nonces == sorted(nonces)


def test_the_third_failure_is_final(server: ScriptServer, script: Script) -> None:
    script["/read"] = Reply({}, 503)
    with pytest.raises(MaintenanceError):
        make(server.url).call(READ)
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("reply", "kind", "calls"),
    [
        (Reply({}, 429, {"Retry-After": "37"}), RateLimitedError, 1),
        (Reply({}, 418, {"Retry-After": "120"}), IpBannedError, 1),
        (Reply({}, 451), RegionBlockedError, 1),
        (Reply({}, 302, {"Location": "/time"}), BadResponseError, 1),
        (Reply({}, 404), UnknownExchangeError, 1),
        (Reply({}, 500), UnknownExchangeError, 3),
        (Reply({"other": 1}), BadResponseError, 1),
        (Reply(b"not json"), BadResponseError, 3),
        (Reply(b'{"value": 1, "value": 2}'), BadResponseError, 3),
    ],
)
def test_each_failure_has_its_class_and_its_number_of_tries(
    server: ScriptServer, script: Script, reply: Reply, kind: type[ConnectorError], calls: int
) -> None:
    script["/read"] = reply
    with pytest.raises(kind) as caught:
        make(server.url).call(READ)
    assert server.paths() == ["/read"] * calls
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("37", 37.0), ("1.5", 1.5), ("Sun, 22 Nov 2026 12:00:30 GMT", 30.0), ("soon", None), ("", None), ("-5", None)],
)
def test_retry_after_is_read_as_seconds_or_date(
    server: ScriptServer, script: Script, header: str, seconds: float | None
) -> None:
    script["/read"] = Reply({}, 429, {"Retry-After": header})
    with pytest.raises(RateLimitedError) as caught:
        make(server.url).call(READ)
    assert caught.value.retry_after == seconds


def test_a_wrong_clock_is_set_once_and_the_call_repeated(server: ScriptServer, script: Script) -> None:
    ahead = NOW + timedelta(seconds=90)
    script["/time"] = Reply({"now": int(ahead.timestamp() * 1000)})
    script["/read"] = [Reply({"code": "skew"}), Reply({"value": 7})]
    connector = make(server.url)
    assert connector.call(READ).extra == {"value": 7}
    assert server.paths() == ["/read", "/time", "/read"]
    assert int(server.asked[2].params["at"]) - int(server.asked[0].params["at"]) == 90_000
    assert connector.clock_offset_ms == 90_000
    assert connector.now() == ahead


def test_a_clock_that_stays_wrong_is_an_error(server: ScriptServer, script: Script) -> None:
    script["/read"] = Reply({"code": "skew"})
    with pytest.raises(TimestampSkewError):
        make(server.url).call(READ)
    assert server.paths() == ["/read", "/time", "/read"]


def test_one_deadline_holds_for_all_tries_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def stay_silent(client: socket.socket, over: threading.Event) -> None:
        over.wait(5)

    monkeypatch.setattr(_http, "DEADLINE_SECONDS", 0.5)
    with raw(stay_silent) as url:
        started = time.monotonic()
        with pytest.raises(NetworkError, match="timeout"):
            make(url).call(READ)
        assert time.monotonic() - started < 1.0


def test_nothing_is_sent_to_a_host_that_was_not_given(server: ScriptServer) -> None:
    connector = make("http://127.0.0.1:1")
    with pytest.raises(NotSupportedError):
        connector._send(build_request("GET", f"{server.url}/read"), "/read", time.monotonic() + 1)
    with pytest.raises(NotSupportedError):
        connector.call(Endpoint("GET", "/read", "other"))
    assert server.asked == []


def test_usage_headers_stay_readable(server: ScriptServer, script: Script) -> None:
    script["/read"] = Reply({"value": 1}, headers={"x-used": "4711"})
    connector = make(server.url)
    connector.call(READ)
    assert connector.usage == {"X-Used": 4711}


def test_every_try_is_announced_with_its_cost(server: ScriptServer, script: Script) -> None:
    script["/read"] = [Reply({}, 503), Reply({"value": 1})]
    announced: list[Endpoint] = []
    connector = make(server.url)
    connector.on_call = announced.append
    connector.call(READ)
    assert announced == [READ, READ]


def test_a_path_template_is_filled_and_escaped(server: ScriptServer, script: Script) -> None:
    def echo(request: Asked) -> Reply:
        return Reply({})

    script["/items/a%2Fb/rows"] = echo
    assert make(server.url).call(ITEM, {"item": "a/b", "limit": "5"}).extra == {"path": "/items/a%2Fb/rows"}
    assert server.asked[0].params == {"limit": "5"}


def test_pages_are_walked_to_the_end(server: ScriptServer, script: Script) -> None:
    script["/read"] = [Reply({"value": 1, "next": {"page": "2"}}), Reply({"value": 2})]
    values = [page.extra["value"] for page in make(server.url).pages(READ, {})]
    assert values == [1, 2]


def test_pages_that_go_in_a_circle_are_a_bad_answer(server: ScriptServer, script: Script) -> None:
    script["/read"] = Reply({"value": 1, "next": {"page": "2"}})
    with pytest.raises(BadResponseError, match="endless"):
        list(make(server.url).pages(READ, {}))


def test_a_nonce_only_grows_even_when_the_clock_stands() -> None:
    connector = make("http://127.0.0.1:1")
    nonces: list[Any] = [connector.next_nonce(1_000) for _ in range(3)] + [connector.next_nonce(5)]
    assert nonces == [1_000, 1_001, 1_002, 1_003]
