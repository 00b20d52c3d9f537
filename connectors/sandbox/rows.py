"""Rows of JSON lists, repeated, reversed, withheld or overlapping: what a careless exchange does to a ledger."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connectors.sandbox.faults import Fault, FaultKind
from connectors.sandbox.wire import Answer

Path = tuple[object, ...]
Change = Callable[[Path, list[Any]], list[Any]]


def change_rows(answer: Answer, fault: Fault, before: Answer | None) -> Answer:
    """Return the answer with its lists of objects changed as ordered; `before` is the page before, if any."""
    tree = read(answer)
    if tree is None:
        return answer
    older = lists(read(before)) if before is not None else {}

    def change(path: Path, found: list[Any]) -> list[Any]:
        match fault.kind:
            case FaultKind.REPEAT_ROWS:
                return [row for row in found for _ in range(2)]
            case FaultKind.REVERSE_ROWS:
                return found[::-1]
            case FaultKind.WITHHOLD_ROWS:
                return found[: max(0, len(found) - fault.rows)]
            case _:
                return older.get(path, [])[-fault.rows :] + found

    return Answer(answer.status, _walk(tree, (), change), dict(answer.headers))


def read(answer: Answer) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON of an answer, None where it has none."""
    try:
        return json.loads(answer.payload(), parse_float=Decimal)
    except ValueError:
        return None


def lists(tree: Any) -> dict[Path, list[Any]]:  # noqa: ANN401 - any JSON
    """Return every list of objects of a tree by its place."""
    found: dict[Path, list[Any]] = {}

    def note(path: Path, rows: list[Any]) -> list[Any]:
        found[path] = rows
        return rows

    _walk(tree, (), note)
    return found


def _walk(node: Any, path: Path, change: Change) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(node, dict):
        return {name: _walk(value, (*path, name), change) for name, value in node.items()}
    if isinstance(node, list) and node and all(isinstance(row, dict) for row in node):
        return change(path, node)
    return node
