"""Transfers of a client: which entries belong together, by whose word or which rule, and what has no other half."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core.domain.ledger_kinds import FLOWS
from core.domain.pnl.transfers import transfer_pairs
from core.domain.transfer_links import LegKey, LinkKind, TransferLink
from core.domain.types import ExchangeAccount, LedgerRow, Scope
from core.ports import LedgerFilter, Storage, UnitOfWork
from core.services.book_links import LinkPair, find_links, leg_key, link_pairs
from core.services.books import make_book
from core.services.ledger_types import Entry, LedgerQuestion, entry_of
from core.services.ledger_view import find_asked

REACH = timedelta(days=8)  # halves of one transfer lie at most a week apart
MOST_FLOWS = 2000
MOST_CHOICES = 20
MOST_SHOWN = 25


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which entry of a set is the other half of which; PENDING ones and declared external ones have none."""

    pairs: Mapping[str, tuple[str | None, str, bool, Decimal]]
    external: frozenset[str]

    def state(self, entry: str) -> tuple[str | None, str]:
        """Return the other half of an entry, and how it is counted."""
        if entry in self.external:
            return None, "external"
        other, method, _review, _fee = self.pairs.get(entry, (None, "", False, Decimal(0)))
        return other, "pending" if method == "pending" else ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is one transfer: `out` left, `in_` arrived (None: still on its way), `fee` was lost between, in the asset.

    `method` is ref, txid, amount, link or pending; `review`: another entry fitted as well. `link` is a person's word.
    """

    out: Entry
    in_: Entry | None
    fee: Decimal
    method: str
    review: bool
    link: TransferLink | None
    choices: tuple[Entry, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was sent."""
        return self.out.row.booked_at


@dataclass(frozen=True, slots=True)
class Single:
    """An entry without another half: from outside or to it. `link` is the person's word, None where nobody said so.

    `choices` are the entries that could be its other half, the likeliest first; only the newest MOST_SHOWN have them.
    """

    entry: Entry
    link: TransferLink | None
    choices: tuple[Entry, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was booked."""
        return self.entry.row.booked_at


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transfers and single entries of a period, newest first; `too_many` counts entries where they are not matched."""

    transfers: tuple[Transfer, ...] = ()
    singles: tuple[Single, ...] = ()
    too_many: int = 0


def load_transfers(storage: Storage, scope: Scope, question: LedgerQuestion, *, now: datetime) -> Transfers:
    """Return the transfers that touch the accounts and the period asked for; the kind asked for does not count.

    Raises:
        NotFoundError: the client or the account is outside the scope.
        InvalidInputError: the period is not one.
    """
    with storage.begin(scope, write=False) as uow:
        asked = find_asked(uow, scope, replace(question, group=None), now)
        wanted = replace(asked.filter, kinds=FLOWS)
        side = same_side(asked.shown.accounts, asked.shown.ids)
        since, until = wanted.since - REACH, wanted.until + REACH
        around = LedgerFilter(frozenset(account.id for account in side), since, until, FLOWS)
        count = uow.ledger.count(around, asked.clients)
        if count > MOST_FLOWS:
            return Transfers(too_many=count)
        inside = {leg_key(row) for row in uow.ledger.stream(wanted, asked.clients)}
        flows, pairs = read_flows(uow, side, since, until)
        links = uow.links.in_force(asked.clients)
    accounts = {account.id: account for account in side}
    entries = {leg_key(row).entry: entry_of(row, asked.accounts) for row in flows}
    said = {leg.entry: link for link in links for leg in link.legs}
    return _transfers(match(accounts.values(), flows, pairs), entries, said, {leg.entry for leg in inside})


def same_side(accounts: Sequence[ExchangeAccount], shown: Iterable[UUID]) -> list[ExchangeAccount]:
    """Return a client's accounts on the side of those shown: mainnet and testnet money never meet."""
    chosen = set(shown)
    sides = {account.testnet for account in accounts if account.id in chosen}
    return [account for account in accounts if account.testnet in sides]


def read_flows(
    uow: UnitOfWork, accounts: Sequence[ExchangeAccount], since: datetime, until: datetime
) -> tuple[list[LedgerRow], tuple[LinkPair, ...]]:
    """Return what came and went in (since, until], with the entries that people's words name, and these words."""
    ids = {account.id for account in accounts}
    clients = {account.user_id for account in accounts}
    if not ids:
        return [], ()
    flows = uow.ledger.flows(ids, clients, since=since, until=until, kinds=FLOWS)
    links = find_links(uow, clients, ids, since=since, until=until)
    return links.with_legs(flows), links.pairs


def match(accounts: Iterable[ExchangeAccount], flows: Sequence[LedgerRow], links: Iterable[LinkPair]) -> Pairing:
    """Match entries as the books do (PNL.md section 3)."""
    book = make_book(list(accounts), {}, flows, links=links)
    pairs, _unmatched, external = transfer_pairs(book)
    found: dict[str, tuple[str | None, str, bool, Decimal]] = {}
    for pair in pairs:
        found[pair.out] = (pair.in_, pair.method, pair.review, pair.fee)
        if pair.in_ is not None:
            found[pair.in_] = (pair.out, pair.method, pair.review, pair.fee)
    return Pairing(found, frozenset(external))


def changed_span(
    uow: UnitOfWork, client_id: UUID, legs: Sequence[LedgerRow], after: Sequence[TransferLink], now: datetime
) -> tuple[datetime, datetime]:
    """Return from when to when results change if `after` are the words in force: every entry that is counted otherwise.

    Money that is on its way to an own address, or was, changes every day until now.
    """
    times = [row.booked_at for row in legs]
    since, until = min(times) - REACH, max(times) + REACH
    accounts = same_side(uow.accounts.all({client_id}, with_removed=True), {row.account_id for row in legs})
    flows, before = read_flows(uow, accounts, since, until)
    ids = {account.id for account in accounts}
    if len(flows) > MOST_FLOWS:
        return since, max(until, now)
    old, new = (match(accounts, flows, links) for links in (before, link_pairs(after, ids)))
    moved = [row for row in flows if old.state(leg_key(row).entry) != new.state(leg_key(row).entry)]
    times += [row.booked_at for row in moved]
    entries = [leg_key(row).entry for row in legs]
    if any(LinkKind.PENDING in (found.state(entry)[1] for found in (old, new)) for entry in entries):
        times.append(now)
    return min(times), max(times)


def _transfers(
    found: Pairing, entries: Mapping[str, Entry], said: Mapping[str, TransferLink], inside: set[str]
) -> Transfers:
    free = [entry for key, entry in entries.items() if key not in found.pairs and key not in found.external]
    waiting = [entries[key] for key, pair in found.pairs.items() if pair[0] is None]
    transfers, singles = [], []
    for key, entry in entries.items():
        other, method, review, fee = found.pairs.get(key, (None, "", False, Decimal(0)))
        if key not in inside and other not in inside:
            continue
        if key not in found.pairs:
            singles.append(Single(entry, said.get(key)))
        elif entry.row.amount < 0:
            arrived = entries[other] if other is not None else None
            choices = () if arrived else _choices(entry, free)
            transfers.append(Transfer(entry, arrived, fee, method, review, said.get(key), choices))
    transfers.sort(key=lambda transfer: transfer.at, reverse=True)
    singles.sort(key=lambda single: single.at, reverse=True)
    others = [*free, *waiting]
    for n, single in enumerate(singles[:MOST_SHOWN]):
        if single.link is None:
            singles[n] = replace(single, choices=_choices(single.entry, others))
    return Transfers(tuple(transfers), tuple(singles))


def _choices(entry: Entry, others: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return which entries could be the other half: of the same asset, elsewhere, no more received than sent."""
    fits = [
        other
        for other in others
        if other.row.asset == entry.row.asset
        and (other.row.account_id, other.row.wallet) != (entry.row.account_id, entry.row.wallet)
        and (other.row.amount > 0) != (entry.row.amount > 0)
        and entry.row.amount + other.row.amount <= 0
    ]
    ranked = sorted(
        fits,
        key=lambda other: (
            -(entry.row.amount + other.row.amount),
            abs(other.row.booked_at - entry.row.booked_at),
            leg_key(other.row),
        ),
    )
    return tuple(ranked[:MOST_CHOICES])


def key_of(entry: Entry) -> LegKey:
    """Return what names an entry."""
    return leg_key(entry.row)
