"""The one way out: every exchange of bytes ends by a deadline and under a size, and every failure has a name."""

import http.client
import logging
import socket
import ssl
import time
import zlib

import requests
import urllib3
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NameResolutionError, NewConnectionError

from connectors._reply import Received, TooLargeError
from connectors._wire import DIRECT, Exit, exchange, split_url

DEADLINE_SECONDS = 10.0
MAX_BODY_BYTES = 8 * 1024 * 1024
_USUAL_HEADERS = (
    ("User-Agent", "globalautomation-dashboard"), ("Accept", "application/json"), ("Accept-Encoding", "gzip"),
)  # fmt: skip

_FAILURES = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError, zlib.error)

# their records hold whole queries, signatures included: at level debug, and at warning where headers are odd
for _name in ("urllib3.connectionpool", "urllib3.connection"):
    logging.getLogger(_name).setLevel(logging.ERROR)


class WireError(Exception):
    """No whole answer. `garbled` tells an unusable answer from none; `problem` is a short code such as timeout."""

    def __init__(self, problem: str, *, garbled: bool = False, retryable: bool = True) -> None:
        super().__init__(problem)
        self.problem = problem
        self.garbled = garbled
        self.retryable = retryable


def build_request(
    method: str, url: str, headers: dict[str, str] | None = None, *, body: str | bytes | None = None
) -> requests.PreparedRequest:
    """Return a request exactly as given: the url is already encoded and is not touched again."""
    request = requests.PreparedRequest()
    request.method, request.url, request.body = method, url, body
    request.headers = CaseInsensitiveDict(headers or {})
    request.hooks = {"response": []}
    return request


def send(request: requests.PreparedRequest, seconds: float, leave: Exit = DIRECT) -> Received:
    """Send a request and read the whole answer within `seconds`; redirects are not followed, cookies not kept.

    Raises:
        WireError: refused, reset, too slow, too large, truncated or garbled.
    """
    problem: WireError
    end = time.monotonic() + seconds
    try:
        origin, target = split_url(request.url or "")
        message = _message(request, origin.netloc, target)
        return exchange(origin, message, method=request.method or "GET", end=end, limit=MAX_BODY_BYTES, leave=leave)
    except TooLargeError:
        problem = WireError("too-large", garbled=True, retryable=False)
    except _FAILURES as e:
        problem = _diagnose(e)
    # raised out here, so that no cause drags the request (and its signature) along
    raise problem


def _message(request: requests.PreparedRequest, host: str, target: str) -> bytes:
    """Return a request as its bytes; what would begin another line or word is refused."""
    body = request.body.encode() if isinstance(request.body, str) else request.body or b""
    given = {name.lower() for name in request.headers}
    lines = [f"{request.method} {target or '/'} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    lines += [f"{name}: {value}" for name, value in _USUAL_HEADERS if name.lower() not in given]
    if body or request.method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    if lines[0].count(" ") != 2 or not "".join(lines).isprintable():
        raise ValueError("a request that cannot be sent")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _diagnose(error: BaseException) -> WireError:
    """Name what went wrong from the innermost causes that urllib3 wraps."""
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
    if any_of(TimeoutError, urllib3.exceptions.TimeoutError):
        return WireError("timeout")
    if any_of(http.client.IncompleteRead):
        return WireError("truncated", garbled=True)
    if any_of(ConnectionError):
        return WireError("reset")
    if any_of(http.client.HTTPException, zlib.error, ValueError):
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
