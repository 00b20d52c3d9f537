"""Shared steps of the account services: find a row within the scope, refuse clashing names, write the audit entry."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from core.domain.types import AccountStatus, ExchangeAccount, Scope
from core.errors import InvalidInputError, NotFoundError
from core.ports import AuditEntry, UnitOfWork


def found_account(
    uow: UnitOfWork, account_id: UUID, clients: Collection[UUID] | None, *, for_update: bool = False
) -> ExchangeAccount:
    """Return the account if it is within the clients and not removed.

    Raises:
        NotFoundError: unknown, foreign or removed.
    """
    account = uow.accounts.get(account_id, clients, for_update=for_update)
    if account is None or account.removed_at is not None:
        raise NotFoundError("account")
    return account


def locked_account(uow: UnitOfWork, account_id: UUID, clients: Collection[UUID] | None) -> ExchangeAccount:
    """Return the account, and keep all accounts of its client as they are until the transaction ends.

    For whatever decides which account is the main one; all lock in the same order, so none waits for another in turn.

    Raises:
        NotFoundError: unknown, foreign or removed.
    """
    own = {found_account(uow, account_id, clients).user_id}
    for other in sorted(uow.accounts.all(own), key=lambda account: account.id):
        uow.accounts.get(other.id, own, for_update=True)
    return found_account(uow, account_id, own)


def refuse_name_in_use(uow: UnitOfWork, clients: Collection[UUID] | None, name: str, *, except_id: UUID | None) -> None:
    """Refuse a name that another account of the same clients has.

    Raises:
        InvalidInputError: `name_in_use`.
    """
    for other in uow.accounts.all(clients):
        if other.id != except_id and other.name.casefold() == name.casefold():
            raise InvalidInputError("name", "name_in_use")


def may_be_main(account: ExchangeAccount) -> bool:
    """Tell whether the account has been verified and can be a main account."""
    return account.status in (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION)


def audit_account(
    uow: UnitOfWork,
    scope: Scope,
    action: str,
    account: ExchangeAccount,
    now: datetime,
    details: Mapping[str, str] | None = None,
) -> None:
    """Append the act on this account to the audit log."""
    uow.audit.append(
        AuditEntry(
            at=now,
            actor_id=scope.user_id,
            action=action,
            object_type="exchange_account",
            object_id=str(account.id),
            client_id=account.user_id,
            ip=scope.ip,
            details={"exchange": account.exchange, **(details or {})},
        )
    )
