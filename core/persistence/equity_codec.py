"""Equity points as bytes: columns of whole numbers with the fewest bits that tell them apart, every float bit for bit.

A column holds what is new in it: how far a close lies from the one before, how far a high lies above open and close.
Amounts that are decimals of up to ten places are kept as such, others as the bits of the float.
"""

import struct
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.persistence.buckets import Bar
from core.persistence.types import MICROS

VERSION = 1
HEAD = struct.Struct("<BHIBBqqqq")  # version, points, bucket seconds, places of money and of P&L, first of four columns
PLACES = 10
AS_BITS = 255
EXACT = 2.0**53
SPARSE = 128
SIGN = np.int64(2**63 - 1)
TRIED = 4
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def pack_equity(bars: Iterable[Bar], bucket_seconds: int) -> bytes:
    """Return points of one account and bucket size, ascending and at most one a bucket, as bytes."""
    at, open_, high, low, close, unrealized, complete = zip(*bars, strict=True)
    micros = np.array(at, dtype=np.int64)
    width = bucket_seconds * MICROS
    buckets = micros // width
    offsets = micros - buckets * width
    places, (opens, highs, lows, closes) = _to_whole([_floats(column) for column in (open_, high, low, close)])
    pnl_places, (pnl,) = _to_whole([_floats(unrealized)])
    before = np.concatenate([closes[:1], closes[:-1]])
    start = int(offsets.min())
    head = HEAD.pack(
        VERSION, len(micros), bucket_seconds, places, pnl_places, int(buckets[0]), start, int(closes[0]), int(pnl[0])
    )
    parts = [
        head,
        _column(np.diff(buckets, prepend=buckets[0] - 1) - 1),
        _column(offsets - start),
        _column(_folded(np.diff(closes, prepend=closes[0]))),
        _column(_folded(np.diff(pnl, prepend=pnl[0]))),
        _column(1 - np.array(complete, dtype=np.int64)),
        *min(
            ((bytes([n]), _column(_folded(opens - seen))) for n, seen in enumerate((closes, before))),
            key=lambda part: len(part[1]),
        ),
        _column(highs - np.maximum(opens, closes)),
        _column(np.minimum(opens, closes) - lows),
    ]
    return b"".join(parts)


def count_equity(packed: bytes) -> int:
    """Return how many points a pack holds.

    Raises:
        ValueError: it is in no known form.
    """
    if packed[:1] != bytes([VERSION]):
        raise ValueError("a pack of equity in an unknown form")
    count: int = HEAD.unpack_from(packed)[1]
    return count


def unpack_closes(packed: bytes) -> tuple[list[int], list[float], list[float], list[bool]]:
    """Return instants (microseconds), equity, unrealised P&L and completeness of a pack, ascending: all a curve needs.

    Raises:
        ValueError: it is in no known form.
    """
    found = EquityPack(packed)
    closes, pnl, complete = found.first_columns()
    return (
        found.micros.tolist(),
        _from_whole(closes, found.places).tolist(),
        _from_whole(pnl, found.pnl_places).tolist(),
        complete.tolist(),
    )


def unpack_equity(packed: bytes) -> list[Bar]:
    """Return the points of a pack, ascending.

    Raises:
        ValueError: it is in no known form.
    """
    found = EquityPack(packed)
    return list(zip(found.micros.tolist(), *(column.tolist() for column in found.columns), strict=True))


class EquityPack:
    """A pack, of which the instants are read at once, the rest in the order of writing when it is asked for."""

    def __init__(self, packed: bytes) -> None:
        """Read the instants.

        Raises:
            ValueError: it is in no known form.
        """
        self._packed, self._place = packed, HEAD.size
        self._count = count_equity(packed)
        _, _, seconds, self.places, self.pnl_places, bucket, start, self._close, self._pnl = HEAD.unpack_from(packed)
        buckets = bucket - 1 + np.cumsum(self._column() + 1)
        self.micros: Ints = buckets * (seconds * MICROS) + start + self._column()

    def last_before(self, micros: int) -> int:
        """Return the number of the last point at or before an instant, -1 where there is none."""
        return int(np.searchsorted(self.micros, micros, side="right")) - 1

    def bar(self, number: int) -> Bar:
        """Return one point."""
        open_, high, low, close, unrealized, complete = (column[number].item() for column in self.columns)
        return int(self.micros[number]), open_, high, low, close, unrealized, complete

    @cached_property
    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """Open, high, low, close, unrealised P&L and completeness."""
        closes, pnl, complete = self.first_columns()
        seen = closes if self._byte() == 0 else np.concatenate([closes[:1], closes[:-1]])
        opens = seen + _unfolded(self._column())
        highs = np.maximum(opens, closes) + self._column()
        lows = np.minimum(opens, closes) - self._column()
        money = (_from_whole(column, self.places) for column in (opens, highs, lows, closes))
        return (*money, _from_whole(pnl, self.pnl_places), complete)

    def first_columns(self) -> tuple[Ints, Ints, npt.NDArray[np.bool_]]:
        """Return close and unrealised P&L as whole numbers, and completeness; they are read once."""
        closes = self._close + np.cumsum(_unfolded(self._column()))
        pnl = self._pnl + np.cumsum(_unfolded(self._column()))
        return closes, pnl, self._column() == 0

    def _byte(self) -> int:
        self._place += 1
        return self._packed[self._place - 1]

    def _column(self) -> Ints:
        width = self._byte()
        if not width:
            return np.zeros(self._count, dtype=np.int64)
        if width < SPARSE:
            return self._numbers(self._count, width)
        is_there = self._bits(self._count).view(np.bool_)
        column = np.zeros(self._count, dtype=np.int64)
        column[is_there] = self._numbers(int(np.count_nonzero(is_there)), width - SPARSE)
        return column

    def _numbers(self, count: int, width: int) -> Ints:
        bits = np.zeros((count, 64), dtype=np.uint8)
        bits[:, 64 - width :] = self._bits(count * width).reshape(count, width)
        return np.packbits(bits.ravel()).view(">i8").astype(np.int64)

    def _bits(self, count: int) -> npt.NDArray[np.uint8]:
        size = (count + 7) // 8
        raw = np.frombuffer(self._packed, dtype=np.uint8, count=size, offset=self._place)
        self._place += size
        return np.unpackbits(raw, count=count)


def _column(numbers: Ints) -> bytes:
    """Return the width and the bits of numbers (negative ones are wide); where many are zero, which are not, first."""
    there = numbers[numbers != 0]
    if not len(there):
        return b"\0"
    width = int(np.bitwise_or.reduce(there.view(np.uint64))).bit_length()
    if len(numbers) * width <= len(numbers) + 7 + len(there) * width:
        return bytes([width]) + _to_bits(numbers, width)
    mask: bytes = np.packbits(numbers != 0).tobytes()
    return bytes([SPARSE + width]) + mask + _to_bits(there, width)


def _to_bits(numbers: Ints, width: int) -> bytes:
    bits = np.unpackbits(numbers.astype(">i8").view(np.uint8)).reshape(-1, 64)
    packed: bytes = np.packbits(bits[:, 64 - width :].ravel()).tobytes()
    return packed


def _folded(numbers: Ints) -> Ints:
    """Return signed numbers as small ones without a sign."""
    return (numbers << 1) ^ (numbers >> 63)


def _unfolded(numbers: Ints) -> Ints:
    return (numbers >> 1 & SIGN) ^ -(numbers & 1)


def _to_whole(columns: Collection[Floats]) -> tuple[int, list[Ints]]:
    """Return floats as whole numbers in the same order: of the places that give back every bit, else of their bits."""
    together = np.concatenate(list(columns))
    size = float(np.max(np.abs(together)))  # NaN and infinite ones are in no bound
    for places in range(PLACES + 1):
        if size * 10.0**places < EXACT and _gives_back(together[:TRIED], places) and _gives_back(together, places):
            return places, [np.rint(column * 10.0**places).astype(np.int64) for column in columns]
    return AS_BITS, [_ordered(column.view(np.int64)) for column in columns]


def _gives_back(numbers: Floats, places: int) -> bool:
    whole = np.rint(numbers * 10.0**places).astype(np.int64)
    return np.array_equal((whole / 10.0**places).view(np.int64), numbers.view(np.int64))


def _from_whole(numbers: Ints, places: int) -> Floats:
    return _ordered(numbers).view(np.float64) if places == AS_BITS else numbers / 10.0**places


def _ordered(bits: Ints) -> Ints:
    """Return the bits of floats so that greater floats are greater numbers; a second time gives them back."""
    return bits ^ ((bits >> 63) & SIGN)


def _floats(values: Iterable[Any]) -> Floats:
    return np.array(list(values), dtype=np.float64)
