"""What people have said of transfers; a word that is taken back stays, with who took it back and when."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from core.domain.transfer_links import LegKey, LinkKind, TransferLink
from core.persistence.models import TransferLinkRow
from core.persistence.repositories.base import Query, Repository
from core.ports import ClientIds

LINK = TransferLinkRow
PLAIN = (
    "id", "client_id", "out_at", "in_at", "first_at", "last_at", "said_at", "said_by", "changed_at", "undone_at",
    "undone_by",
)  # fmt: skip
PLACES = ("out_account_id", "out_wallet", "out_key", "in_account_id", "in_wallet", "in_key")
COLUMNS = tuple(getattr(LINK, name) for name in ("kind", *PLAIN, *PLACES))


class TransferLinkRepository(Repository):
    """Implements `core.ports.TransferLinks`."""

    def add(self, link: TransferLink) -> None:
        """Store a word.

        Raises:
            ConflictError: an entry is unknown, is of another client, or has a word in force already.
            NotFoundError: the client is outside the scope.
        """
        self._require_own(link.client_id)
        values: dict[str, Any] = {name: getattr(link, name) for name in PLAIN}
        for side, leg in (("out", link.out), ("in", link.in_)):
            values[f"{side}_account_id"] = leg.account_id if leg else None
            values[f"{side}_wallet"] = leg.wallet if leg else None
            values[f"{side}_key"] = leg.dedupe_key if leg else None
        self.run(insert(LINK).values(**values, kind=link.kind.value))

    def end(self, link: TransferLink, *, at: datetime, by: UUID, first_at: datetime, last_at: datetime) -> bool:
        """Take a word back, which changes results from `first_at` to `last_at`; tell whether it was in force."""
        self._require_own(link.client_id)
        ended = {"undone_at": at, "undone_by": by, "changed_at": at, "first_at": first_at, "last_at": last_at}
        statement = update(LINK).where(
            LINK.id == link.id, LINK.client_id == link.client_id, LINK.undone_at.is_(None)
        )  # fmt: skip
        return bool(self.run(statement.values(**ended)).rowcount)

    def in_force(self, client_ids: ClientIds) -> list[TransferLink]:
        """Return the words that count, in the order they were said."""
        return self._find(self._all(client_ids).where(LINK.undone_at.is_(None)))

    def changed(self, client_ids: ClientIds, *, since: datetime) -> list[TransferLink]:
        """Return the words said or taken back at that instant or later, also those that count no more."""
        return self._find(self._all(client_ids).where(LINK.changed_at >= since))

    def _all(self, client_ids: Collection[UUID] | None) -> Query:
        return self._scoped(select(*COLUMNS), LINK.client_id, client_ids)

    def _find(self, statement: Query) -> list[TransferLink]:
        return [to_link(row) for row in self.run(statement.order_by(LINK.said_at, LINK.id))]


def to_link(row: Row[Any]) -> TransferLink:
    """Make a link from COLUMNS."""
    values: list[Any] = list(row)[1:]
    fields = dict(zip((*PLAIN, *PLACES), values, strict=True))
    out, into = ([fields.pop(f"{side}_{part}") for part in ("account_id", "wallet", "key")] for side in ("out", "in"))
    return TransferLink(kind=LinkKind(row[0]), out=_leg(out), in_=_leg(into), **fields)


def _leg(place: list[Any]) -> LegKey | None:
    account_id, wallet, key = place
    return None if account_id is None else LegKey(account_id, wallet, key)
