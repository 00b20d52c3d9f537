"""The main account of a client: exactly one as soon as one account is active, switched by compare and swap."""

from datetime import datetime
from uuid import UUID

from core.domain.types import AccountStatus, ExchangeAccount, Role, Scope
from core.errors import ConflictError, ForbiddenError
from core.ports import Storage, UnitOfWork
from core.services.access import clients_of, require_write
from core.services.account_rows import audit_account, found_account, may_be_main


def set_main(
    storage: Storage, scope: Scope, account_id: UUID, *, expected_main: UUID | None, reason: str, now: datetime
) -> None:
    """Make this account the client's main one, if the main account is still the one the person saw.

    Raises:
        ConflictError: `main_changed`, somebody switched meanwhile; `not_active`, the account was never verified;
            `testnet_main`, a testnet account where the client has a mainnet one.
    """
    require_write(scope)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients_of(scope), for_update=True)
        current = uow.accounts.main_of(account.user_id)
        if (current.id if current else None) != expected_main:
            raise ConflictError(code="main_changed")
        _require_main_candidate(uow, account)
        uow.accounts.set_main(account.user_id, account.id, now)
        uow.syncing.make_due(account.id, account.user_id, now)
        details = {"old": str(current.id) if current else "", "reason": reason.strip()[:200]}
        audit_account(uow, scope, "account.main_set", account, now, details)


def accept_unverified(storage: Storage, scope: Scope, account_id: UUID, *, now: datetime) -> None:
    """Let an account be read although the exchange does not tell what its key may do (an administrator's decision).

    Raises:
        ForbiddenError: the person is no administrator.
        ConflictError: `not_unverified`, there is nothing to accept.
    """
    if scope.role is not Role.ADMIN:
        raise ForbiddenError(scope.role)
    with storage.begin(scope) as uow:
        account = found_account(uow, account_id, clients_of(scope), for_update=True)
        if account.status is not AccountStatus.UNVERIFIED:
            raise ConflictError(code="not_unverified")
        uow.accounts.set_status(account, AccountStatus.ACTIVE, None, now)
        if uow.accounts.main_of(account.user_id) is None:
            uow.accounts.set_main(account.user_id, account.id, now)
        uow.syncing.make_due(account.id, account.user_id, now)
        audit_account(uow, scope, "account.unverified_accepted", account, now)


def hand_over_main(uow: UnitOfWork, account: ExchangeAccount, successor: UUID | None, now: datetime) -> None:
    """Make the successor main before the main account goes; nothing to do when no other account can be.

    Raises:
        ConflictError: `successor_needed` or `testnet_main`.
    """
    candidates = [
        other for other in uow.accounts.all({account.user_id}) if other.id != account.id and may_be_main(other)
    ]
    if not candidates:
        return
    chosen = next((other for other in candidates if other.id == successor), None)
    if chosen is None:
        raise ConflictError(code="successor_needed")
    if chosen.testnet and any(not other.testnet for other in candidates):
        raise ConflictError(code="testnet_main")
    uow.accounts.set_main(account.user_id, chosen.id, now)


def _require_main_candidate(uow: UnitOfWork, account: ExchangeAccount) -> None:
    if account.status not in (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION):
        raise ConflictError(code="not_active")
    if account.testnet and any(
        may_be_main(other) and not other.testnet for other in uow.accounts.all({account.user_id})
    ):
        raise ConflictError(code="testnet_main")
