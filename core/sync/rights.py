"""What a key may do, and what follows from it for its account."""

from datetime import datetime

from connectors.errors import NotSupportedError, PermissionMissingError
from connectors.types import Permissions
from core.domain.types import AccountStatus, ExchangeAccount, KeyRights
from core.ports import AuditEntry, UnitOfWork
from core.sync.ports import Connector

UNKNOWN = Permissions(read=None, trade=None, transfer=None, withdraw=None, ip_restricted=None)
MAY_WITHDRAW = "may_withdraw"
VERIFIED = (AccountStatus.ACTIVE, AccountStatus.NEEDS_ATTENTION)


def read_permissions(connector: Connector) -> Permissions:
    """Ask what the key may do; where the exchange does not tell, everything is unknown."""
    try:
        return connector.get_permissions()
    except (NotSupportedError, PermissionMissingError):
        return UNKNOWN


def key_rights(permissions: Permissions, now: datetime) -> KeyRights:
    """Return the rights as they are stored, checked now."""
    return KeyRights(
        read=permissions.read,
        trade=permissions.trade,
        transfer=permissions.transfer,
        withdraw=permissions.withdraw,
        ip_restricted=permissions.ip_restricted,
        expires_at=permissions.expires_at,
        checked_at=now,
    )


def lock_accounts(uow: UnitOfWork, account: ExchangeAccount) -> ExchangeAccount | None:
    """Keep all accounts of the client as they are until the transaction ends, for one of them may become main."""
    for other in sorted(uow.accounts.all({account.user_id}), key=lambda other: other.id):
        uow.accounts.get(other.id, {account.user_id}, for_update=True)
    return uow.accounts.get(account.id, {account.user_id}, for_update=True)


def refuse_account(uow: UnitOfWork, account: ExchangeAccount, *, code: str, now: datetime) -> None:
    """Mark the account refused and erase its key at once; a main account hands over to another verified one."""
    uow.accounts.set_status(account, AccountStatus.REFUSED, code, now)
    uow.credentials.erase(account.id, account.user_id)
    if account.is_main:
        _hand_over_main(uow, account, now)
    audit_key(uow, account, action="key.refused", now=now, code=code)


def audit_key(uow: UnitOfWork, account: ExchangeAccount, *, action: str, now: datetime, code: str = "") -> None:
    """Append an act of the sidecar on this account's key to the audit log."""
    details = {"exchange": account.exchange} | ({"code": code} if code else {})
    uow.audit.append(
        AuditEntry(
            at=now,
            actor_id=None,
            action=action,
            object_type="exchange_account",
            object_id=str(account.id),
            client_id=account.user_id,
            details=details,
        )
    )


def _hand_over_main(uow: UnitOfWork, account: ExchangeAccount, now: datetime) -> None:
    others = [
        other for other in uow.accounts.all({account.user_id}) if other.id != account.id and other.status in VERIFIED
    ]
    if others:
        successor = min(others, key=lambda other: (other.testnet, not other.is_active, other.created_at))
        uow.accounts.set_main(account.user_id, successor.id, now)
