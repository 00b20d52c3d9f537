"""The Kraken connector: which reads make up a spot account with its margin positions."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import to_ms
from connectors._reading import Answer, Endpoint, Parser
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.errors import ConnectorError
from connectors.kraken import balances, failures, ledger, positions, public, signing
from connectors.kraken import endpoints as api
from connectors.types import (
    AccountInfo,
    Balance,
    ExchangeInfo,
    LedgerEntry,
    Permissions,
    Position,
    Price,
    WalletAccount,
)

PAIRS_SECONDS = 86_400
HELD = ("spot", "earn", "hold")
DOLLARS = "ZUSD"


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
        self._turn = signing.turn_of(credentials)
        self._lock = self._turn.lock
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
        # in whole seconds, the first one left out by the exchange
        span = {
            "start": to_ms(since) // 1000 - 1,
            "end": to_ms(until + timedelta(seconds=1)) // 1000,
            "ofs": 0,
        }
        found: dict[tuple[str, str], LedgerEntry] = {}
        for page in self.pages(api.LEDGERS, span):
            for entry in page.ledger or ():
                if since <= entry.booked_at <= until and (wallets is None or entry.wallet in wallets):
                    found.setdefault((entry.wallet, entry.dedupe_key), entry)
        return sorted(found.values(), key=lambda entry: entry.booked_at)

    def get_prices(self) -> list[Price]:
        """Return last prices of all pairs that Kraken lists."""
        now, pairs, found = self.now(), self._known_pairs(), []
        for code, value in (self.call(api.TICKERS).prices or {}).items():
            if code in pairs:
                found.append(Price(*pairs[code], value, self.info.id, now))
        return found

    def next_nonce(self, now_ms: int) -> int:
        """Return a number that only ever grows for the key, whichever connector asks with it."""
        with self._turn.lock:
            self._turn.last_nonce = max(now_ms, self._turn.last_nonce + 1)
            return self._turn.last_nonce

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Post a form that begins with the nonce and is signed as it is sent."""
        headers, form = signing.signed_headers(self.credentials, call)
        return build_request(call.method, call.url, headers, body=form.encode())

    def check(self, answer: Answer) -> None:
        """Raise what the envelope's first error stands for."""
        failures.check(self, answer)

    def _margin(self) -> WalletAccount:
        reading = self.call(api.TRADE_BALANCE, {"asset": DOLLARS})
        sums = reading.extra["margin"]
        return replace(
            self._wallet("margin", reading.balances or ()),
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
