"""One request and its answer over a kept connection: urllib3 connects and verifies, the standard library reads.

requests' own sending costs several times more than a signed read needs; what is sent and received is the same.
"""

import atexit
import http.client
import io
import queue
import re
import socket
import ssl
import threading
import time
import zlib
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, NoReturn, cast
from urllib.parse import SplitResult, unquote, urlsplit

from requests.certs import where  # type: ignore[attr-defined]
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import is_connection_dropped

MAX_IDLE = 64  # connections kept, by host
MAX_HOSTS = 64
_CONNECT_SECONDS = 4.0
_CHUNK = 65_536
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\r\n\0]*)\r?\n")
_INTERIM, _BODILESS = (100, 102, 103), (204, 304)
_LONGEST_LINE, _MOST_FIELDS = 65_536, 100


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


class Received(NamedTuple):
    """What one exchange of bytes brought; `body` is decompressed."""

    status: int
    headers: "Headers"
    body: bytes


class Headers(Mapping[str, str]):
    """Headers found whatever the case of their names; of those that come twice the last counts."""

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields = {name.lower(): value for name, value in fields}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class TooLargeError(Exception):
    """The body is larger than allowed."""


def exchange(origin: Origin, message: bytes, *, method: str, end: float, limit: int, leave: Exit = DIRECT) -> Received:
    """Send a whole request and read its whole answer until `end` (monotonic), `limit` bytes of body at most.

    Raises:
        OSError, http.client.HTTPException, zlib.error, ValueError: what the wire did, or TooLargeError.
    """
    link = _idle.take((origin, leave)) or _connect(origin, end, leave)
    whole = False
    try:
        sock = cast(socket.socket, link.sock)
        sock.settimeout(_left(end))
        sock.sendall(message)
        response = _Response(cast(socket.socket, _Source(sock, end)), method=method)
        response.begin()
        body = _read(response, limit)
        whole = response.isclosed() and not response.will_close
        return Received(response.status, Headers(response.fields.items()), body)
    finally:
        if whole:
            _idle.give((origin, leave), link)
        else:
            link.close()


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError("deadline")
    return left


def _read(response: "_Response", limit: int) -> bytes:
    """Read and decompress a body; one that is cut short is an error, also where its length lies in its compression."""
    encoding = response.only("content-encoding").lower() or "identity"
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise ValueError("an encoding that nobody asked for")
    unzip = None if encoding == "identity" else zlib.decompressobj(31)
    chunks, size, began = [], 0, False
    while chunk := response.read(_CHUNK):
        began = True
        if unzip is not None:
            chunk = unzip.decompress(chunk, limit + 1 - size)
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise TooLargeError
    if response.length or (unzip is not None and began and not unzip.eof):
        raise http.client.IncompleteRead(b"")
    if unzip is not None and unzip.unused_data:
        raise ValueError("more after the end")
    return b"".join(chunks)


class _Response(http.client.HTTPResponse):
    """An answer whose head is read line by line and strictly; the standard library's way is an e-mail parser's.

    That costs as much as all the rest of sending and receiving.
    """

    fields: dict[str, str]

    def begin(self) -> None:
        """Read the head and find out how long the body is, in one way only."""
        self.status = 100
        while self.status in _INTERIM:
            found = _STATUS.fullmatch(self._line() or _gone())
            if found is None:
                raise http.client.BadStatusLine("")
            self.version, self.status = 10 + int(found[1]), int(found[2])
            self.fields, self._twice = {}, set[str]()
            self._read_fields()
        coding, length = self.only("transfer-encoding").lower(), self.only("content-length")
        if coding not in ("", "chunked") or (coding and length) or not (length or "0").isdigit():
            raise ValueError("a body of no certain length")
        self.chunked, self.chunk_left = bool(coding), None
        self.length = 0 if self.status in _BODILESS else int(length) if length else None
        endless = self.length is None and not self.chunked
        self.will_close = endless or self.version == 10 or "close" in self.only("connection").lower()

    def only(self, name: str) -> str:
        """Return a header's value, empty when there is none; of those asked for none may come twice."""
        if name in self._twice:
            raise ValueError("a header that comes twice")
        return self.fields.get(name, "")

    def _line(self) -> bytes:
        line: bytes = self.fp.readline(_LONGEST_LINE + 1)
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong("head")
        return line

    def _read_fields(self) -> None:
        for _ in range(_MOST_FIELDS):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return
            found = _FIELD.fullmatch(line)
            if found is None:
                raise http.client.HTTPException("head") if line.endswith(b"\n") else http.client.IncompleteRead(b"")
            name = found[1].decode("ascii").lower()
            if name in self.fields:
                self._twice.add(name)
            self.fields[name] = found[2].decode("latin-1").strip()
        raise http.client.HTTPException("head")


def _gone() -> NoReturn:
    raise http.client.RemoteDisconnected("")


class _Source:
    """Stands for a socket where the standard library wants to read from one."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock, self._end))


class _DeadlineReader(io.RawIOBase):
    """Reads a socket so that the whole answer, not each packet, must arrive in time."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        self._sock.settimeout(_left(self._end))
        return self._sock.recv_into(buffer)


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
            if link is None or not is_connection_dropped(link):
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
            place, timeout=_left(end), ssl_context=context, cert_reqs="CERT_REQUIRED", source_address=source
        )
    else:
        link = _DeadlineConnection(place, timeout=_left(end), source_address=source)
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
