"""Which points a period needs: what was read last before each of its edges, and on both sides of all that moved money.

A total does not depend on the points between (PNL.md rule 2), and reading a point costs more than adding it up.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.domain.ledger_kinds import FLOWS
from core.domain.points import DetailPoint
from core.domain.types import ExchangeAccount, WalletState
from core.ports import ClientIds, UnitOfWork

EARLIEST = datetime(2009, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
NEAR = timedelta(minutes=10)
LATEST = timedelta(seconds=90)  # where an account is read every 30 s, few points are looked at
LOOK_BACK = timedelta(hours=2)
FARTHER = 8
FEW_SIDES, FEW_MOVES = 12, 6

Points = dict[UUID, list[DetailPoint]]


@dataclass(frozen=True, slots=True)
class _Move:
    """When money came or went in a wallet, or it `is_first` read; `wallet` None: the account left."""

    account_id: UUID
    wallet: str | None
    at: datetime
    is_first: bool = False


def period_points(
    uow: UnitOfWork, clients: ClientIds, accounts: Sequence[ExchangeAccount], edges: Sequence[datetime], *, few: bool
) -> tuple[Points, list[datetime]]:
    """Return points by account from the last ones before the first edge to the last edge, and the times around moves.

    A move is a flow, a wallet's first reading or an account's removal. With `few`, accounts where nothing moved have
    only their last points before each edge and each of those times.
    """
    since, until = edges[0], edges[-1]
    ids = {account.id for account in accounts}
    if not few:
        found = merged(
            points_near(uow, clients, ids, [since], reach=LOOK_BACK),
            uow.history.points(ids, clients, since=since, until=until),
        )
        return found, _sides(_moves(uow, clients, accounts, (_first(found, since), until)), found)
    near = points_near(uow, clients, ids, edges)
    first = _first(near, since)
    moves = _moves(uow, clients, accounts, (first, until))
    if not moves:
        return near, []
    busy = {move.account_id for move in moves}
    around = _around(uow, clients, moves, near, until) if len(moves) <= FEW_MOVES else None
    if around is not None:
        sides = _sides(moves, around)
        return merged(around, points_near(uow, clients, ids, sides)), sides
    found = merged(near, uow.history.points(busy, clients, since=first, until=until))
    sides = _sides(moves, found)
    quiet = ids - busy
    if quiet and len(sides) > FEW_SIDES:
        return merged(found, uow.history.points(quiet, clients, since=first, until=until)), sides
    return merged(found, points_near(uow, clients, quiet, sides) if quiet else {}), sides


def points_near(
    uow: UnitOfWork,
    clients: ClientIds,
    account_ids: Collection[UUID],
    edges: Iterable[datetime],
    *,
    reach: timedelta = NEAR,
) -> Points:
    """Return by account the last good point of each wallet at or before each edge.

    `reach` is how far back it looks at first. A wallet that was not read yet at an edge has none there.
    """
    wallets = [wallet for wallet in uow.readings.wallets(account_ids, clients) if wallet.first_ok_at is not None]
    found: Points = {account_id: [] for account_id in account_ids}
    for some in _neighbours(edges, reach):
        found = merged(found, _last_before(uow, clients, wallets, some, LATEST if reach == NEAR else reach))
    return found


def merged(one: Mapping[UUID, Sequence[DetailPoint]], other: Mapping[UUID, Sequence[DetailPoint]]) -> Points:
    """Return the points of both, ascending, each once."""
    found: Points = {}
    for account_id in one.keys() | other.keys():
        both = {point.at: point for part in (one, other) for point in part.get(account_id, ())}
        found[account_id] = [both[at] for at in sorted(both)]
    return found


def _neighbours(edges: Iterable[datetime], reach: timedelta) -> list[list[datetime]]:
    """Return the edges ascending, in groups that are read at once: no farther from the one before than `reach`."""
    groups: list[list[datetime]] = []
    for edge in sorted(edges):
        if groups and edge - groups[-1][-1] <= reach:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    return groups


def _last_before(
    uow: UnitOfWork,
    clients: ClientIds,
    wallets: Sequence[WalletState],
    edges: Sequence[datetime],
    reach: timedelta,
) -> Points:
    found: Points = {}
    missing, back = {wallet.account_id for wallet in wallets}, edges[0]
    while missing and back > EARLIEST:
        back = max(EARLIEST, edges[0] - reach)
        found |= uow.history.points(missing, clients, since=back, until=edges[-1])
        missing = {wallet.account_id for wallet in wallets if not _is_known(wallet, found, edges[0])}
        reach *= FARTHER
    return {
        account_id: _each_once(_newest([point for point in points if point.at <= edge]) for edge in edges)
        for account_id, points in found.items()
    }


def _each_once(parts: Iterable[Sequence[DetailPoint]]) -> list[DetailPoint]:
    found = {point.at: point for part in parts for point in part}
    return [found[at] for at in sorted(found)]


def _around(
    uow: UnitOfWork, clients: ClientIds, moves: Sequence[_Move], near: Points, until: datetime
) -> Points | None:
    """Return the points with those close to each move on both sides; None where they are farther away."""
    found = near
    for at in {move.at for move in moves}:
        ids = {move.account_id for move in moves if move.at == at}
        close = uow.history.points(ids, clients, since=at - NEAR, until=min(at + NEAR, until))
        for move in (move for move in moves if move.at == at and move.wallet is not None):
            times = [p.at for p in close[move.account_id] if any(w.ok and w.wallet == move.wallet for w in p.wallets)]
            has_before = move.is_first or any(time <= at for time in times)
            has_after = at + NEAR >= until or any(time > at for time in times)
            if not has_before or not has_after:
                return None
        found = merged(found, close)
    return found


def _newest(points: Sequence[DetailPoint]) -> list[DetailPoint]:
    """Return the last points that are good for some wallet, ascending."""
    newest: dict[str, DetailPoint] = {}
    for point in points:
        newest |= {wallet.wallet: point for wallet in point.wallets if wallet.ok}
    kept = {point.at: point for point in newest.values()}
    return [kept[at] for at in sorted(kept)]


def _is_known(wallet: WalletState, found: Mapping[UUID, Sequence[DetailPoint]], edge: datetime) -> bool:
    """Tell whether the wallet's state at the edge is there, or it had none."""
    if wallet.first_ok_at is None or wallet.first_ok_at > edge:
        return True
    points = (point for point in reversed(found[wallet.account_id]) if point.at <= edge)
    return any(seen.ok and seen.wallet == wallet.wallet for point in points for seen in point.wallets)


def _first(points: Points, since: datetime) -> datetime:
    return min([since, *(found[0].at for found in points.values() if found)])


def _moves(
    uow: UnitOfWork, clients: ClientIds, accounts: Sequence[ExchangeAccount], span: tuple[datetime, datetime]
) -> list[_Move]:
    since, until = span
    ids = {account.id for account in accounts}
    flows = uow.ledger.flows(ids, clients, since=since - INSTANT, until=until, kinds=FLOWS)
    wallets = uow.readings.wallets(ids, clients)
    joins = ((w.account_id, w.wallet, w.first_ok_at) for w in wallets if w.first_ok_at is not None)
    left = ((account.id, None, account.removed_at) for account in accounts if account.removed_at is not None)
    others = [*((one, name, at - INSTANT) for one, name, at in joins), *left]
    return [_Move(row.account_id, row.wallet, row.booked_at) for row in flows] + [
        _Move(one, name, at, is_first=name is not None) for one, name, at in others if since < at <= until
    ]


def _sides(moves: Iterable[_Move], points: Points) -> list[datetime]:
    """Return the times of the last reading at or before each move and of the first one after it, ascending."""
    good: dict[tuple[UUID, str], list[datetime]] = {}
    for account_id, found in points.items():
        for point in found:
            for wallet in point.wallets:
                if wallet.ok:
                    good.setdefault((account_id, wallet.wallet), []).append(point.at)
    sides = set()
    for move in moves:
        times = [move.at] if move.wallet is None else good.get((move.account_id, move.wallet), [])
        after = bisect_right(times, move.at)
        sides |= {times[n] for n in (after - 1, after) if 0 <= n < len(times)}
        sides |= {at - INSTANT for at in times[after : after + 1]}  # the bracket begins with anybody's last reading
    return sorted(sides)
