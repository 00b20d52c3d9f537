"""Finished runs of accounts, and counts of them by exchange."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, func, select

from core.domain.sync_runs import RunCount, RunOutcome, RunTally, SyncRun
from core.persistence.models import RunTallyRow, SyncRunRow
from core.persistence.repositories.base import Repository, row_of
from core.ports import ClientIds

KEPT_RUNS = 50
KEPT_TALLIES = timedelta(hours=25)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RUN_COLUMNS = (
    SyncRunRow.account_id,
    SyncRunRow.client_id,
    SyncRunRow.number,
    SyncRunRow.slot,
    SyncRunRow.sidecar_id,
    SyncRunRow.started_at,
    SyncRunRow.ended_at,
    SyncRunRow.outcome,
    SyncRunRow.error_code,
    SyncRunRow.wallets_failed,
    SyncRunRow.requests,
)
TALLY_KEYS = ("at", "sidecar_id", "exchange", "outcome", "error_code")


class SyncRunRepository(Repository):
    """Implements `core.ports.SyncRuns`."""

    def add(self, run: SyncRun) -> None:
        """Store a run in the place of the one before the last fifty; an older one never replaces a newer.

        Raises:
            ConflictError: the account is not of that client.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(run.client_id)
        place = run.number % KEPT_RUNS
        row = {**row_of(run), "wallets_failed": dict(run.wallets_failed), "place": place}
        self._upsert(SyncRunRow, [row], newer="number")

    def of_accounts(
        self, account_ids: Collection[UUID], client_ids: ClientIds, *, limit: int = KEPT_RUNS
    ) -> dict[UUID, list[SyncRun]]:
        """Return the last runs of each account that has any, the newest first."""
        statement = self._scoped(select(*RUN_COLUMNS), SyncRunRow.client_id, client_ids)
        statement = statement.where(SyncRunRow.account_id.in_(sorted(account_ids)))
        found: dict[UUID, list[SyncRun]] = {}
        for row in self.run(statement.order_by(SyncRunRow.account_id, SyncRunRow.number.desc())):
            runs = found.setdefault(row.account_id, [])
            if len(runs) < limit:
                runs.append(_to_run(row))
        return found

    def add_tallies(self, tallies: Collection[RunTally]) -> None:
        """Add counts to those stored already, and forget what is more than a day old."""
        if not tallies:
            return
        insert = self._insert(RunTallyRow)
        counts = ("runs", "requests", "busy_ms")
        sums = {name: getattr(RunTallyRow, name) + insert.excluded[name] for name in counts}
        rows = [row_of(tally) for tally in tallies]
        self.run(insert.on_conflict_do_update(index_elements=TALLY_KEYS, set_=sums), rows)
        oldest = max(tally.at for tally in tallies) - KEPT_TALLIES
        self.run(delete(RunTallyRow).where(RunTallyRow.at < oldest))

    def counts(self, now: datetime) -> list[RunCount]:
        """Return how many runs ended how, by exchange, outcome and code."""
        is_late = RunTallyRow.at > now - HOUR
        statement = (
            select(
                RunTallyRow.exchange,
                RunTallyRow.outcome,
                RunTallyRow.error_code,
                func.sum(case((is_late, RunTallyRow.runs), else_=0)),
                func.sum(RunTallyRow.runs),
                func.sum(case((is_late, RunTallyRow.requests), else_=0)),
            )
            .where(RunTallyRow.at > now - DAY)
            .group_by(RunTallyRow.exchange, RunTallyRow.outcome, RunTallyRow.error_code)
            .order_by(RunTallyRow.exchange, RunTallyRow.outcome, RunTallyRow.error_code)
        )
        return [
            RunCount(exchange, RunOutcome(outcome), code, int(hour), int(day), int(requests))
            for exchange, outcome, code, hour, day, requests in self.run(statement)
        ]


def _to_run(row: Sequence[Any]) -> SyncRun:
    values = dict(zip(SyncRun.__dataclass_fields__, row, strict=True))
    return SyncRun(**{**values, "outcome": RunOutcome(values["outcome"])})
