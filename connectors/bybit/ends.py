"""The other end of what goes into Earn or comes back: Bybit tells of it in the wallet that gave or got, only."""

from collections.abc import Iterator
from dataclasses import replace

from connectors.types import LedgerEntry, LedgerKind

EARN = "earn"
EARN_TYPES = ("FLEXIBLE_STAKING_", "FIXED_STAKING_", "ONCHAINEARN_")  # of the unified log, by their beginnings
PRINCIPAL = frozenset({"BORROW", "REPAY"})  # cash and debt move alike: nothing is gained or lost
TRANSFERS = (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)


def with_other_end(entry: LedgerEntry, *, earn: bool = False) -> Iterator[LedgerEntry]:
    """Yield an entry, and a leg in Earn where it is a move between there and here (`earn` says that it is one)."""
    moved = entry.kind is LedgerKind.OTHER and (entry.venue_type or "").startswith(EARN_TYPES)
    if not moved and not (earn and entry.kind in TRANSFERS):
        yield entry
        return
    comes = entry.amount > 0
    kinds = TRANSFERS if comes else TRANSFERS[::-1]
    yield replace(entry, kind=kinds[0], ref=entry.dedupe_key, internal=True)
    yield replace(
        entry,
        dedupe_key=f"{entry.wallet}:{entry.dedupe_key}",
        kind=kinds[1],
        wallet=EARN,
        amount=-entry.amount,
        ref=entry.dedupe_key,
        internal=True,
    )


def is_principal(entry: LedgerEntry) -> bool:
    """Whether an entry is borrowed or paid back: no change of what the account is worth."""
    return entry.kind is LedgerKind.OTHER and entry.venue_type in PRINCIPAL
