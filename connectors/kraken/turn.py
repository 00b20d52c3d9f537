"""What the connectors of one key share: whose turn it is to ask, its nonces, and how full its call counter is."""

import hashlib
import threading
from weakref import WeakValueDictionary

from connectors._credentials import Credentials

COUNTER_MOST = 15  # of the lowest tier, that the connector assumes
FALLS_PER_SECOND = 1 / 3
FINEST_UNIT = 1_000_000


class Turn:
    """The lock of a key, that spans building and sending, its last nonce, and an estimate of its call counter.

    Nonces are milliseconds. Where another program has used finer times with the key, finer ones are the only way in.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.last_nonce = 0
        self._unit = 1
        self._used = 0.0
        self._counted_ms = 0

    def next_nonce(self, now_ms: int) -> int:
        """Return a number that only ever grows: the time, or the last one plus one."""
        with self.lock:
            self.last_nonce = max(now_ms * self._unit, self.last_nonce + 1)
            return self.last_nonce

    def refine(self) -> bool:
        """Take nonces from times that are a thousand times finer; False where they are as fine as can be."""
        with self.lock:
            if self._unit == FINEST_UNIT:
                return False
            self._unit *= 1_000
            return True

    def count(self, units: int, now_ms: int) -> None:
        """Add what a call costs to the counter."""
        with self.lock:
            self._used = COUNTER_MOST - self.room(now_ms) + units

    def exhaust(self, now_ms: int) -> None:
        """Take the counter for full, as the exchange says."""
        with self.lock:
            self._used, self._counted_ms = float(COUNTER_MOST), now_ms

    def room(self, now_ms: int) -> float:
        """Return how many units may be used now; the counter falls all the time."""
        with self.lock:
            seconds = max(0, now_ms - self._counted_ms) / 1_000
            self._used = max(0.0, self._used - seconds * FALLS_PER_SECOND)
            self._counted_ms = now_ms
            return COUNTER_MOST - self._used


_turns: WeakValueDictionary[str, Turn] = WeakValueDictionary()
_turns_lock = threading.Lock()


def turn_of(credentials: Credentials | None) -> Turn:
    """Return the one turn of a key; it lives as long as one of the connectors that share it."""
    if credentials is None:
        return Turn()
    name = hashlib.sha256(credentials.api_key.reveal().encode()).hexdigest()
    with _turns_lock:
        turn = _turns.get(name)
        if turn is None:
            turn = _turns[name] = Turn()
        return turn
