"""What people do about their own sign-in: change the password, see where they are signed in, sign one device out."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from core.domain.types import Role, Scope, User
from core.errors import InvalidInputError, NotFoundError, NotSignedInError
from core.ports import AuditEntry, LoginSession, PasswordHasher, Storage, UnitOfWork
from core.services.auth import confirm_password, is_alive


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What the form for a new password sends. `repr` shows nothing of it."""

    current: str = field(repr=False)
    new: str = field(repr=False)
    repeated: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One living login session of the person who asks; `is_this` marks the one they ask with. Instants are UTC."""

    id: UUID
    signed_in_at: datetime
    seen_at: datetime
    ip: str
    user_agent: str
    is_this: bool


def change_password(
    storage: Storage, passwords: PasswordHasher, scope: Scope, change: PasswordChange, *, now: datetime
) -> int:
    """Give the person who asks a new password and end all their other sessions; return how many ended.

    The session that asks goes on as if it had signed in just now.

    Raises:
        InvalidInputError: the new password breaks a rule, is the current one, or was typed differently twice.
        ThrottledError: too many wrong current passwords, of this name or address.
        NotSignedInError: `wrong_password`, or the session has ended, also by another change at the same time.
    """
    with storage.begin(write=False) as uow:
        login = _person(uow, scope).login
    if change.new != change.repeated:
        raise InvalidInputError("password", "passwords_differ")
    passwords.check(change.new, login=login)
    user, session_id = confirm_password(storage, passwords, scope, change.current, now=now)
    if change.new == change.current:
        raise InvalidInputError("password", "password_same")
    password_hash = passwords.hash(change.new)
    with storage.begin() as uow:
        uow.users.set_password(user.id, password_hash)  # first: two changes at once wait for each other here
        found = uow.sessions.by_id(session_id)
        if found is None or not is_alive(*found, now):
            raise NotSignedInError
        ended = uow.sessions.revoke_all(user.id, now, but=session_id)
        uow.sessions.reauthenticate(session_id, now)
        _audit(uow, "user.password", user, scope, now)
    return ended


def list_own_sessions(storage: Storage, scope: Scope, *, now: datetime) -> list[OwnSession]:
    """Return where the person who asks is signed in: this session first, then the others, last used first.

    Raises:
        NotSignedInError: the person is gone.
    """
    with storage.begin(write=False) as uow:
        user = _person(uow, scope)
        living = [session for session in uow.sessions.open_of(user.id, now) if is_alive(session, user, now)]
    own = [_own(session, scope) for session in living]
    return sorted(own, key=lambda session: not session.is_this)


def end_own_session(storage: Storage, scope: Scope, session_id: UUID, *, now: datetime) -> None:
    """End one session of the person who asks.

    Raises:
        NotFoundError: unknown, ended, or somebody else's: the same answer.
        NotSignedInError: the person is gone.
    """
    with storage.begin() as uow:
        user = _person(uow, scope)
        found = uow.sessions.by_id(session_id)
        if found is None or found[0].user_id != user.id or not is_alive(*found, now):
            raise NotFoundError("session")
        uow.sessions.revoke(session_id, now)
        _audit(uow, "logout.other", user, scope, now)


def _own(session: LoginSession, scope: Scope) -> OwnSession:
    return OwnSession(
        id=session.id,
        signed_in_at=session.created_at,
        seen_at=session.seen_at,
        ip=session.ip,
        user_agent=session.user_agent,
        is_this=session.id == scope.session_id,
    )


def _person(uow: UnitOfWork, scope: Scope) -> User:
    user = uow.users.get(scope.user_id)
    if user is None or scope.session_id is None:
        raise NotSignedInError
    return user


def _audit(uow: UnitOfWork, action: str, user: User, scope: Scope, now: datetime) -> None:
    entry = AuditEntry(
        at=now,
        actor_id=user.id,
        action=action,
        object_type="user",
        object_id=str(user.id),
        client_id=user.id if user.role is Role.CLIENT else None,
        ip=scope.ip,
        details={"role": user.role},
    )
    uow.audit.append(entry)
