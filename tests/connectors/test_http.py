"""Whatever a server does, a call ends in time with a typed error, and nothing of a bad answer is used."""

import gzip
import socket
import threading
import time
from collections.abc import Callable

import pytest

from connectors import _wire
from connectors._http import WireError, build_request, send
from tests.connectors.servers import Asked, Reply, raw, scripted

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SECONDS = 0.5
SLACK = 0.6

Behaviour = Callable[[socket.socket, threading.Event], None]


def says(data: bytes) -> Behaviour:
    return lambda client, over: client.sendall(data)


def drips(start: bytes, drop: bytes) -> Behaviour:
    """Send something every 50 ms for ever: no single packet is late, only the whole."""

    def behave(client: socket.socket, over: threading.Event) -> None:
        client.sendall(start)
        while not over.wait(0.05):
            client.sendall(drop)

    return behave


def silent(client: socket.socket, over: threading.Event) -> None:
    over.wait(5)


def resets(client: socket.socket, over: threading.Event) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


def floods_headers(client: socket.socket, over: threading.Event) -> None:
    client.sendall(HEAD)
    for number in range(100_000):
        client.sendall(b"X-%d: y\r\n" % number)


BOMB = gzip.compress(b"[" + b"0," * (40 * 1024 * 1024) + b"0]", compresslevel=9)

CASES = [
    ("slow head", drips(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"), "timeout", False),
    ("slower head", drips(b"", b"H"), "timeout", False),
    ("slow body", drips(HEAD + b"Content-Length: 100000\r\n\r\n", b" "), "timeout", False),
    ("slow chunks", drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"), "timeout", False),
    ("body without end", drips(HEAD + b"\r\n", b" "), "timeout", False),
    ("silence", silent, "timeout", False),
    ("reset", resets, "reset", False),
    ("closed at once", says(b""), "reset", False),
    ("cut short", says(HEAD + b'Content-Length: 50\r\n\r\n{"a": 1'), "truncated", True),
    ("cut chunk", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{"), "truncated", True),
    ("bad chunk", says(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"), "truncated", True),
    ("no http", says(b"\x16\x03\x01 hello\r\n\r\n"), "garbled", True),
    ("bad gzip", says(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"), "garbled", True),
    ("huge body", says(HEAD + b"\r\n" + b" " * (9 * 1024 * 1024)), "too-large", True),
    (
        "bomb",
        says(HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(BOMB) + BOMB),
        "too-large",
        True,
    ),
    ("endless headers", floods_headers, "garbled", True),
]


@pytest.mark.parametrize(("name", "behave", "problem", "garbled"), CASES, ids=[case[0] for case in CASES])
def test_a_misbehaving_server_ends_in_time_with_a_named_problem(
    name: str, behave: Behaviour, problem: str, garbled: bool
) -> None:
    with raw(behave) as url:
        started = time.monotonic()
        with pytest.raises(WireError) as caught:
            send(build_request("GET", f"{url}/x?signature=canary"), SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK
    assert (caught.value.problem, caught.value.garbled) == (problem, garbled)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_closed_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WireError, match="refused"):
        send(build_request("GET", f"http://127.0.0.1:{port}/"), SECONDS)


def test_a_name_that_does_not_resolve_is_a_dns_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(WireError, match="dns"):
        send(build_request("GET", "http://exchange.invalid/"), SECONDS)


def test_plain_text_behind_https_is_a_tls_problem_and_not_retryable() -> None:
    with raw(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url, pytest.raises(WireError, match="tls") as caught:
        send(build_request("GET", url.replace("http:", "https:")), SECONDS)
    assert not caught.value.retryable


def test_a_compressed_answer_is_read_whole() -> None:
    body = gzip.compress(b'{"a": "1"}')
    with scripted({"/x": Reply(body, headers={"Content-Encoding": "gzip"})}) as server:
        answer = send(build_request("GET", f"{server.url}/x"), SECONDS)
    assert (answer.status, answer.body) == (200, b'{"a": "1"}')


def test_cookies_are_not_sent_back_and_redirects_are_not_followed() -> None:
    moved = Reply(b"", 302, {"Location": "/other", "Set-Cookie": "who=me"})
    with scripted({"/x": moved, "/other": Reply({})}) as server:
        first = send(build_request("GET", f"{server.url}/x"), SECONDS)
        send(build_request("GET", f"{server.url}/x"), SECONDS)
    assert first.status == 302
    assert server.paths() == ["/x", "/x"]
    assert all("Cookie" not in request.headers for request in server.asked)


def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with scripted({"/x": Reply({})}) as server:
        assert send(build_request("GET", f"{server.url}/x"), SECONDS).status == 200


def test_one_connection_serves_many_requests_each_with_its_own_deadline() -> None:
    def ponder(request: Asked) -> Reply:
        time.sleep(0.2)
        return Reply({})

    with scripted({"/x": ponder}) as server:
        for _ in range(4):
            assert send(build_request("GET", f"{server.url}/x"), SECONDS).status == 200
    assert len({request.port for request in server.asked}) == 1


def test_the_tls_context_is_made_once() -> None:
    assert _wire.tls_context() is _wire.tls_context()
