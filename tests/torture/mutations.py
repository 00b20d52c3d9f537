"""What can happen to an answer on its way: each mutation says what it did, so that the judge knows what must follow."""

import gzip
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from tests.torture.bodies import Pairs, Path, Token, at, cut, places, put, write


class Kind(StrEnum):
    """What a mutation means for the reading."""

    GONE = "gone"  # a place is missing, or holds what it can never hold
    EMPTY = "empty"  # a text is empty: exchanges write "none" so
    NUMBER = "number"  # another number, well written
    REWRITTEN = "rewritten"  # the same number, written otherwise
    TEXT = "text"  # another text, or the other truth
    FILLED = "filled"  # what was empty is not
    DROPPED = "dropped"  # a key of a map is missing: one row less
    FEWER = "fewer"  # some rows of a list are missing
    TWICE = "twice"  # a row comes twice
    ORDER = "order"  # rows in another order
    MORE = "more"  # keys nobody documented
    BROKEN = "broken"  # no JSON that may be read
    STATUS = "status"  # another HTTP status
    WRAPPING = "wrapping"  # other headers, other blanks
    REPEATED = "repeated"  # the cursor is the one we came with


@dataclass(frozen=True)
class Mutation:
    """One mutated answer: `path` is the place that was touched, `rows` the rows that went or came twice."""

    kind: Kind
    what: str
    tree: Any
    path: Path = ()
    rows: tuple[int, ...] = ()
    number: Decimal | None = None
    raw: bytes | None = None
    status: int | None = None
    headers: dict[str, str] | None = None

    def nothing(self) -> bool:
        """Whether nothing stands at the place any more: the key is gone, or null."""
        try:
            return at(self.tree, self.path) is None
        except (KeyError, IndexError):
            return True


NOT_NUMBERS: tuple[Any, ...] = (
    None, True, False, [], {}, "NaN", "Infinity", "-Infinity", "nan", "1e400", "-1e400", "1e31", "1e-31", "9" * 41,
    "9" * 5000, "1" + "0" * 400, " 1", "1 ", "1,5", "1.234,56", "0x1", "1_000", "--1", "１２", "١٢", "1\u200b", "½",
    "\ud800", "\x00", "null", "true", ["1"], {"x": "1"}, "1e", "e5", ".", "-",
)  # fmt: skip
NOT_JSON_NUMBERS = tuple(
    Token(text) for text in ("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e31", "9" * 41, "0." + "1" * 50)
)
NOT_TEXTS: tuple[Any, ...] = (None, True, False, [], {}, ["x"], {"x": "y"}, Token("1.5"))
TEXTS = (
    "\u202eTCB", "🦀", "a\x00b", "x" * 5000, "'; DROP TABLE", "<b>", "\ud800", "..", "/", "BTC/USDT", "%s%n", "none",
    "é", "\n", "0", "-1", "1e5", "true",
)  # fmt: skip
NUMBERS = ("0", "-1", "0.000000000000000001", "100000000000000000000", "1e-7", "12345.678901234567", "1E+5", "7")
STATUSES = (
    100, 199, 204, 206, 299, 300, 301, 302, 304, 400, 401, 403, 404, 405, 409, 418, 429, 451, 500, 501, 502, 503, 504,
    520, 525, 530, 599, 999, 0,
)  # fmt: skip
TYPES = ("text/html", "text/plain; charset=utf-16", "application/gzip", "image/png", "", "application/json; charset=x")
HTML = b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"


def as_number(value: object) -> Decimal | None:
    """Return the number that a place holds, None where it holds none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() and not str(value).startswith(("0x", " ")) else None


def mutate(tree: Any, rng: random.Random, params: dict[str, Any], maps: Sequence[str] = ()) -> Mutation:  # noqa: ANN401
    """Return one mutation of a body; `maps` are patterns of the places of objects whose keys are rows."""
    everywhere = list(places(tree))
    if not everywhere or rng.random() < 0.16:
        return rng.choice((_broken, _status, _wrapping))(tree, rng)
    path, value = rng.choice(everywhere)
    made: Mutation = (_container if isinstance(value, dict | list) else _leaf)(tree, path, rng, params)
    if made.what.endswith("removed"):
        return replace(made, kind=Kind.DROPPED) if _fits(path[:-1], maps) else made
    if isinstance(value, dict) and _fits(path, maps) and made.path == path and isinstance(at(made.tree, path), list):
        return replace(made, kind=Kind.FILLED)  # a list in the place of a map, as some exchanges write it
    return replace(made, kind=Kind.FILLED) if made.kind is Kind.MORE and _fits(path, maps) else made


def _fits(path: Path, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase("/".join(map(str, path)), pattern) for pattern in patterns)


def _leaf(tree: Any, path: Path, rng: random.Random, params: dict[str, Any]) -> Mutation:  # noqa: ANN401
    value, number = at(tree, path), as_number(at(tree, path))
    if value is None or value == "":
        new = rng.choice((*TEXTS, *NUMBERS, 0, 1, True))
        return Mutation(Kind.FILLED, f"filled with {str(new)[:12]!r}", put(tree, path, new), path)
    if isinstance(value, bool) and rng.random() < 0.3:
        return Mutation(Kind.TEXT, f"is {not value}", put(tree, path, not value), path)
    ways: list[Callable[[], Mutation]] = [lambda: _gone(tree, path, rng, number)]
    if number is not None:
        ways += [lambda: _number(tree, path, rng, number), lambda: _rewritten(tree, path, rng, number)]
    elif isinstance(value, str):
        ways.append(lambda: _text(tree, path, rng))
    if isinstance(value, str) and not isinstance(value, Token):
        ways.append(lambda: Mutation(Kind.EMPTY, "empty text", put(tree, path, ""), path))
    if params and "ursor" in str(path[-1]):
        again = next((str(item) for name, item in params.items() if "ursor" in name), "again")
        ways.append(lambda: Mutation(Kind.REPEATED, "cursor repeated", put(tree, path, again), path))
    return rng.choice(ways)()


def _gone(tree: Any, path: Path, rng: random.Random, number: Decimal | None) -> Mutation:  # noqa: ANN401
    if isinstance(path[-1], str) and rng.random() < 0.4:
        return Mutation(Kind.GONE, "key removed", cut(tree, path), path)
    value = at(tree, path)
    if number is None:
        new = rng.choice([odd for odd in NOT_TEXTS if not (isinstance(odd, bool) and isinstance(value, bool))])
    else:
        new = rng.choice(NOT_NUMBERS if rng.random() < 0.75 else NOT_JSON_NUMBERS)
    return Mutation(Kind.GONE, f"is {str(new)[:12]!r}", put(tree, path, new), path)


def _number(tree: Any, path: Path, rng: random.Random, number: Decimal) -> Mutation:  # noqa: ANN401
    chosen = Decimal(rng.choice(NUMBERS)) if rng.random() < 0.6 else rng.choice((-number, number * 3, number + 1))
    new: Any = format(chosen, "f")
    if not isinstance(at(tree, path), str) or isinstance(at(tree, path), Token):
        new = Token(new)
    return Mutation(Kind.NUMBER, f"number {chosen}", put(tree, path, new), path, number=chosen)


def _rewritten(tree: Any, path: Path, rng: random.Random, number: Decimal) -> Mutation:  # noqa: ANN401
    plain = format(number, "f")
    longer = plain + ("000" if "." in plain else ".000")
    forms: list[Any] = [plain, longer, f"{number:e}", Token(plain), Token(longer), Token(f"{number:e}"), f"0{plain}"]
    new = rng.choice(forms)
    return Mutation(Kind.REWRITTEN, f"as {new!r:.20}", put(tree, path, new), path, number=number)


def _text(tree: Any, path: Path, rng: random.Random) -> Mutation:  # noqa: ANN401
    new = rng.choice(TEXTS)
    return Mutation(Kind.TEXT, f"text {new[:12]!r}", put(tree, path, new), path)


def _container(tree: Any, path: Path, rng: random.Random, params: dict[str, Any]) -> Mutation:  # noqa: ANN401
    value = at(tree, path)
    ways: list[Callable[[], Mutation]] = [
        lambda: _swapped(tree, path, rng),
        lambda: _swapped(tree, path, rng),
        lambda: _more(tree, path, rng),
    ]
    if isinstance(path[-1], str):
        ways.append(lambda: Mutation(Kind.GONE, "container removed", cut(tree, path), path))
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        ways += [lambda: _rows(tree, path, rng)] * 3
    return rng.choice(ways)()


def _swapped(tree: Any, path: Path, rng: random.Random) -> Mutation:  # noqa: ANN401
    value = at(tree, path)
    other: Any = dict(enumerate(map(str, range(len(value))))) if isinstance(value, list) else list(value.values())
    if isinstance(value, list):
        other = {str(index): row for index, row in enumerate(value)}
    deep: Any = value
    for _ in range(rng.choice((1, 5, 100))):
        deep = [deep]
    odd: list[Any] = [other, None, "", "x", True, deep, {} if isinstance(value, list) else []]
    if isinstance(value, list):
        odd += [0, [None], [[]], [True], [*value, None]]
        if value and isinstance(value[0], dict):
            odd += [["x"], [1], [*value, "x"]]
    new = rng.choice(odd)
    return Mutation(Kind.GONE, f"container is {str(new)[:12]}", put(tree, path, new), path)


def _more(tree: Any, path: Path, rng: random.Random) -> Mutation:  # noqa: ANN401
    value = at(tree, path)
    if not isinstance(value, dict):
        return _swapped(tree, path, rng)
    new: Any = rng.choice((None, [], {}, "new", "\u202e", {"a": {"b": [1, 2]}}))
    return Mutation(Kind.MORE, "undocumented key", put(tree, path, {**value, "documentedTomorrow": new}), path)


def _rows(tree: Any, path: Path, rng: random.Random) -> Mutation:  # noqa: ANN401
    rows = at(tree, path)
    way = rng.random()
    if way < 0.6:
        gone = sorted(rng.sample(range(len(rows)), rng.randint(1, len(rows))))
        kept = [row for index, row in enumerate(rows) if index not in gone]
        return Mutation(Kind.FEWER, f"{len(gone)} rows gone", put(tree, path, kept), path, tuple(gone))
    if way < 0.8:
        index = rng.randrange(len(rows))
        return Mutation(Kind.TWICE, "row twice", put(tree, path, [*rows, rows[index]]), path, (index,))
    return Mutation(Kind.ORDER, "rows shuffled", put(tree, path, rng.sample(rows, len(rows))), path)


def _broken(tree: Any, rng: random.Random) -> Mutation:  # noqa: ANN401
    whole = write(tree).encode()
    found = [path for path, value in [((), tree), *places(tree)] if isinstance(value, dict) and value]
    doubled = b"{,}"
    if found:
        path = rng.choice(found)
        pairs = list(at(tree, path).items())
        doubled = write(put(tree, path, Pairs([*pairs, (rng.choice(pairs)[0], "0")]))).encode()
    place = rng.randrange(1, max(2, len(whole)))
    deep = rng.choice((1500, 100_000))
    what, raw = rng.choice((
        ("cut", whole[:place]), ("cut", whole[:place]), ("tail", whole[place:]), ("twice", whole + whole),
        ("key twice", doubled), ("key twice", doubled), ("html", HTML), ("html after", whole + HTML), ("nothing", b""),
        ("gzip", gzip.compress(whole, mtime=0)), ("half gzip", gzip.compress(whole, mtime=0)[:place]),
        ("utf-16", write(tree).encode("utf-16")), ("mark", b"\xef\xbb\xbf" + whole), ("nul", b"\x00" + whole),
        ("not utf-8", whole[:place] + b"\xff" + whole[place:]), ("too deep", b"[" * deep + b"]" * deep),
        ("too deep", b'{"a":' * deep + whole + b"}" * deep), ("noise", rng.randbytes(200)),
        ("NaN", b"NaN"), ("callback", b"f(" + whole + b")"), ("single quotes", b"['" + whole.replace(b'"', b"'")),
        ("open", b'{"a":"'), ("comment", whole + b"//"), ("trailing comma", whole[:-1] + b"," + whole[-1:]),
    ))  # fmt: skip
    return Mutation(Kind.BROKEN, what, tree, raw=raw)


def _status(tree: Any, rng: random.Random) -> Mutation:  # noqa: ANN401
    status = rng.choice(STATUSES)
    return Mutation(Kind.STATUS, f"status {status}", tree, status=status)


def _wrapping(tree: Any, rng: random.Random) -> Mutation:  # noqa: ANN401
    headers = {"Content-Type": rng.choice(TYPES), "Retry-After": rng.choice(("soon", "-1", "9" * 400, "١", "1e5"))}
    raw = b" \n\t" + write(tree).encode() + b"\r\n  "
    return Mutation(Kind.WRAPPING, "headers and blanks", tree, raw=raw, headers=headers)
