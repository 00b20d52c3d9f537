"""What the Ledger page asks for and shows, as data; every file is written from the same."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from core.domain.ledger_kinds import KIND_OF
from core.domain.types import ExchangeAccount, LedgerRow
from core.ports import LedgerPlace
from core.services.results_types import THIRTY

GROUPS = (
    "deposit", "withdrawal", "transfer", "trade", "realised", "funding", "fee", "rebate", "liquidation_fee",
    "interest", "bonus", "airdrop", "adjustment",
)  # fmt: skip
PAGE_ROWS = 50
MOST_SUMMED = 20_000
LONGEST_TEXT = 100
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LedgerQuestion:
    """What is asked: whose entries, of which accounts ("main", "all" or an account id), when, of what kind.

    `first` and `last` are local dates of the client's zone, both included; they count for a custom period only.
    `group` is one of GROUPS; `text` is looked for in symbol, asset, transaction id, reference and native id.
    """

    client_id: UUID
    view: str = "main"
    period: str = THIRTY
    first: date | None = None
    last: date | None = None
    group: str | None = None
    asset: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a page begins: beside which entry, and whether it shows the older ones or the `newer` ones."""

    place: LedgerPlace
    newer: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One ledger entry as it is shown; `value` is USD at booking, None where no price was known then."""

    row: LedgerRow
    account: str
    exchange: str
    group: str
    value: Decimal | None


@dataclass(frozen=True, slots=True)
class LedgerSum:
    """What the entries of one kind and asset add up to; `value` is USD of the priced, `unpriced` counts the others."""

    group: str
    asset: str
    count: int
    amount: Decimal
    value: Decimal
    unpriced: int


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """One page of entries, newest first, with what all pages together hold.

    `newer` is how many entries come before this page; `sums` is None where there are too many entries to add up.
    """

    question: LedgerQuestion
    time_zone: str
    now: datetime
    since: date | None
    until: date
    accounts: tuple[ExchangeAccount, ...]
    is_testnet: bool
    entries: tuple[Entry, ...]
    total: int
    newer: int
    sums: tuple[LedgerSum, ...] | None
    assets: tuple[str, ...]

    @property
    def before(self) -> LedgerPlace | None:
        """The place that the next older page begins beside, None on the last page."""
        more = self.newer + len(self.entries) < self.total
        return place_of(self.entries[-1].row) if more and self.entries else None

    @property
    def after(self) -> LedgerPlace | None:
        """The place that the next newer page ends beside, None on the first page."""
        return place_of(self.entries[0].row) if self.newer and self.entries else None


def group_of(kind: str) -> str:
    """Return the kind of the book's ledger table for a connector's kind."""
    return KIND_OF.get(kind, "adjustment")


def kinds_of(group: str | None) -> frozenset[str]:
    """Return the connectors' kinds that belong to a group, all of them for None."""
    return frozenset(kind for kind, book in KIND_OF.items() if group in (None, book))


def entry_of(row: LedgerRow, accounts: Mapping[UUID, ExchangeAccount]) -> Entry:
    """Return an entry as it is shown."""
    place = accounts.get(row.account_id)
    value = None if row.price is None else row.amount * row.price
    return Entry(row, place.name if place else "", place.exchange if place else "", group_of(row.kind), value)


def place_of(row: LedgerRow) -> LedgerPlace:
    """Return an entry's place in the order."""
    return LedgerPlace(row.booked_at, row.account_id, row.wallet, row.dedupe_key)


def write_place(place: LedgerPlace) -> str:
    """Return a place as text for an address."""
    micros = (place.booked_at - EPOCH) // MICROSECOND
    text = json.dumps([micros, place.account_id.hex, place.wallet, place.dedupe_key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_place(text: str) -> LedgerPlace | None:
    """Return the place that a text of `write_place` means, None for nonsense."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        micros, account, wallet, key = found
        if type(micros) is not int or not all(isinstance(part, str) and "\0" not in part for part in (wallet, key)):
            return None
        (wallet + key).encode()
        return LedgerPlace(EPOCH + micros * MICROSECOND, UUID(account), wallet, key)
    except (binascii.Error, ValueError, TypeError, AttributeError, OverflowError):
        return None


def clean_text(text: str) -> str:
    """Return what is looked for, without what no entry can hold."""
    shown = text.encode("utf-8", "ignore").decode().replace("\0", "")
    return " ".join(shown.split())[:LONGEST_TEXT]
