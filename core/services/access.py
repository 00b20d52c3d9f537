"""Who may touch what: the checks that every service makes before its first query."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from core.domain.types import ExchangeAccount, Role, Scope
from core.errors import ForbiddenError, NotFoundError, StepUpRequiredError

STEP_UP_AGE = timedelta(minutes=10)
WHOLE_FLEET = Scope(user_id=UUID(int=0), role=Role.ADMIN, client_ids=None)  # for counts that name nobody


def clients_of(scope: Scope, client_id: UUID | None = None) -> Collection[UUID] | None:
    """Return the client ids to ask the storage for: one client, or all that the scope may see (None: everybody).

    Raises:
        NotFoundError: the client is outside the scope, answered as if it did not exist.
    """
    if client_id is None:
        return scope.client_ids
    if not scope.allows(client_id):
        raise NotFoundError("client")
    return frozenset({client_id})


def require_write(scope: Scope) -> None:
    """Refuse roles that only read.

    Raises:
        ForbiddenError: the role may not change anything.
    """
    if not scope.may_write:
        raise ForbiddenError(scope.role)


def require_recent_login(scope: Scope, now: datetime) -> None:
    """Refuse when the password was given more than ten minutes ago.

    Raises:
        StepUpRequiredError: the person must give the password again.
    """
    if scope.authenticated_at is None or now - scope.authenticated_at > STEP_UP_AGE:
        raise StepUpRequiredError


def without_hint(scope: Scope, account: ExchangeAccount) -> ExchangeAccount:
    """Return the account as this scope may see it: analysts see nothing of a key, not even its last characters."""
    return replace(account, hint="") if scope.role is Role.ANALYST else account
