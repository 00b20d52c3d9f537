"""Exchange accounts without their secrets: no query here reads a sealed column."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, and_, bindparam, delete, exists, false, func, insert, select, true, update

from core.domain.types import AccountStatus, ExchangeAccount, JobStatus, KeyRights, SealedCredential
from core.errors import NotFoundError
from core.persistence.models import CredentialCandidateRow, ExchangeAccountRow, JobRow, UserRow
from core.persistence.models.syncing import UNFINISHED_STATUSES
from core.persistence.repositories.base import (
    ADVISORY_ACCOUNT_NUMBER,
    CLIENTS,
    EVERY_CLIENT,
    Query,
    Repository,
    plain,
    scoped_to,
)
from core.persistence.repositories.data_keys import add_data_key, delete_unused_data_keys
from core.persistence.rights import KEY_HOLDER, NEXT_NUMBER
from core.ports import ClientIds

ACCOUNT_COLUMNS = plain(
    ExchangeAccountRow.id,
    ExchangeAccountRow.user_id,
    ExchangeAccountRow.exchange,
    ExchangeAccountRow.name,
    ExchangeAccountRow.testnet,
    ExchangeAccountRow.is_active,
    ExchangeAccountRow.is_main,
    ExchangeAccountRow.status,
    ExchangeAccountRow.hint,
    ExchangeAccountRow.generation,
    ExchangeAccountRow.created_at,
    ExchangeAccountRow.updated_at,
    ExchangeAccountRow.exchange_uid,
    ExchangeAccountRow.reason,
    ExchangeAccountRow.options,
    ExchangeAccountRow.removed_at,
    ExchangeAccountRow.wants_main,
    ExchangeAccountRow.can_read,
    ExchangeAccountRow.can_trade,
    ExchangeAccountRow.can_transfer,
    ExchangeAccountRow.can_withdraw,
    ExchangeAccountRow.ip_restricted,
    ExchangeAccountRow.key_expires_at,
    ExchangeAccountRow.rights_checked_at,
)
RIGHTS_AT = 17
NO_CREDENTIAL: Mapping[str, None] = {
    "api_key": None,
    "secret_key": None,
    "passphrase": None,
    "dek_id": None,
    "origin_mac": None,
    "duplicate_index": None,
}


def to_account(row: Sequence[Any]) -> ExchangeAccount:
    """Make an account from ACCOUNT_COLUMNS."""
    (account_id, user_id, exchange, name, testnet, is_active, is_main, status, hint, generation, *rest) = row[
        :RIGHTS_AT
    ]
    created_at, updated_at, uid, reason, options, removed_at, wants_main = rest
    return ExchangeAccount(
        id=account_id,
        user_id=user_id,
        exchange=exchange,
        name=name,
        testnet=testnet,
        is_active=is_active,
        is_main=is_main,
        status=AccountStatus(status),
        hint=hint,
        generation=generation,
        created_at=created_at,
        updated_at=updated_at,
        uid=uid,
        reason=reason,
        options=options,
        rights=KeyRights(*row[RIGHTS_AT:]),
        removed_at=removed_at,
        wants_main=wants_main,
    )


@lru_cache(maxsize=4)
def _one_account(*, every_client: bool, for_update: bool) -> Query:
    """Return the query of one account; it is made once, for every slot asks it twice."""
    statement = select(*ACCOUNT_COLUMNS).where(ExchangeAccountRow.id == bindparam("account"))
    statement = scoped_to(statement, ExchangeAccountRow.user_id, every_client=every_client)
    return statement.with_for_update() if for_update else statement


class AccountRepository(Repository):
    """Implements `core.ports.Accounts`."""

    def add(self, account: ExchangeAccount, credential: SealedCredential, duplicate_index: str) -> None:
        """Store a new account with its sealed credential.

        Raises:
            ConflictError: a second main account, or the exchange's own account id is in use.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(account.user_id)
        self._serialize(ADVISORY_ACCOUNT_NUMBER)
        add_data_key(self, credential, account.created_at)
        highest = select(func.coalesce(func.max(ExchangeAccountRow.number), 0) + 1).prefix_with(EVERY_CLIENT)
        number = highest.scalar_subquery() if self._is_sqlite else getattr(func, NEXT_NUMBER)()
        sealed = {
            "api_key": credential.api_key,
            "secret_key": credential.secret_key,
            "passphrase": credential.passphrase,
            "dek_id": credential.dek_id,
            "origin_mac": credential.origin_mac,
            "duplicate_index": duplicate_index,
        }
        values = {**_fields(account), **sealed, "number": number}
        self.run(insert(ExchangeAccountRow).values(values))

    def get(self, account_id: UUID, client_ids: ClientIds, *, for_update: bool = False) -> ExchangeAccount | None:
        """Return one account, also a removed one; `for_update` keeps others from changing it until the end."""
        parameters = self._parameters(client_ids)
        statement = _one_account(every_client=CLIENTS not in parameters, for_update=for_update)
        row = self.run(statement, {**parameters, "account": account_id}).one_or_none()
        return None if row is None else to_account(row)

    def all(self, client_ids: ClientIds, *, with_removed: bool = False) -> list[ExchangeAccount]:
        """Return accounts, the oldest first."""
        statement = self._accounts(client_ids).order_by(ExchangeAccountRow.created_at, ExchangeAccountRow.number)
        if not with_removed:
            statement = statement.where(ExchangeAccountRow.removed_at.is_(None))
        return [to_account(row) for row in self.run(statement)]

    def update(self, account: ExchangeAccount) -> None:
        """Store what a person may change: name, active, the wish to become main, options.

        Raises:
            NotFoundError: there is no such account of that client.
        """
        self._change(
            account,
            name=account.name,
            is_active=account.is_active,
            wants_main=account.wants_main,
            options=dict(account.options),
            updated_at=account.updated_at,
        )

    def set_status(self, account: ExchangeAccount, status: AccountStatus, reason: str | None, at: datetime) -> None:
        """Store where the account stands and why; a refused account is no main account.

        Raises:
            NotFoundError: there is no such account of that client.
        """
        not_main = {"is_main": False} if status is AccountStatus.REFUSED else {}
        self._change(account, status=status, reason=reason, updated_at=at, **not_main)

    def set_rights(self, account: ExchangeAccount, rights: KeyRights, uid: str | None, at: datetime) -> None:
        """Store what the key may do and pin the exchange's own account id (None leaves a pinned one).

        Raises:
            ConflictError: another account has this id of the exchange.
            NotFoundError: there is no such account of that client.
        """
        pinned = {} if uid is None else {"exchange_uid": uid}
        self._change(account, **_rights(rights), **pinned, updated_at=at)

    def set_main(self, client_id: UUID, account_id: UUID, at: datetime) -> None:
        """Make this the client's only main account.

        Raises:
            NotFoundError: there is no such account of that client, or it was removed.
        """
        self._require_own(client_id)
        own = ExchangeAccountRow.user_id == client_id
        others = and_(own, ExchangeAccountRow.is_main, ExchangeAccountRow.id != account_id)
        self.run(update(ExchangeAccountRow).where(others).values(is_main=False, updated_at=at))
        chosen = and_(own, ExchangeAccountRow.id == account_id, ExchangeAccountRow.removed_at.is_(None))
        values = {"is_main": True, "wants_main": False, "updated_at": at}
        if not self.run(update(ExchangeAccountRow).where(chosen).values(values)).rowcount:
            raise NotFoundError("account")

    def main_of(self, client_id: UUID) -> ExchangeAccount | None:
        """Return the client's main account."""
        row = self.run(self._accounts({client_id}).where(ExchangeAccountRow.is_main)).one_or_none()
        return None if row is None else to_account(row)

    def key_holder(self, duplicate_index: str) -> UUID | None:
        """Return the id of the account, of whatever client, that holds the same key."""
        same = ExchangeAccountRow.duplicate_index == duplicate_index
        statement = select(ExchangeAccountRow.id).prefix_with(EVERY_CLIENT).where(same)
        statement = statement.order_by(ExchangeAccountRow.number).limit(1)
        if not self._is_sqlite:
            statement = select(getattr(func, KEY_HOLDER)(duplicate_index, type_=Uuid()))
        holder: UUID | None = self.run(statement).scalar_one_or_none()
        return holder

    def by_exchange_uid(self, exchange: str, uid: str, *, testnet: bool) -> list[ExchangeAccount]:
        """Return accounts, of whatever client, with this id of the exchange; removed and refused ones do not count."""
        statement = _of_every_client().where(
            ExchangeAccountRow.exchange == exchange,
            ExchangeAccountRow.exchange_uid == uid,
            ExchangeAccountRow.testnet == (true() if testnet else false()),
            ExchangeAccountRow.removed_at.is_(None),
            ExchangeAccountRow.status != AccountStatus.REFUSED,
        )
        return [to_account(row) for row in self.run(statement.order_by(ExchangeAccountRow.number))]

    def remove(self, account: ExchangeAccount, at: datetime) -> None:
        """Erase the credential and take the account out of use; its history stays.

        Raises:
            NotFoundError: there is no such account of that client.
        """
        values = {"is_main": False, "is_active": False, "wants_main": False, "removed_at": at, "updated_at": at}
        self._change(account, **NO_CREDENTIAL, **values)
        own = and_(CredentialCandidateRow.account_id == account.id, CredentialCandidateRow.client_id == account.user_id)
        self.run(delete(CredentialCandidateRow).where(own))
        delete_unused_data_keys(self, account.user_id)
        unfinished = and_(JobRow.account_id == account.id, JobRow.client_id == account.user_id)
        unfinished = and_(unfinished, JobRow.status.in_(UNFINISHED_STATUSES))
        ended = {"status": JobStatus.FAILED, "error_code": "removed", "finished_at": at}
        self.run(update(JobRow).where(unfinished).values(ended))

    def has_real(self) -> bool:
        """Tell whether any account, also a removed one, belongs to a client who is not of the demo world."""
        real = exists().where(UserRow.id == ExchangeAccountRow.user_id, ~UserRow.is_demo)
        statement = select(ExchangeAccountRow.id).prefix_with(EVERY_CLIENT).where(real).limit(1)
        return self.run(statement).one_or_none() is not None

    def _accounts(self, client_ids: ClientIds) -> Query:
        return self._scoped(select(*ACCOUNT_COLUMNS), ExchangeAccountRow.user_id, client_ids)

    def _change(self, account: ExchangeAccount, **values: object) -> None:
        self._require_own(account.user_id)
        own = and_(ExchangeAccountRow.id == account.id, ExchangeAccountRow.user_id == account.user_id)
        if not self.run(update(ExchangeAccountRow).where(own).values(values)).rowcount:
            raise NotFoundError("account")


def _of_every_client() -> Query:
    return select(*ACCOUNT_COLUMNS).prefix_with(EVERY_CLIENT)


def _fields(account: ExchangeAccount) -> dict[str, Any]:
    names = ("id", "user_id", "exchange", "name", "testnet", "is_active", "is_main", "status", "hint", "generation")
    later = ("created_at", "updated_at", "reason", "removed_at", "wants_main")
    plain = {name: getattr(account, name) for name in (*names, *later)}
    return {**plain, "exchange_uid": account.uid, "options": dict(account.options), **_rights(account.rights)}


def _rights(rights: KeyRights) -> dict[str, Any]:
    columns = {
        "read": "can_read",
        "trade": "can_trade",
        "transfer": "can_transfer",
        "withdraw": "can_withdraw",
        "ip_restricted": "ip_restricted",
        "expires_at": "key_expires_at",
        "checked_at": "rights_checked_at",
    }
    return {columns[name]: value for name, value in asdict(rights).items()}
