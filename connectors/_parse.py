"""Readers of wire values: exact numbers, aware times, strict JSON. Whatever does not fit is a ValueError."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, InvalidOperation
from functools import lru_cache, reduce
from typing import Any

MAX_DIGITS = 40
MAX_EXPONENT = 30
EXACT = Context(prec=100)
RATIO = Context(prec=28)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_PLAIN = "0123456789.-"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LAST_MS = 4_102_444_800_000  # 2100-01-01
ZERO = Decimal(0)
_OBJECT, _TEXTS = frozenset({dict}), (bytes, str)


class JsonError(ValueError):
    """A body that is not the JSON we accept; `problem` is a short code."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def read_body(body: object) -> Any:  # noqa: ANN401 - a wire payload
    """Return the payload of a body: text is read as JSON, a payload that was parsed elsewhere is made exact.

    Raises:
        ValueError: with the reason as a code where it is a JsonError.
    """
    return loads(body) if isinstance(body, _TEXTS) else to_exact(body)


def loads(body: bytes | str) -> Any:  # noqa: ANN401 - a wire payload
    """Read JSON with Decimal numbers; NaN, duplicate keys, absurd numbers and too deep nesting are refused.

    Raises:
        JsonError: with the reason as a code.
    """
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise JsonError("encoding")
    problem = "not-json"
    try:
        return _decoder().decode(text)
    except JsonError as e:
        problem = e.problem
    except RecursionError:
        problem = "depth"
    except json.JSONDecodeError:
        pass
    except ValueError:
        problem = "number"
    raise JsonError(problem)


@lru_cache(maxsize=1)
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=number, parse_int=_whole, parse_constant=_refuse, object_pairs_hook=_unique)


def to_exact(value: Any) -> Any:  # noqa: ANN401 - a wire payload
    """Return a payload that was parsed elsewhere with its floats turned into the Decimals they were written as."""
    if isinstance(value, float):
        return number(repr(value))
    if isinstance(value, dict):
        return {str(key): to_exact(item) for key, item in value.items()}
    return [to_exact(item) for item in value] if isinstance(value, list) else value


def number(value: object) -> Decimal:
    """Return an exact number from text, int or Decimal; floats, bools, NaN and absurd sizes are refused."""
    if type(value) is str and len(value) <= MAX_EXPONENT and not value.strip(_PLAIN):
        try:
            return Decimal(value, EXACT)  # nearly all: too short to be absurd
        except InvalidOperation:
            raise ValueError("not a number") from None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise ValueError("not a number")
    if isinstance(value, str):
        if len(value) > 2 * MAX_DIGITS or not _NUMBER.fullmatch(value):
            raise ValueError("not a number")
        value = Decimal(value)
    exact = Decimal(value)
    if not exact.is_finite():
        raise ValueError("not finite")
    _sign, digits, exponent = exact.as_tuple()
    if (
        len(digits) > MAX_DIGITS
        or abs(int(exponent)) > MAX_EXPONENT
        or (exact and abs(exact.adjusted()) > MAX_EXPONENT)
    ):
        raise ValueError("absurd number")
    return exact


def natural(value: object) -> Decimal:
    """Return an exact number that may not be negative."""
    exact = number(value)
    if exact < ZERO:
        raise ValueError("negative")
    return exact


def number_or_none(value: object) -> Decimal | None:
    """Return a number, or None where the exchange left the field empty or out."""
    return None if value is None or value == "" else number(value)


def number_or_empty(value: object) -> Decimal | None:
    """Return a number, or None where the exchange documents an empty text; what is missing or null is refused."""
    return None if value == "" else number(value)


def number_or_zero(value: object) -> Decimal:
    """Return a number, or zero where the exchange documents an empty text as zero; what is missing is not zero."""
    return ZERO if value == "" else number(value)


def nonzero(value: object) -> Decimal | None:
    """Return a number, or None for zero or empty: exchanges write "no price" as 0."""
    return number_or_none(value) or None


def ratio(numerator: Decimal, denominator: Decimal) -> Decimal:
    """Divide to 28 significant digits."""
    return RATIO.divide(numerator, denominator)


def total(values: Iterable[Decimal]) -> Decimal:
    """Add without rounding."""
    return reduce(EXACT.add, values, ZERO)


def text(value: object) -> str:
    """Return a non-empty text; ints become text (ids can exceed 2^53)."""
    if type(value) is str and value:
        return value
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError("not a text")
    return str(value)


def text_or_none(value: object) -> str | None:
    """Return a text, or None where the exchange left the field empty or out."""
    return None if value is None or value == "" else text(value)


def cursor(value: object) -> str | None:
    """Return the mark of the next page, None where an empty text says that there is none; a missing one is no end."""
    return None if value == "" else text(value)


def flag(value: object) -> bool:
    """Return a real JSON boolean."""
    if not isinstance(value, bool):
        raise ValueError("not a boolean")
    return value


def rows(value: object) -> list[dict[str, Any]]:
    """Return a list of JSON objects."""
    if not isinstance(value, list) or not set(map(type, value)) <= _OBJECT:
        raise ValueError("not a list of objects")
    return value


def rows_or_none(value: object) -> list[dict[str, Any]]:
    """Return a list of JSON objects; none where the exchange writes null for an empty list."""
    return [] if value is None else rows(value)


def record(value: object) -> dict[str, Any]:
    """Return a JSON object."""
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def milliseconds(value: object) -> int:
    """Return Unix milliseconds, as int or as text of digits, between 1970 and 2100."""
    exact = number(value)
    if exact != exact.to_integral_value() or not 0 < exact < _LAST_MS:
        raise ValueError("not a time")
    return int(exact)


def instant(value: object) -> datetime:
    """Return the aware UTC instant of Unix milliseconds."""
    return from_ms(milliseconds(value))


def instant_or_none(value: object) -> datetime | None:
    """Return the instant of Unix milliseconds, None where the exchange left the field out, empty or zero."""
    return None if value in (None, "", 0, "0") else instant(value)


def inverse_or_none(value: object) -> Decimal | None:
    """Return one divided by a ratio that the exchange states the other way round; None for zero, empty or left out."""
    stated = nonzero(value)
    return None if stated is None else ratio(Decimal(1), stated)


def from_ms(ms: int) -> datetime:
    """Return the aware UTC instant of Unix milliseconds."""
    return _EPOCH + timedelta(milliseconds=ms)


def to_ms(moment: datetime) -> int:
    """Return Unix milliseconds of an aware instant, rounded down."""
    if moment.tzinfo is None:
        raise ValueError("naive datetime")
    return (moment - _EPOCH) // _MILLISECOND


def windows(since: datetime, until: datetime, days: int) -> list[tuple[int, int]]:
    """Cut [since, until] into consecutive closed windows of at most `days` days, in Unix milliseconds, oldest first."""
    start, end, step = to_ms(since), to_ms(until), days * 86_400_000
    return [(at, min(at + step - 1, end)) for at in range(start, end + 1, step)]


def split_pair(pair: str, quotes: Sequence[str]) -> tuple[str, str] | None:
    """Split a pair written without separator, such as BTCUSDT, by its longest known quote."""
    fits = [quote for quote in quotes if pair.endswith(quote) and len(pair) > len(quote)]
    if not fits:
        return None
    quote = max(fits, key=len)
    return pair[: -len(quote)], quote


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise JsonError("number")
    return int(digits)


def _refuse(constant: str) -> None:
    raise JsonError("number")


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonError("duplicate-key")
    return result
