"""The one way out: a shared connection pool whose every exchange of bytes ends by a deadline and under a size."""

import http.client
import io
import logging
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.certs import where  # type: ignore[attr-defined]
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

DEADLINE_SECONDS = 10.0
MAX_BODY_BYTES = 8 * 1024 * 1024
_CONNECT_SECONDS = 4.0
_CHUNK = 65_536
_USER_AGENT = "globalautomation-dashboard"

_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)

# its debug records hold whole queries, signatures included
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class WireError(Exception):
    """No whole answer. `garbled` tells an unusable answer from none; `problem` is a short code such as timeout."""

    def __init__(self, problem: str, *, garbled: bool = False, retryable: bool = True) -> None:
        super().__init__(problem)
        self.problem = problem
        self.garbled = garbled
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """Status, headers and the whole decompressed body of one answer."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes


def build_request(
    method: str, url: str, headers: dict[str, str] | None = None, *, body: str | bytes | None = None
) -> requests.PreparedRequest:
    """Return a request exactly as given: the url is already encoded and is not touched again."""
    request = requests.PreparedRequest()
    request.method, request.url, request.body = method, url, body
    request.headers = CaseInsensitiveDict(headers or {})
    request.hooks = {"response": []}
    return request


def send(request: requests.PreparedRequest, seconds: float) -> WireAnswer:
    """Send a request and read the whole answer within `seconds`; redirects are not followed, cookies not kept.

    Raises:
        WireError: refused, reset, too slow, too large, truncated or garbled.
    """
    problem: WireError
    end = time.monotonic() + seconds
    for name, value in (("User-Agent", _USER_AGENT), ("Accept", "application/json"), ("Accept-Encoding", "gzip")):
        request.headers.setdefault(name, value)
    size = len(request.body.encode() if isinstance(request.body, str) else request.body or b"")
    if size or request.method != "GET":
        request.headers["Content-Length"] = str(size)
    try:
        limits = urllib3.Timeout(total=seconds, connect=seconds)
        response = _adapter().send(request, stream=True, timeout=limits, proxies={})  # type: ignore[arg-type]
        try:
            return WireAnswer(response.status_code, response.headers, _read(response.raw, end))
        finally:
            response.close()
    except WireError as e:
        problem = e
    except _FAILURES as e:
        problem = _diagnose(e)
    # raised out here, so that no cause drags the request (and its signature) along
    raise WireError(problem.problem, garbled=problem.garbled, retryable=problem.retryable)


def _read(raw: Any, end: float) -> bytes:  # noqa: ANN401 - urllib3's response
    chunks, size = [], 0
    while chunk := raw.read(_CHUNK, decode_content=True):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise WireError("too-large", garbled=True, retryable=False)
        if time.monotonic() > end:
            raise WireError("timeout")
    return b"".join(chunks)


def _diagnose(error: BaseException) -> WireError:
    """Name what went wrong from the innermost causes that requests and urllib3 wrap."""
    causes = _causes(error)

    def any_of(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if any_of(NameResolutionError, socket.gaierror):
        return WireError("dns")
    if any_of(ssl.SSLError, urllib3.exceptions.SSLError):
        return WireError("tls", retryable=False)
    if any_of(ConnectionRefusedError):
        return WireError("refused")
    if any_of(NewConnectionError):  # urllib3 derives it from its timeouts
        return WireError("unreachable")
    if any_of(TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout):
        return WireError("timeout")
    if any_of(urllib3.exceptions.IncompleteRead, http.client.IncompleteRead, urllib3.exceptions.InvalidChunkLength):
        return WireError("truncated", garbled=True)
    if any_of(ConnectionError):
        return WireError("reset")
    if any_of(http.client.HTTPException, urllib3.exceptions.DecodeError, ValueError):
        return WireError("garbled", garbled=True)
    return WireError("connection")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue and len(found) < 20:
        item = queue.pop()
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            queue += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return found


class _DeadlineReader(io.RawIOBase):
    """Reads a socket so that the whole answer, not each packet, must arrive in time."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._end = time.monotonic() + (sock.gettimeout() or DEADLINE_SECONDS)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - a writable buffer
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("deadline")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))


class _DeadlineConnection(HTTPConnection):
    """A connection that bounds connecting, whatever the number of addresses, and reading."""

    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        end = time.monotonic() + float(self.timeout or DEADLINE_SECONDS)
        try:
            addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as e:
            raise NameResolutionError(self.host, self, e) from e
        failure: OSError = TimeoutError("connect")
        for family, kind, protocol, _name, address in addresses:
            left = min(_CONNECT_SECONDS, end - time.monotonic())
            if left <= 0:
                break
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                sock.settimeout(left)
                sock.connect(address)
            except OSError as e:
                sock.close()
                failure = e
            else:
                sock.settimeout(max(0.01, end - time.monotonic()))
                return sock
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, "timed out") from failure
        raise NewConnectionError(self, "not connected") from failure

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - handed on
        if self.sock is not None:
            self.sock.settimeout(self.timeout)
        super().request(*args, **kwargs)


class _DeadlineTlsConnection(_DeadlineConnection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _DeadlineConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _DeadlineTlsConnection


class _SharedAdapter(HTTPAdapter):
    """requests' adapter with one TLS context for all: a context per session costs 20 ms and 0.7 MB each."""

    def __init__(self) -> None:
        self._tls = ssl.create_default_context(cafile=where())
        super().__init__(pool_connections=64, pool_maxsize=64)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: ANN401
        """Make the pool manager with our pools and TLS context."""
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._tls, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ANN401 - requests' signature
        """Demand a certificate; the shared context already holds the authorities."""
        if urlsplit(url).scheme == "https":
            conn.cert_reqs = "CERT_REQUIRED"


_making = threading.Lock()


def _adapter() -> _SharedAdapter:
    with _making:
        return _shared_adapter()


@lru_cache(maxsize=1)
def _shared_adapter() -> _SharedAdapter:
    return _SharedAdapter()
