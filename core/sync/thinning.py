"""Thinning of history: every point for 48 h, 5 min for 30 days, 1 h for a year, daily for ever (DESIGN.md section 6).

Always kept: per wallet the points on both sides of every external flow, the last at or before each local midnight, the
first and the last of each day. So no total and no component in USD changes by it (PNL.md section 14).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.domain.ledger_kinds import FLOWS
from core.domain.points import KEPT_DAYS, DetailPoint, kept_points, midnights
from core.domain.types import ExchangeAccount
from core.ports import Storage, UnitOfWork

PACK_AFTER = timedelta(hours=1)
PACKS_AT_ONCE = 48
COARSER = {30: 300, 300: 3600, 3600: 86_400}
INSTANT = timedelta(microseconds=1)


def thin_account(
    storage: Storage, account: ExchangeAccount, *, time_zone: str, now: datetime, closed_until: datetime
) -> int:
    """Pack and thin one account in small transactions; return how many points were looked at.

    Nothing at or after `closed_until` is thinned: its days are not stored yet. Running it again changes nothing, and
    two sidecars may do it at once.
    """
    done = 0
    while True:
        with storage.begin() as uow:
            packed = uow.history.pack(account, before=now - PACK_AFTER, limit=PACKS_AT_ONCE)
        done += packed
        if packed < PACKS_AT_ONCE:
            break
    for seconds, days in KEPT_DAYS.items():
        before = min(now - timedelta(days=days), closed_until)
        while found := _coarsen(storage, account, seconds=seconds, before=before, time_zone=time_zone):
            done += found
    with storage.begin() as uow:
        uow.readings.thin(account, now)
    _pack_equity(storage, account, now)
    return done


def _pack_equity(storage: Storage, account: ExchangeAccount, now: datetime) -> None:
    """Pack the account's closed equity points, each pack in its own transaction."""
    packed = 1
    while packed:
        with storage.begin() as uow:
            packed = uow.readings.pack(account, now)


def _coarsen(storage: Storage, account: ExchangeAccount, *, seconds: int, before: datetime, time_zone: str) -> int:
    with storage.begin() as uow:

        def keep(points: Sequence[DetailPoint]) -> list[DetailPoint]:
            return survivors(uow, account, points, bucket_seconds=COARSER[seconds], time_zone=time_zone)

        return uow.history.coarsen(account, bucket_seconds=seconds, before=before, keep=keep)


def survivors(
    uow: UnitOfWork, account: ExchangeAccount, points: Sequence[DetailPoint], *, bucket_seconds: int, time_zone: str
) -> list[DetailPoint]:
    """Return which of an account's points (ascending) stay when they become this coarse."""
    if not points:
        return []
    since, until = points[0].at, points[-1].at
    rows = uow.ledger.flows({account.id}, {account.user_id}, since=since - INSTANT, until=until, kinds=FLOWS)
    flows: dict[str, list[datetime]] = {}
    for row in rows:
        flows.setdefault(row.wallet, []).append(row.booked_at)
    boundaries = midnights(since, until, time_zone)
    return kept_points(points, bucket_seconds=bucket_seconds, flows=flows, boundaries=boundaries)
