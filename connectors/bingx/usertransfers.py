"""Dates transfers with other users: their list carries no times, so windows are halved until one is short enough."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from connectors._parse import from_ms
from connectors.bingx import endpoints as api
from connectors.bingx import ledger
from connectors.types import LedgerEntry

if TYPE_CHECKING:
    from connectors.bingx.connector import BingxConnector

HOUR_MS = 3_600_000


def find_user_transfers(connector: "BingxConnector", coin: str, start: int, end: int) -> Iterator[LedgerEntry]:
    """Yield the transfers of a coin in [start, end] (Unix ms), each dated to the start of the hour it lies in at most.

    A window without any costs one call; each transfer in a long one about one call per halving.
    """
    booked_at = from_ms(start)
    params = {"coin": coin, "startTime": str(start), "endTime": str(end), "offset": "0", "limit": "1000"}
    pages = connector.pages(api.USER_TRANSFERS, params, context={"booked_at": booked_at})
    found = [entry for page in pages for entry in ledger.counted(page)]
    if not found:
        return
    if end - start < HOUR_MS:
        yield from found
        return
    middle = (start + end) // 2
    earlier = list(find_user_transfers(connector, coin, start, middle))
    yield from earlier
    if len({entry.id for entry in earlier}) < len({entry.id for entry in found}):
        yield from find_user_transfers(connector, coin, middle + 1, end)
