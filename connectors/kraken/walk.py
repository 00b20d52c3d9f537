"""How a ledger that is paged from its newest row is read from the oldest on, a few pages at a time."""

from collections.abc import Sequence
from datetime import datetime

from connectors.kraken.ledger import PAGE


class Walk:
    """Which rows of a ledger in (start, end], in Unix seconds, were read, numbered from the oldest.

    The window stays while it is walked through, so that no new row shifts an offset. The first page asked for is the
    newest, which tells how many rows there are, then come the oldest that are not read yet.
    """

    def __init__(self, start: int, end: int, until: datetime) -> None:
        self.until = until
        self.reached: datetime | None = None
        self.is_whole = False
        self._span = {"start": start, "end": end}
        self._offset = 0
        self._read = 0
        self._times: dict[int, datetime] = {}

    def params(self) -> dict[str, int]:
        """Return what to ask for next."""
        return {**self._span, "ofs": self._offset}

    def take(self, count: int, times: Sequence[datetime]) -> None:
        """Note the page asked for, newest row first, of a ledger of `count` rows."""
        newest = count - self._offset - 1
        self._times |= {newest - index: at for index, at in enumerate(times)}
        while self._read in self._times:
            self.reached = self._times.pop(self._read)
            self._read += 1
        self.is_whole = self._read >= count
        self._offset = max(0, count - self._read - PAGE)

    def forget(self) -> None:
        """Forget the rows behind a gap, which another part must hold again."""
        self._times.clear()
