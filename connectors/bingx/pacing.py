"""One pace for all BingX accounts behind this address: its limits are 1 to 3 calls a second, counted by address."""

import threading
from dataclasses import replace
from weakref import WeakValueDictionary

from connectors._pace import Pace
from connectors.bingx.endpoints import INFO

_paces: WeakValueDictionary[str, Pace] = WeakValueDictionary()
_lock = threading.Lock()


def shared_pace(base_url: str) -> Pace:
    """Return the pace of a host; it lives as long as one of the connectors that share it."""
    with _lock:
        pace = _paces.get(base_url)
        if pace is None:
            pace = _paces[base_url] = Pace(replace(limit, scope="uid") for limit in INFO.rate_limits)
        return pace
