"""CSV files by the browser's login session: streamed in constant memory, audited with the SHA-256 of what was sent."""

import functools
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from core.api.csv_text import Dialect, make_dialect, write_csv
from core.api.pages import Pages, see_other
from core.bootstrap import Web
from core.domain.types import Role, Scope
from core.errors import NotFoundError, PlatformError, StepUpRequiredError
from core.services import auth, exports, ledger_export, results_export, risk_export
from core.services.ledger_types import GROUPS, LedgerQuestion, clean_text
from core.services.results_types import CUSTOM, PERIODS, THIRTY, Question

DEFAULT_DAYS, MOST_DAYS = 30, 3660
EVERYTHING = "all"
DEFAULT_CURRENCY = "USD"
FOREIGN_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(slots=True)
class Taken:
    """One file on its way out: what has left so far."""

    export: exports.Export
    scope: Scope
    dialect: Dialect
    digest: Any
    row_count: int = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield the file, counting what leaves."""
        for piece, count in write_csv(self.export.columns, self.export.rows, self.dialect):
            self.digest.update(piece)
            self.row_count += count
            yield piece


def export_routes(web: Web, pages: Pages) -> Sequence[BaseRoute]:
    """Return `/exports/{dataset}.csv?client=…&view=main|all|<account>&days=…&dialect=iso|pt-BR`.

    Files of results and of the ledger take `period=today|7d|30d|month|ytd|all|custom` (with `from` and `to`) in place
    of `days`; the ledger also takes `kind`, `asset` and `q`, a text to look for.
    """

    async def take(request: Request) -> Response:
        session_id = request.state.login[0].id
        try:
            taken = await to_thread.run_sync(functools.partial(_open, web, request, session_id))
        except StepUpRequiredError:
            address = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
            return see_other(f"/reauth?next={quote(address, safe='')}")
        except PlatformError as e:
            return pages.fail(request, e)
        name = FOREIGN_IN_NAMES.sub("-", taken.export.filename)
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_stream(web, taken), media_type="text/csv; charset=utf-8", headers=headers)

    return [Route("/exports/{dataset}.csv", take, methods=["GET"])]


def _open(web: Web, request: Request, session_id: UUID) -> Taken:
    now = web.clock()
    asked = request.query_params
    scope, user = auth.scope_of(web.storage, session_id, now, touch=True)
    dialect = make_dialect(asked.get("dialect", "iso"), user.time_zone)
    if dialect is None:
        raise NotFoundError("dialect")
    own = str(user.id) if user.role is Role.CLIENT else ""
    dataset, client_id = request.path_params["dataset"], _parse_id(asked.get("client") or own)
    view = asked.get("view") or asked.get("account") or EVERYTHING
    if dataset in results_export.DATASETS:
        question = _parse_question(asked, client_id, view)
        found = results_export.open_results_export(web.storage, scope, dataset, question, now=now)
        return Taken(found, scope, dialect, hashlib.sha256())
    if dataset == ledger_export.LEDGER:
        asked_entries = _parse_ledger_question(asked, client_id, view)
        ledger = ledger_export.open_ledger_export(web.storage, scope, asked_entries, now=now)
        return Taken(ledger, scope, dialect, hashlib.sha256())
    if dataset == risk_export.POSITIONS_RISK:
        found = risk_export.open_risk_export(
            web.storage,
            scope,
            client_id=client_id,
            view=view,
            currency=asked.get("currency") or DEFAULT_CURRENCY,
            time_zone=user.time_zone,
            now=now,
        )
        return Taken(found, scope, dialect, hashlib.sha256())
    export = exports.open_export(
        web.storage,
        scope,
        dataset=dataset,
        client_id=client_id,
        view=view,
        since=now - timedelta(days=_parse_days(asked.get("days", ""))),
        now=now,
    )
    return Taken(export, scope, dialect, hashlib.sha256())


async def _stream(web: Web, taken: Taken) -> AsyncIterator[bytes]:
    pieces = taken.pieces()
    try:
        while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            yield piece
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(_record, web, taken, pieces)


def _record(web: Web, taken: Taken, pieces: Iterator[bytes]) -> None:
    """Audit what was sent, also when the browser broke off, and let the database go."""
    for iterator in (pieces, taken.export.rows):
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
    exports.record_export(
        web.storage,
        taken.scope,
        taken.export,
        sha256=taken.digest.hexdigest(),
        row_count=taken.row_count,
        dialect=taken.dialect.name,
        now=web.clock(),
    )


def _parse_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError("client") from None


def _parse_question(asked: Mapping[str, str], client_id: UUID, view: str) -> Question:
    """Return what a file of results is asked for; nonsense raises NotFoundError."""
    period = asked.get("period") or THIRTY
    if period not in PERIODS:
        raise NotFoundError("period")
    first, last = (_parse_date(asked.get(name, "")) for name in ("from", "to"))
    if period == CUSTOM and (first is None or last is None or first > last):
        raise NotFoundError("period")
    return Question(client_id, view, period, first, last, currency=asked.get("currency") or DEFAULT_CURRENCY)


def _parse_ledger_question(asked: Mapping[str, str], client_id: UUID, view: str) -> LedgerQuestion:
    """Return what a file of the ledger is asked for; nonsense raises NotFoundError."""
    period = _parse_question(asked, client_id, view)
    group = asked.get("kind") or None
    if group is not None and group not in GROUPS:
        raise NotFoundError("kind")
    dates = (period.first, period.last)
    asset = clean_text(asked.get("asset", "")) or None
    return LedgerQuestion(client_id, view, period.period, *dates, group, asset, clean_text(asked.get("q", "")))


def _parse_date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _parse_days(text: str) -> int:
    if not text:
        return DEFAULT_DAYS
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST_DAYS):
        raise NotFoundError("days")
    return int(text)
