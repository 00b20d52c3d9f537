"""The main account of a client: exactly one as soon as one account is active, switched by compare and swap."""

from datetime import datetime
from uuid import UUID

from core.domain.types import AccountStatus, ExchangeAccount, Role, Scope
from core.errors import ConflictError, ForbiddenError
from core.ports import Storage, UnitOfWork
from core.services.access import clients_of, require_recent_login, require_write
from core.services.account_rows import audit_account, locked_account, may_be_main


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
        account = locked_account(uow, account_id, clients_of(scope))
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
        StepUpRequiredError: the login is older than ten minutes.
        ConflictError: `not_unverified`, there is nothing to accept.
    """
    if scope.role is not Role.ADMIN:
        raise ForbiddenError(scope.role)
    require_recent_login(scope, now)
    with storage.begin(scope) as uow:
        account = locked_account(uow, account_id, clients_of(scope))
        if account.status is not AccountStatus.UNVERIFIED:
            raise ConflictError(code="not_unverified")
        uow.accounts.set_status(account, AccountStatus.ACTIVE, None, now)
        choose_main(uow, account, now=now)
        uow.syncing.make_due(account.id, account.user_id, now)
        audit_account(uow, scope, "account.unverified_accepted", account, now)


def choose_main(uow: UnitOfWork, account: ExchangeAccount, *, now: datetime) -> None:
    """Make a newly verified account main if it is wanted so, or none is, or only a testnet one stands in."""
    others = [other for other in uow.accounts.all({account.user_id}) if other.id != account.id]
    if account.testnet and any(may_be_main(other) and not other.testnet for other in others):
        return
    current = uow.accounts.main_of(account.user_id)
    if current is not None and current.id == account.id:
        return
    if current is None or account.wants_main or (current.testnet and not account.testnet):
        uow.accounts.set_main(account.user_id, account.id, now)


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
    if not may_be_main(account):
        raise ConflictError(code="not_active")
    if account.testnet and any(
        may_be_main(other) and not other.testnet for other in uow.accounts.all({account.user_id})
    ):
        raise ConflictError(code="testnet_main")
