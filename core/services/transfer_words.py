"""What a person says of transfers: two entries are one, an entry is external, money is on its way; all can be undone.

A word changes results of the past: the days it touches are made again by the sidecar (core/sync/days.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid4

from core.domain.ledger_kinds import FLOWS
from core.domain.transfer_links import LegKey, LinkKind, TransferLink
from core.domain.types import LedgerRow, Scope
from core.errors import ConflictError, InvalidInputError, NotFoundError
from core.ports import AuditEntry, Storage, UnitOfWork
from core.services.access import clients_of, require_write
from core.services.transfers import changed_span


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of a client's entries: `out` left an account, `in_` arrived in one."""

    client_id: UUID
    kind: LinkKind
    out: LegKey | None = None
    in_: LegKey | None = None

    @property
    def legs(self) -> tuple[LegKey, ...]:
        """The entries named."""
        return tuple(leg for leg in (self.out, self.in_) if leg is not None)


def say(storage: Storage, scope: Scope, word: Word, *, now: datetime) -> TransferLink:
    """Store a word; earlier ones on the same entries are taken back.

    Raises:
        ForbiddenError: the role only reads.
        NotFoundError: the client or an entry is unknown or outside the scope, or the entry moved no money in or out.
        InvalidInputError: the two entries cannot be one transfer, or too few are named.
        ConflictError: somebody said something of the same entry at this moment.
    """
    require_write(scope)
    clients_of(scope, word.client_id)
    with storage.begin(scope) as uow:
        out, into = (_found(uow, word.client_id, leg) for leg in (word.out, word.in_))
        _check(uow, word, out, into)
        rows = [row for row in (out, into) if row is not None]
        in_force = uow.links.in_force({word.client_id})
        old = [link for link in in_force if set(link.legs) & set(word.legs)]
        link = TransferLink(
            id=uuid4(),
            client_id=word.client_id,
            kind=word.kind,
            out=word.out,
            in_=word.in_,
            out_at=out.booked_at if out else None,
            in_at=into.booked_at if into else None,
            first_at=now,
            last_at=now,
            said_at=now,
            said_by=scope.user_id,
            changed_at=now,
        )
        touched = _touched(uow, rows, [*(other for other in in_force if other not in old), link], old, now)
        for other in old:
            _end(uow, scope, other, touched, now)
        made = replace(link, first_at=touched[0], last_at=touched[1])
        uow.links.add(made)
        _audit(uow, scope, "transfer.linked", made, now)
    return made


def undo(storage: Storage, scope: Scope, client_id: UUID, link_id: UUID, *, now: datetime) -> TransferLink:
    """Take a word back; the rules decide again.

    Raises:
        ForbiddenError: the role only reads.
        NotFoundError: the client or the word is unknown or outside the scope, or it was taken back already.
    """
    require_write(scope)
    clients_of(scope, client_id)
    with storage.begin(scope) as uow:
        in_force = uow.links.in_force({client_id})
        link = next((found for found in in_force if found.id == link_id), None)
        if link is None:
            raise NotFoundError("link")
        touched = _touched(uow, [], [other for other in in_force if other is not link], [link], now)
        _end(uow, scope, link, touched, now)
    return link


def _touched(
    uow: UnitOfWork,
    rows: Sequence[LedgerRow],
    after: Sequence[TransferLink],
    ended: Iterable[TransferLink],
    now: datetime,
) -> tuple[datetime, datetime]:
    """Return the time whose results change, seen from the entries named and from those of the words that end."""
    ended = list(ended)
    client_id = rows[0].client_id if rows else ended[0].client_id
    legs = [*rows, *uow.ledger.find({leg for link in ended for leg in link.legs}, {client_id})]
    return changed_span(uow, client_id, legs, after, now)


def _found(uow: UnitOfWork, client_id: UUID, leg: LegKey | None) -> LedgerRow | None:
    if leg is None:
        return None
    rows = uow.ledger.find({leg}, {client_id})
    if not rows or rows[0].kind not in FLOWS:
        raise NotFoundError("entry")
    return rows[0]


def _check(uow: UnitOfWork, word: Word, out: LedgerRow | None, into: LedgerRow | None) -> None:
    if (out is not None and out.amount >= 0) or (into is not None and into.amount <= 0):
        raise InvalidInputError("entry", "wrong_direction")
    needs = {LinkKind.PAIR: (True, True), LinkKind.PENDING: (True, False)}.get(word.kind)
    given = (out is not None, into is not None)
    if given != (needs or given) or not any(given):
        raise InvalidInputError("entry", "required")
    if word.kind is not LinkKind.PAIR or out is None or into is None:
        return
    accounts = {account.id: account for account in uow.accounts.all({word.client_id}, with_removed=True)}
    if out.asset != into.asset:
        raise InvalidInputError("entry", "other_asset")
    if (out.account_id, out.wallet) == (into.account_id, into.wallet):
        raise InvalidInputError("entry", "same_wallet")
    if accounts[out.account_id].testnet is not accounts[into.account_id].testnet:
        raise InvalidInputError("entry", "other_network")
    if into.amount > -out.amount:
        raise InvalidInputError("entry", "received_more")


def _end(uow: UnitOfWork, scope: Scope, link: TransferLink, touched: tuple[datetime, datetime], now: datetime) -> None:
    if not uow.links.end(link, at=now, by=scope.user_id, first_at=touched[0], last_at=touched[1]):
        raise ConflictError("the link was taken back meanwhile")
    _audit(uow, scope, "transfer.unlinked", link, now)


def _audit(uow: UnitOfWork, scope: Scope, action: str, link: TransferLink, now: datetime) -> None:
    details = {"kind": link.kind.value}
    details |= {name: leg.entry for name, leg in (("out", link.out), ("in", link.in_)) if leg is not None}
    uow.audit.append(
        AuditEntry(
            at=now,
            actor_id=scope.user_id,
            action=action,
            object_type="transfer_link",
            object_id=str(link.id),
            client_id=link.client_id,
            ip=scope.ip,
            details=details,
        )
    )
