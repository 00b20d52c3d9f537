"""How an answer is broken: on its way over the wire, or in what its body holds."""

import gzip
import re
import socket
import struct
import threading
from functools import lru_cache
from typing import Protocol

from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.wire import Answer

HUGE_BYTES = 12 << 20
BOMB_BYTES = 64 << 20
DEEP_LEVELS = 100_000
HEADERS_AT_ONCE, HEADERS_MOST = 1_000, 1_000_000
FOR_EVER = 3_600.0
NOBODY = "http://127.0.0.1:9/elsewhere"
JSON = {"Content-Type": "application/json"}
PAGE = "<html><body><h1>Just a moment</h1></body></html>"


class Line(Protocol):
    """The connection that an answer goes out on."""

    connection: socket.socket

    @property
    def stopping(self) -> threading.Event:
        """Set when the server ends."""

    def send_head(self, answer: Answer, length: int | None) -> None:
        """Send status and headers."""

    def send_bytes(self, data: bytes) -> None:
        """Send bytes at once."""

    def send_answer(self, answer: Answer) -> None:
        """Send a whole answer."""


def send_broken(line: Line, answer: Answer, fault: Fault) -> bool:
    """Send an answer in the broken way of a fault; return whether the connection is still of use."""
    payload = answer.payload()
    match fault.kind:
        case FaultKind.LATENCY:
            if not line.stopping.wait(fault.seconds):
                line.send_answer(answer)
            return True
        case FaultKind.HANG:
            line.stopping.wait(fault.seconds if fault.seconds > 1 else FOR_EVER)
        case FaultKind.RESET:
            line.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.connection.close()
        case FaultKind.TRUNCATE:
            line.send_head(answer, len(payload))
            line.send_bytes(payload[: len(payload) // 2])
        case FaultKind.HALF_CLOSED:
            line.send_head(answer, None)
            line.send_bytes(payload[: len(payload) // 2])
            line.connection.shutdown(socket.SHUT_WR)
            line.stopping.wait(fault.seconds)
        case FaultKind.SLOW_BODY:
            line.send_head(answer, len(payload))
            _drip(line, payload, fault.seconds)
        case FaultKind.SLOW_HEAD:
            _drip(line, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n", fault.seconds)
        case FaultKind.ENDLESS_HEAD:
            _flood(line)
        case FaultKind.BAD_CHUNKS:
            answer.headers["Transfer-Encoding"] = "chunked"
            line.send_head(answer, None)
            line.send_bytes(b"zz\r\n" + payload + b"\r\n0\r\n\r\n")
        case _:
            line.send_answer(_spoiled(answer, payload, fault))
            return True
    return False


def _drip(line: Line, data: bytes, seconds: float) -> None:
    for index in range(len(data)):
        if line.stopping.wait(seconds):
            return
        line.send_bytes(data[index : index + 1])


def _flood(line: Line) -> None:
    line.send_bytes(b"HTTP/1.1 200 OK\r\n")
    for start in range(0, HEADERS_MOST, HEADERS_AT_ONCE):
        line.send_bytes(b"".join(b"X-%d: y\r\n" % number for number in range(start, start + HEADERS_AT_ONCE)))


def _spoiled(answer: Answer, payload: bytes, fault: Fault) -> Answer:
    """Return a whole answer with a bad body."""
    status = fault.status or 200
    match fault.kind:
        case FaultKind.GARBAGE:
            return Answer(answer.status, b"\x00\xff{]" + payload[::-1], JSON)
        case FaultKind.HTML:
            return Answer(status, PAGE)
        case FaultKind.TEXT:
            return Answer(status, b"upstream request timeout", {"Content-Type": "text/plain"})
        case FaultKind.EMPTY:
            return Answer(200, b"", JSON)
        case FaultKind.BOM:
            return Answer(answer.status, b"\xef\xbb\xbf" + payload, JSON)
        case FaultKind.ENCODING:
            return Answer(answer.status, payload.decode().encode("utf-16"), JSON)
        case FaultKind.HUGE:
            return Answer(200, b'{"pad":"' + b"x" * HUGE_BYTES + b'"}', JSON)
        case FaultKind.BOMB:
            return Answer(200, _bomb(), JSON | {"Content-Encoding": "gzip"})
        case FaultKind.DEEP:
            return Answer(200, b"[" * DEEP_LEVELS + b"]" * DEEP_LEVELS, JSON)
        case FaultKind.REDIRECT:
            return Answer(302, "", {"Location": fault.value or NOBODY})
        case FaultKind.REWRITE | FaultKind.TWICE:
            return Answer(answer.status, _rewritten(payload, fault), JSON)
        case _:
            return answer


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b'{"pad":"' + b"0" * BOMB_BYTES + b'"}', compresslevel=9)


def _rewritten(payload: bytes, fault: Fault) -> bytes:
    """Return the body with every plain value of a field replaced, or joined by another one of the same name."""
    name = re.escape(fault.field.encode())
    pattern = re.compile(rb'("' + name + rb'"\s*:\s*)("(?:[^"\\]|\\.)*"|[-+.0-9eE]+|true|false|null)')
    new = fault.value.encode()
    if fault.kind is FaultKind.REWRITE:
        return pattern.sub(lambda found: found[1] + new, payload)
    return pattern.sub(lambda found: found[0] + b"," + found[1] + new, payload)
