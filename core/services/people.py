"""People: clients, administrators and their preferences."""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from core.domain.currencies import REPORTING, USD
from core.domain.types import Role, Scope, User
from core.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from core.ports import AuditEntry, PasswordHasher, Storage, UnitOfWork
from core.services.access import clients_of, require_recent_login
from core.services.names import clean_name
from core.services.rates import check_currency

LANGUAGES = ("pt_BR", "en")
LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{2,63}")
LOGIN_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Preferences:
    """How figures, dates and words are shown to a person."""

    language: str = "pt_BR"
    time_zone: str = "America/Sao_Paulo"
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class NewPerson:
    """What the form for a new person asks for. `repr` does not show the password."""

    name: str
    login: str
    password: str = field(repr=False)
    role: Role = Role.CLIENT
    preferences: Preferences = Preferences()


def list_clients(storage: Storage, scope: Scope) -> list[User]:
    """Return all clients by name, for administrators.

    Raises:
        ForbiddenError: the person is no administrator.
    """
    _require_admin(scope)
    with storage.begin(scope, write=False) as uow:
        clients = uow.users.all(role=Role.CLIENT)
    return sorted(clients, key=lambda client: (client.name.casefold(), str(client.id)))


def get_client(storage: Storage, scope: Scope, client_id: UUID) -> User:
    """Return one client of the scope.

    Raises:
        NotFoundError: unknown, foreign, or no client.
    """
    clients_of(scope, client_id)
    with storage.begin(scope, write=False) as uow:
        user = uow.users.get(client_id)
    if user is None or user.role is not Role.CLIENT:
        raise NotFoundError("client")
    return user


def add_client(storage: Storage, scope: Scope, passwords: PasswordHasher, person: NewPerson, *, now: datetime) -> User:
    """Add a client with a first password.

    Raises:
        ForbiddenError: the person who asks is no administrator.
        StepUpRequiredError: the login is older than ten minutes.
        InvalidInputError: a field is wrong.
        ConflictError: `login_taken`.
    """
    _require_admin(scope)
    require_recent_login(scope, now)
    return create_person(storage, passwords, replace(person, role=Role.CLIENT), scope=scope, now=now)


def create_person(
    storage: Storage, passwords: PasswordHasher, person: NewPerson, *, scope: Scope | None, now: datetime
) -> User:
    """Add a person of any role; `scope` None is the operator's command line, which needs no further right.

    Raises:
        InvalidInputError: a field is wrong.
        ConflictError: `login_taken`.
    """
    checked_person(person)
    passwords.check(person.password, login=person.login)
    password_hash = passwords.hash(person.password)
    with storage.begin(scope) as uow:
        user = add_person(uow, person, password_hash, now=now)
        _audit(uow, scope, "user.added", user, now)
    return user


def add_person(uow: UnitOfWork, person: NewPerson, password_hash: str, *, now: datetime) -> User:
    """Store a checked person inside a running transaction.

    Raises:
        InvalidInputError: a field is wrong.
        ConflictError: `login_taken`.
    """
    checked = checked_person(person)
    if uow.users.by_login(checked.login) is not None:
        raise ConflictError(code="login_taken")
    user = User(
        id=uuid4(),
        login=checked.login,
        name=checked.name,
        role=checked.role,
        currency=checked.preferences.currency,
        language=checked.preferences.language,
        time_zone=checked.preferences.time_zone,
        is_active=True,
        created_at=now,
    )
    uow.users.add(user, password_hash)
    return user


def update_preferences(storage: Storage, scope: Scope, preferences: Preferences, *, now: datetime) -> User:
    """Change the language, time zone and currency of the person who asks.

    Raises:
        InvalidInputError: a value is not known.
    """
    _check_preferences(preferences)
    with storage.begin(scope) as uow:
        user = _found(uow, scope.user_id)
        changed = replace(
            user,
            language=preferences.language,
            time_zone=preferences.time_zone,
            currency=preferences.currency,
        )
        uow.users.update(changed)
        if user.role is Role.CLIENT:
            for currency in {user.currency, changed.currency} & {*REPORTING} - {USD}:
                uow.fx.want(user.id, currency, now)
        _audit(uow, scope, "user.preferences", changed, now)
    return changed


def set_active(storage: Storage, scope: Scope | None, user_id: UUID, active: bool, *, now: datetime) -> User:
    """Enable or disable a person; disabling ends all their sessions. `scope` None is the command line.

    Raises:
        ForbiddenError: the person who asks is no administrator.
        StepUpRequiredError: the login is older than ten minutes.
        ConflictError: `own_user`, nobody disables themselves.
        NotFoundError: unknown id.
    """
    if scope is not None:
        _require_admin(scope)
        require_recent_login(scope, now)
        if scope.user_id == user_id and not active:
            raise ConflictError(code="own_user")
    with storage.begin(scope) as uow:
        changed = replace(_found(uow, user_id), is_active=active)
        uow.users.update(changed)
        if not active:
            uow.sessions.revoke_all(user_id, now)
        _audit(uow, scope, "user.enabled" if active else "user.disabled", changed, now)
    return changed


def normal_login(login: str) -> str:
    """Return the one form in which a sign-in name is stored and looked up; at most 64 characters."""
    return unicodedata.normalize("NFC", login).strip().casefold()[:LOGIN_LENGTH]


def checked_person(person: NewPerson) -> NewPerson:
    """Return the person with name and sign-in name in normal form.

    Raises:
        InvalidInputError: field name, login, language, time_zone or currency is wrong.
    """
    login = unicodedata.normalize("NFC", person.login).strip().casefold()
    if not login:
        raise InvalidInputError("login", "required")
    if not LOGIN.fullmatch(login):
        raise InvalidInputError("login", "bad_login")
    _check_preferences(person.preferences)
    return replace(person, name=clean_name(person.name), login=login)


def _check_preferences(preferences: Preferences) -> None:
    if preferences.language not in LANGUAGES:
        raise InvalidInputError("language", "unknown_language")
    if preferences.time_zone not in available_timezones():
        raise InvalidInputError("time_zone", "unknown_time_zone")
    check_currency(preferences.currency)


def _require_admin(scope: Scope) -> None:
    if scope.role is not Role.ADMIN:
        raise ForbiddenError(scope.role)


def _found(uow: UnitOfWork, user_id: UUID) -> User:
    user = uow.users.get(user_id)
    if user is None:
        raise NotFoundError("user")
    return user


def _audit(uow: UnitOfWork, scope: Scope | None, action: str, user: User, now: datetime) -> None:
    entry = AuditEntry(
        at=now,
        actor_id=scope.user_id if scope else None,
        action=action,
        object_type="user",
        object_id=str(user.id),
        client_id=user.id if user.role is Role.CLIENT else None,
        ip=scope.ip if scope else "",
        details={"role": user.role},
    )
    uow.audit.append(entry)
