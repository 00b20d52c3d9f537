"""Reads a Binance account's histories: income, transfers, and everything that crosses the account's border."""

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors._parse import from_ms, to_ms, windows
from connectors._reading import Endpoint, Reading
from connectors.binance import endpoints as api
from connectors.binance.trades import TradeReader
from connectors.errors import (
    AuthAmbiguousError,
    BadRequestError,
    PermissionMissingError,
    UnknownExchangeError,
    WrongAccountModeError,
)
from connectors.types import LedgerEntry, LedgerKind

if TYPE_CHECKING:
    from connectors.binance.connector import BinanceConnector

log = logging.getLogger(__name__)

# records are found by the time they were made, and some count only once they are settled
SETTLING = timedelta(days=2)
SETTLED_LATER = frozenset({api.DEPOSITS, api.WITHDRAWALS, api.FIAT_ORDERS, api.PAYMENTS, api.P2P})
# not every account has these: a sub-account no fiat, a master no master; a refusal means that there is nothing
EARN = (api.SUBSCRIPTIONS, api.REDEMPTIONS, api.LOCKED_SUBSCRIPTIONS, api.LOCKED_REDEMPTIONS)
OPTIONAL = frozenset({
    api.P2P, api.PAY, api.PAYMENTS, api.CONVERSIONS, api.SUB_TRANSFERS, api.FIAT_ORDERS, *EARN,
})  # fmt: skip
REFUSALS = (
    AuthAmbiguousError, BadRequestError, PermissionMissingError, UnknownExchangeError, WrongAccountModeError,
)  # fmt: skip
REFUSED_SECONDS = 3_600
TRANSFERS = (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)
INCOME_TELLS = frozenset({"usdm", "coinm"})  # both ends of a transfer are listed; income told of these ends already
FUTURES = {"usdm": "UMFUTURE", "coinm": "CMFUTURE"}
Read = tuple[Endpoint, dict[str, Any]]


class HistoryReader:
    """Reads the histories of one account once; what income tells decides which transfers are asked for."""

    def __init__(self, connector: "BinanceConnector") -> None:
        self._connector = connector
        self._found: dict[tuple[str, str], LedgerEntry] = {}

    def read(self, since: datetime, until: datetime, wallets: Collection[str] | None) -> list[LedgerEntry]:
        """Return the entries of [since, until] oldest first, of the wallets that are asked for."""
        self._walk(self._income(since, until, wallets), since, until)
        if self._connector.has_wallet_api and (wallets is None or set(wallets) - INCOME_TELLS):
            self._walk(self._records(since, until), since, until)
            self._walk(self._transfers(since, until, wallets), since, until)
        named = {entry.asset for entry in self._found.values()}
        for entry in TradeReader(self._connector).read(since, until, wallets, named=named):
            self._found.setdefault((entry.wallet, entry.dedupe_key), entry)
        kept = [entry for entry in self._found.values() if wallets is None or entry.wallet in wallets]
        return sorted(kept, key=lambda entry: entry.booked_at)

    def _walk(self, reads: Iterable[Read], since: datetime, until: datetime) -> None:
        for endpoint, params in reads:
            for page in self._pages(endpoint, params):
                for entry, settled in _entries(page):
                    late = since - SETTLING <= entry.booked_at <= since and (settled is None or settled >= since)
                    if ((late and endpoint in SETTLED_LATER) or since <= entry.booked_at <= until) and _tells(
                        endpoint, entry
                    ):
                        self._found.setdefault((entry.wallet, entry.dedupe_key), entry)

    def _pages(self, endpoint: Endpoint, params: dict[str, Any]) -> Iterator[Reading]:
        """Walk the pages; what this account does not have is asked for once an hour, and nothing otherwise."""
        refused = self._connector.refused
        if time.monotonic() < refused.get(endpoint, 0.0):
            return
        try:
            yield from self._connector.pages(endpoint, params, context={"by_wallet": True})
        except REFUSALS as e:
            if endpoint not in OPTIONAL or e.retryable:
                raise
            log.info("history not offered to this account", extra={"path": endpoint.path, "venue_code": e.venue_code})
            refused[endpoint] = time.monotonic() + REFUSED_SECONDS

    def _income(self, since: datetime, until: datetime, wallets: Collection[str] | None) -> Iterator[Read]:
        features = self._connector.known_features()
        income: list[tuple[str, Endpoint]] = []
        if features["portfolio_margin"]:
            income = [("portfolio_margin", api.PM_UM_INCOME), ("portfolio_margin", api.PM_CM_INCOME)]
        elif features["futures"]:
            income = [("usdm", api.UM_INCOME), ("coinm", api.CM_INCOME)]
        for wallet, endpoint in income:
            if self._connector.has_host(endpoint.host) and (wallets is None or wallet in wallets):
                for start, end in windows(self._first(wallet, since), until, 80):
                    yield endpoint, {"startTime": str(start), "endTime": str(end), "limit": "1000"}

    def _records(self, since: datetime, until: datetime) -> Iterator[Read]:
        """Yield what crosses the account's border, distributions and conversions, in the windows each one allows."""
        asked = since - SETTLING
        for start, end in windows(asked, until, 89):
            span = {"startTime": str(start), "endTime": str(end)}
            yield api.DEPOSITS, {**span, "limit": "1000", "offset": "0"}
            yield api.WITHDRAWALS, {**span, "limit": "1000", "offset": "0"}
        for start, end in windows(since, until, 89):
            yield api.DIVIDENDS, {"startTime": str(start), "endTime": str(end), "limit": "500"}
        for start, end in windows(asked, until, 365 * 20):
            for direction in ("0", "1"):
                span = {"transactionType": direction, "beginTime": str(start), "endTime": str(end)}
                yield api.FIAT_ORDERS, {**span, "page": "1", "rows": "500"}
                yield api.PAYMENTS, {**span, "page": "1", "rows": "500"}
        for start, end in windows(self._first("p2p", asked), until, 29):
            for side in ("BUY", "SELL"):
                span = {"tradeType": side, "startTimestamp": str(start), "endTimestamp": str(end)}
                yield api.P2P, {**span, "page": "1", "rows": "100"}
        for start, end in windows(self._first("pay", since), until, 89):
            yield api.PAY, {"startTime": str(start), "endTime": str(end), "limit": "100"}
        for start, end in windows(since, until, 29):
            span = {"startTime": str(start), "endTime": str(end)}
            yield api.CONVERSIONS, {**span, "limit": "1000"}
            for direction in ("1", "2"):
                yield api.SUB_TRANSFERS, {"type": direction, **span, "limit": "500"}
            for endpoint in EARN:
                yield endpoint, {**span, "current": "1", "size": "100"}

    def _transfers(self, since: datetime, until: datetime, wallets: Collection[str] | None) -> Iterator[Read]:
        """Yield transfers between own wallets, one read for each direction; those of futures only if some happened."""
        features = self._connector.known_features()
        pairs = [("MAIN", "FUNDING")]
        unified = features["portfolio_margin"]
        told = {entry.wallet for entry in self._found.values() if entry.kind in TRANSFERS}
        all_told = wallets is None and self._first("usdm", since) == since
        if unified:
            pairs.append(("MAIN", "PORTFOLIO_MARGIN"))
        elif features["margin"]:
            pairs += [("MAIN", "MARGIN"), ("FUNDING", "MARGIN")]
        for wallet, name in FUTURES.items():
            if features["futures"] and not unified and (wallet in told or not all_told):
                pairs += [("MAIN", name), ("FUNDING", name)]
                pairs += [("MARGIN", name)] if features["margin"] else []
        if features["options"]:
            pairs.append(("MAIN", "OPTION"))
        for start, end in windows(self._first("transfers", since), until, 89):
            for one, other in pairs:
                for kind in (f"{one}_{other}", f"{other}_{one}"):
                    span = {"type": kind, "startTime": str(start), "endTime": str(end)}
                    yield api.TRANSFERS, {**span, "current": "1", "size": "100"}

    def _first(self, history: str, since: datetime) -> datetime:
        """Return `since`, or the first instant that the exchange still keeps."""
        days = self._connector.info.history.get(history)
        return since if days is None else max(since, self._connector.now() - timedelta(days=days))


def _entries(page: Reading) -> Iterator[tuple[LedgerEntry, datetime | None]]:
    """Yield the entries of a page, each with when it was settled: None where that is not told."""
    entries = page.ledger or ()
    details: Iterable[Mapping[str, Any]] = page.details.get("ledger") or [{} for _entry in entries]
    for entry, more in zip(entries, details, strict=True):
        at = more.get("settled_ms", to_ms(entry.booked_at))
        yield entry, None if at is None else from_ms(at)


def _tells(endpoint: Endpoint, entry: LedgerEntry) -> bool:
    """Whether an entry counts: a transfer is told once for each end, and inside one wallet not at all."""
    if endpoint in (api.TRANSFERS, api.SUB_TRANSFERS):
        return entry.wallet not in INCOME_TELLS
    return not (entry.wallet == "portfolio_margin" and entry.kind in TRANSFERS)
