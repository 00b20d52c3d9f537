"""Equity points come back from their packs bit for bit, whatever was in them, and take few bytes."""

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.persistence.buckets import BUCKETS, Bar
from core.persistence.equity_codec import count_equity, pack_equity, unpack_closes, unpack_equity
from core.persistence.types import MICROS

START = 1_795_000_000
MONEY = st.floats(allow_nan=True, allow_infinity=True) | st.decimals(-(10**6), 10**6, places=8).map(float)
ROWS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 29_999_999), MONEY, MONEY, MONEY, MONEY, MONEY, st.booleans()),
    min_size=1,
    max_size=40,
)


def bits(bar: Bar) -> bytes:
    return struct.pack("<q5d?", *bar)


def walk(count: int, seconds: int, *, places: int | None = None) -> list[Bar]:
    """Return points of single readings that walk by a tenth of a thousandth, read within a second of their time."""
    chance, equity, bars = random.Random(1), 123_456.789, list[Bar]()
    for n in range(count):
        equity *= 1 + chance.gauss(0, 1e-4)
        shown = equity if places is None else round(equity, places)
        at = (START // seconds + n) * seconds * MICROS + chance.randrange(MICROS)
        bars.append((at, shown, shown, shown, shown, round(chance.gauss(0, 50), 8), True))
    return bars


@settings(max_examples=150, deadline=None)
@given(ROWS, st.sampled_from(BUCKETS))
def test_any_points_come_back_bit_for_bit(
    rows: list[tuple[int, int, float, float, float, float, float, bool]], seconds: int
) -> None:
    bucket, bars = START // seconds, list[Bar]()
    for step, offset, *rest in rows:
        bucket += step
        bars.append((bucket * seconds * MICROS + offset, *rest))  # type: ignore[arg-type]
    packed = pack_equity(bars, seconds)
    assert [bits(bar) for bar in unpack_equity(packed)] == [bits(bar) for bar in bars]
    closes = [(at, close, unrealized, complete) for at, _, _, _, close, unrealized, complete in bars]
    assert repr(list(zip(*unpack_closes(packed), strict=True))) == repr(closes)
    assert count_equity(packed) == len(bars)


def test_zero_below_zero_and_infinity_keep_their_bits() -> None:
    bars: list[Bar] = [
        (START * MICROS + n * 30 * MICROS, value, value, -value, value, -value, n % 2 == 0)
        for n, value in enumerate((-0.0, 0.0, float("inf"), 5e-324, -1e300, 0.1 + 0.2))
    ]
    assert [bits(bar) for bar in unpack_equity(pack_equity(bars, 30))] == [bits(bar) for bar in bars]


def test_single_readings_cost_a_dozen_bytes_and_decimals_less() -> None:
    single, decimal = pack_equity(walk(288, 300), 300), pack_equity(walk(288, 300, places=4), 300)
    assert len(decimal) + 288 < len(single) < 288 * 13


def test_an_account_where_nothing_moves_costs_next_to_nothing() -> None:
    at, cash = START // 300 * 300 * MICROS, 5000.25
    bars: list[Bar] = [(at + n * 300 * MICROS, cash, cash, cash, cash, 0.0, True) for n in range(288)]
    assert len(pack_equity(bars, 300)) < 80


def test_a_pack_of_another_form_is_refused() -> None:
    for read in (count_equity, unpack_closes, unpack_equity):
        with pytest.raises(ValueError, match="unknown form"):
            read(b"\x07abc")
