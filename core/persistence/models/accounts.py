"""Tables of exchange accounts: the accounts, data keys, waiting credentials and key checks.

Every child table of an account refers to it by (account_id, client_id), so that no row can join two clients.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.types import AccountStatus
from core.persistence.models.base import Base, one_of

NOT_REMOVED = "removed_at IS NULL"
HOLDS_UID = f"{NOT_REMOVED} AND status <> 'refused' AND exchange_uid IS NOT NULL"


def owned() -> ForeignKeyConstraint:
    """Return the foreign key that ties (account_id, client_id) of a child table to one account of that client."""
    return ForeignKeyConstraint(
        ["account_id", "client_id"], ["exchange_accounts.id", "exchange_accounts.user_id"], ondelete="CASCADE"
    )


class DataKeyRow(Base):
    """A client's data key, wrapped under the vault key `kid`."""

    __tablename__ = "data_keys"
    __table_args__ = (UniqueConstraint("dek_id", "client_id"),)

    dek_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kid: Mapped[str] = mapped_column(String(64), index=True)
    token: Mapped[str]
    created_at: Mapped[datetime]


class ExchangeAccountRow(Base):
    """One account; api_key, secret_key and passphrase are sealed, `number` stands for it in hot tables."""

    __tablename__ = "exchange_accounts"
    __table_args__ = (
        CheckConstraint(one_of("status", AccountStatus), name="status"),
        CheckConstraint("NOT is_main OR removed_at IS NULL", name="removed_is_not_main"),
        UniqueConstraint("id", "user_id"),
        UniqueConstraint("number", "user_id"),
        ForeignKeyConstraint(["dek_id", "user_id"], ["data_keys.dek_id", "data_keys.client_id"]),
        Index(
            "uq_exchange_accounts_main",
            "user_id",
            unique=True,
            sqlite_where=text("is_main"),
            postgresql_where=text("is_main"),
        ),
        Index(
            "uq_exchange_accounts_exchange_uid",
            "exchange",
            "testnet",
            "exchange_uid",
            unique=True,
            sqlite_where=text(HOLDS_UID),
            postgresql_where=text(HOLDS_UID),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Integer, unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    exchange: Mapped[str] = mapped_column(String(50))
    name: Mapped[str] = mapped_column(String(255))
    api_key: Mapped[str | None]
    secret_key: Mapped[str | None]
    passphrase: Mapped[str | None]
    testnet: Mapped[bool]
    is_active: Mapped[bool]
    is_main: Mapped[bool]
    wants_main: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    generation: Mapped[int]
    dek_id: Mapped[str | None] = mapped_column(String(32), index=True)
    origin_mac: Mapped[str | None] = mapped_column(String(128))
    hint: Mapped[str] = mapped_column(String(20))
    duplicate_index: Mapped[str | None] = mapped_column(String(128), index=True)
    exchange_uid: Mapped[str | None] = mapped_column(String(128))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(64))
    can_read: Mapped[bool | None]
    can_trade: Mapped[bool | None]
    can_transfer: Mapped[bool | None]
    can_withdraw: Mapped[bool | None]
    ip_restricted: Mapped[bool | None]
    key_expires_at: Mapped[datetime | None]
    rights_checked_at: Mapped[datetime | None]


class CredentialCandidateRow(Base):
    """A sealed credential that waits to be verified before it takes the place of the current one."""

    __tablename__ = "credential_candidates"
    __table_args__ = (
        owned(),
        ForeignKeyConstraint(["dek_id", "client_id"], ["data_keys.dek_id", "data_keys.client_id"]),
    )

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID]
    generation: Mapped[int]
    dek_id: Mapped[str] = mapped_column(String(32), index=True)
    api_key: Mapped[str]
    secret_key: Mapped[str]
    passphrase: Mapped[str | None]
    origin_mac: Mapped[str] = mapped_column(String(128))
    hint: Mapped[str] = mapped_column(String(20))
    duplicate_index: Mapped[str] = mapped_column(String(128))
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]


class KeyCheckRow(Base):
    """Proof of a vault private key, one per kid."""

    __tablename__ = "key_checks"

    kid: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[str]
