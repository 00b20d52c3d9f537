"""Transfers between one account's wallets: asked by pair of wallets, told at both ends.

The end in the USDT-M wallet is left out, as its income tells it.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

from connectors.bingx import endpoints as api
from connectors.bingx import ledger
from connectors.types import LedgerEntry, LedgerKind

if TYPE_CHECKING:
    from connectors.bingx.connector import BingxConnector

TOLD_BY_INCOME = "futures_linear"
PAGE = 100


def find_own_transfers(
    connector: "BingxConnector", start: int, end: int, *, wallets: Collection[str] | None
) -> Iterator[LedgerEntry]:
    """Yield both ends of the transfers in [start, end] (Unix ms) that touch one of the wallets."""
    for source, target in permutations(ledger.WALLETS, 2):
        ends = {ledger.WALLETS[source], ledger.WALLETS[target]} - {TOLD_BY_INCOME}
        if wallets is not None and not ends & set(wallets):
            continue
        asked = {"fromAccount": source, "toAccount": target, "startTime": str(start), "endTime": str(end)}
        for page in connector.pages(api.TRANSFERS, {**asked, "pageIndex": "1", "pageSize": str(PAGE)}):
            for entry in ledger.counted(page):
                other = replace(entry, wallet=ledger.WALLETS[target], kind=LedgerKind.TRANSFER_IN, amount=-entry.amount)
                yield from (one for one in (entry, other) if one.wallet != TOLD_BY_INCOME)
