"""The fault-injecting proxy: stands between the connectors and an exchange, and breaks what passes as ordered.

It speaks plain HTTP on a port of its own and asks whoever stands behind it, in this process or another. Only it
remembers earlier answers, which `freeze`, `swap` and `overlap_rows` need.
"""

import http.client
import re
import threading
from collections.abc import Callable
from email.utils import format_datetime
from urllib.parse import urlsplit

from connectors.sandbox.dialect import Dialect, Site
from connectors.sandbox.faults import REMEMBERING, Fault, FaultKind
from connectors.sandbox.httpd import WireServer
from connectors.sandbox.rows import change_rows
from connectors.sandbox.wire import Answer, WireRequest

Behind = Callable[[WireRequest], Answer]
Note = Callable[[str, WireRequest, str, int], None]
ROWS = frozenset({FaultKind.REPEAT_ROWS, FaultKind.REVERSE_ROWS, FaultKind.WITHHOLD_ROWS, FaultKind.OVERLAP_ROWS})
HOP_HEADERS = frozenset(
    {"connection", "content-length", "transfer-encoding", "keep-alive", "date", "server", "host", "accept-encoding"}
)
UPSTREAM_SECONDS = 30.0
# what differs in the same question asked again: times, nonces, signatures
PASSING = re.compile(r"[0-9]{10,}(\.[0-9]+)?")
SIGNS = frozenset({"signature", "sign", "nonce"})


class Memory:
    """The last good answer to each question, by the key that asked."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str], dict[str, Answer]] = {}
        self._lock = threading.Lock()

    def keep(self, request: WireRequest, api_key: str, answer: Answer) -> None:
        """Remember a success."""
        if answer.status == 200:
            with self._lock:
                self._answers.setdefault(_question(request), {})[api_key] = answer

    def last(self, request: WireRequest, api_key: str) -> Answer | None:
        """Return what this key was told last."""
        with self._lock:
            return self._answers.get(_question(request), {}).get(api_key)

    def of_another(self, request: WireRequest, api_key: str) -> Answer | None:
        """Return what some other key was told last."""
        with self._lock:
            told = self._answers.get(_question(request), {})
            return next((answer for key, answer in reversed(told.items()) if key != api_key), None)

    def forget(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._answers.clear()


class Front:
    """What callers of one exchange meet: the faults in force, then the exchange itself (`behind`)."""

    def __init__(self, dialect: Dialect, site: Site, behind: Behind, note: Note, memory: Memory | None = None) -> None:
        self._dialect, self._site, self._behind, self._note, self._memory = dialect, site, behind, note, memory

    def __call__(self, request: WireRequest) -> tuple[Answer, Fault | None]:
        """Return the answer and, where one was ordered, the fault to act out while sending it."""
        api_key = self._dialect.key_of(request)
        fault = self._site.faults.take(self._dialect.id, request.path, api_key)
        answer, left = self._answer(request, api_key, fault)
        self._note(self._dialect.id, request, api_key, answer.status)
        return answer, left

    def _answer(self, request: WireRequest, api_key: str, fault: Fault | None) -> tuple[Answer, Fault | None]:
        memory = self._memory
        kind = None if fault is None else fault.kind
        if fault is not None and kind in (FaultKind.STATUS, FaultKind.ERROR_200):
            return self._refusal(fault), None
        if memory is not None and kind in (FaultKind.FREEZE, FaultKind.SWAP):
            find = memory.last if kind is FaultKind.FREEZE else memory.of_another
            return find(request, api_key) or self._behind(request), None
        answer = self._behind(request)
        answer.headers["Date"] = format_datetime(self._site.now(), usegmt=True)
        before = None
        if memory is not None:
            before = memory.last(request, api_key)
            memory.keep(request, api_key, answer)
        if fault is not None and kind in ROWS:
            return change_rows(answer, fault, before), None
        return answer, fault

    def _refusal(self, fault: Fault) -> Answer:
        status = fault.status or 503
        answer = self._dialect.refusal(status, self._site.now_ms())
        answer.status = 200 if fault.kind is FaultKind.ERROR_200 else status
        if fault.retry_after is not None:
            answer.headers["Retry-After"] = str(fault.retry_after)
        return answer


class Upstream:
    """Asks the server behind the proxy, over kept connections."""

    def __init__(self, url: str) -> None:
        self._netloc = urlsplit(url).netloc
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def __call__(self, request: WireRequest) -> Answer:
        """Hand a request on exactly as it came and return the answer; a dead server is a bad gateway."""
        with self._lock:
            link = self._idle.pop() if self._idle else None
        link = link or http.client.HTTPConnection(self._netloc, timeout=UPSTREAM_SECONDS)
        target = f"{request.path}?{request.query}" if request.query else request.path
        headers = {name: value for name, value in request.headers.items() if name not in HOP_HEADERS}
        try:
            link.request(request.method, target, request.body or None, headers)
            response = link.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            link.close()
            return Answer(502, "bad gateway")
        with self._lock:
            self._idle.append(link)
        kept = {name.title(): value for name, value in response.headers.items() if name.lower() not in HOP_HEADERS}
        return Answer(response.status, body, kept)

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()


class FaultProxy(WireServer):
    """One exchange's proxy: a port in front of the server at `url`, steered by the faults of the site."""

    def __init__(self, port: int, url: str, dialect: Dialect, site: Site, note: Note) -> None:
        self._upstream = Upstream(url)
        self.memory = Memory()
        super().__init__(port, Front(dialect, site, self._upstream, note, self.memory))

    def stop(self) -> None:
        """Close the port and every connection."""
        super().stop()
        self._upstream.close()


def needs_proxy(fault: Fault) -> bool:
    """Tell whether only the proxy can act this fault out."""
    return fault.kind in REMEMBERING


def _question(request: WireRequest) -> tuple[str, str, str]:
    """Return what is asked, whenever it is asked."""
    params = request.params()
    lasting = {name: text for name, text in params.items() if name not in SIGNS and not PASSING.fullmatch(text)}
    return request.method, request.path, repr(sorted(lasting.items()))
