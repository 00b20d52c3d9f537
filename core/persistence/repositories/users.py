"""People and their passwords."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update

from core.domain.types import Role, User
from core.errors import NotFoundError
from core.persistence.models import CredentialCandidateRow, DataKeyRow, ExchangeAccountRow, UserRow
from core.persistence.repositories.accounts import NO_CREDENTIAL
from core.persistence.repositories.base import EVERY_CLIENT, Repository
from core.ports import ClientIds

USER_COLUMNS = (
    UserRow.id,
    UserRow.login,
    UserRow.name,
    UserRow.role,
    UserRow.currency,
    UserRow.language,
    UserRow.time_zone,
    UserRow.is_active,
    UserRow.created_at,
    UserRow.is_demo,
)


def to_user(row: Sequence[Any]) -> User:
    """Make a person from USER_COLUMNS."""
    user_id, login, name, role, *rest = row
    return User(user_id, login, name, Role(role), *rest)


class UserRepository(Repository):
    """Implements `core.ports.Users`."""

    def add(self, user: User, password_hash: str | None) -> None:
        """Store a new person.

        Raises:
            ConflictError: the login is taken.
        """
        self.run(insert(UserRow).values(id=user.id, password_hash=password_hash, **_fields(user)))

    def get(self, user_id: UUID) -> User | None:
        """Return one person."""
        row = self.run(select(*USER_COLUMNS).where(UserRow.id == user_id)).one_or_none()
        return None if row is None else to_user(row)

    def by_login(self, login: str) -> tuple[User, str | None] | None:
        """Return the person of this login with the password hash."""
        row = self.run(select(*USER_COLUMNS, UserRow.password_hash).where(UserRow.login == login)).one_or_none()
        return None if row is None else (to_user(row[:-1]), row[-1])

    def all(self, *, role: Role | None = None, client_ids: ClientIds = None) -> list[User]:
        """Return people by name."""
        statement = self._scoped(select(*USER_COLUMNS), UserRow.id, client_ids)
        if role is not None:
            statement = statement.where(UserRow.role == role)
        return [to_user(row) for row in self.run(statement.order_by(UserRow.name, UserRow.id))]

    def count(self, *, role: Role | None = None) -> int:
        """Return how many people there are."""
        statement = select(func.count()).select_from(UserRow).prefix_with(EVERY_CLIENT)
        if role is not None:
            statement = statement.where(UserRow.role == role)
        return int(self.run(statement).scalar_one())

    def update(self, user: User) -> None:
        """Store everything of the person but the password.

        Raises:
            NotFoundError: there is no such person.
        """
        found = self.run(update(UserRow).where(UserRow.id == user.id).values(**_fields(user)))
        if not found.rowcount:
            raise NotFoundError("user")

    def set_password(self, user_id: UUID, password_hash: str) -> None:
        """Store another password hash.

        Raises:
            NotFoundError: there is no such person.
        """
        found = self.run(update(UserRow).where(UserRow.id == user_id).values(password_hash=password_hash))
        if not found.rowcount:
            raise NotFoundError("user")

    def erase(self, user_id: UUID) -> bool:
        """Delete a person with everything they own, data keys before all else; False where there is none."""
        own = ExchangeAccountRow.user_id == user_id
        self.run(update(ExchangeAccountRow).where(own).values(dict(NO_CREDENTIAL)))
        self.run(delete(CredentialCandidateRow).where(CredentialCandidateRow.client_id == user_id))
        self.run(delete(DataKeyRow).where(DataKeyRow.client_id == user_id))
        return self.run(delete(UserRow).where(UserRow.id == user_id)).rowcount == 1

    def delete_demo(self) -> int:
        """Delete the demo people with everything they own; return how many there were."""
        return self.run(delete(UserRow).prefix_with(EVERY_CLIENT).where(UserRow.is_demo)).rowcount


def _fields(user: User) -> dict[str, Any]:
    return {
        "login": user.login,
        "name": user.name,
        "role": user.role,
        "currency": user.currency,
        "language": user.language,
        "time_zone": user.time_zone,
        "is_active": user.is_active,
        "is_demo": user.is_demo,
        "created_at": user.created_at,
    }
