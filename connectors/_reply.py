"""Reads one answer off a connection: its head strictly, its body by a deadline and under a size.

The standard library reads a head with an e-mail parser, which costs as much as all the rest of a request. Heads are
read here, at once where they arrive at once; what comes in chunks is left to the standard library.
"""

import http.client
import io
import re
import socket
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn, cast

_CHUNK = 65_536
_NAME, _VALUE = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", rb"[^\r\n\0]*"
_START = rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?"
_LONGEST_LINE, _MOST_LINES = 65_536, 100
_HEAD = re.compile(_START + rb"\r\n((?:" + _NAME + rb":" + _VALUE + rb"\r\n){0,%d})\r\n" % (_MOST_LINES - 1))
_STATUS = re.compile(_START + rb"\r?\n")
_FIELD = re.compile(rb"(" + _NAME + rb"):(" + _VALUE + rb")\r?\n")
_INTERIM, _BODILESS = (100, 102, 103), (204, 304)


class TooLargeError(Exception):
    """The body is larger than allowed."""


class Headers(Mapping[str, str]):
    """Headers found whatever the case of their names; of those that come twice the last counts."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        self._fields = {name.lower(): value for name, value in fields}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - a header, or what stands for a missing one
        """Return a header, or `default`; the inherited way raises and catches for every one that is not there."""
        return self._fields.get(name.lower(), default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


class Received(NamedTuple):
    """What one exchange of bytes brought; `body` is decompressed, `reusable` tells that the connection may go on."""

    status: int
    headers: Headers
    body: bytes
    reusable: bool = False


def receive(sock: socket.socket, *, method: str, end: float, limit: int) -> Received:
    """Read a whole answer until `end` (monotonic), `limit` bytes of body at most.

    Raises:
        OSError, http.client.HTTPException, zlib.error, ValueError: what the wire did, or TooLargeError.
    """
    stream: io.BufferedReader = io.BufferedReader(_DeadlineReader(sock, end))
    head = _read_head(stream)
    while head.status in _INTERIM:
        head = _read_head(stream)
    coding, length = head.only("transfer-encoding").lower(), head.only("content-length")
    if coding not in ("", "chunked") or (coding and length) or not (length or "0").isdigit():
        raise ValueError("a body of no certain length")
    last = head.version == b"0" or "close" in head.only("connection").lower()
    if method == "HEAD" or head.status in _BODILESS:
        coding, length = "", "0"
    chunks = _in_chunks(stream) if coding else _of_length(stream, int(length) if length else None)
    body = _unpacked(chunks, head.only("content-encoding").lower(), limit)
    return Received(head.status, Headers(head.fields.items()), body, bool(coding or length) and not last)


def left(end: float) -> float:
    """Return the seconds until a moment of the monotonic clock.

    Raises:
        TimeoutError: it has passed.
    """
    seconds = end - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("deadline")
    return seconds


class _Head:
    """Version, status and headers of an answer, the names in lower case."""

    __slots__ = ("_twice", "fields", "status", "version")

    def __init__(self, version: bytes, status: bytes, pairs: list[tuple[str, str]]) -> None:
        self.version, self.status, self.fields = version, int(status), dict(pairs)
        names = [name for name, _ in pairs] if len(pairs) > len(self.fields) else []
        self._twice = {name for name in names if names.count(name) > 1}

    def only(self, name: str) -> str:
        """Return a header's value, empty when there is none; of those asked for none may come twice."""
        if name in self._twice:
            raise ValueError("a header that comes twice")
        return self.fields.get(name, "")


def _read_head(stream: io.BufferedReader) -> _Head:
    """Read a head whole where it lies whole in what came first, else line by line; both know the same heads."""
    found = _HEAD.match(stream.peek())
    if found is not None:
        stream.read(found.end())
        lines = found[3].decode("latin-1").split("\r\n")
        pairs = [line.partition(":") for line in lines[:-1]]
        return _Head(found[1], found[2], [(name.lower(), value.strip()) for name, _, value in pairs])
    found = _STATUS.fullmatch(_line(stream) or _gone())
    if found is None:
        raise http.client.BadStatusLine("")
    return _Head(found[1], found[2], list(_fields(stream)))


def _fields(stream: io.BufferedReader) -> Iterator[tuple[str, str]]:
    for _ in range(_MOST_LINES):
        line = _line(stream)
        if line in (b"\r\n", b"\n"):
            return
        found = _FIELD.fullmatch(line)
        if found is None:
            raise http.client.HTTPException("head") if line.endswith(b"\n") else http.client.IncompleteRead(b"")
        yield found[1].decode("ascii").lower(), found[2].decode("latin-1").strip()
    raise http.client.HTTPException("head")


def _line(stream: io.BufferedReader) -> bytes:
    line = stream.readline(_LONGEST_LINE + 1)
    if len(line) > _LONGEST_LINE:
        raise http.client.LineTooLong("head")
    return line


def _gone() -> NoReturn:
    raise http.client.RemoteDisconnected("")


def _of_length(stream: io.BufferedReader, length: int | None) -> Iterator[bytes]:
    """Read a body of known length, or (None) until the connection ends."""
    while length is None or length > 0:
        chunk = stream.read(_CHUNK if length is None else min(length, _CHUNK))
        if length is None and not chunk:
            return
        if not chunk:
            raise http.client.IncompleteRead(b"")
        yield chunk
        length = None if length is None else length - len(chunk)


def _in_chunks(stream: io.BufferedReader) -> Iterator[bytes]:
    """Read a body that is sent in chunks, as the standard library does."""
    response = http.client.HTTPResponse(cast(socket.socket, _Source(stream)))
    response.chunked, response.chunk_left, response.length, response.will_close = True, None, None, False
    while chunk := response.read(_CHUNK):
        yield chunk


def _unpacked(chunks: Iterator[bytes], encoding: str, limit: int) -> bytes:
    """Join and decompress a body; one that is cut short is an error, also where its length lies in its compression."""
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise ValueError("an encoding that nobody asked for")
    unzip = None if encoding in ("", "identity") else zlib.decompressobj(31)
    parts, size, began = [], 0, False
    for chunk in chunks:
        began = True
        part = chunk if unzip is None else unzip.decompress(chunk, limit + 1 - size)
        parts.append(part)
        size += len(part)
        if size > limit:
            raise TooLargeError
    if unzip is not None and began and not unzip.eof:
        raise http.client.IncompleteRead(b"")
    if unzip is not None and unzip.unused_data:
        raise ValueError("more after the end")
    return b"".join(parts)


class _Source:
    """Stands for a socket where the standard library wants to read from one."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream

    def makefile(self, mode: str) -> io.BufferedReader:
        return self._stream


class _DeadlineReader(io.RawIOBase):
    """Reads a socket so that the whole answer, not each packet, must arrive in time."""

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock, self._end = sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - a writable buffer
        self._sock.settimeout(left(self._end))
        return self._sock.recv_into(buffer)
