"""Walks Bitget's histories: which lists make up the ledger of a classic and of a unified account, in which windows.

A classic funding wallet has no list of its own: its legs come from the records of transfers, asked coin by coin.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors._parse import windows
from connectors._reading import Endpoint
from connectors.bitget import endpoints as api
from connectors.bitget import ledger
from connectors.errors import BadRequestError, UnknownExchangeError
from connectors.types import LedgerEntry, LedgerKind

if TYPE_CHECKING:
    from connectors.bitget.connector import BitgetConnector

RECORD_DAYS, FUTURES_DAYS, UNIFIED_DAYS = 89, 29, 29
SAME_FLOW = timedelta(days=1)
FLOWS = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
Asks = Iterator[tuple[Endpoint, dict[str, Any]]]


class History:
    """One walk through an account's ledger in [since, until]."""

    def __init__(
        self, connector: "BitgetConnector", since: datetime, until: datetime, *, wallets: Collection[str] | None
    ) -> None:
        self._connector, self._since, self._until, self._wallets = connector, since, until, wallets

    def classic(self) -> Iterator[LedgerEntry]:
        """Yield the entries of a classic account."""
        senders: dict[str, set[str]] = {}
        for endpoint, params in [*self._futures(), *self._spot(), *self._margin()]:
            for page in self._connector.pages(endpoint, params):
                for entry in ledger.counted(page):
                    _note_senders(entry, senders)
                    if self._wants(entry.wallet):
                        yield entry
        if self._wants("funding"):
            for coin, names in sorted(senders.items()):
                yield from self._funding_legs(coin, names)

    def unified(self) -> Iterator[LedgerEntry]:
        """Yield the entries of a unified account and its funding wallet.

        Deposits and withdrawals are told by records, which do not name the wallet: the bill that repeats one does.
        """
        found, repeats, flows = [], [], []
        for endpoint, params in self._unified():
            for page in self._connector.pages(endpoint, params):
                found += ledger.counted(page)
                repeats += ledger.repeated(page)
        found += self._funding(repeats)
        for endpoint in (api.U_DEPOSITS, api.U_WITHDRAWALS):
            for span in self._spans(UNIFIED_DAYS):
                for page in self._connector.pages(endpoint, {**span, "limit": "100"}):
                    flows += ledger.counted(page)
        yield from (entry for entry in [*found, *_placed(flows, repeats)] if self._wants(entry.wallet))

    def _wants(self, *wallets: str) -> bool:
        return self._wallets is None or any(wallet in self._wallets for wallet in wallets)

    def _spans(self, days: int) -> Iterator[dict[str, Any]]:
        for start, end in windows(self._since, self._until, days):
            yield {"startTime": str(start), "endTime": str(end)}

    def _futures(self) -> Asks:
        for product, wallet in api.PRODUCT_TYPES.items():
            if self._wants(wallet, "funding"):
                for span in self._spans(FUTURES_DAYS):
                    yield api.FUTURES_BILLS, {"productType": product, **span, "limit": "100"}

    def _spot(self) -> Asks:
        for span in self._spans(RECORD_DAYS) if self._wants("spot", "funding", "earn", "bots") else ():
            yield api.SPOT_BILLS, {**span, "limit": "500"}
        for span in self._spans(RECORD_DAYS) if self._wants("spot") else ():
            yield api.DEPOSITS, {**span, "limit": "100"}
            yield api.WITHDRAWALS, {**span, "limit": "100"}

    def _margin(self) -> Asks:
        for span in self._spans(RECORD_DAYS) if self._wants("margin_cross", "funding") else ():
            yield api.MARGIN_CROSS_BILLS, {**span, "limit": "500"}
        if self._wants("margin_isolated"):
            pairs = sorted(set(self._connector.call(api.MARGIN_ISOLATED).extra["pairs"]))
            for pair in pairs:
                for span in self._spans(RECORD_DAYS):
                    yield api.MARGIN_ISOLATED_BILLS, {"symbol": pair, **span, "limit": "500"}

    def _funding_legs(self, coin: str, names: Collection[str]) -> Iterator[LedgerEntry]:
        for name in sorted(names):
            for span in self._spans(RECORD_DAYS):
                asked = {"coin": coin, "fromType": name, **span, "limit": "500", "pageNum": "1"}
                for page in self._connector.pages(api.TRANSFERS, asked):
                    yield from ledger.leg_in(page, "funding")

    def _unified(self) -> Asks:
        for span in self._spans(UNIFIED_DAYS):
            for category in api.CATEGORIES:
                yield api.U_RECORDS, {"category": category, **span, "limit": "100"}

    def _funding(self, repeats: list[LedgerEntry]) -> list[LedgerEntry]:
        """Read the funding wallet's ledger; an exchange that does not know that list (yet) has none."""
        found: list[LedgerEntry] = []
        try:
            for span in self._spans(UNIFIED_DAYS):
                for page in self._connector.pages(api.U_FUNDING_RECORDS, {**span, "limit": "100"}):
                    found += ledger.counted(page)
                    repeats += ledger.repeated(page)
        except (BadRequestError, UnknownExchangeError):
            return found
        return found


def _note_senders(entry: LedgerEntry, senders: dict[str, set[str]]) -> None:
    """Note under its coin which wallet a transfer left, or that the funding wallet may have sent it."""
    if entry.kind is LedgerKind.TRANSFER_IN:
        senders.setdefault(entry.asset, set()).add("p2p")
    elif entry.kind is LedgerKind.TRANSFER_OUT:
        name = api.TRANSFER_NAMES.get(entry.wallet, entry.wallet)
        name = "usdc_futures" if (entry.wallet, entry.asset) == ("futures_linear", "USDC") else name
        senders.setdefault(entry.asset, set()).add(name)


def _placed(flows: list[LedgerEntry], repeats: list[LedgerEntry]) -> Iterator[LedgerEntry]:
    """Yield deposits and withdrawals in the wallet whose bill repeats them, each bill used once."""
    left = list(repeats)
    for flow in flows:
        same = [
            bill
            for bill in left
            if (bill.asset, bill.amount) == (flow.asset, flow.amount)
            and abs(bill.booked_at - flow.booked_at) <= SAME_FLOW
        ]
        if same:
            left.remove(same[0])
            yield replace(flow, wallet=same[0].wallet)
        else:
            yield flow
