"""All accounts at a glance: few columns of many rows, for those who look after everybody."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from core.domain.types import AccountStatus
from core.persistence.models import ExchangeAccountRow, SyncStateRow, UserRow
from core.persistence.repositories.accounts import ACCOUNT_COLUMNS, to_account
from core.persistence.repositories.base import Repository
from core.persistence.repositories.syncing import SyncingRepository
from core.persistence.repositories.users import USER_COLUMNS, to_user
from core.ports import AccountPulse, ClientIds, NamedAccount

PULSE_COLUMNS = (
    ExchangeAccountRow.id,
    ExchangeAccountRow.user_id,
    ExchangeAccountRow.exchange,
    ExchangeAccountRow.status,
    ExchangeAccountRow.is_active,
    ExchangeAccountRow.is_main,
    SyncStateRow.planned_interval_seconds,
    SyncStateRow.next_due_at,
    SyncStateRow.leased_until,
    SyncStateRow.last_ok_at,
    SyncStateRow.last_error_code,
    SyncStateRow.failures,
)


class FleetRepository(Repository):
    """Implements `core.ports.Fleet`."""

    def pulses(self, client_ids: ClientIds) -> list[AccountPulse]:
        """Return how every account's readings are doing, in no order."""
        statement = self._scoped(select(*PULSE_COLUMNS), ExchangeAccountRow.user_id, client_ids)
        statement = statement.outerjoin(SyncStateRow, SyncStateRow.account_id == ExchangeAccountRow.id)
        rows = self.run(statement.where(ExchangeAccountRow.removed_at.is_(None)))
        return [_to_pulse(row) for row in rows]

    def names(self, client_ids: ClientIds) -> list[tuple[UUID, str]]:
        """Return what each account is found by: its name, its client's name and sign-in name; by name."""
        columns = (ExchangeAccountRow.id, ExchangeAccountRow.name, UserRow.name, UserRow.login)
        statement = self._scoped(select(*columns), ExchangeAccountRow.user_id, client_ids)
        statement = statement.join(UserRow, UserRow.id == ExchangeAccountRow.user_id)
        statement = statement.where(ExchangeAccountRow.removed_at.is_(None))
        rows = self.run(statement.order_by(UserRow.name, ExchangeAccountRow.name, ExchangeAccountRow.id))
        return [(account_id, f"{name} {client} {login}") for account_id, name, client, login in rows]

    def named(self, account_ids: Collection[UUID], client_ids: ClientIds) -> list[NamedAccount]:
        """Return these accounts with their clients and sync states, in no order."""
        statement = self._scoped(select(*ACCOUNT_COLUMNS, *USER_COLUMNS), ExchangeAccountRow.user_id, client_ids)
        statement = statement.join(UserRow, UserRow.id == ExchangeAccountRow.user_id)
        wanted = ExchangeAccountRow.id.in_(sorted(account_ids))
        rows = self.run(statement.where(wanted, ExchangeAccountRow.removed_at.is_(None))).all()
        syncing = SyncingRepository(self._connection, self._allowed)
        states = {state.account_id: state for state in syncing.states(client_ids, account_ids=account_ids)}
        width = len(ACCOUNT_COLUMNS)
        return [NamedAccount(to_account(row[:width]), to_user(row[width:]), states.get(row[0])) for row in rows]


def _to_pulse(row: Sequence[Any]) -> AccountPulse:
    values = dict(zip(AccountPulse.__dataclass_fields__, row, strict=True))
    return AccountPulse(**{**values, "status": AccountStatus(values["status"]), "failures": values["failures"] or 0})
