"""Sealed credentials: the web process writes them, the sidecar alone reads them."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute

from core.domain.types import SealedCredential
from core.errors import ConflictError, NotFoundError
from core.persistence.models import CredentialCandidateRow, DataKeyRow, ExchangeAccountRow, KeyCheckRow
from core.persistence.repositories.accounts import NO_CREDENTIAL
from core.persistence.repositories.base import EVERY_CLIENT, Query, Repository
from core.persistence.repositories.data_keys import add_data_key, delete_unused_data_keys
from core.ports import Candidate, WrappedKey

PROMOTED = (
    "generation",
    "dek_id",
    "api_key",
    "secret_key",
    "passphrase",
    "origin_mac",
    "hint",
    "duplicate_index",
    "options",
)


@lru_cache(maxsize=1)
def _sealed() -> Query:
    """Return the query of an account's credential; it is made once, for every slot asks it."""
    own = and_(ExchangeAccountRow.id == bindparam("account"), ExchangeAccountRow.user_id == bindparam("client"))
    return (
        select(
            ExchangeAccountRow.id,
            ExchangeAccountRow.user_id,
            ExchangeAccountRow.exchange,
            ExchangeAccountRow.generation,
            DataKeyRow.dek_id,
            DataKeyRow.token,
            ExchangeAccountRow.api_key,
            ExchangeAccountRow.secret_key,
            ExchangeAccountRow.passphrase,
            ExchangeAccountRow.origin_mac,
        )
        .join(DataKeyRow, _key_of(ExchangeAccountRow.dek_id, ExchangeAccountRow.user_id))
        .where(own)
    )


class CredentialRepository(Repository):
    """Implements `core.ports.Credentials`."""

    def load(self, account_id: UUID, client_id: UUID) -> SealedCredential | None:
        """Return the account's credential, None when it was erased."""
        row = self.run(_sealed(), {"account": account_id, "client": client_id}).one_or_none()
        return None if row is None else SealedCredential(*row)

    def save_candidate(
        self, credential: SealedCredential, *, hint: str, duplicate_index: str, options: Mapping[str, str], at: datetime
    ) -> None:
        """Store a credential beside the current one, in place of one that waits already.

        Raises:
            NotFoundError: there is no such account of that client, or it was removed.
            ConflictError: the generation does not grow.
        """
        self._require_own(credential.client_id)
        account = _account(credential.account_id, credential.client_id)
        current = self.run(
            select(ExchangeAccountRow.generation).where(account, ExchangeAccountRow.removed_at.is_(None))
        ).scalar_one_or_none()
        if current is None:
            raise NotFoundError("account")
        if credential.generation <= current:
            raise ConflictError("the generation of a credential only grows")
        self.drop_candidate(credential.account_id, credential.client_id)
        add_data_key(self, credential, at)
        self.run(
            insert(CredentialCandidateRow).values(
                account_id=credential.account_id,
                client_id=credential.client_id,
                generation=credential.generation,
                dek_id=credential.dek_id,
                api_key=credential.api_key,
                secret_key=credential.secret_key,
                passphrase=credential.passphrase,
                origin_mac=credential.origin_mac,
                hint=hint,
                duplicate_index=duplicate_index,
                options=dict(options),
                created_at=at,
            )
        )

    def load_candidate(self, account_id: UUID, client_id: UUID) -> Candidate | None:
        """Return the credential that waits to be verified, and its options."""
        statement = (
            select(
                CredentialCandidateRow.account_id,
                CredentialCandidateRow.client_id,
                ExchangeAccountRow.exchange,
                CredentialCandidateRow.generation,
                DataKeyRow.dek_id,
                DataKeyRow.token,
                CredentialCandidateRow.api_key,
                CredentialCandidateRow.secret_key,
                CredentialCandidateRow.passphrase,
                CredentialCandidateRow.origin_mac,
                CredentialCandidateRow.options,
            )
            .join(DataKeyRow, _key_of(CredentialCandidateRow.dek_id, CredentialCandidateRow.client_id))
            .join(ExchangeAccountRow, ExchangeAccountRow.id == CredentialCandidateRow.account_id)
            .where(_candidate(account_id, client_id))
        )
        row = self.run(statement).one_or_none()
        return None if row is None else Candidate(SealedCredential(*row[:-1]), row[-1])

    def promote_candidate(self, verified: SealedCredential, at: datetime) -> None:
        """Put the verified credential, which waits, in the place of the current one, whose data key goes.

        Raises:
            NotFoundError: none waits.
            ConflictError: another one, that nobody has verified, has taken its place meanwhile.
        """
        account_id, client_id = verified.account_id, verified.client_id
        columns = [getattr(CredentialCandidateRow, name) for name in PROMOTED]
        waiting = self.run(select(*columns).where(_candidate(account_id, client_id))).mappings().one_or_none()
        if waiting is None:
            raise NotFoundError("credential")
        if waiting["dek_id"] != verified.dek_id:
            raise ConflictError("another credential waits")
        values: dict[str, Any] = {**waiting, "updated_at": at}
        self.run(update(ExchangeAccountRow).where(_account(account_id, client_id)).values(values))
        self.drop_candidate(account_id, client_id)

    def drop_candidate(self, account_id: UUID, client_id: UUID) -> None:
        """Erase the waiting credential and its data key."""
        self._require_own(client_id)
        self.run(delete(CredentialCandidateRow).where(_candidate(account_id, client_id)))
        delete_unused_data_keys(self, client_id)

    def erase(self, account_id: UUID, client_id: UUID) -> None:
        """Erase the current and the waiting credential with their data keys."""
        self._require_own(client_id)
        self.run(update(ExchangeAccountRow).where(_account(account_id, client_id)).values(dict(NO_CREDENTIAL)))
        self.drop_candidate(account_id, client_id)

    def key_checks(self) -> dict[str, str]:
        """Return the proof tokens of the vault keys by kid."""
        return {kid: token for kid, token in self.run(select(KeyCheckRow.kid, KeyCheckRow.token))}

    def add_key_check(self, kid: str, token: str) -> None:
        """Store the proof token of a vault key, in place of an earlier one."""
        self._upsert(KeyCheckRow, [{"kid": kid, "token": token}])

    def drop_key_check(self, kid: str) -> None:
        """Forget the proof of a vault key that nothing needs any more."""
        self.run(delete(KeyCheckRow).where(KeyCheckRow.kid == kid))

    def data_keys_of_others(self, kid: str, *, limit: int) -> list[WrappedKey]:
        """Return data keys of any client that are wrapped under another vault key than this one."""
        columns = (DataKeyRow.dek_id, DataKeyRow.client_id, DataKeyRow.token)
        statement = select(*columns).prefix_with(EVERY_CLIENT).where(DataKeyRow.kid != kid)
        return [WrappedKey(*row) for row in self.run(statement.order_by(DataKeyRow.dek_id).limit(limit))]

    def swap_data_key(self, old: WrappedKey, token: str) -> bool:
        """Put another wrapping in the place of this one; False where it is not there any more."""
        same = and_(
            DataKeyRow.dek_id == old.dek_id, DataKeyRow.client_id == old.client_id, DataKeyRow.token == old.token
        )
        changed = self.run(update(DataKeyRow).where(same).values(token=token, kid=token.split(".")[1]))
        return changed.rowcount == 1

    def kids_in_use(self) -> set[str]:
        """Return the vault keys that stored data keys are wrapped under."""
        return set(self.run(select(DataKeyRow.kid).distinct().prefix_with(EVERY_CLIENT)).scalars())

    def count_by_kid(self) -> dict[str, int]:
        """Return how many data keys are wrapped under each vault key."""
        statement = select(DataKeyRow.kid, func.count()).prefix_with(EVERY_CLIENT).group_by(DataKeyRow.kid)
        return {kid: count for kid, count in self.run(statement)}


def _account(account_id: UUID, client_id: UUID) -> ColumnElement[bool]:
    return and_(ExchangeAccountRow.id == account_id, ExchangeAccountRow.user_id == client_id)


def _candidate(account_id: UUID, client_id: UUID) -> ColumnElement[bool]:
    return and_(CredentialCandidateRow.account_id == account_id, CredentialCandidateRow.client_id == client_id)


def _key_of(
    dek_id: InstrumentedAttribute[str] | InstrumentedAttribute[str | None], client_id: InstrumentedAttribute[UUID]
) -> ColumnElement[bool]:
    return and_(DataKeyRow.dek_id == dek_id, DataKeyRow.client_id == client_id)
