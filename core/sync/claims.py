"""Taking accounts that are due, and main accounts before their time where an exchange's limits have room left."""

from collections.abc import Callable, Mapping
from datetime import datetime

from core.ports import Lease
from core.sync.ports import Tools


def claim(tools: Tools, now: datetime, most: Mapping[str, int], *, ahead_seconds: float = 0) -> list[Lease]:
    """Take so many accounts of each exchange at most; with `ahead_seconds` main accounts that are due so soon."""
    wanted = {exchange: limit for exchange, limit in sorted(most.items()) if limit > 0}
    leases: list[Lease] = []
    if not wanted:
        return leases
    with tools.storage.begin() as uow:
        for exchange, limit in wanted.items():
            leases += uow.syncing.claim(
                now,
                owner=tools.owner,
                lease_seconds=tools.lease_seconds,
                limit=limit,
                exchange=exchange,
                egress=tools.egress,
                ahead_seconds=ahead_seconds,
            )
    return leases


def claim_ahead(tools: Tools, now: datetime, left: Mapping[str, int], ahead_of: Callable[[str], float]) -> list[Lease]:
    """Take main accounts before their time at exchanges that have room left although their plan is stretched."""
    leases: list[Lease] = []
    for exchange, limit in left.items():
        ahead = ahead_of(exchange)
        if ahead:
            leases += claim(tools, now, {exchange: limit}, ahead_seconds=ahead)
    return leases
