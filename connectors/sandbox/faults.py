"""Faults that tests order: what goes wrong on the wire, where, and how often."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """Ways to go wrong. `hang` lasts `seconds`, by default for ever.

    `error_200` is the exchange's error envelope with HTTP 200; `skew` shifts the exchange's clock by `seconds`;
    `slow_body` and `slow_head` send one byte every `seconds`.
    """

    LATENCY = "latency"
    HANG = "hang"
    RESET = "reset"
    TRUNCATE = "truncate"
    SLOW_BODY = "slow_body"
    SLOW_HEAD = "slow_head"
    GARBAGE = "garbage"
    HTML = "html"
    STATUS = "status"
    ERROR_200 = "error_200"
    EMPTY = "empty"
    BOM = "bom"
    BAD_CHUNKS = "bad_chunks"
    HUGE = "huge"
    DEEP = "deep"
    REDIRECT = "redirect"
    SKEW = "skew"


@dataclass(slots=True)
class Fault:
    """One ordered fault. `count` None lasts until cleared; `seconds` is the delay or the shift of the clock."""

    exchange: str
    kind: FaultKind
    status: int = 503
    retry_after: int | None = None
    seconds: float = 1.0
    path_prefix: str = "/"
    api_key: str | None = None
    count: int | None = None


class FaultBoard:
    """The faults in force; each request takes at most one."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Order a fault."""
        with self._lock:
            self._faults.append(fault)

    def clear(self, exchange: str | None = None) -> None:
        """Call off the faults of an exchange, or all."""
        with self._lock:
            self._faults = [fault for fault in self._faults if exchange is not None and fault.exchange != exchange]

    def take(self, exchange: str, path: str, api_key: str) -> Fault | None:
        """Return the first fault that fits this request and use it up by one."""
        with self._lock:
            for fault in self._faults:
                fits = (
                    fault.exchange == exchange
                    and path.startswith(fault.path_prefix)
                    and fault.api_key in (None, api_key)
                )
                if fault.kind is not FaultKind.SKEW and fits:
                    if fault.count is not None:
                        fault.count -= 1
                        if fault.count <= 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def skew_seconds(self, exchange: str) -> float:
        """Return by how much the exchange's clock is ahead."""
        with self._lock:
            return sum(
                fault.seconds for fault in self._faults if fault.exchange == exchange and fault.kind is FaultKind.SKEW
            )

    def all(self) -> list[Fault]:
        """Return the faults in force."""
        with self._lock:
            return list(self._faults)
