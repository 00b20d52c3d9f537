"""Judges what a connector made of a mutated answer, by laws that hold whatever the exchange.

The reading of the answer as recorded is known to be right (it was written by hand, tests/connectors/test_samples.py).
From there a mutated answer is either refused with one of our errors, or differs from it exactly as the mutation says:
a figure that is gone becomes unknown and never zero, another number moves what it moved before by as much as it moved
itself, what is lost from a list is lost from the sums, and everything else stays as it was.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.torture.bodies import Path, Token, at, cut, put, write
from tests.torture.mutations import Kind, Mutation, as_number

Reading = Mapping[str, Any]
Figures = dict[Path, Any]
Reader = Callable[[Any], Reading | None]  # reads a tree; None when refused

SECTIONS = ("balances", "positions", "ledger", "closed_positions")
NAMES = frozenset({
    "id", "position_id", "dedupe_key", "txid", "ref", "uid", "venue_symbol", "venue_type",
    "native_type", "via", "counterparty_uid", "venue_asset", "symbol", "name", "asset",
})  # fmt: skip
CODES = 1000
# an empty text says: the last page, no address that a key is bound to, a sum that the exchange does not make
SAID_BY_EMPTY = frozenset({"next", "ip_restricted", "account", "free", "kind", "excluded", "account_ids", "earn"})
# rounded, said by being left out, or what the exchange's own words are
NOT_MONEY = frozenset({"leverage", "margin_mode", "status", "count", "raw", "is_sub_account"})
CODE_NAMES = frozenset({"type", "status", "state", "instType"})
CLIPPED = frozenset({"free", "locked"})  # one is what the other leaves of the whole, never below zero
NEVER_UNSAID = frozenset({*SECTIONS, "prices", "next", "history_unavailable"})
SUMMED = ("free", "locked", "total", "debt", "equity", "unrealized_pnl", "amount", "net_pnl", "size_base")


def figures(reading: Reading) -> Figures:
    """Return every value of a reading by its place; numbers as Decimals, so that 1.50 is 1.5."""
    return dict(_flat(reading, ()))


def judge(mutation: Mutation, tree: Any, base: Reading | None, outcome: Reading | None, read: Reader) -> str:  # noqa: ANN401
    """Return what is wrong with the outcome of a mutated answer, empty when nothing is.

    Args:
        mutation: what was done to the answer.
        tree: the body before it.
        base: the reading before it; None where the answer was a refusal already.
        outcome: the reading after it, None when refused.
        read: reads another body in the place of this one.
    """
    if outcome is None:
        return ""
    if base is None:
        return "a refusal was read as data"
    before, after = figures(base), figures(outcome)
    if mutation.raw is None and mutation.status is None and write(mutation.tree) == write(tree):
        return "" if before == after else "the same answer reads otherwise"
    return _LAWS[mutation.kind](mutation, tree, before, after, read)


def _gone(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    old, new = as_number(at(tree, mutation.path)), _new(mutation)
    if mutation.path[-1] in CODE_NAMES and isinstance(new, str) and new:
        return ""
    if old is not None and isinstance(new, str) and not isinstance(new, Token) and new and abs(old) < CODES:
        return _text(mutation, tree, before, after, read)  # a status or kind we do not know
    if before == after:
        return "a figure was taken from elsewhere" if _moves(tree, mutation.path, before, read) else ""
    return _only_unknown(before, after, mutation)


def _only_unknown(before: Figures, after: Figures, mutation: Mutation) -> str:
    """Allow only that figures became unknown, and that names are what now stands there, if that can be a name."""
    named = _new(mutation)
    is_name = isinstance(named, str | int) and not isinstance(named, bool | Token)
    for path in {**before, **after}:
        if after.get(path, "") == before.get(path, "") and (path in after) == (path in before):
            continue
        if _light(path) or (named in ("", []) and (path[0] in SAID_BY_EMPTY or SAID_BY_EMPTY & set(path))):
            continue
        if path[0] == "prices" and path not in after and mutation.what == "is 'None'":
            continue  # what has no price is shown as such
        if path[0] == "next" and not is_name:
            return "silently the last page"
        if path not in before:
            return f"appeared: {_name(path)}"
        if path not in after and path[0] in NEVER_UNSAID and not NAMES & set(path):
            return f"silently lost: {_name(path)}"
        if after.get(path) is not None and not (NAMES & set(path) or path[0] == "next"):
            return f"silently {after[path]}: {_name(path)}"
        if NAMES & set(path) and not is_name and named not in (None, ""):
            return f"no name: {_name(path)}"
    return ""


def _new(mutation: Mutation) -> Any:  # noqa: ANN401
    """Return what stands at the place now, None where nothing does."""
    try:
        return at(mutation.tree, mutation.path)
    except (KeyError, IndexError):
        return None


def _empty(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    if as_number(at(tree, mutation.path)) is not None:
        zero = read(put(tree, mutation.path, "0"))
        if zero is not None and figures(zero) == after:
            return ""
    return "" if before == after else _only_unknown(before, after, mutation)


def _number(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    value, new = as_number(at(tree, mutation.path)), mutation.number
    if value is None or new is None or mutation.path[-1] in CODE_NAMES:
        return ""
    step = Decimal(-1 if value < 0 else 1)
    (one, first), (two, second) = (_probe(tree, mutation.path, value + step * times, read) for times in (1, 2))
    if first is None or second is None or _shape(first) != _shape(second):
        return ""  # a code or a checked sum: what it steers has no law
    if _shape(after) != _shape(first):
        if new == 0 or (new < 0) != (value < 0) or _shape(after) == _shape(before):
            return "" if _sums(after) == _sums(before) else _rows_known(after, before, first)
        return "rows came or went with the size of a number"
    known = [path for path in first if path in second and path[0] != "next" and not _light(path)]
    if any(first[path] == second[path] != before[path] for path in known if path in before):
        return ""  # a code
    if new > 0 and any(path not in after for path in known if path[0] == "prices"):
        return "silently lost: prices"
    for path in [path for path in known if path in after]:
        fault = _moved(path, (first[path], second[path], after[path]), (one, two, new))
        if fault:
            return fault
    return ""


def _moved(path: Path, seen: tuple[Any, Any, Any], given: tuple[Decimal, Decimal, Decimal]) -> str:
    """Compare one value of the reading with the straight line that two other numbers drew."""
    (one_read, two_read, read), (one, two, new) = seen, given
    if path[-1] in CLIPPED and isinstance(read, Decimal) and read >= 0:
        return ""
    if (str(path[-1]).endswith("_ms") or "times" in path) and read == new * 1000 // 1:
        return ""  # seconds
    if not all(isinstance(item, Decimal) for item in seen):
        return ""
    slope = (two_read - one_read) / (two - one)
    if slope == 0:
        fits = read == one_read or new * one <= 0
    elif abs(slope) == 1:
        expected = one_read + slope * (new - one)
        turned = one_read + slope * (abs(new) - one)
        fits = read in (expected, turned, -expected, -turned) or (read == 0 and (new == 0 or expected < 0))
    else:
        fits = read not in (one_read, two_read) or new in (one, two)
    return "" if fits else f"wrong figure {read}: {_name(path)}"


def _rewritten(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    if mutation.path[-1] in CODE_NAMES:
        return ""
    numbers = {path: value for path, value in before.items() if isinstance(value, Decimal)}
    if len(before) != len(after) or not all(isinstance(after.get(path), Decimal) for path in numbers):
        return ""  # a code written otherwise is another code
    return next((f"differs: {_name(path)}" for path, value in numbers.items() if after[path] != value), "")


def _filled(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    return ""


def _dropped(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    holder = at(tree, mutation.path[:-1])
    alone = read(put(tree, mutation.path[:-1], {mutation.path[-1]: holder[mutation.path[-1]]}))
    none = read(put(tree, mutation.path[:-1], {}))
    return _parts(before, after, alone, none)


def _text(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    if mutation.path[-1] in CODE_NAMES:
        return ""
    if _sums(before) == _sums(after) or _count(before) != _count(after):
        return ""
    row = next((end for end in range(len(mutation.path), 0, -1) if isinstance(mutation.path[end - 1], int)), 0)
    without = read(cut(tree, mutation.path[:row])) if row else None
    left_out = without is not None and _sums(figures(without)) == _sums(after)
    return "" if left_out else "a text moved a sum"


def _fewer(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    rows = at(tree, mutation.path)
    other = read(put(tree, mutation.path, [rows[index] for index in mutation.rows]))
    return _parts(before, after, other, read(put(tree, mutation.path, [])))


def _twice(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    rows = at(tree, mutation.path)
    alone = read(put(tree, mutation.path, [rows[index] for index in mutation.rows]))
    if _sums(before) == _sums(after):
        return ""
    return _parts(after, before, alone, read(put(tree, mutation.path, [])))


def _parts(whole: Figures, part: Figures, other: Reading | None, none: Reading | None) -> str:
    """The sums of two parts are those of the whole, once what lies beside the parts is not counted twice."""
    if other is None or none is None:
        return _rows_known(part, whole)
    fits = _add(_sums(part), _sums(figures(other))) == _add(_sums(whole), _sums(figures(none)))
    return "" if fits else "the parts are not the whole"


def _order(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    return "" if _sums(before) == _sums(after) and _count(before) == _count(after) else "order moved a sum"


def _same(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    differing = [path for path in {**before, **after} if before.get(path) != after.get(path)]
    return f"differs: {_name(differing[0])}" if differing else ""


def _broken(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    return "broken bytes were read"


def _status(mutation: Mutation, tree: Any, before: Figures, after: Figures, read: Reader) -> str:  # noqa: ANN401
    if not 200 <= (mutation.status or 0) < 300:
        return "a failed answer was read"
    return _same(mutation, tree, before, after, read)


_LAWS = {
    Kind.GONE: _gone,
    Kind.EMPTY: _empty,
    Kind.NUMBER: _number,
    Kind.REWRITTEN: _rewritten,
    Kind.TEXT: _text,
    Kind.FILLED: _filled,
    Kind.DROPPED: _dropped,
    Kind.FEWER: _fewer,
    Kind.TWICE: _twice,
    Kind.ORDER: _order,
    Kind.MORE: _same,
    Kind.BROKEN: _broken,
    Kind.STATUS: _status,
    Kind.WRAPPING: _same,
    Kind.REPEATED: _text,
}


def _flat(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, (*path, key))
    elif isinstance(value, list):
        yield (*path, "#"), len(value)
        for index, item in enumerate(value):
            yield from _flat(item, (*path, index))
    else:
        number = as_number(value)
        yield path, value if number is None else number.normalize() if number else Decimal(0)


def _probe(tree: Any, path: Path, number: Decimal, read: Reader) -> tuple[Decimal, Figures | None]:  # noqa: ANN401
    """Read the body with another number at a place, written in the same way."""
    text, old = format(number, "f"), at(tree, path)
    reading = read(put(tree, path, text if isinstance(old, str) and not isinstance(old, Token) else Token(text)))
    return number, None if reading is None else figures(reading)


def _moves(tree: Any, path: Path, before: Figures, read: Reader) -> bool:  # noqa: ANN401
    """Whether the reading hangs on what stands at a place: another number there changes it."""
    number = as_number(at(tree, path))
    if number is None:
        return False
    found = _probe(tree, path, number + 1, read)[1]
    if found is None or set(found) != set(before):
        return False
    return any(before[path] is not None and value != before[path] for path, value in found.items() if not _light(path))


def _light(path: Path) -> bool:
    return bool(NOT_MONEY & set(path))


def _shape(found: Figures) -> set[Path]:
    """Return the places of a reading's rows."""
    return {path for path in found if path[0] in SECTIONS}


def _rows_known(after: Figures, *known: Figures) -> str:
    """Rows that stay must be rows that were read before, in any order."""
    extra = _rows(after)
    for figures_before in known:
        if not extra - _rows(figures_before):
            return ""
    return "rows changed that were not touched"


def _rows(found: Figures) -> Counter[tuple[Any, ...]]:
    rows: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
    for path, value in found.items():
        if path[0] in SECTIONS and len(path) > 2:
            rows.setdefault(path[:2], []).append((str(path[2:]), str(value)))
    return Counter(tuple(row) for row in rows.values())


def _sums(found: Figures) -> dict[tuple[str, str], Decimal]:
    """Return the sum of each column of money."""
    sums: dict[tuple[str, str], Decimal] = {}
    for path, value in found.items():
        if path[0] in SECTIONS and len(path) == 3 and path[2] in SUMMED and value:
            name = (str(path[0]), str(path[2]))
            sums[name] = sums.get(name, Decimal(0)) + value
    return {name: value for name, value in sums.items() if value}


def _add(one: dict[tuple[str, str], Decimal], other: dict[tuple[str, str], Decimal]) -> dict[tuple[str, str], Decimal]:
    both = {name: one.get(name, Decimal(0)) + other.get(name, Decimal(0)) for name in {**one, **other}}
    return {name: value for name, value in both.items() if value}


def _count(found: Figures) -> int:
    return sum(int(value) for path, value in found.items() if path[0] in SECTIONS and path[1:] == ("#",))


def _name(path: Path) -> str:
    return "/".join("*" if isinstance(key, int) else str(key) for key in path)
