"""Signing in and out: login sessions, the throttle, the first administrator, and the scope that a session gives.

Every refusal to sign in is the same error after the same work, whether the name or the password was wrong.
"""

import logging
from collections.abc import MutableMapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from core.domain.types import Role, Scope, User
from core.errors import ConflictError, NotFoundError, NotSignedInError, StorageUnavailableError, ThrottledError
from core.ports import (
    Attempts,
    AuditEntry,
    LoginSession,
    OneTimeLink,
    PasswordHasher,
    Storage,
    TokenHasher,
    UnitOfWork,
)
from core.services.access import require_recent_login
from core.services.people import NewPerson, add_person, checked_person, normal_login

log = logging.getLogger(__name__)

IDLE = {Role.ADMIN: timedelta(minutes=30), Role.CLIENT: timedelta(hours=12), Role.ANALYST: timedelta(hours=12)}
ABSOLUTE = {Role.ADMIN: timedelta(hours=12), Role.CLIENT: timedelta(days=7), Role.ANALYST: timedelta(days=7)}
TOUCH_EVERY = timedelta(seconds=60)
FREE_FAILURES = 5
LONGEST_DELAY_SECONDS = 15 * 60
FORGET_FAILURES_AFTER = timedelta(hours=1)
SETUP = "setup"
SETUP_LINK_LIFE = timedelta(hours=24)
USER_AGENT_LENGTH = 200

require_recent = require_recent_login


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for the throttle and the audit log."""

    ip: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What the sign-in page sends. `repr` does not show the password."""

    login: str
    password: str = field(repr=False)
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class SetupForm:
    """What the setup page sends: the one-time token and the first administrator."""

    token: str = field(repr=False)
    person: NewPerson
    origin: Origin = Origin()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh login session with the only copy of its token."""

    token: str = field(repr=False)
    session: LoginSession
    user: User


def sign_in(
    storage: Storage, passwords: PasswordHasher, tokens: TokenHasher, form: SignInForm, *, now: datetime
) -> SignedIn:
    """Check name and password and open a new login session.

    The attempt is counted before the password is checked and forgiven when it was right, so that many at once
    gain nothing.

    Raises:
        ThrottledError: too many failures of this name or address; says how long to wait.
        NotSignedInError: `wrong_login`, without saying which part was wrong.
    """
    login = normal_login(form.login)
    by_name, by_address = f"user:{login}", f"ip:{form.origin.ip}"
    with storage.begin() as uow:
        _refuse_throttled(uow, (by_name, by_address), now)
        uow.sessions.record_failure(by_name, now)
        found = uow.users.by_login(login)
    user = _verified(passwords, found, form.password)
    with storage.begin() as uow:
        if user is None:
            uow.sessions.record_failure(by_address, now)
            _audit_failure(uow, found[0] if found else None, form.origin, now)
        else:
            uow.sessions.clear_failures(by_name)
            if found and found[1] and passwords.needs_rehash(found[1]):
                uow.users.set_password(user.id, passwords.hash(form.password))
            signed_in = _open_session(uow, tokens, user, form.origin, now)
            _audit(uow, "login", signed_in.user, form.origin, now)
    if user is None:
        raise NotSignedInError(code="wrong_login")
    return signed_in


def resolve_token(storage: Storage, tokens: TokenHasher, token: str, now: datetime) -> tuple[LoginSession, User] | None:
    """Return the living session of a cookie's token and its user, or None."""
    with storage.begin(write=False) as uow:
        found = uow.sessions.by_token_hash(tokens.hash_session(token))
    return found if found and is_alive(*found, now) else None


def scope_of(storage: Storage, session_id: UUID | str | None, now: datetime, *, touch: bool) -> tuple[Scope, User]:
    """Return what the session may do, read anew from the storage.

    Args:
        storage: where sessions live.
        session_id: id of the session row; text as the gate hands it on is accepted.
        now: the instant of asking, UTC.
        touch: true for acts of the person, false for automatic refreshes, which must not keep a session alive.

    Raises:
        NotSignedInError: unknown, revoked, expired or idle session, or a disabled user.
    """
    wanted = _parse_id(session_id)
    with storage.begin(write=False) as uow:
        found = uow.sessions.by_id(wanted)
    if found is None or not is_alive(*found, now):
        raise NotSignedInError
    session, user = found
    if touch and now - session.seen_at >= TOUCH_EVERY:
        _touch(storage, session.id, now)
    return _scope(session, user), user


def is_alive(session: LoginSession, user: User, now: datetime) -> bool:
    """Tell whether a session still counts: not revoked, expired or idle, and its user active."""
    return user.is_active and session.revoked_at is None and now < idle_deadline(session, user)


def idle_deadline(session: LoginSession, user: User) -> datetime:
    """Return the instant at which the session ends if nothing more happens, UTC."""
    return min(session.expires_at, session.seen_at + IDLE[user.role])


def ended_among(storage: Storage, deadlines: MutableMapping[UUID, datetime], now: datetime) -> set[UUID]:
    """Return which of these sessions have ended, by one query and one more for each whose deadline has passed.

    Args:
        storage: where sessions live.
        deadlines: idle deadline of each session as last known; moved on here for sessions that were used meanwhile.
        now: the instant of asking, UTC.
    """
    with storage.begin(write=False) as uow:
        ended = set(uow.sessions.revoked_among(list(deadlines), now))
        for session_id in [known for known, deadline in deadlines.items() if deadline <= now and known not in ended]:
            found = uow.sessions.by_id(session_id)
            if found is None or not is_alive(*found, now):
                ended.add(session_id)
            else:
                deadlines[session_id] = idle_deadline(*found)
    return ended


def sign_out(storage: Storage, session: LoginSession, user: User, *, now: datetime) -> None:
    """End this login session."""
    with storage.begin() as uow:
        uow.sessions.revoke(session.id, now)
        _audit(uow, "logout", user, Origin(session.ip), now)


def sign_out_everywhere(storage: Storage, scope: Scope, *, now: datetime) -> int:
    """End all sessions of the person who asks, this one too; return how many."""
    with storage.begin() as uow:
        ended = uow.sessions.revoke_all(scope.user_id, now)
        uow.audit.append(_entry("logout.everywhere", scope.user_id, Origin(scope.ip), now))
    return ended


def reauthenticate(storage: Storage, passwords: PasswordHasher, scope: Scope, password: str, *, now: datetime) -> None:
    """Check the password of the person who is signed in again, which opens ten minutes for delicate acts.

    Raises:
        ThrottledError: too many failures.
        NotSignedInError: `wrong_password`, or the session has ended.
    """
    user, session_id = confirm_password(storage, passwords, scope, password, now=now)
    with storage.begin() as uow:
        uow.sessions.reauthenticate(session_id, now)
        _audit(uow, "login.again", user, Origin(scope.ip), now)


def confirm_password(
    storage: Storage, passwords: PasswordHasher, scope: Scope, password: str, *, now: datetime
) -> tuple[User, UUID]:
    """Return the person who asks and the id of their session if this is their password; throttled like a sign-in.

    Raises:
        ThrottledError: too many failures.
        NotSignedInError: `wrong_password`, or the session has ended.
    """
    with storage.begin() as uow:
        user = uow.users.get(scope.user_id)
        if user is None or scope.session_id is None:
            raise NotSignedInError
        by_name, by_address = f"user:{user.login}", f"ip:{scope.ip}"
        _refuse_throttled(uow, (by_name, by_address), now)
        uow.sessions.record_failure(by_name, now)
        found = uow.users.by_login(user.login)
    verified = _verified(passwords, found, password)
    with storage.begin() as uow:
        if verified is None:
            uow.sessions.record_failure(by_address, now)
            _audit_failure(uow, user, Origin(scope.ip), now)
        else:
            uow.sessions.clear_failures(by_name)
    if verified is None:
        raise NotSignedInError(code="wrong_password")
    return verified, scope.session_id


def make_setup_link(storage: Storage, tokens: TokenHasher, *, now: datetime) -> str:
    """Return the token of a new one-time setup link, good for 24 hours: `<public URL>/setup?token=<token>`.

    Raises:
        ConflictError: `setup_done`, there is an administrator already.
    """
    token = tokens.new()
    with storage.begin() as uow:
        _refuse_second_setup(uow)
        uow.sessions.add_link(
            OneTimeLink(uuid4(), SETUP, tokens.hash_link(token), created_at=now, expires_at=now + SETUP_LINK_LIFE)
        )
    return token


def check_setup_link(storage: Storage, tokens: TokenHasher, token: str, *, now: datetime) -> None:
    """Refuse a setup link that cannot be used, leaving a good one as it is.

    Raises:
        ConflictError: `setup_done`, there is an administrator already.
        NotFoundError: `bad_link`, unknown, used or expired.
    """
    with storage.begin(write=False) as uow:
        _refuse_second_setup(uow)
        if uow.sessions.find_link(SETUP, tokens.hash_link(token), now) is None:
            raise NotFoundError(code="bad_link")


def complete_setup(
    storage: Storage, passwords: PasswordHasher, tokens: TokenHasher, form: SetupForm, *, now: datetime
) -> SignedIn:
    """Make the first administrator, use the link up and sign the person in; a wrong field leaves the link usable.

    Raises:
        ConflictError: `setup_done`, there is an administrator already.
        NotFoundError: `bad_link`, unknown, used or expired.
        InvalidInputError: a field is wrong.
    """
    check_setup_link(storage, tokens, form.token, now=now)
    person = checked_person(replace(form.person, role=Role.ADMIN))
    passwords.check(person.password, login=person.login)
    password_hash = passwords.hash(person.password)
    with storage.begin() as uow:
        _refuse_second_setup(uow)
        if uow.sessions.use_link(SETUP, tokens.hash_link(form.token), now) is None:
            raise NotFoundError(code="bad_link")
        admin = add_person(uow, person, password_hash, now=now)
        _audit(uow, "setup", admin, form.origin, now)
        return _open_session(uow, tokens, admin, form.origin, now)


def _open_session(uow: UnitOfWork, tokens: TokenHasher, user: User, origin: Origin, now: datetime) -> SignedIn:
    token = tokens.new()
    session = LoginSession(
        id=uuid4(),
        user_id=user.id,
        token_hash=tokens.hash_session(token),
        created_at=now,
        seen_at=now,
        authenticated_at=now,
        expires_at=now + ABSOLUTE[user.role],
        ip=origin.ip,
        user_agent=origin.user_agent[:USER_AGENT_LENGTH],
    )
    uow.sessions.add(session)
    return SignedIn(token, session, user)


def _verified(passwords: PasswordHasher, found: tuple[User, str | None] | None, password: str) -> User | None:
    """Return the user if the password is right; a missing or disabled one takes the same time and is refused."""
    usable = found is not None and found[0].is_active
    right = passwords.verify(found[1] if found and usable else None, password)
    return found[0] if found and right else None


def _refuse_throttled(uow: UnitOfWork, keys: tuple[str, ...], now: datetime) -> None:
    wait = 0.0
    for key in keys:
        attempts = uow.sessions.attempts(key)
        if attempts and now - attempts.last_failed_at > FORGET_FAILURES_AFTER:
            uow.sessions.clear_failures(key)
        elif attempts:
            wait = max(wait, (attempts.last_failed_at - now).total_seconds() + delay_seconds(attempts))
    if wait > 0:
        raise ThrottledError(wait)


def delay_seconds(attempts: Attempts) -> float:
    """Return how long after the last failure the next attempt is accepted: 1 s after five, doubling to 15 min."""
    if attempts.failures < FREE_FAILURES:
        return 0.0
    return float(min(2 ** min(attempts.failures - FREE_FAILURES, 10), LONGEST_DELAY_SECONDS))


def _refuse_second_setup(uow: UnitOfWork) -> None:
    if uow.users.count(role=Role.ADMIN):
        raise ConflictError(code="setup_done")


def _touch(storage: Storage, session_id: UUID, now: datetime) -> None:
    try:
        with storage.begin() as uow:
            uow.sessions.touch(session_id, now)
    except StorageUnavailableError:
        log.warning("a login session could not be touched", extra={"session_id": str(session_id)})


def _scope(session: LoginSession, user: User) -> Scope:
    own = {Role.ADMIN: None, Role.CLIENT: frozenset({user.id}), Role.ANALYST: frozenset[UUID]()}
    return Scope(
        user_id=user.id,
        role=user.role,
        client_ids=own[user.role],
        session_id=session.id,
        authenticated_at=session.authenticated_at,
        ip=session.ip,
    )


def _parse_id(session_id: UUID | str | None) -> UUID:
    if isinstance(session_id, UUID):
        return session_id
    try:
        return UUID(session_id or "")
    except (ValueError, AttributeError, TypeError) as e:
        raise NotSignedInError from e


def _audit(uow: UnitOfWork, action: str, user: User, origin: Origin, now: datetime) -> None:
    uow.audit.append(_entry(action, user.id, origin, now, client_id=user.id if user.role is Role.CLIENT else None))


def _audit_failure(uow: UnitOfWork, user: User | None, origin: Origin, now: datetime) -> None:
    """Note a failed attempt; what was typed as a name is left out, since people type passwords there."""
    entry = _entry("login.failed", None, origin, now)
    uow.audit.append(replace(entry, object_id=str(user.id) if user else ""))


def _entry(
    action: str, user_id: UUID | None, origin: Origin, now: datetime, *, client_id: UUID | None = None
) -> AuditEntry:
    return AuditEntry(
        at=now,
        actor_id=user_id,
        action=action,
        object_type="user",
        object_id=str(user_id or ""),
        client_id=client_id,
        ip=origin.ip,
    )
