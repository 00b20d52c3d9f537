"""Parsers of what goes into Binance's earn and comes back: a leg in earn and one in each wallet at the other end."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors._parse import instant, natural, number, number_or_zero, record, rows, text
from connectors._reading import Answer, Reading
from connectors.binance.entries import entry, next_page, transfer_kind
from connectors.types import LedgerEntry

SUBSCRIBED, REDEEMED = "SUCCESS", "PAID"
DESTINATIONS = {"FUNDING": "funding"}  # the others are flexible earn itself, and spot


def subscriptions(answer: Answer) -> Reading:
    """Read a page of subscriptions, flexible or locked by the path; each says what came from spot and from funding."""
    return _page(answer, SUBSCRIBED)


def redemptions(answer: Answer) -> Reading:
    """Read a page of redemptions, flexible or locked by the path."""
    return _page(answer, REDEEMED)


def _page(answer: Answer, done: str) -> Reading:
    body = record(answer.payload)
    items = rows(body.get("rows") or [])
    earn = "earn_locked" if "/locked/" in answer.path else "earn_flexible"
    legs = [leg for row in items if row["status"] == done for leg in _legs(row, earn, leaves_earn=done == REDEEMED)]
    return Reading(ledger=legs, next=next_page(answer, items, number(body["total"]), ("current", "size", 10)))


def _legs(row: Mapping[str, Any], earn: str, *, leaves_earn: bool) -> list[LedgerEntry]:
    native = text(row["redeemId"] if leaves_earn else row["purchaseId"])
    ends = _destination(row, earn) if leaves_earn else _sources(row)
    ends[earn] = ends.get(earn, Decimal(0)) + natural(row["amount"]) * (-1 if leaves_earn else 1)
    return [
        entry(
            native,
            f"{earn}:{'redeem' if leaves_earn else 'subscribe'}:{native}:{wallet}",
            transfer_kind(amount > 0),
            wallet=wallet,
            asset=text(row["asset"]),
            amount=amount,
            booked_at=instant(row["time"]),
            ref=native,
            internal=True,
        )
        for wallet, amount in ends.items()
        if amount
    ]


def _destination(row: Mapping[str, Any], earn: str) -> dict[str, Decimal]:
    told = str(row.get("destAccount") or row.get("redeemTo") or "SPOT")
    flexible = told == "FLEXIBLE" and earn == "earn_locked"
    return {"earn_flexible" if flexible else DESTINATIONS.get(told, "spot"): natural(row["amount"])}


def _sources(row: Mapping[str, Any]) -> dict[str, Decimal]:
    """Return what was taken (negative): as told for each wallet where that adds up, else from the one named."""
    amount, funding = natural(row["amount"]), number_or_zero(row.get("amtFromFunding"))
    spot = number_or_zero(row.get("amtFromSpot"))
    if spot + funding == amount:
        return {"spot": -spot, "funding": -funding}
    return {DESTINATIONS.get(str(row.get("sourceAccount")), "spot"): -amount}
