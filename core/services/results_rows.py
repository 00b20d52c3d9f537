"""What is behind the figures of a period: rows of every bar, parts by asset and symbol; made from a book on demand."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from core.domain.pnl import Book, attribution
from core.domain.pnl.book import instant
from core.domain.pnl.increments import FLOW, SCOPE_FLOW
from core.domain.pnl.period import scoped_increments
from core.domain.types import Scope
from core.ports import Storage
from core.services import results_sums as sums
from core.services.period_days import Shown, edges_of
from core.services.results import find_shown, load_period_book
from core.services.results_types import MONEY, REST, STEPS, Part, Results, Row, Span

COMPONENT = {FLOW: "net_flows", SCOPE_FLOW: "scope_flows"}
TOGETHER = ["bar", "kind", "wallet", "asset", "symbol", "day"]
BY_DAY = ("unexplained", "scope_flows")
NO_DAY = ""


def load_parts(storage: Storage, scope: Scope, results: Results, *, by: str) -> tuple[Part, ...]:
    """Return what each account, exchange, asset or symbol did in the period, largest first; they add up to the total.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        ValueError: another `by`.
    """
    if by in results.parts or not results.days:
        return results.parts.get(by, ())
    book, _shown, edges = _load(storage, scope, results)
    table = attribution(book, *edges, by)
    parts = [
        Part(by, str(row["key"]), str(row["key"]), {name: float(row[name]) for name in MONEY})
        for row in table.to_dict("records")
    ]
    return sums.with_rest(parts, sums.money_of(day.result for day in results.days), by=by, key=REST)


def load_rows(storage: Storage, scope: Scope, results: Results, *, bar: str | None = None) -> tuple[Row, ...]:
    """Return the rows behind a bar (None: behind every bar), entries in the order of time; they add up to the bar.

    Entries are one row each, what prices did is one row per wallet, asset and symbol, what is unexplained also per
    day. What the stored days hold beyond these rows is a last row of kind "rest".

    Raises:
        NotFoundError: the client or the account is outside the scope.
    """
    if not results.days:
        return ()
    book, shown, edges = _load(storage, scope, results)
    us = np.array([instant(edge) for edge in edges], dtype=np.int64)
    table = scoped_increments(book, us, None, results.question.currency)
    table = table[table["usd"].notna() & table["value"].notna()]
    table = table.assign(bar=table["component"].map(COMPONENT).fillna(table["component"]))
    wanted = STEPS if bar is None else (bar,)
    rows: list[Row] = []
    for name in wanted:
        found = _rows(table[table["bar"] == name], name, book, shown)
        rows += [*found, *_rest(name, found, results.bars.get(name))]
    return tuple(rows)


def _load(storage: Storage, scope: Scope, results: Results) -> tuple[Book, Shown, tuple[datetime, datetime]]:
    """Read the period of a result again, up to the instant it shows."""
    with storage.begin(scope, write=False) as uow:
        shown = find_shown(uow, scope, results.question, results.now)
        span = Span(results.days[0].result.day, results.days[-1].result.day)
        return load_period_book(uow, shown, results.question, span), shown, edges_of(shown, span)


def _rows(table: pd.DataFrame, bar: str, book: Book, shown: Shown) -> list[Row]:
    names = {str(account.id): account for account in shown.members}
    entries = table[table["id"].notna()].sort_values(["us", "id"], kind="stable")
    others = table[table["id"].isna()]
    amounts = _amounts(book)
    found = []
    for line in entries.to_dict("records"):
        amount = amounts.get((str(line["id"]), str(line["kind"])))
        moment = _at(int(line["us"]))
        found.append(_row(line, bar, names, at=moment, entry=str(line["id"]).rpartition("/")[2], amount=amount))
    if not len(others):
        return found
    zone = ZoneInfo(shown.time_zone)
    days = [_at(int(us)).astimezone(zone).date().isoformat() if bar in BY_DAY else NO_DAY for us in others["end"]]
    grouped = others.assign(day=days).fillna({"asset": "", "symbol": "", "kind": ""})
    sums_of = grouped.groupby(TOGETHER, as_index=False, sort=True).agg(
        value=("value", "sum"), us=("us", "max"), count=("value", "size")
    )
    shown_rows = sums_of[sums_of["value"].abs() > sums.NOISE].sort_values(
        ["day", "value"], key=lambda column: -column.abs() if column.name == "value" else column
    )
    for line in shown_rows.to_dict("records"):
        at = _at(int(line["us"])) if bar in BY_DAY else None
        found.append(_row(line, bar, names, at=at, count=int(line["count"])))
    return found


def _row(line: dict[Any, Any], bar: str, names: dict[str, Any], **known: Any) -> Row:  # noqa: ANN401 - fields of Row
    account, _slash, wallet = str(line["wallet"]).partition("/")
    place = names.get(account)
    return Row(
        component=bar,
        kind=str(line["kind"]),
        account=place.name if place else account,
        exchange=place.exchange if place else "",
        wallet=wallet,
        asset=_text(line["asset"]),
        symbol=_text(line["symbol"]),
        value=float(line["value"]),
        **known,
    )


def _rest(bar: str, rows: Sequence[Row], whole: float | None) -> Iterable[Row]:
    """Yield what the days hold beyond their rows: they were made from points that are no longer all there."""
    rest = (whole or 0.0) - sum(row.value for row in rows)
    if abs(rest) > sums.size_of_noise(whole or 0.0):
        yield Row(bar, "rest", None, "", "", "", "", "", rest, count=0)


def _amounts(book: Book) -> dict[tuple[str, str], Decimal]:
    """Return the exact amounts of the ledger by entry and kind."""
    ledger = book.tables["ledger"]
    exact = ledger["amount_dec"] if "amount_dec" in ledger.columns else ledger["amount"]
    keys = zip(ledger["id"].astype(str), ledger["kind"].astype(str), strict=True)
    return {key: Decimal(str(amount)) for key, amount in zip(keys, exact, strict=True)}


def _at(us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
