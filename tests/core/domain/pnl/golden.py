"""Runs the golden cases: builds their books, calls by name, and compares only what a case expects."""

import dataclasses
import datetime as dt
import inspect
import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.domain import pnl
from core.domain.pnl.book import NUMBERS, TABLES

FOLDER = Path(__file__).parents[3] / "fixtures" / "pnl-golden"
TIME_ARGUMENTS = {"t", "t0", "t1", "now", "times"}
TOLERANCE = {"abs": 1e-6, "rel": 1e-9}


def cases() -> list[dict[str, Any]]:
    """Return all cases in order of their names."""
    return [json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))]


def case(prefix: str) -> dict[str, Any]:
    """Return the case whose id starts so."""
    return next(found for found in cases() if found["id"].startswith(prefix))


def book_of(raw: dict[str, Any], **changes: Any) -> pnl.Book:  # noqa: ANN401
    """Return the book of a case; `changes` replace tables or settings."""
    given: dict[str, Any] = {"tz": raw.get("tz", "UTC"), "ccy": raw.get("ccy", "USD"), "cfg": raw.get("cfg", {})}
    given |= {name: _frame(raw[name]) for name in TABLES if name in raw}
    return pnl.Book(**(given | changes))


def mistakes(found_case: dict[str, Any]) -> list[str]:
    """Return what differs between a case's expectations and our answers."""
    book = book_of(found_case["book"]) if found_case.get("book") is not None else None
    bad: list[str] = []
    for number, call in enumerate(found_case["calls"]):
        function = getattr(pnl, call["fn"])
        takes_book = next(iter(inspect.signature(function).parameters)) == "book"
        got = plain(function(*([book] if takes_book else []), **_arguments(call["args"])))
        tolerance = TOLERANCE | found_case.get("tol", {}) | call.get("tol", {})
        bad += [f"{number} {call['fn']}{line}" for line in _differences(call["expect"], got, tolerance, "")]
    return bad


def plain(value: Any) -> Any:  # noqa: ANN401
    """Return dataclasses, frames and numbers as JSON would have them; NaN is null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, pd.DataFrame):
        value = value.to_dict("records")
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Decimal):
        value = float(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def _frame(table: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(table["rows"], columns=table["columns"]).astype(object)
    for name in frame.columns:
        if name in NUMBERS:
            frame[name] = frame[name].map(lambda value: None if value is None else Decimal(value))
    return frame


def _arguments(given: dict[str, Any]) -> dict[str, Any]:
    def parsed(value: Any) -> Any:  # noqa: ANN401
        return [pd.Timestamp(one) for one in value] if isinstance(value, list) else pd.Timestamp(value)

    return {name: parsed(value) if name in TIME_ARGUMENTS else value for name, value in given.items()}


def _differences(want: Any, got: Any, tolerance: dict[str, float], path: str) -> list[str]:  # noqa: ANN401
    if isinstance(want, dict):
        return [
            line
            for name, value in want.items()
            for line in (
                _differences(value, got[name], tolerance, f"{path}.{name}") if name in got else [f"{path}.{name} lacks"]
            )
        ]
    if isinstance(want, list):
        if not isinstance(got, list) or len(got) != len(want):
            return [f"{path}: want {len(want)} rows, got {got!r}"]
        pairs = enumerate(zip(want, got, strict=True))
        return [line for n, (one, other) in pairs for line in _differences(one, other, tolerance, f"{path}[{n}]")]
    return [] if _same(want, got, tolerance) else [f"{path}: want {want!r}, got {got!r}"]


def _same(want: Any, got: Any, tolerance: dict[str, float]) -> bool:  # noqa: ANN401
    if isinstance(want, bool) or want is None:
        return want is got
    if isinstance(want, str):
        return want == got or (isinstance(got, dt.datetime) and dt.datetime.fromisoformat(want) == got)
    number = isinstance(got, int | float) and not isinstance(got, bool)
    return number and abs(got - want) <= tolerance["abs"] + tolerance["rel"] * abs(want)
