"""Trades on spot and margin. Binance tells them pair by pair: asked are the pairs whose coins have moved.

Source: "Account trade list" of spot and margin in the API documentation (read 2026-01-15). A trade moves both coins of
its pair, so what two readings of a wallet show to have moved names the pairs; those traded before are asked when one
of their coins moved, as a coin can be bought and sold between two readings.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors._parse import ZERO, flag, instant, milliseconds, natural, number, rows, split_pair, text, windows
from connectors._reading import Answer, Endpoint, Reading
from connectors.binance import endpoints as api
from connectors.binance.entries import entry
from connectors.binance.symbols import QUOTES
from connectors.types import Balance, LedgerEntry, LedgerKind

if TYPE_CHECKING:
    from connectors.binance.connector import BinanceConnector

log = logging.getLogger(__name__)

PAGE = 1000
USUAL_PAGE = 500
USUAL_QUOTE = "USDT"
MONEY = frozenset(QUOTES) - {"BTC", "ETH", "BNB", "SOL", "XRP", "TRX", "DOGE", "DOT"}
MOST_UNKNOWN = 40  # pairs that are asked where no earlier reading tells what has moved
NOTE_AGE = timedelta(minutes=15)
FIRST_ID = timedelta(seconds=2)  # a trade may be told this much after the balance it changed


@dataclass(frozen=True, slots=True)
class Pair:
    """A listed pair: units of `quote` for one `base` at the last trade."""

    base: str
    quote: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class Place:
    """Where trades are asked for: the read, what it needs besides the pair, and the read of the wallet's balances."""

    wallet: str
    endpoint: Endpoint
    more: Mapping[str, str] = field(default_factory=dict)
    balances: Endpoint = api.SPOT_ACCOUNT


SPOT = Place("spot", api.SPOT_TRADES)
CROSS = Place("margin_cross", api.MARGIN_TRADES, {"isIsolated": "FALSE"}, api.MARGIN_CROSS)
ISOLATED = Place("margin_isolated", api.MARGIN_TRADES, {"isIsolated": "TRUE"}, api.MARGIN_ISOLATED)
UNIFIED = Place("portfolio_margin", api.PM_TRADES, {}, api.PM_BALANCE)
WALLETS = {place.endpoint.path: place.wallet for place in (SPOT, UNIFIED)}


class Moves:
    """What the readings of one wallet show to have moved, and which of its pairs were traded."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        self.held: dict[str, Decimal] = {}
        self.moved_at: dict[str, datetime] = {}
        self.traded: set[str] = set()

    def note(self, balances: Iterable[Balance], at: datetime) -> None:
        """Take in what the wallet holds."""
        held: dict[str, Decimal] = {}
        for balance in balances:
            held[balance.asset] = held.get(balance.asset, ZERO) + balance.total - balance.debt
        if self.first_at is None:
            self.first_at = at
        else:
            moved = {asset for asset in held | self.held if held.get(asset, ZERO) != self.held.get(asset, ZERO)}
            self.moved_at |= dict.fromkeys(moved, at)
        self.held, self.last_at = held, at

    def since(self, since: datetime) -> set[str] | None:
        """Return what has moved since then; None where that was before the first reading."""
        if self.first_at is None or since < self.first_at:
            return None
        return {asset for asset, at in self.moved_at.items() if at >= since}

    def pairs(self, listed: Callable[[], Mapping[str, Pair]], since: datetime, named: set[str]) -> list[str]:
        """Return the pairs that may have been traded since then; `named` are coins that other histories tell of."""
        moved = self.since(since)
        if moved is None:
            return self._unknown(listed, named)
        if not moved:
            return []
        return sorted(
            name
            for name, pair in listed().items()
            if {pair.base, pair.quote} <= moved or (name in self.traded and moved & {pair.base, pair.quote})
        )

    def _unknown(self, listed: Callable[[], Mapping[str, Pair]], named: set[str]) -> list[str]:
        """Return the pairs of what is held against money, those of the largest holdings where they are too many."""
        bases = {*self.held, *self.moved_at, *named}
        if not bases:
            return []
        quotes = {USUAL_QUOTE, *(bases & MONEY)}
        found = [
            (name not in self.traded, pair.quote != USUAL_QUOTE, -self.held.get(pair.base, ZERO) * pair.price, name)
            for name, pair in listed().items()
            if (pair.base in bases and pair.quote in quotes) or name in self.traded
        ]
        if len(found) > MOST_UNKNOWN:
            log.warning("trades of %s pairs not asked for", len(found) - MOST_UNKNOWN)
        return [name for *_rank, name in sorted(found)[:MOST_UNKNOWN]]


def fills(answer: Answer) -> Reading:
    """Read a page of one pair's trades, oldest first: what came, what went and the commission are an entry each."""
    items = rows(answer.payload)
    isolated = str(answer.params.get("isIsolated", "")).upper() == "TRUE"
    wallet = WALLETS.get(answer.path) or (ISOLATED if isolated else CROSS).wallet
    last = items[-1]["id"] if len(items) >= int(answer.params.get("limit", USUAL_PAGE)) else None
    following = None
    if last is not None:
        kept = {name: value for name, value in answer.params.items() if name not in ("startTime", "endTime")}
        following = {**kept, "fromId": str(number(last) + 1)}
    return Reading(
        ledger=[part for row in items for part in _fill(row, wallet)],
        next=following,
        extra={"fills": len(items), "oldest_ms": min((milliseconds(row["time"]) for row in items), default=None)},
    )


def listed_pairs(prices: Mapping[str, Decimal]) -> dict[str, Pair]:
    """Return the pairs whose quote is known, of the last prices of all."""
    split = ((symbol, split_pair(symbol, QUOTES), price) for symbol, price in prices.items())
    return {symbol: Pair(*pair, price) for symbol, pair, price in split if pair is not None}


class Listings:
    """The pairs that hosts list, shared by the connectors of a process: public facts, and thousands of them."""

    def __init__(self, seconds: float) -> None:
        """Hold nothing yet; what is asked holds for so many seconds."""
        self._seconds = seconds
        self._found: dict[str, tuple[float, Mapping[str, Pair]]] = {}

    def of(self, host: str, ask: Callable[[], Mapping[str, Decimal]]) -> Mapping[str, Pair]:
        """Return what a host lists; `ask` gives its last prices by symbol where they are not known or too old."""
        found = self._found.get(host)
        if found is None or time.monotonic() > found[0]:  # several at once ask several times: none waits for another
            found = self._found[host] = (time.monotonic() + self._seconds, listed_pairs(ask()))
        return found[1]


def find_fills(
    connector: "BinanceConnector", place: Place, pair: str, since: datetime, until: datetime
) -> Iterator[LedgerEntry]:
    """Yield one pair's trades in [since, until]: of its last thousand, and by days what lies before these."""
    asked = {"symbol": pair, **place.more, "limit": str(PAGE)}
    recent = connector.call(place.endpoint, asked)
    yield from _within(recent, since, until)
    oldest = recent.extra["oldest_ms"]
    if recent.extra["fills"] < PAGE or oldest is None or instant(oldest) <= since:
        return
    for start, end in windows(since, min(until, instant(oldest)), 1):
        span = {**asked, "startTime": str(start), "endTime": str(min(end, start + 86_399_999))}
        for page in connector.pages(place.endpoint, span):
            yield from _within(page, since, until)
            if (page.extra["oldest_ms"] or 0) > end:
                break


def _within(page: Reading, since: datetime, until: datetime) -> Iterator[LedgerEntry]:
    yield from (part for part in page.ledger or () if since <= part.booked_at <= until)


def _fill(row: Mapping[str, Any], wallet: str) -> list[LedgerEntry]:
    venue_symbol, native = text(row["symbol"]), text(row["id"])
    pair = split_pair(venue_symbol, QUOTES)
    if pair is None:
        raise ValueError("a pair in an unknown quote")
    sign, fee = 1 if flag(row["isBuyer"]) else -1, number(row["commission"])
    parts = (
        (LedgerKind.TRADE, pair[0], sign * natural(row["qty"]), "base"),
        (LedgerKind.TRADE, pair[1], -sign * natural(row["quoteQty"]), "quote"),
        (LedgerKind.FEE if fee > 0 else LedgerKind.REBATE, text(row["commissionAsset"]), -fee, "fee"),
    )
    return [
        entry(
            native,
            f"trade:{venue_symbol}:{native}:{part}",
            kind,
            wallet=wallet,
            asset=asset,
            amount=amount,
            booked_at=instant(row["time"]),
            symbol="/".join(pair),
            venue_symbol=venue_symbol,
            venue_type="TRADE",
            ref=f"{venue_symbol}:{native}",
        )
        for kind, asset, amount, part in parts
        if amount
    ]


class TradeReader:
    """Reads the trades of one account's wallets; the connector keeps what their readings showed."""

    def __init__(self, connector: "BinanceConnector") -> None:
        """Take up a connector."""
        self._connector = connector

    def read(
        self, since: datetime, until: datetime, wallets: Collection[str] | None, *, named: Collection[str]
    ) -> Iterator[LedgerEntry]:
        """Yield the trades in [since, until] of the wallets that are asked for."""
        for place in self._places():
            if wallets is None or place.wallet in wallets:
                moves = self._moves_of(place)
                for pair in moves.pairs(self._connector.listed, since - FIRST_ID, set(named)):
                    for part in find_fills(self._connector, place, pair, since, until):
                        moves.traded.add(pair)
                        yield part

    def _places(self) -> list[Place]:
        features = self._connector.known_features()
        found = [SPOT]
        if features["portfolio_margin"]:
            found += [UNIFIED] if self._connector.has_host("pm") else []
        elif features["margin"] and self._connector.has_wallet_api:
            found += [CROSS, ISOLATED]
        return found

    def _moves_of(self, place: Place) -> Moves:
        """Return what a wallet's readings show; where none is fresh, the wallet is read now."""
        moves, now = self._connector.moves_of(place.wallet), self._connector.now()
        if moves.last_at is None or now - moves.last_at > NOTE_AGE:
            asked = {"omitZeroBalances": "true"} if place is SPOT else {}
            moves.note(self._connector.call(place.balances, asked).balances or (), now)
        return moves
