"""Login sessions, one-time links and the throttle. Rows are found by keyed hashes, never by tokens."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select, update

from core.domain.types import User
from core.persistence.models import LoginSessionRow, OneTimeLinkRow, SignInAttemptRow, UserRow
from core.persistence.repositories.base import EVERY_CLIENT, Repository
from core.persistence.repositories.users import USER_COLUMNS, to_user
from core.ports import Attempts, LoginSession, OneTimeLink

SESSION_COLUMNS = (
    LoginSessionRow.id,
    LoginSessionRow.user_id,
    LoginSessionRow.token_hash,
    LoginSessionRow.created_at,
    LoginSessionRow.seen_at,
    LoginSessionRow.authenticated_at,
    LoginSessionRow.expires_at,
    LoginSessionRow.revoked_at,
    LoginSessionRow.ip,
    LoginSessionRow.user_agent,
)
LINK_COLUMNS = (
    OneTimeLinkRow.id,
    OneTimeLinkRow.kind,
    OneTimeLinkRow.token_hash,
    OneTimeLinkRow.created_at,
    OneTimeLinkRow.expires_at,
    OneTimeLinkRow.used_at,
    OneTimeLinkRow.user_id,
)


class LoginSessionRepository(Repository):
    """Implements `core.ports.LoginSessions`."""

    def add(self, session: LoginSession) -> None:
        """Store a new login."""
        self.run(insert(LoginSessionRow).values(**asdict(session)))

    def by_token_hash(self, token_hash: str) -> tuple[LoginSession, User] | None:
        """Return the login of this token with its person, also when it has ended."""
        return self._find(LoginSessionRow.token_hash == token_hash)

    def by_id(self, session_id: UUID) -> tuple[LoginSession, User] | None:
        """Return this login with its person, also when it has ended."""
        return self._find(LoginSessionRow.id == session_id)

    def touch(self, session_id: UUID, seen_at: datetime) -> None:
        """Note that the login was used."""
        self._set(session_id, seen_at=seen_at)

    def reauthenticate(self, session_id: UUID, at: datetime) -> None:
        """Note that the password was given again."""
        self._set(session_id, authenticated_at=at, seen_at=at)

    def revoke(self, session_id: UUID, at: datetime) -> None:
        """End this login."""
        self._set(session_id, revoked_at=at)

    def revoke_all(self, user_id: UUID, at: datetime, *, but: UUID | None = None) -> int:
        """End all logins of a person, `but` one of them where it is given; return how many were open."""
        owned = and_(LoginSessionRow.user_id == user_id, LoginSessionRow.revoked_at.is_(None))
        ended = owned if but is None else and_(owned, LoginSessionRow.id != but)
        return self.run(update(LoginSessionRow).where(ended).values(revoked_at=at)).rowcount

    def open_of(self, user_id: UUID, now: datetime) -> list[LoginSession]:
        """Return the logins of a person that are neither ended nor expired (they may be idle), last used first."""
        owned = and_(LoginSessionRow.user_id == user_id, LoginSessionRow.revoked_at.is_(None))
        found = select(*SESSION_COLUMNS).where(owned, LoginSessionRow.expires_at > now)
        rows = self.run(found.order_by(LoginSessionRow.seen_at.desc(), LoginSessionRow.id))
        return [LoginSession(*row) for row in rows]

    def revoked_among(self, session_ids: Collection[UUID], now: datetime) -> set[UUID]:
        """Return those of these logins that no longer count: ended, expired, unknown, or of a disabled person."""
        alive = (
            select(LoginSessionRow.id)
            .prefix_with(EVERY_CLIENT)
            .join(UserRow, UserRow.id == LoginSessionRow.user_id)
            .where(LoginSessionRow.id.in_(sorted(session_ids)), LoginSessionRow.revoked_at.is_(None))
            .where(LoginSessionRow.expires_at > now, UserRow.is_active)
        )
        return set(session_ids) - set(self.run(alive).scalars())

    def attempts(self, key: str) -> Attempts | None:
        """Return the failed sign-ins under a key."""
        columns = (SignInAttemptRow.key, SignInAttemptRow.failures, SignInAttemptRow.last_failed_at)
        row = self.run(select(*columns).where(SignInAttemptRow.key == key)).one_or_none()
        return None if row is None else Attempts(*row)

    def record_failure(self, key: str, at: datetime) -> Attempts:
        """Count one more failed sign-in under a key and return the count."""
        first = self._insert(SignInAttemptRow).values(key=key, failures=1, last_failed_at=at)
        counted = first.on_conflict_do_update(
            index_elements=["key"], set_={"failures": SignInAttemptRow.failures + 1, "last_failed_at": at}
        )
        return Attempts(key, self.run(counted.returning(SignInAttemptRow.failures)).scalar_one(), at)

    def clear_failures(self, key: str) -> None:
        """Forget the failed sign-ins under a key."""
        self.run(delete(SignInAttemptRow).where(SignInAttemptRow.key == key))

    def add_link(self, link: OneTimeLink) -> None:
        """Store a new link."""
        self.run(insert(OneTimeLinkRow).values(**asdict(link)))

    def use_link(self, kind: str, token_hash: str, now: datetime) -> OneTimeLink | None:
        """Use a link up and return it; None when it is unknown, expired or used already."""
        usable = (
            update(OneTimeLinkRow).prefix_with(EVERY_CLIENT).where(_usable(kind, token_hash, now)).values(used_at=now)
        )
        row = self.run(usable.returning(*LINK_COLUMNS)).one_or_none()
        return None if row is None else OneTimeLink(*row)

    def find_link(self, kind: str, token_hash: str, now: datetime) -> OneTimeLink | None:
        """Return a link that still works, without using it."""
        usable = select(*LINK_COLUMNS).prefix_with(EVERY_CLIENT).where(_usable(kind, token_hash, now))
        row = self.run(usable).one_or_none()
        return None if row is None else OneTimeLink(*row)

    def _find(self, condition: ColumnElement[bool]) -> tuple[LoginSession, User] | None:
        statement = (
            select(*SESSION_COLUMNS, *USER_COLUMNS)
            .prefix_with(EVERY_CLIENT)
            .join(UserRow, UserRow.id == LoginSessionRow.user_id)
            .where(condition)
        )
        row = self.run(statement).one_or_none()
        if row is None:
            return None
        own = len(SESSION_COLUMNS)
        return LoginSession(*row[:own]), to_user(row[own:])

    def _set(self, session_id: UUID, **values: object) -> None:
        statement = update(LoginSessionRow).prefix_with(EVERY_CLIENT).where(LoginSessionRow.id == session_id)
        self.run(statement.values(**values))


def _usable(kind: str, token_hash: str, now: datetime) -> ColumnElement[bool]:
    never_used = and_(OneTimeLinkRow.used_at.is_(None), OneTimeLinkRow.expires_at > now)
    return and_(OneTimeLinkRow.kind == kind, OneTimeLinkRow.token_hash == token_hash, never_used)
