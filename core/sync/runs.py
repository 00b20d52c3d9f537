"""The record of one run, from the claim of its account to the transaction that stores how it ended."""

from collections.abc import Mapping

from core.domain.sync_runs import SyncRun, outcome_of
from core.ports import Lease, UnitOfWork
from core.sync.due import slot_of
from core.sync.ports import Connector, Tools


class RunRecord:
    """One run of a claimed account; it begins when it is made. Of one thread."""

    def __init__(self, tools: Tools, lease: Lease) -> None:
        """Begin the run now."""
        self._tools = tools
        self._lease = lease
        self._began_at = tools.clock()
        self._connector: Connector | None = None
        self._sent_before = 0
        self._ended: SyncRun | None = None

    @property
    def ids(self) -> dict[str, str | int]:
        """Return the ids that every log line of this run carries."""
        account = self._lease.account
        return {
            "account_id": str(account.id),
            "client_id": str(account.user_id),
            "exchange": account.exchange,
            "sidecar_id": self._tools.owner,
            "slot": slot_of(self._began_at),
            "run": self._lease.fence,
        }

    def watch(self, connector: Connector) -> None:
        """Count what this connector sends from now on."""
        self._connector, self._sent_before = connector, connector.sent

    def end(self, uow: UnitOfWork, code: str | None, wallets_failed: Mapping[str, str] | None = None) -> None:
        """Store how the run ended, in the transaction that stores what it read; the last word counts."""
        failed = dict(wallets_failed or {})
        self._ended = SyncRun(
            account_id=self._lease.account.id,
            client_id=self._lease.account.user_id,
            number=self._lease.fence,
            slot=slot_of(self._began_at),
            sidecar_id=self._tools.owner,
            started_at=self._began_at,
            ended_at=self._tools.clock(),
            outcome=outcome_of(code, whole=not failed),
            error_code=code,
            wallets_failed=failed,
            requests=0 if self._connector is None else self._connector.sent - self._sent_before,
        )
        uow.runs.add(self._ended)

    def count(self) -> None:
        """Count the run among all runs of its exchange, once its transaction has been committed."""
        if self._ended is not None:
            self._tools.tallies.count(self._lease.account.exchange, self._ended)
            self._ended = None
