"""Faults that tests order: what goes wrong on the wire or in an answer, where, and how often."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Ways to go wrong.

    On the wire: `hang` lasts `seconds`, by default for ever; `slow_head` and `slow_body` send one byte every `seconds`;
    `refused` closes the exchange's port, whatever the path; `half_closed` ends a body of unknown length half way and
    leaves the connection open; `endless_head` sends headers for ever.

    In the body: `garbage`, `html` and `text` (with `status`, 200 unless told), `empty`, `bom` (a UTF-8 mark in front),
    `encoding` (UTF-16), `huge` (12 MiB), `bomb` (64 MiB in a small gzip), `deep` (nested lists), `rewrite` (every
    `field` gets the JSON text `value`), `twice` (every `field` stands there a second time, with `value`).

    In what is said: `status` with `retry_after`, `error_200` (the exchange's error envelope with HTTP 200), `redirect`
    to `value`, `skew` (the exchange's clock is `seconds` ahead).

    In rows of lists: `repeat_rows`, `reverse_rows`, `withhold_rows` (the last `rows` are missing). Only the proxy
    remembers what was said before: `overlap_rows` begins with the last `rows` of the page before, `freeze` repeats the
    last answer to the same question, `swap` gives the last answer that another key got at this path.
    """

    LATENCY = "latency"
    HANG = "hang"
    RESET = "reset"
    REFUSED = "refused"
    TRUNCATE = "truncate"
    HALF_CLOSED = "half_closed"
    SLOW_BODY = "slow_body"
    SLOW_HEAD = "slow_head"
    ENDLESS_HEAD = "endless_head"
    BAD_CHUNKS = "bad_chunks"
    GARBAGE = "garbage"
    HTML = "html"
    TEXT = "text"
    EMPTY = "empty"
    BOM = "bom"
    ENCODING = "encoding"
    HUGE = "huge"
    BOMB = "bomb"
    DEEP = "deep"
    REWRITE = "rewrite"
    TWICE = "twice"
    STATUS = "status"
    ERROR_200 = "error_200"
    REDIRECT = "redirect"
    SKEW = "skew"
    REPEAT_ROWS = "repeat_rows"
    REVERSE_ROWS = "reverse_rows"
    WITHHOLD_ROWS = "withhold_rows"
    OVERLAP_ROWS = "overlap_rows"
    FREEZE = "freeze"
    SWAP = "swap"


# in force as long as they are ordered, not for single requests
LASTING = frozenset({FaultKind.SKEW, FaultKind.REFUSED})
# need a memory of earlier answers
REMEMBERING = frozenset({FaultKind.OVERLAP_ROWS, FaultKind.FREEZE, FaultKind.SWAP})


@dataclass(slots=True)
class Fault:
    """One ordered fault. `after` fitting requests pass first; `count` None lasts until cleared.

    `seconds` is the delay or the shift of the clock; `status` 0 is what the kind usually has (503 for `status`).
    """

    exchange: str
    kind: FaultKind
    status: int = 0
    retry_after: int | None = None
    seconds: float = 1.0
    path_prefix: str = "/"
    api_key: str | None = None
    count: int | None = None
    after: int = 0
    field: str = ""
    value: str = ""
    rows: int = 1


class FaultBoard:
    """The faults in force; each request takes at most one. `watch` is told of every change."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call `watcher` after every order and every clearing."""
        self._watchers.append(watcher)

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._faults.append(fault)
        self._tell()

    def clear(self, exchange: str | None = None) -> None:
        """Call off the faults of an exchange, or all."""
        with self._lock:
            self._faults = [fault for fault in self._faults if exchange is not None and fault.exchange != exchange]
        self._tell()

    def take(self, exchange: str, path: str, api_key: str) -> Fault | None:
        """Return the first fault that fits this request and use it up by one."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in LASTING or not _fits(fault, exchange, path, api_key):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def skew_seconds(self, exchange: str) -> float:
        """Return by how much the exchange's clock is ahead."""
        return sum(fault.seconds for fault in self._of(exchange, FaultKind.SKEW))

    def is_refusing(self, exchange: str) -> bool:
        """Tell whether nobody listens at the exchange's port."""
        return bool(self._of(exchange, FaultKind.REFUSED))

    def all(self) -> list[Fault]:
        """Return the faults in force."""
        with self._lock:
            return list(self._faults)

    def _of(self, exchange: str, kind: FaultKind) -> list[Fault]:
        return [fault for fault in self.all() if fault.exchange == exchange and fault.kind is kind]

    def _tell(self) -> None:
        for watcher in self._watchers:
            watcher()


def _fits(fault: Fault, exchange: str, path: str, api_key: str) -> bool:
    return fault.exchange == exchange and path.startswith(fault.path_prefix) and fault.api_key in (None, api_key)
