"""Wrapped data keys: stored with the credential they seal, deleted when no credential of the client needs them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select

from core.domain.types import SealedCredential
from core.persistence.models import CredentialCandidateRow, DataKeyRow, ExchangeAccountRow
from core.persistence.repositories.base import Repository


def add_data_key(repository: Repository, credential: SealedCredential, at: datetime) -> None:
    """Store the data key of a credential; the vault key id is the second part of its token."""
    kid = credential.data_key.split(".")[1]
    repository.run(
        insert(DataKeyRow).values(
            dek_id=credential.dek_id,
            client_id=credential.client_id,
            kid=kid,
            token=credential.data_key,
            created_at=at,
        )
    )


def delete_unused_data_keys(repository: Repository, client_id: UUID) -> None:
    """Delete the client's data keys that seal neither a current nor a waiting credential."""
    current = select(ExchangeAccountRow.dek_id).where(
        ExchangeAccountRow.user_id == client_id, ExchangeAccountRow.dek_id.is_not(None)
    )
    waiting = select(CredentialCandidateRow.dek_id).where(CredentialCandidateRow.client_id == client_id)
    repository.run(
        delete(DataKeyRow).where(
            DataKeyRow.client_id == client_id,
            DataKeyRow.dek_id.not_in(current),
            DataKeyRow.dek_id.not_in(waiting),
        )
    )
