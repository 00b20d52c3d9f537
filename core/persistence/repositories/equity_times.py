"""Points of equity at given times: one query for the rows, one for the packs, and what to make of both."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, String, and_, bindparam, literal, select, true, type_coerce, union_all

from core.domain.types import EquityPoint
from core.persistence.buckets import BUCKETS, SPANS, Bar, Ids, join_bars, to_point
from core.persistence.equity_codec import EquityPack
from core.persistence.models import EquityPackRow, EquityPointRow, ExchangeAccountRow
from core.persistence.repositories.base import Query
from core.persistence.repositories.equity_packs import BAR_COLUMNS
from core.persistence.types import MICROS, to_micros

ACCOUNT, POINT, PACK = ExchangeAccountRow, EquityPointRow, EquityPackRow
# Ids stay as the driver gives them: making a UUID per row costs more than reading the row.
ACCOUNT_ID, CLIENT_ID = type_coerce(ACCOUNT.id, String), type_coerce(ACCOUNT.user_id, String)
Place = tuple[int, int, object, object]  # position, bucket size, account and client


def owner_of(model: Any) -> Any:  # noqa: ANN401 - either table
    """Return what joins points or packs to their account."""
    return and_(ACCOUNT.number == model.account_key, ACCOUNT.user_id == model.client_id)


def last_points(count: int) -> Query:
    """Return the query of the last rows at or before `count` times, in every bucket size; see asked_times."""
    asked = _asked(count, "bucket")
    earlier = POINT.__table__.alias("earlier")
    last = (
        select(earlier.c.bucket)
        .where(
            earlier.c.account_key == ACCOUNT.number,
            earlier.c.bucket_seconds == asked.c.bucket_seconds,
            earlier.c.bucket <= asked.c.bucket,
            earlier.c.at_us <= asked.c.at_us,
        )
        .order_by(earlier.c.bucket.desc())
    )
    at_last = and_(owner_of(POINT), POINT.bucket_seconds == asked.c.bucket_seconds, POINT.bucket == _one(last, asked))
    return _of_asked(asked, BAR_COLUMNS).join(POINT, at_last)


def last_packs(count: int) -> Query:
    """Return the query of the packs that hold the last packed points at or before `count` times; see asked_times."""
    asked = _asked(count, "period")
    earlier = PACK.__table__.alias("earlier_pack")
    last = (
        select(earlier.c.period)
        .where(
            earlier.c.account_key == ACCOUNT.number,
            earlier.c.bucket_seconds == asked.c.bucket_seconds,
            earlier.c.period <= asked.c.period,
            earlier.c.first_us <= asked.c.at_us,
        )
        .order_by(earlier.c.period.desc())
    )
    at_last = and_(owner_of(PACK), PACK.bucket_seconds == asked.c.bucket_seconds, PACK.period == _one(last, asked))
    return _of_asked(asked, (PACK.points,)).join(PACK, at_last)


def asked_times(times: Sequence[datetime]) -> dict[str, int]:
    """Return the parameters of last_points and last_packs."""
    parameters = {f"at_{position}": to_micros(at) for position, at in enumerate(times)}
    for position, at in enumerate(times):
        for seconds, span in SPANS.items():
            parameters[f"bucket_{position}_{seconds}"] = to_micros(at) // (seconds * MICROS)
            parameters[f"period_{position}_{seconds}"] = to_micros(at) // (span * MICROS)
    return parameters


def points_by_time(
    rows: Iterable[Sequence[Any]], packs: Iterable[Sequence[Any]], times: Sequence[datetime]
) -> dict[datetime, dict[UUID, EquityPoint]]:
    """Make the answer of both queries: of several bucket sizes the newest point counts, of equal ones the finest."""
    bars: dict[Place, Bar] = {tuple(row[:4]): tuple(row[4:]) for row in rows}
    opened: dict[bytes, EquityPack] = {}
    packed: dict[Place, tuple[EquityPack, int]] = {}
    for position, seconds, account, client, data in packs:
        pack = opened[data] if data in opened else opened.setdefault(data, EquityPack(data))
        packed[position, seconds, account, client] = pack, pack.last_before(to_micros(times[position]))
    newest: dict[tuple[int, object, object], tuple[int, int]] = {}
    for position, seconds, account, client in {*bars, *packed}:
        place = (position, seconds, account, client)
        instants = [bars[place][0]] if place in bars else []
        instants += [int(pack.micros[number]) for pack, number in [packed[place]]] if place in packed else []
        owner = (position, account, client)
        newest[owner] = max(newest.get(owner, (0, 0)), (max(instants), -seconds))
    ids = Ids()
    found: dict[datetime, dict[UUID, EquityPoint]] = {at: {} for at in times}
    for (position, account, client), (_, negative) in newest.items():
        place = (position, -negative, account, client)
        stored = [pack.bar(number) for pack, number in [packed[place]]] if place in packed else []
        bar = join_bars(stored, [bars[place]] if place in bars else [], -negative)[-1]
        found[times[position]][ids[account]] = to_point(ids[account], ids[client], bar)
    return found


def _asked(count: int, name: str) -> Any:  # noqa: ANN401 - a subquery
    return union_all(
        *(
            select(
                literal(position, Integer).label("position"),
                bindparam(f"at_{position}", type_=BigInteger).label("at_us"),
                literal(seconds, Integer).label("bucket_seconds"),
                bindparam(f"{name}_{position}_{seconds}", type_=Integer).label(name),
            )
            for position in range(count)
            for seconds in BUCKETS
        )
    ).subquery(f"asked_{name}")


def _one(last: Query, asked: Any) -> Any:  # noqa: ANN401 - a subquery; a scalar
    return last.limit(1).correlate(asked, ACCOUNT).scalar_subquery()


def _of_asked(asked: Any, columns: Sequence[Any]) -> Query:  # noqa: ANN401 - a subquery
    chosen = select(asked.c.position, asked.c.bucket_seconds, ACCOUNT.id, ACCOUNT.user_id, *columns)
    return chosen.select_from(asked).join(ACCOUNT, true())
