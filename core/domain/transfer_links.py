"""What a person has said of transfers: which two entries are one, which came from outside, which are on their way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class LinkKind(StrEnum):
    """Kinds of a person's word on a transfer (PNL.md section 1, table `links`).

    `pair`: both entries are one transfer. `external`: the entries named came from outside or went there, each for
    itself. `pending`: what left is on its way to an address of the same owner.
    """

    PAIR = "pair"
    EXTERNAL = "external"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, order=True)
class LegKey:
    """Names one ledger entry."""

    account_id: UUID
    wallet: str
    dedupe_key: str

    @property
    def entry(self) -> str:
        """The id that the entry has in a book: "account/wallet/dedupe key"."""
        return f"{self.account_id}/{self.wallet}/{self.dedupe_key}"


@dataclass(frozen=True, slots=True)
class TransferLink:
    """One word of a person, and when it was taken back.

    `out_at` and `in_at` are when the entries were booked. `first_at` to `last_at` is the time whose results the word
    changes, `changed_at` when it was said or taken back.
    """

    id: UUID
    client_id: UUID
    kind: LinkKind
    out: LegKey | None
    in_: LegKey | None
    out_at: datetime | None
    in_at: datetime | None
    first_at: datetime
    last_at: datetime
    said_at: datetime
    said_by: UUID | None
    changed_at: datetime
    undone_at: datetime | None = None
    undone_by: UUID | None = None

    @property
    def legs(self) -> tuple[LegKey, ...]:
        """The entries named, the one that left first."""
        return tuple(leg for leg in (self.out, self.in_) if leg is not None)

    @property
    def times(self) -> tuple[datetime, ...]:
        """When the entries named were booked."""
        return tuple(at for at in (self.out_at, self.in_at) if at is not None)
