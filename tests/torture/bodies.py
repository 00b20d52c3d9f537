"""Bodies of answers as trees that can hold what Python's JSON cannot: odd number tokens, keys that come twice."""

import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]


class Token(str):
    """A piece of JSON written as it is, such as 1e400 or NaN."""

    __slots__ = ()


class Pairs(list[tuple[str, Any]]):
    """An object whose keys may come twice."""


def read(text: str) -> Any:  # noqa: ANN401 - any JSON
    """Return a tree whose fractions keep the digits they were written with."""
    return json.loads(text, parse_float=Token)


def write(node: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the tree as JSON text."""
    if isinstance(node, Token):
        return str(node)
    if isinstance(node, Pairs | dict):
        pairs = node if isinstance(node, Pairs) else node.items()
        return "{" + ",".join(f"{json.dumps(key)}:{write(value)}" for key, value in pairs) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(write, node)) + "]"
    return json.dumps(node)


def places(node: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:  # noqa: ANN401 - any JSON
    """Return every place of a tree below its root, with what stands there."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*path, key), value
        yield from places(value, (*path, key))


def at(node: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON
    """Return what stands at a place."""
    for key in path:
        node = node[key]
    return node


def put(node: Any, path: Path, new: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return the tree with another value at a place; only the containers on the way are copied."""
    if not path:
        return new
    copy = node.copy()
    copy[path[0]] = put(node[path[0]], path[1:], new)
    return copy


def cut(node: Any, path: Path) -> Any:  # noqa: ANN401 - any JSON
    """Return the tree without the key or row at a place."""
    copy = at(node, path[:-1]).copy()
    del copy[path[-1]]
    return put(node, path[:-1], copy)


def pattern(path: Path) -> Path:
    """Return a place whatever the row."""
    return tuple("*" if isinstance(key, int) else key for key in path)


def optional(trees: list[Any]) -> frozenset[Path]:
    """Return the places that some object of some recorded answer leaves out or null: so the exchange does."""
    keys: dict[Path, set[str]] = {}
    objects: list[tuple[Path, dict[str, Any]]] = []
    for tree in trees:
        for path, value in [((), tree), *places(tree)]:
            if isinstance(value, dict):
                keys.setdefault(pattern(path), set()).update(value)
                objects.append((pattern(path), value))
    return frozenset((*path, key) for path, value in objects for key in keys[path] if value.get(key) is None)
