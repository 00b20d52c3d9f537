"""Tables of people: users, login sessions, failed sign-ins, one-time links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.domain.types import Role
from core.persistence.models.base import Base, one_of


class UserRow(Base):
    """A person who signs in; a client is a user with role client."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(one_of("role", Role), name="role"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(10))
    language: Mapped[str] = mapped_column(String(20))
    time_zone: Mapped[str] = mapped_column(String(64))
    is_active: Mapped[bool]
    is_demo: Mapped[bool]
    created_at: Mapped[datetime]
    password_hash: Mapped[str | None]


class LoginSessionRow(Base):
    """One login; of its token only the keyed hash."""

    __tablename__ = "login_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(128), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    authenticated_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    ip: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str]


class SignInAttemptRow(Base):
    """Failed sign-ins under one key."""

    __tablename__ = "sign_in_attempts"

    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    failures: Mapped[int]
    last_failed_at: Mapped[datetime]


class OneTimeLinkRow(Base):
    """A link that works once."""

    __tablename__ = "one_time_links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(128), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
