"""The Kraken futures connector: every wallet comes from one read, positions need the marks of another."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import to_ms
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors._wallets import merge_balances
from connectors.errors import RateLimitedError
from connectors.krakenfutures import balances, failures, ledger, positions, public, signing
from connectors.krakenfutures import endpoints as api
from connectors.krakenfutures.symbols import asset_of
from connectors.types import (
    AccountInfo,
    Balance,
    Capability,
    ExchangeInfo,
    LedgerEntry,
    LedgerPart,
    Permissions,
    Position,
    Price,
    WalletAccount,
    WalletKind,
)

CASH = "futures_cash"
Found = dict[tuple[str, str], LedgerEntry]


class KrakenFuturesConnector(RestConnector):
    """Read a Kraken futures account."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TICKERS
    answer_time = "serverTime"
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TICKERS, public.tickers),
            (api.KEY_RIGHTS, public.permissions),
            (api.ACCOUNTS, balances.accounts),
            (api.POSITIONS, positions.open_positions),
            (api.LOG, ledger.account_log),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        if credentials is not None:
            signing.decode_secret(credentials.api_secret)
        self._uid: str | None = None

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid."""
        rights = self.call(api.KEY_RIGHTS).permissions or Permissions(None, None, None, None, None)
        self._uid = rights.uid
        return rights

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return every wallet that the exchange lists, also those that were never used."""
        reading = self.call(api.ACCOUNTS)
        sums = {row["wallet"]: row for row in reading.extra["accounts"]}
        names = [name for name in reading.extra["wallets"] if wallets is None or name in wallets]
        found = tuple(self._wallet(name, reading.balances or (), sums.get(name)) for name in names)
        return AccountInfo(found, "classic", self.now(), self._uid)

    def get_spot_balances(self) -> list[Balance]:
        """Return the plain holdings of the cash wallet."""
        return list(merge_balances(row for row in self.call(api.ACCOUNTS).balances or () if row.wallet == CASH))

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open positions at the marks of now; `wallets` narrows the result."""
        answer = self.fetch(api.POSITIONS)
        held = answer.payload.get("openPositions") if isinstance(answer.payload, dict) else None
        context = {"mark_prices": self.call(api.TICKERS).extra["marks"]} if held else {}
        found = self.parse(replace(answer, context=context)).positions or ()
        return [row for row in found if wallets is None or row.wallet in wallets]

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return the account log in [since, until], oldest first.

        Raises:
            NotSupportedError: the demo site keeps no log.
        """
        found: Found = {}
        for page in self.pages(api.LOG, self._span(since, until, "desc")):
            _collect(found, page, since, until, wallets)
        return list(_in_order(found))

    def get_ledger_part(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> LedgerPart:
        """Return the account log in [since, until], oldest first, as far as the history's tokens last."""
        found: Found = {}
        reached: datetime | None = None
        try:
            for page in self.pages(api.LOG, self._span(since, until, "asc")):
                _collect(found, page, since, until, wallets)
                reached = page.extra["newest"] or reached
        except RateLimitedError:
            if reached is None or reached <= since:
                raise
            return LedgerPart(_in_order(found), reached, complete=False)
        return LedgerPart(_in_order(found), until)

    def get_prices(self) -> list[Price]:
        """Return the spot indices of the exchange, such as in_xbtusd."""
        now, found = self.now(), []
        for name, value in (self.call(api.TICKERS).prices or {}).items():
            pair = name.removeprefix(public.INDEX)
            if pair.endswith("usd"):
                found.append(Price(asset_of(pair.removesuffix("usd")), "USD", value, self.info.id, now))
        return found

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sign the query as it is sent."""
        query = signing.query_text(call)
        headers = signing.signed_headers(self.credentials, call, query)
        return build_request(call.method, call.url + (f"?{query}" if query else ""), headers)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def _span(self, since: datetime, until: datetime, sort: str) -> dict[str, int | str]:
        """Return a window, a millisecond wider: whether the ends belong to it is not documented."""
        if self._settings.testnet:
            raise self._unsupported(Capability.LEDGER)
        return {"since": to_ms(since) - 1, "before": to_ms(until) + 2, "count": ledger.MOST, "sort": sort}

    def _wallet(self, name: str, rows: Collection[Balance], sums: Mapping[str, Any] | None) -> WalletAccount:
        kind = self.info.wallets.get(name, WalletKind.FUTURES_INVERSE)
        held = merge_balances(row for row in rows if row.wallet == name)
        wallet = WalletAccount(name, kind, ok=True, balances=held, as_of=self.now())
        if sums is None:
            return wallet
        return replace(
            wallet,
            currency="USD",
            equity=sums["equity_usd"],
            wallet_balance=sums["wallet_balance_usd"],
            unrealized_pnl=sums["unrealized_pnl_usd"],
            initial_margin=sums["initial_margin_usd"],
            maintenance_margin=sums["maintenance_margin_usd"],
        )


def _collect(found: Found, page: Reading, since: datetime, until: datetime, wallets: Collection[str] | None) -> None:
    for entry in page.ledger or ():
        if since <= entry.booked_at <= until and (wallets is None or entry.wallet in wallets):
            found.setdefault((entry.wallet, entry.dedupe_key), entry)


def _in_order(found: Found) -> tuple[LedgerEntry, ...]:
    return tuple(sorted(found.values(), key=lambda entry: entry.booked_at))
