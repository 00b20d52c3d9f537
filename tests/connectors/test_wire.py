"""Connections are kept and replaced, and what could put two readings on one stream of bytes is refused."""

import gzip
import socket
import threading
import time

import pytest

from connectors import _wire
from connectors._http import WireError, build_request, send
from connectors._wire import DIRECT, Origin, split_url
from tests.connectors.servers import Reply, raw, scripted

SECONDS = 2.0
HEAD = b"HTTP/1.1 200 OK\r\n"
CUT = gzip.compress(b"[" + b"1," * 999 + b"1]")[:-9]


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("https://api.x.com/v1/a?b=c/d", ("https", "api.x.com"), "/v1/a?b=c/d"),
        ("HTTP://LocalHost:8080", ("http", "localhost:8080"), ""),
        ("https://api.x.com@evil.example/v1", ("https", "api.x.com@evil.example"), "/v1"),
        ("https://evil.example?https://api.x.com/", ("https", "evil.example?https:"), "//api.x.com/"),
        ("nonsense", ("nonsense", ""), ""),
    ],
)
def test_a_url_is_cut_where_it_is_sent(url: str, origin: tuple[str, str], target: str) -> None:
    assert split_url(url) == (Origin(*origin), target)


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"Content-Length: 2\r\nContent-Encoding: br\r\n\r\n{}",
        b"Content-Length: +2\r\n\r\n{}",
        b"Content-Length: 2, 2\r\n\r\n{}",
        b"Content-Length: 2\r\n X: folded\r\n\r\n{}",
        b"Content-Length : 2\r\n\r\n{}",
        b"Content-Length: 2\r\nno field\r\n\r\n{}",
        b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"X-Long: " + b"x" * 70_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Encoding: gzip, gzip\r\n\r\n{}",
    ],
)
def test_an_answer_that_can_be_read_in_two_ways_is_garbled(answer: bytes) -> None:
    with raw(lambda client, over: client.sendall(HEAD + answer)) as url, pytest.raises(WireError, match="garbled"):
        send(build_request("GET", f"{url}/x"), SECONDS)


def test_a_head_that_is_cut_short_is_not_used() -> None:
    answer = HEAD + b"Content-Length: 2"
    with raw(lambda client, over: client.sendall(answer)) as url, pytest.raises(WireError, match="truncated"):
        send(build_request("GET", f"{url}/x"), SECONDS)


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200\r\ncontent-length:2\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.0 200 OK\nContent-Length: 2\n\n{}", 200, b"{}"),
        (b"HTTP/1.1 404 \r\nTransfer-Encoding: Chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nX: y\r\n\r\n", 404, b"{}"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", 200, b"{}"),
    ],
)
def test_an_answer_is_read_in_every_shape_that_http_knows(answer: bytes, status: int, body: bytes) -> None:
    with raw(lambda client, over: client.sendall(answer)) as url:
        found = send(build_request("GET", f"{url}/x"), SECONDS)
    assert (found.status, found.body) == (status, body)


@pytest.mark.parametrize(
    ("fields", "read"),
    [(b"X: y\r\nx-B:  c \r\n", True), (b"X: y\r\n" * 98, True), (b"X: y\r\n" * 99, False), (b"X: \0\r\n", False)],
)
def test_a_head_is_read_or_refused_whether_it_comes_at_once_or_in_pieces(fields: bytes, read: bool) -> None:
    answer = HEAD + fields + b"Content-Length: 2\r\n\r\n{}"

    def in_pieces(client: socket.socket, over: threading.Event) -> None:
        for start in (slice(0, 20), slice(20, -5), slice(-5, None)):
            client.sendall(answer[start])
            time.sleep(0.05)

    found: list[object] = []
    for serve in (lambda client, over: client.sendall(answer), in_pieces):
        with raw(serve) as url:
            try:
                reply = send(build_request("GET", f"{url}/x"), SECONDS)
                found.append((reply.status, dict(reply.headers), reply.body))
            except WireError as e:
                found.append(e.problem)
    assert found[0] == found[1]
    assert (found[0] != "garbled") is read


def test_headers_are_found_whatever_their_case() -> None:
    with scripted({"/x": Reply({}, headers={"RETRY-after": " 7 "})}) as server:
        assert send(build_request("GET", f"{server.url}/x"), SECONDS).headers["Retry-After"] == "7"


def test_compressed_text_that_is_cut_short_is_not_used() -> None:
    reply = Reply(CUT, headers={"Content-Encoding": "gzip"})
    with scripted({"/x": reply}) as server, pytest.raises(WireError, match="truncated") as caught:
        send(build_request("GET", f"{server.url}/x"), SECONDS)
    assert caught.value.garbled


def test_an_empty_answer_may_call_itself_compressed() -> None:
    with scripted({"/x": Reply(b"", headers={"Content-Encoding": "gzip"})}) as server:
        assert send(build_request("GET", f"{server.url}/x"), SECONDS).body == b""


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("GET", "/x HTTP/1.1\r\nX-A: b", {}),
        ("GET", "/x y", {}),
        ("GET\r\n", "/x", {}),
        ("GET", "/x", {"X-Key": "a\r\nX-Other: b"}),
        ("GET", "/x", {"X-Key\n": "a"}),
        ("GET", "/x", {"X-Key": "\u20ac"}),
    ],
)
def test_a_request_that_would_become_another_is_not_sent(method: str, target: str, headers: dict[str, str]) -> None:
    with scripted({}) as server, pytest.raises(WireError, match="garbled"):
        send(build_request(method, f"{server.url}{target}", headers), SECONDS)
    assert server.asked == []


def test_a_body_is_sent_with_its_length_and_headers_given_stand() -> None:
    request = build_request("POST", "", {"Content-Type": "application/json", "accept": "text/plain"}, body='{"a": "é"}')
    with scripted({"/x": Reply({})}) as server:
        request.url = f"{server.url}/x"
        send(request, SECONDS)
    sent = {name.lower(): value for name, value in server.asked[0].headers.items()}
    assert sent["content-length"] == str(len('{"a": "é"}'.encode()))
    assert (sent["content-type"], sent["accept"], sent["accept-encoding"]) == ("application/json", "text/plain", "gzip")


def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    def once(client: socket.socket, over: threading.Event) -> None:
        client.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    with raw(once) as url:
        for _ in range(3):
            assert send(build_request("GET", f"{url}/x"), SECONDS).status == 200
            time.sleep(0.05)


def test_connections_kept_are_bounded_by_host_and_in_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wire, "MAX_IDLE", 1)
    monkeypatch.setattr(_wire, "MAX_HOSTS", 2)
    idle = _wire._Idle()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        origins = [Origin("http", f"127.0.0.1:{port}"), Origin("http", f"localhost:{port}"), Origin("http", "c")]
        links = [_wire._connect(origins[0], time.monotonic() + SECONDS, DIRECT) for _ in range(4)]
        for origin, link in zip([origins[0], *origins], links, strict=True):
            idle.give((origin, DIRECT), link)
        assert [link.sock is None for link in links] == [True, True, False, False]
        assert idle.take((origins[0], DIRECT)) is None
        assert idle.take((origins[1], DIRECT)) is links[2]
        idle.close()
        links[2].close()
    assert all(link.sock is None for link in links)


def test_only_two_schemes_are_spoken() -> None:
    with pytest.raises(WireError, match="garbled"):
        send(build_request("GET", "ftp://127.0.0.1/x"), SECONDS)
