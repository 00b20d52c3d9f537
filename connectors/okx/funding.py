"""Parsers of OKX's funding account: its bills, deposits, withdrawals, and the pairing of records with bills.

The bills alone explain the balance; records add identity, transaction and fee. Fiat money has bills but no record.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connectors._parse import instant, milliseconds, natural, number, text, text_or_none, total
from connectors._reading import Answer, Reading
from connectors.okx.ledger import below_last
from connectors.okx.positions import older
from connectors.okx.public import data
from connectors.types import LedgerEntry, LedgerKind

CREDITED = ("1", "2")
SENT = "2"
RECORDED = ("1", "2")
RECORD_REACH = timedelta(days=3)  # a deposit is booked when it is confirmed, its record when it is seen
CLOCK_REACH = timedelta(minutes=1)
KINDS: dict[LedgerKind, tuple[str, ...]] = {
    LedgerKind.DEPOSIT: ("1", "53", "72", "125", "314"),  # also red packets, tokens and gifts of other users
    LedgerKind.WITHDRAWAL: ("2", "13", "52", "54", "73", "74", "313", "315"),  # and what of these came back
    LedgerKind.AIRDROP: ("28", "181", "229"),
    LedgerKind.REWARD: (
        "48", "83", "85", "87", "88", "126", "129", "139", "147", "151", "153", "154", "162", "169", "182", "183",
        "184", "186", "189", "204", "209", "211", "227", "232", "251", "307", "308", "309", "328", "350", "354", "400",
        "408",
    ),
    LedgerKind.REBATE: ("68", "69", "150", "152", "172", "173", "185", "233"),
    LedgerKind.CONVERSION: ("61", "135", "187", "188", "311"),
    LedgerKind.FEE: ("84", "221", "222", "224"),
}  # fmt: skip
# sub-accounts, trading account, custody; simple, on-chain and fixed earn, structured products and their refunds
TRANSFERS = frozenset((
    "20", "21", "22", "23", "130", "131", "284", "285", "286", "287", "288", "289", "361", "476", "477", "75",
    "76", "78", "80", "81", "82", "89", "90", "91", "136", "137", "138", "304", "305", "306", "329", "331", "348",
    "349", "160", "161", "163", "202", "203", "205", "207", "208", "210", "225", "226", "228", "249", "250", "252",
))  # fmt: skip
EARN_MOVES = frozenset(("75", "76", "80", "82", "89", "90", "91"))  # to and from the products whose balances are read
KIND_OF = {native: kind for kind, natives in KINDS.items() for native in natives}
BORDER = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)


def bills(answer: Answer) -> Reading:
    """Read a page of the funding account's bills of the last month, newest first."""
    items = data(answer)
    following = older(answer, [milliseconds(row["ts"]) for row in items])
    return Reading(ledger=[_bill(row) for row in items], next=following)


def archive(answer: Answer) -> Reading:
    """Read a page of the funding account's bills since 2021, paged by bill."""
    items = data(answer)
    return Reading(ledger=[_bill(row) for row in items], next=below_last(answer, items))


def deposits(answer: Answer) -> Reading:
    """Read a page of deposits; only those that are credited count."""
    items = data(answer)
    done = [row for row in items if text(row["state"]) in CREDITED]
    following = older(answer, [milliseconds(row["ts"]) for row in items])
    more = [{"via": "other_user"} if row.get("fromWdId") else {} for row in done]
    return Reading(ledger=[_deposit(row) for row in done], details={"ledger": more}, next=following)


def withdrawals(answer: Answer) -> Reading:
    """Read a page of withdrawals; only those that are sent count, and the fee comes on top of the amount.

    `unsent` holds what waits or was cancelled: it left the balance as well, and came back by a bill of its own.
    """
    items = data(answer)
    following = older(answer, [milliseconds(row["ts"]) for row in items])
    sent = [entry for row in items if text(row["state"]) == SENT for entry in _withdrawal(row)]
    unsent = [entry for row in items if text(row["state"]) != SENT for entry in _withdrawal(row)]
    return Reading(ledger=sent, next=following, extra={"unsent": unsent})


def paired(
    bills: Iterable[LedgerEntry], counted: Collection[LedgerEntry], unsent: Collection[LedgerEntry]
) -> list[LedgerEntry]:
    """Tell deposits and withdrawals by their records, at the time of the bill, and everything else by its bill.

    A bill that fits no record stands for itself, and so does a record that counts and whose bill is not there.
    """
    records: dict[tuple[LedgerKind, str], list[LedgerEntry]] = {}
    for entry in (*counted, *unsent):
        records.setdefault((_border(entry), entry.id), []).append(entry)
    found: list[LedgerEntry] = []
    for bill in bills:
        fit = _nearest(bill, records) if bill.venue_type in RECORDED else None
        if fit is None:
            found.append(bill)
        else:  # a fee in another coin has a bill of its own
            told = [part for part in records.pop(fit) if part.asset == bill.asset]
            found += [replace(part, booked_at=bill.booked_at, ref=bill.id) for part in told]
    left = {entry.dedupe_key for entry in unsent}
    return [*found, *(part for parts in records.values() for part in parts if part.dedupe_key not in left)]


def earn_legs(bills: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """Return the other legs of moves to and from earn, which has no bills of its own."""
    return [
        replace(
            bill,
            wallet="earn",
            amount=-bill.amount,
            kind=LedgerKind.TRANSFER_OUT if bill.amount > 0 else LedgerKind.TRANSFER_IN,
        )
        for bill in bills
        if bill.venue_type in EARN_MOVES
    ]


def _border(entry: LedgerEntry) -> LedgerKind:
    return LedgerKind.DEPOSIT if entry.kind is LedgerKind.DEPOSIT else LedgerKind.WITHDRAWAL


def _nearest(
    bill: LedgerEntry, records: Mapping[tuple[LedgerKind, str], list[LedgerEntry]]
) -> tuple[LedgerKind, str] | None:
    """Return the record of the same kind, coin and sum that was made last before the bill."""
    fits = {
        key: parts[0].booked_at
        for key, parts in records.items()
        if key[0] is bill.kind
        and -CLOCK_REACH <= bill.booked_at - parts[0].booked_at <= RECORD_REACH
        and total(part.amount for part in parts if part.asset == bill.asset) == bill.amount
    }
    return max(fits, key=lambda key: fits[key], default=None)


def _bill(row: Mapping[str, Any]) -> LedgerEntry:
    native, change, identity = text(row["type"]), number(row["balChg"]), text(row["billId"])
    moved = LedgerKind.TRANSFER_IN if change > 0 else LedgerKind.TRANSFER_OUT
    transfer = native in TRANSFERS
    kind = moved if transfer else KIND_OF.get(native, LedgerKind.OTHER)
    return LedgerEntry(
        id=identity,
        dedupe_key=f"bill:{identity}",
        kind=kind,
        wallet="funding",
        asset=text(row["ccy"]),
        amount=change,
        booked_at=instant(row["ts"]),
        venue_type=native,
        ref=identity if native in EARN_MOVES else None,
        internal=True if transfer else False if kind in BORDER else None,
    )


def _deposit(row: Mapping[str, Any]) -> LedgerEntry:
    native = text(row["depId"])
    return LedgerEntry(
        id=native,
        dedupe_key=f"deposit:{native}",
        kind=LedgerKind.DEPOSIT,
        wallet="funding",
        asset=text(row["ccy"]),
        amount=natural(row["amt"]),
        booked_at=instant(row["ts"]),
        txid=text_or_none(row.get("txId")),
        internal=False,
    )


def _withdrawal(row: Mapping[str, Any]) -> list[LedgerEntry]:
    native, asset = text(row["wdId"]), text(row["ccy"])
    parts = [
        (LedgerKind.WITHDRAWAL, asset, -natural(row["amt"])),
        (LedgerKind.FEE, text_or_none(row.get("feeCcy")) or asset, -natural(row["fee"])),
    ]
    return [
        LedgerEntry(
            id=native,
            dedupe_key=f"withdrawal:{native}:{kind}",
            kind=kind,
            wallet="funding",
            asset=coin,
            amount=amount,
            booked_at=instant(row["ts"]),
            txid=text_or_none(row.get("txId")),
            internal=False if kind is LedgerKind.WITHDRAWAL else None,
        )
        for kind, coin, amount in parts
        if amount
    ]
