"""The wire takes nothing from the environment, no account gets another's answer, no trick outlasts the deadline."""

import gzip
import http.client
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from connectors import _http, _wire
from connectors._http import WireError, build_request, send
from tests.connectors.cases import make
from tests.connectors.servers import Asked, Reply, raw, scripted

HEAD = b"HTTP/1.1 200 OK\r\n"
SECONDS = 0.4
SLACK = 0.6
GZIP = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"


def drips(start: bytes, drop: bytes, every: float = 0.02) -> Callable[[socket.socket, threading.Event], None]:
    def behave(client: socket.socket, over: threading.Event) -> None:
        client.sendall(start)
        while not over.wait(every):
            client.sendall(drop)

    return behave


def one_by_one(data: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Send an answer that is right in every byte, one byte every 20 ms."""

    def behave(client: socket.socket, over: threading.Event) -> None:
        for byte in data:
            if over.wait(0.02):
                return
            client.sendall(bytes([byte]))

    return behave


def deaf(client: socket.socket, over: threading.Event) -> None:
    over.wait(3)


BODY = gzip.compress(b'{"a": "1"}' * 50)
SLOW = {
    "an answer byte by byte": one_by_one(HEAD + b"Content-Length: 200\r\n\r\n" + b" " * 200),
    "interim answers without end": drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "hints without end": drips(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    "compressed text byte by byte": one_by_one(HEAD + GZIP % len(BODY) + BODY),
    "empty compressed blocks": drips(HEAD + GZIP % 999_999 + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"),
    "the size of a chunk digit by digit": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers without end": drips(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", b"X-A: b\r\n"),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_way_of_being_slow_outlasts_the_deadline(name: str) -> None:
    with raw(SLOW[name]) as url:
        started = time.monotonic()
        with pytest.raises(WireError) as caught:
            send(build_request("GET", f"{url}/x"), SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK
    assert caught.value.problem == "timeout"


def test_a_server_that_does_not_take_the_request_ends_in_time() -> None:
    with raw(deaf, read_first=False) as url:
        started = time.monotonic()
        with pytest.raises(WireError, match="timeout"):
            send(build_request("POST", f"{url}/x", body=b"x" * (32 * 1024 * 1024)), SECONDS)
        assert time.monotonic() - started < SECONDS + SLACK


def test_a_resolver_that_hangs_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: over.wait(5) and [])
    started = time.monotonic()
    with pytest.raises(WireError, match="dns"):
        send(build_request("GET", "http://exchange.invalid/"), SECONDS)
    assert time.monotonic() - started < SECONDS + SLACK
    over.set()


@pytest.mark.parametrize("host", ["x" * 70 + ".invalid", "a..b", "exa mple", "[::1", "127.0.0.1:port", ""])
def test_a_host_that_is_none_is_a_named_problem(host: str) -> None:
    with pytest.raises(WireError):
        send(build_request("GET", f"http://{host}/"), SECONDS)


@pytest.mark.parametrize("times", [1, 2])
def test_a_bomb_is_given_up_before_it_fills_the_memory(times: int) -> None:
    bomb = b"0" * (64 * 1024 * 1024)
    for _ in range(times):
        bomb = gzip.compress(bomb)
    encoding = b"Content-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (b", ".join([b"gzip"] * times), len(bomb))
    answer = HEAD + encoding + bomb
    with raw(lambda client, over: client.sendall(answer)) as url:
        tracemalloc.start()
        try:
            with pytest.raises(WireError) as caught:
                send(build_request("GET", f"{url}/x"), 5)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert caught.value.garbled
    assert peak < 3 * _http.MAX_BODY_BYTES


@pytest.mark.parametrize("size", [_http.MAX_BODY_BYTES, _http.MAX_BODY_BYTES + 1])
def test_the_cap_holds_for_the_text_behind_the_compression(size: int) -> None:
    body = gzip.compress(b" " * size)
    with scripted({"/x": Reply(body, headers={"Content-Encoding": "gzip"})}) as server:
        request = build_request("GET", f"{server.url}/x")
        if size == _http.MAX_BODY_BYTES:
            assert len(send(request, 5).body) == size
        else:
            with pytest.raises(WireError, match="too-large"):
                send(request, 5)


def test_what_follows_the_end_of_compressed_text_is_not_left_out_in_silence() -> None:
    body = gzip.compress(b'{"a": "1"}') + gzip.compress(b'{"a": "2"}')
    reply = Reply(body, headers={"Content-Encoding": "gzip"})
    with scripted({"/x": reply}) as server, pytest.raises(WireError, match="garbled"):
        send(build_request("GET", f"{server.url}/x"), SECONDS)


def test_an_answer_that_comes_too_late_is_never_given_to_the_next_request() -> None:
    late = threading.Event()

    def answering(client: socket.socket, over: threading.Event) -> None:
        client.settimeout(1)
        while asked := client.recv(65_536):
            path = asked.split(b" ")[1]
            if path == b"/first":
                over.wait(0.5)
                late.set()
            client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(path) + path)

    with raw(answering, read_first=False) as url:
        with pytest.raises(WireError, match="timeout"):
            send(build_request("GET", f"{url}/first"), 0.2)
        assert late.wait(2)
        assert [send(build_request("GET", f"{url}/{name}"), SECONDS).body for name in "ab"] == [b"/a", b"/b"]


def test_bytes_after_an_answer_are_never_read_as_the_next_one() -> None:
    def behave(client: socket.socket, over: threading.Event) -> None:
        client.settimeout(1)
        while asked := client.recv(65_536):
            path = asked.split(b" ")[1]
            forged = HEAD + b"Content-Length: 6\r\n\r\nforged"
            client.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(path) + path + forged * 3)

    with raw(behave, read_first=False) as url:
        bodies = []
        for name in "abcd":
            bodies.append(send(build_request("GET", f"{url}/{name}"), SECONDS).body)
            time.sleep(0.05)
    assert bodies == [b"/a", b"/b", b"/c", b"/d"]


def test_accounts_share_connections_and_nothing_else() -> None:
    with scripted({"/x": Reply({}, headers={"Set-Cookie": "who=one"})}) as server:
        for key in ("keyOfOne", "keyOfAnother"):
            connector = make("gateio", api_key=key, hosts={"rest": server.url})
            send(connector.prepare("GET", f"{server.url}/x", now_ms=1_700_000_000_000), SECONDS)
    assert len({request.port for request in server.asked}) == 1
    assert [request.headers["KEY"] for request in server.asked] == ["keyOfOne", "keyOfAnother"]
    assert all("Cookie" not in request.headers for request in server.asked)


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An environment that names proxies, a password file, other authorities and a file for session keys."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password canary\ndefault login someone password canary\n")
    netrc.chmod(0o600)
    dead = "http://127.0.0.1:9"
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, dead)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(netrc.read_text())
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    monkeypatch.delenv("NO_PROXY", raising=False)
    yield tmp_path


def test_nothing_is_taken_from_the_environment(hostile: Path) -> None:
    def plain(request: Asked) -> Reply:
        return Reply({"authorized": "Authorization" in request.headers})

    with scripted({"/x": plain}) as server:
        answer = send(build_request("GET", f"{server.url}/x"), SECONDS)
    assert answer.body == b'{"authorized": false}'
    _wire.tls_context.cache_clear()
    try:
        context = _wire.tls_context()
    finally:
        _wire.tls_context.cache_clear()
    assert context.keylog_filename is None
    assert context.cert_store_stats()["x509_ca"] > 50
    assert not (hostile / "keys.log").exists()


def test_the_tls_context_verifies_names_and_refuses_old_protocols() -> None:
    context = _wire.tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_redirect_is_never_followed_whatever_its_status() -> None:
    statuses = [301, 302, 303, 307, 308]
    away = {f"/{status}": Reply(b"", status, {"Location": "/away"}) for status in statuses}
    with scripted({**away, "/away": Reply({})}) as server:
        found = [send(build_request("GET", f"{server.url}/{status}"), SECONDS).status for status in statuses]
    assert found == statuses
    assert "/away" not in server.paths()


def test_the_standard_library_s_limits_on_heads_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http.client, "_MAXLINE", 10**9)
    answer = HEAD + b"X: " + b"y" * 1_000_000 + b"\r\n\r\n"
    with raw(lambda client, over: client.sendall(answer)) as url, pytest.raises(WireError, match="garbled"):
        send(build_request("GET", f"{url}/x"), SECONDS)
