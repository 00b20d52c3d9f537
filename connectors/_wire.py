"""One request and its answer over a kept connection, which urllib3 makes and verifies.

requests' own sending costs several times more than a signed read needs; what is sent and received is the same.
"""

import atexit
import queue
import select
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections import OrderedDict
from functools import lru_cache
from typing import Any, NamedTuple, cast
from urllib.parse import SplitResult, unquote, urlsplit

from requests.certs import where  # type: ignore[attr-defined]
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors._reply import Received, left, receive

MAX_IDLE = 64  # connections kept, by host
MAX_HOSTS = 64
_CONNECT_SECONDS = 4.0


class Origin(NamedTuple):
    """Where a connection leads."""

    scheme: str
    netloc: str


class Exit(NamedTuple):
    """Where requests leave from: a local address that is bound, or a proxy (URL) that is asked for a tunnel."""

    address: str = ""
    proxy: str = ""


DIRECT = Exit()


def split_url(url: str) -> tuple[Origin, str]:
    """Return where a URL leads and the rest of it, untouched; no other reading of it decides where bytes go."""
    scheme, _, rest = url.partition("://")
    netloc, slash, target = rest.partition("/")
    return Origin(scheme.lower(), netloc.lower()), slash + target


def exchange(origin: Origin, message: bytes, *, method: str, end: float, limit: int, leave: Exit = DIRECT) -> Received:
    """Send a whole request and read its whole answer until `end` (monotonic), `limit` bytes of body at most.

    Raises:
        OSError, http.client.HTTPException, zlib.error, ValueError: what the wire did, or TooLargeError.
    """
    link = _idle.take((origin, leave)) or _connect(origin, end, leave)
    reusable = False
    try:
        sock = cast(socket.socket, link.sock)
        sock.settimeout(left(end))
        sock.sendall(message)
        found = receive(sock, method=method, end=end, limit=limit)
        reusable = found.reusable
        return found
    finally:
        if reusable:
            _idle.give((origin, leave), link)
        else:
            link.close()


def _addresses(host: str, port: int, end: float) -> list[Any]:
    """Resolve a name by a deadline: the system's resolver knows none, and may take far longer."""
    found: queue.SimpleQueue[list[Any] | Exception] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, ValueError) as e:
            found.put(e)

    threading.Thread(target=resolve, name="resolve", daemon=True).start()
    try:
        answer = found.get(timeout=max(0.01, end - time.monotonic()))
    except queue.Empty:
        answer = socket.gaierror("too slow")
    if isinstance(answer, Exception):
        raise answer
    return answer


class _DeadlineConnection(HTTPConnection):
    """A connection that bounds connecting, whatever the number of addresses."""

    def _new_conn(self) -> socket.socket:
        end = time.monotonic() + float(self.timeout or _CONNECT_SECONDS)
        try:
            addresses = _addresses(self._dns_host, self.port, end)
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
                if self.source_address:
                    sock.bind(self.source_address)
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


class _DeadlineTlsConnection(_DeadlineConnection, HTTPSConnection):
    pass


class _Idle:
    """Connections that wait for their next request, the latest used first; those of hosts long unused are closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._links: OrderedDict[tuple[Origin, Exit], list[HTTPConnection]] = OrderedDict()

    def take(self, way: tuple[Origin, Exit]) -> HTTPConnection | None:
        while True:
            with self._lock:
                links = self._links.get(way)
                link = links.pop() if links else None
            if link is None or not _is_dropped(link):
                return link
            link.close()

    def give(self, way: tuple[Origin, Exit], link: HTTPConnection) -> None:
        surplus: list[HTTPConnection] = []
        with self._lock:
            links = self._links.setdefault(way, [])
            (links if len(links) < MAX_IDLE else surplus).append(link)
            self._links.move_to_end(way)
            if len(self._links) > MAX_HOSTS:
                surplus += self._links.popitem(last=False)[1]
        for unused in surplus:
            unused.close()

    def close(self) -> None:
        while self._links:
            for link in self._links.popitem()[1]:
                link.close()


def _is_dropped(link: HTTPConnection) -> bool:
    """Tell whether a connection that should be silent has ended, or brings what nobody asked for."""
    if link.sock is None:
        return True
    asked = select.poll()
    asked.register(link.sock, select.POLLIN)
    return bool(asked.poll(0))


_idle = _Idle()
atexit.register(_idle.close)
_making = threading.Lock()


def _connect(origin: Origin, end: float, leave: Exit) -> HTTPConnection:
    link: HTTPConnection
    if origin.scheme not in ("http", "https"):
        raise ValueError("a scheme that is not spoken")
    proxy = urlsplit(leave.proxy)
    place = f"{proxy.hostname}:{proxy.port}" if leave.proxy else origin.netloc
    source = (leave.address, 0) if leave.address else None
    if origin.scheme == "https":
        with _making:
            context = tls_context()
        link = _DeadlineTlsConnection(
            place, timeout=left(end), ssl_context=context, cert_reqs="CERT_REQUIRED", source_address=source
        )
    else:
        link = _DeadlineConnection(place, timeout=left(end), source_address=source)
    if leave.proxy:
        target = urlsplit(f"//{origin.netloc}")
        port = target.port or (443 if origin.scheme == "https" else 80)
        link.set_tunnel(target.hostname or "", port, _proxy_headers(proxy))
    try:
        link.connect()
        if origin.scheme == "https" and not link.is_verified:
            raise ssl.SSLError("not verified")
    except BaseException:
        link.close()
        raise
    return link


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    """Return what a proxy with a name and password in its URL wants to see; the exchange never sees it."""
    if proxy.username is None:
        return {}
    words = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(words.encode()).decode()}


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context, which demands certificates: one per connection would cost 20 ms and 0.7 MB each."""
    # not create_default_context, which keeps a log of every connection's keys where the environment asks for it
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=where())
    return context
