"""The Kraken connector: which reads make up a spot account with its margin positions."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests

from connectors import _http
from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import to_ms
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.errors import ConnectorError, RateLimitedError, TimestampSkewError
from connectors.kraken import balances, failures, ledger, positions, public, signing
from connectors.kraken import endpoints as api
from connectors.kraken.turn import turn_of
from connectors.kraken.walk import Walk
from connectors.types import (
    AccountInfo,
    Balance,
    ExchangeInfo,
    LedgerEntry,
    LedgerPart,
    Permissions,
    Position,
    Price,
    WalletAccount,
)

PAIRS_SECONDS = 86_400
HELD = ("spot", "earn", "hold")
DOLLARS = "ZUSD"
# units of the counter that the pages of a ledger leave for reading the account again
SPARED = 3
Found = dict[tuple[str, str], LedgerEntry]


class KrakenConnector(RestConnector):
    """Read a Kraken spot account; one request at a time per key, since its nonces must arrive in order."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    in_turn: ClassVar[bool] = True
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.STATUS, public.system_status),
            (api.TICKERS, public.tickers),
            (api.PAIRS, public.pairs),
            (api.KEY_RIGHTS, public.permissions),
            (api.BALANCE, balances.balance),
            (api.BALANCE_EX, balances.balance_extended),
            (api.TRADE_BALANCE, balances.trade_balance),
            (api.POSITIONS, positions.open_positions),
            (api.EARN, balances.earn_allocations),
            (api.LEDGERS, ledger.ledgers),
            (api.DEPOSITS, ledger.deposits),
            (api.WITHDRAWALS, ledger.withdrawals),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        if credentials is not None:
            signing.decode_secret(credentials.api_secret)
        self._turn = turn_of(credentials)
        self._lock = self._turn.lock
        self._walk: Walk | None = None
        self._pairs: tuple[float, Mapping[str, tuple[str, str]]] | None = None
        self._uid: str | None = None

    def get_permissions(self) -> Permissions:
        """Return what the key may do; the uid is the account's own number."""
        rights = self.call(api.KEY_RIGHTS).permissions or Permissions(None, None, None, None, None)
        self._uid = rights.uid
        return rights

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return spot, earn and money on hold, all told by one read, and the open P&L of margin positions."""
        told: list[list[Balance] | ConnectorError] = []

        def holdings() -> list[Balance]:
            if not told:
                try:
                    told.append(list(self.call(api.BALANCE_EX).balances or ()))
                except ConnectorError as e:
                    told.append(e)
            if isinstance(told[0], ConnectorError):
                raise told[0]
            return told[0]

        def reader(wallet: str) -> Callable[[], WalletAccount]:
            return lambda: self._wallet(wallet, merge_balances(row for row in holdings() if row.wallet == wallet))

        plan = [WalletRead(wallet, "rest", reader(wallet)) for wallet in HELD]
        plan.append(WalletRead("margin", "rest", self._margin))
        found = read_wallets(self, [read for read in plan if wallets is None or read.wallet in wallets])
        return AccountInfo(found, "classic", self.now(), self._uid)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings, without what earns or is on hold."""
        return list(merge_balances(row for row in self.call(api.BALANCE_EX).balances or () if row.wallet == "spot"))

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open margin positions, added up by pair; `wallets` restricts the reads."""
        if wallets is not None and "margin" not in wallets:
            return []
        answer = self.fetch(api.POSITIONS, {"docalcs": "true", "consolidation": "market"})
        held = answer.payload.get("result") if isinstance(answer.payload, dict) else None
        context = {"pairs": self._known_pairs()} if held else {}
        return list(self.parse(replace(answer, context=context)).positions or ())

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return the ledger in [since, until], oldest first; Kraken keeps all of it.

        Margin trades are booked to spot, whose money they change. The window is fixed while it is paged through.
        """
        if wallets is not None and not set(wallets) & set(HELD):
            return []
        found: Found = {}
        for page in self.pages(api.LEDGERS, {"start": _start(since), "end": _end(until), "ofs": 0}):
            _collect(found, page, since, until, wallets)
        return list(_in_order(found))

    def get_ledger_part(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> LedgerPart:
        """Return the ledger in [since, until] as far as the key's call counter has room, from its oldest row on.

        The newest page is in a first part too, since it tells how many rows there are. A part that begins where the
        last one ended goes on with the next row, however many rows are of one instant.
        """
        if wallets is not None and not set(wallets) & set(HELD):
            return LedgerPart((), until)
        walk = self._walk if wallets is None else None
        if walk is None or walk.reached != since:
            walk = Walk(_start(since), _end(until), until)
        self._walk = walk if wallets is None else None
        walk.forget()
        found: Found = {}
        asked = 0
        while not walk.is_whole and self._room() >= api.LEDGERS.weight + SPARED:
            try:
                page = self.call(api.LEDGERS, walk.params())
            except RateLimitedError:
                if not asked:
                    raise
                break
            asked += 1
            _collect(found, page, since, until, wallets)
            walk.take(page.extra["count"], page.extra["times"])
        entries = _in_order(found)
        if not walk.is_whole:
            return LedgerPart(entries, walk.reached or since, complete=False)
        return LedgerPart(entries, walk.until, complete=walk.until >= until)

    def get_prices(self) -> list[Price]:
        """Return last prices of all pairs that Kraken lists."""
        now, pairs, found = self.now(), self._known_pairs(), []
        for code, value in (self.call(api.TICKERS).prices or {}).items():
            if code in pairs:
                found.append(Price(*pairs[code], value, self.info.id, now))
        return found

    def next_nonce(self, now_ms: int) -> int:
        """Return a number that only ever grows for the key, whichever connector asks with it."""
        return self._turn.next_nonce(now_ms)

    def fetch(
        self,
        endpoint: Endpoint,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,  # noqa: ANN401
        end: float | None = None,
    ) -> Answer:
        """Ask one endpoint; a nonce that is too low even by the exchange's clock is raised by taking finer times."""
        end = time.monotonic() + _http.DEADLINE_SECONDS if end is None else end
        try:
            return super().fetch(endpoint, params, body=body, end=end)
        except TimestampSkewError:
            if not self._turn.refine():
                raise
        return super().fetch(endpoint, params, body=body, end=end)

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Post a form that begins with the nonce and is signed as it is sent."""
        headers, form = signing.signed_headers(self.credentials, call)
        return build_request(call.method, call.url, headers, body=form.encode())

    def check(self, answer: Answer) -> None:
        """Raise what the envelope's first error stands for."""
        failures.check(self, answer)

    def _attempt(self, endpoint: Endpoint, params: dict[str, Any], body: Any, end: float) -> Answer:  # noqa: ANN401
        """Count each call of the key: the exchange does not tell how full its counter is."""
        if endpoint.limit == api.COUNTER:
            self._turn.count(endpoint.weight, to_ms(self._settings.clock()))
        try:
            return super()._attempt(endpoint, params, body, end)
        except RateLimitedError:
            self._turn.exhaust(to_ms(self._settings.clock()))
            raise

    def _room(self) -> float:
        return self._turn.room(to_ms(self._settings.clock()))

    def _margin(self) -> WalletAccount:
        reading = self.call(api.TRADE_BALANCE, {"asset": DOLLARS})
        sums = reading.extra["margin"]
        # the positions tell the open P&L by their own currencies: told here too, it would count twice
        rows = [replace(row, unrealized_pnl=None) for row in reading.balances or ()]
        return replace(
            self._wallet("margin", rows),
            currency="USD",
            equity=sums["unrealized_pnl"],
            unrealized_pnl=sums["unrealized_pnl"],
            initial_margin=sums["used_margin"],
        )

    def _known_pairs(self) -> Mapping[str, tuple[str, str]]:
        """Return base and quote by pair code, read once a day."""
        known = self._pairs
        if known is None or time.monotonic() >= known[0] + PAIRS_SECONDS:
            known = self._pairs = (time.monotonic(), self.call(api.PAIRS).extra["pairs"])
        return known[1]

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        return WalletAccount(wallet, self.info.wallets[wallet], ok=True, balances=tuple(found), as_of=self.now())


def _start(since: datetime) -> int:
    """Return the whole second, left out by the exchange, before an instant."""
    return (to_ms(since) - 1) // 1000


def _end(until: datetime) -> int:
    return to_ms(until + timedelta(seconds=1)) // 1000


def _collect(found: Found, page: Reading, since: datetime, until: datetime, wallets: Collection[str] | None) -> None:
    for entry in page.ledger or ():
        if since <= entry.booked_at <= until and (wallets is None or entry.wallet in wallets):
            found.setdefault((entry.wallet, entry.dedupe_key), entry)


def _in_order(found: Found) -> tuple[LedgerEntry, ...]:
    return tuple(sorted(found.values(), key=lambda entry: entry.booked_at))
