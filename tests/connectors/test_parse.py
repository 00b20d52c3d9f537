"""Wire values are read exactly or not at all."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors._parse import (
    JsonError,
    from_ms,
    instant,
    loads,
    milliseconds,
    natural,
    nonzero,
    number,
    number_or_none,
    ratio,
    split_pair,
    text,
    to_exact,
    to_ms,
    total,
    windows,
)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "not-json"),
        (b"<html>", "not-json"),
        (b'{"a": 1', "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b"\xff{}", "encoding"),
        (b"[NaN]", "number"),
        (b"[-Infinity]", "number"),
        (b"[1e400]", "number"),
        (b"[0." + b"1" * 50 + b"]", "number"),
        (b"[" + b"1" * 5000 + b"]", "number"),
        (b'{"a": 1, "a": 2}', "duplicate-key"),
        (b"[" * 100_000, "depth"),
    ],
)
def test_what_is_no_acceptable_json_is_named(body: bytes, problem: str) -> None:
    with pytest.raises(JsonError) as caught:
        loads(body)
    assert caught.value.problem == problem


def test_json_numbers_keep_every_digit() -> None:
    assert loads(b'{"a": 0.1000000000000000000000001, "b": 8082461000000000001}') == {
        "a": Decimal("0.1000000000000000000000001"),
        "b": 8082461000000000001,
    }


def test_floats_of_a_payload_parsed_elsewhere_become_what_was_written() -> None:
    assert to_exact({"a": [0.1, {"b": 0.004}]}) == {"a": [Decimal("0.1"), {"b": Decimal("0.004")}]}


@pytest.mark.parametrize(
    "bad",
    [
        None,
        True,
        0.5,
        "",
        " 1",
        "1 ",
        "1,5",
        "0x1",
        "NaN",
        "Infinity",
        "١٢",
        "1e31",
        "1e-31",
        [],
        "9" * 41,
        "1.2.3",
        "1-2",
        "--1",
        "-",
        ".",
        "1_0",
    ],
)
def test_number_refuses(bad: object) -> None:
    with pytest.raises(ValueError, match="number|finite"):
        number(bad)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=18))
def test_number_reads_any_usual_amount_exactly(value: Decimal) -> None:
    assert number(format(value, "f")) == value


def test_empty_and_zero_are_told_apart() -> None:
    assert number_or_none("") is None
    assert number_or_none("0") == 0
    assert nonzero("0.000") is None
    with pytest.raises(ValueError, match="negative"):
        natural("-0.1")


def test_sums_are_not_rounded() -> None:
    large, small = Decimal("9" * 20), Decimal("0." + "0" * 17 + "1")
    assert total([large, small]) == Decimal("9" * 20 + "." + "0" * 17 + "1")
    assert ratio(Decimal(1), Decimal(3)) == Decimal("0." + "3" * 28)


@pytest.mark.parametrize("bad", [0, -5, "x", 1.5, 10**18, None, "1718870400.5"])
def test_a_time_outside_reason_is_refused(bad: object) -> None:
    with pytest.raises(ValueError, match="time|number"):
        milliseconds(bad)


def test_times_are_aware_and_exact() -> None:
    moment = instant("1718870400123")
    assert moment == datetime(2024, 6, 20, 8, 0, 0, 123_000, tzinfo=UTC)
    assert from_ms(to_ms(moment)) == moment
    with pytest.raises(ValueError, match="naive"):
        to_ms(datetime(2024, 6, 20))  # noqa: DTZ001 - the point of the test


def test_ids_longer_than_a_float_keep_their_digits() -> None:
    assert text(8082461000000000001) == "8082461000000000001"


def test_windows_cover_the_span_without_gap_or_overlap() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    cut = windows(since, since + timedelta(days=200), 90)
    assert (cut[0][0], cut[-1][1]) == (to_ms(since), to_ms(since + timedelta(days=200)))
    assert all(later[0] == earlier[1] + 1 for earlier, later in zip(cut, cut[1:], strict=False))
    assert all(end - start < 90 * 86_400_000 for start, end in cut)
    assert windows(since, since, 90) == [(to_ms(since), to_ms(since))]


@pytest.mark.parametrize(("pair", "expected"), [("BTCUSDT", ("BTC", "USDT")), ("USDT", None), ("XYZ", None)])
def test_a_pair_is_split_at_the_longest_quote(pair: str, expected: tuple[str, str] | None) -> None:
    assert split_pair(pair, ("T", "USDT", "BTC")) == (expected if pair != "USDT" else ("USD", "T"))
