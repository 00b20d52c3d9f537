"""A person's word on transfers as a book takes it: links between its entries, and the entries they need.

A transfer may begin before a book and end after it. Both its entries are put into the book, so that what is on its
way at the book's edges is counted in transit there (PNL.md section 2) and not taken for money from outside.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.domain.pnl.transfers import PENDING
from core.domain.transfer_links import LegKey, LinkKind, TransferLink
from core.domain.types import LedgerRow
from core.ports import ClientIds, UnitOfWork

LinkPair = tuple[str | None, str | None]  # ids of the entries; PNL.md section 1, table `links`


@dataclass(frozen=True, slots=True)
class BookLinks:
    """Links for a book, and the entries of those that reach over its edges."""

    pairs: tuple[LinkPair, ...] = ()
    legs: tuple[LedgerRow, ...] = ()

    def earlier(self, first: datetime) -> list[LedgerRow]:
        """Return the entries booked before the book's own begin."""
        return [leg for leg in self.legs if leg.booked_at < first]

    def with_legs(self, ledger: Sequence[LedgerRow]) -> list[LedgerRow]:
        """Return a book's entries with those that the links need, the oldest first."""
        known = {leg_key(row): row for row in (*ledger, *self.legs)}
        return sorted(known.values(), key=lambda row: (row.booked_at, row.account_id, row.wallet, row.dedupe_key))


def find_links(
    uow: UnitOfWork, client_ids: ClientIds, account_ids: Collection[UUID], *, since: datetime, until: datetime
) -> BookLinks:
    """Return what people have said of transfers that touch [since, until], for a book of these accounts.

    An entry whose other half is in none of the accounts is external to them.
    """
    links = [link for link in uow.links.in_force(client_ids) if _touches(link, since, until)]
    inside = [leg for link in links for leg in link.legs if leg.account_id in account_ids]
    wanted = {leg for link in links if link.kind is not LinkKind.EXTERNAL for leg in link.legs} & set(inside)
    legs = uow.ledger.find(wanted, client_ids) if wanted else []
    return BookLinks(link_pairs(links, account_ids), tuple(legs))


def link_pairs(links: Iterable[TransferLink], account_ids: Collection[UUID]) -> tuple[LinkPair, ...]:
    """Return the links as pairs of ids, seen from these accounts."""
    found: list[LinkPair] = []
    for link in links:
        out, into = (leg if leg and leg.account_id in account_ids else None for leg in (link.out, link.in_))
        if link.kind is LinkKind.PAIR and out and into:
            found.append((out.entry, into.entry))
        elif link.kind is LinkKind.PENDING and out:
            found.append((out.entry, PENDING))
        else:
            found += [(out.entry, None)] if out else []
            found += [(None, into.entry)] if into else []
    return tuple(found)


def leg_key(row: LedgerRow) -> LegKey:
    """Return what names an entry."""
    return LegKey(row.account_id, row.wallet, row.dedupe_key)


def _touches(link: TransferLink, since: datetime, until: datetime) -> bool:
    """Tell whether an entry of the link lies in [since, until], or the money was on its way in it."""
    if not link.times or min(link.times) > until:
        return False
    return link.kind is LinkKind.PENDING or max(link.times) >= since
