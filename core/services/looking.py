"""What is on somebody's screen is read more often; where an exchange's limits stretch the intervals, people see it."""

import logging
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from core.domain.reading_plans import ReadingPlan
from core.domain.types import Scope
from core.errors import StorageUnavailableError
from core.ports import Storage
from core.services.access import clients_of

log = logging.getLogger(__name__)


def mark_looked(
    storage: Storage, scope: Scope, client_id: UUID, account_ids: Collection[UUID], *, now: datetime
) -> None:
    """Note that accounts of a client are on a screen: cheap, of use for a minute, and no reason to show no page."""
    if not account_ids:
        return
    clients = clients_of(scope, client_id)
    try:
        with storage.begin(scope) as uow:
            uow.planning.look(account_ids, clients, now)
    except StorageUnavailableError:
        log.warning("a look could not be noted", extra={"client_id": str(client_id)})


def stretched_plans(storage: Storage, exchanges: Collection[str]) -> list[ReadingPlan]:
    """Return the plans of these exchanges whose limits make intervals longer than wanted, by exchange and address."""
    with storage.begin(write=False) as uow:
        plans = uow.planning.plans()
    return [plan for plan in plans if plan.exchange in exchanges and plan.is_stretched]
