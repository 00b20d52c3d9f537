"""The OKX connector: which reads make up an account, its positions and its ledger."""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import to_ms
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.errors import BadResponseError
from connectors.okx import balances, failures, funding, ledger, positions, public, signing
from connectors.okx import endpoints as api
from connectors.okx.symbols import is_pair
from connectors.types import (
    AccountInfo,
    Balance,
    ClosedPosition,
    ExchangeInfo,
    LedgerEntry,
    Permissions,
    Position,
    Price,
    WalletAccount,
)

CONFIG_SECONDS = 3_600
CONTRACTS_SECONDS = 86_400
UNLISTED_SECONDS = 600
RECENT_BILLS = timedelta(days=6, hours=23)
KEPT_BILLS = timedelta(days=90) - timedelta(minutes=5)
RECENT_FUNDING = timedelta(days=27)
PORTFOLIO = "portfolio_margin"


class OkxConnector(RestConnector):
    """Read an OKX account of any account level."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.TICKERS, public.tickers),
            (api.INSTRUMENTS, public.instruments),
            (api.STATUS, public.system_status),
            (api.CONFIG, public.account_config),
            (api.BALANCE, balances.trading_account),
            (api.POSITIONS, positions.open_positions),
            (api.CLOSED, positions.closed_positions),
            (api.BILLS, ledger.account_bills),
            (api.BILLS_ARCHIVE, ledger.account_bills),
            (api.FUNDING, balances.funding_account),
            (api.VALUATION, public.valuation),
            (api.FUNDING_BILLS, funding.bills),
            (api.FUNDING_ARCHIVE, funding.archive),
            (api.DEPOSITS, funding.deposits),
            (api.WITHDRAWALS, funding.withdrawals),
            (api.SAVINGS, balances.savings),
            (api.STAKING, balances.staking),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        """Reach the host of the chosen site and no other."""
        host = api.SITES[(settings.options or {}).get("site") or "global"]
        known = {"rest": settings.hosts[host]} if host in settings.hosts else {}
        super().__init__(credentials, replace(settings, hosts=known))
        self._config: tuple[float, Mapping[str, Any]] | None = None
        self._contracts: dict[str, tuple[float, Mapping[str, Any] | None]] = {}

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid."""
        return self._read_config().permissions or Permissions(None, None, None, None, None)

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the trading, funding and earn account; demo trading has no earn, and its values in USD are made up."""
        if self._config is None or time.monotonic() >= self._config[0] + CONFIG_SECONDS:
            self._read_config()
        config = self._config[1] if self._config else {}
        plan = [
            WalletRead("trading", "rest", self._trading_wallet),
            WalletRead("funding", "rest", lambda: self._wallet("funding", self.call(api.FUNDING).balances or ())),
        ]
        if not self._settings.testnet:
            plan.append(WalletRead("earn", "rest", self._earn_wallet))
        found = read_wallets(self, [item for item in plan if wallets is None or item.wallet in wallets])
        mode = PORTFOLIO if config.get("account_level") == PORTFOLIO else "unified"
        return AccountInfo(found, mode, self.now(), config.get("uid"))

    def get_spot_balances(self) -> list[Balance]:
        """Return the holdings of the trading account, which spot is traded from."""
        return list(balances.gross(self.call(api.BALANCE).balances or ()))

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open positions of all kinds, margin trades on spot among them; all lie in the trading account."""
        if wallets is not None and "trading" not in wallets:
            return []
        return list(self._with_contracts(self.fetch(api.POSITIONS)).positions or ())

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return bills, deposits and withdrawals in [since, until], oldest first; trading bills are kept three months.

        Deposits and withdrawals carry the identity of their records and the time of their bills. Earn has no bills:
        what moves to and from it has a leg there, what it earns is not told. Demo trading has trading bills only.
        """
        entries: list[LedgerEntry] = []
        if since <= until and (wallets is None or "trading" in wallets):
            entries += self._trading_ledger(since, until)
        if since <= until and not self._settings.testnet and (wallets is None or {"funding", "earn"} & set(wallets)):
            entries += self._funding_ledger(since, until)
        found = {
            (entry.wallet, entry.dedupe_key): entry
            for entry in entries
            if since <= entry.booked_at <= until and (wallets is None or entry.wallet in wallets)
        }
        return sorted(found.values(), key=lambda entry: entry.booked_at)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return positions closed in [since, until], oldest first; OKX keeps three months. Those still open are not."""
        found: dict[str, ClosedPosition] = {}
        params: Mapping[str, Any] | None = {**self._span(since, until), "limit": "100"} if since <= until else None
        seen: list[Mapping[str, Any]] = []
        while params is not None:
            if params in seen:
                raise BadResponseError("endless-pages", api.CLOSED.path, exchange=self.info.id, retryable=False)
            seen.append(params)
            page = self._with_contracts(self.fetch(api.CLOSED, params))
            more = page.details["closed_positions"]
            for position, detail in zip(page.closed_positions or (), more, strict=True):
                if since <= position.closed_at <= until and not detail["partial"]:
                    found.setdefault(position.id, position)
            params = page.next
        return sorted(found.values(), key=lambda position: position.closed_at)

    def get_prices(self) -> list[Price]:
        """Return last prices of all spot pairs (GET /api/v5/market/tickers)."""
        now, found = self.now(), []
        for name, value in (self.call(api.TICKERS, {"instType": "SPOT"}).prices or {}).items():
            if is_pair(name):
                asset, quote = name.split("-")
                found.append(Price(asset, quote, value, self.info.id, now))
        return found

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sign the query as it is sent; a demo key is marked by a header, which is not signed."""
        query, body = signing.query_text(call.params), signing.body_text(call.body)
        headers = signing.signed_headers(self.credentials, call, query, body)
        if self._settings.testnet:
            headers["x-simulated-trading"] = "1"
        return build_request(call.method, call.url + query, headers, body=body.encode() or None)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def _read_config(self) -> Reading:
        reading = self.call(api.CONFIG)
        self._config = (time.monotonic(), reading.extra["account_config"])
        return reading

    def _trading_wallet(self) -> WalletAccount:
        reading = self.call(api.BALANCE)
        wallet = self._wallet("trading", balances.gross(reading.balances or ()))
        sums = reading.extra["account"]
        if self._settings.testnet:
            return wallet
        return replace(
            wallet,
            currency="USD",
            equity=sums["equity_usd"],
            wallet_balance=sums["wallet_balance_usd"],
            unrealized_pnl=sums["unrealized_pnl_usd"],
            initial_margin=sums["initial_margin_usd"],
            maintenance_margin=sums["maintenance_margin_usd"],
            margin_ratio=reading.extra["margin_ratio"],
        )

    def _earn_wallet(self) -> WalletAccount:
        found = [*(self.call(api.SAVINGS).balances or ()), *(self.call(api.STAKING).balances or ())]
        return self._wallet("earn", merge_balances(found))

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        return WalletAccount(wallet, self.info.wallets[wallet], ok=True, balances=tuple(found), as_of=self.now())

    def _with_contracts(self, answer: Answer) -> Reading:
        """Parse positions with the facts of their contracts, which are asked once a day and by kind."""
        try:
            held = positions.contracts_held(answer)
        except (KeyError, TypeError, ValueError, IndexError):
            held = set()  # the parser below says what is wrong
        now = time.monotonic()
        missing = {item for item in held if now >= self._contracts.get(item[1], (0.0, None))[0]}
        # options are listed by family, such as BTC-USD
        lists = {(kind, "-".join(name.split("-")[:2]) if kind == "OPTION" else "") for kind, name in missing}
        listed: dict[str, Any] = {}
        for kind, family in sorted(lists):
            params = {"instType": kind, **({"instFamily": family} if family else {})}
            listed |= self.call(api.INSTRUMENTS, params).extra["instruments"]
        for _kind, name in missing:
            seconds = CONTRACTS_SECONDS if name in listed else UNLISTED_SECONDS
            self._contracts[name] = (now + seconds, listed.get(name))
        facts = {name: self._contracts[name][1] for _kind, name in held}
        known = {name: fact for name, fact in facts.items() if fact is not None}
        return self.parse(replace(answer, context={"instruments": known}))

    def _trading_ledger(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        now = self.now()
        first = max(since, now - KEPT_BILLS)
        if until < first:
            return []
        endpoint = api.BILLS if since >= now - RECENT_BILLS else api.BILLS_ARCHIVE
        span = {"begin": str(to_ms(first) - 1), "end": str(to_ms(until) + 1)}
        return self._walk(endpoint, span)

    def _funding_ledger(self, since: datetime, until: datetime) -> list[LedgerEntry]:
        """Return the bills, paired with the records of some days before too; these are asked after the bills."""
        if since >= self.now() - RECENT_FUNDING:
            bills = self._walk(api.FUNDING_BILLS, self._span(since, until))
        else:
            bills = self._walk(api.FUNDING_ARCHIVE, {"pagingType": "2"}, back_to=since)
        within = [bill for bill in bills if since <= bill.booked_at <= until]
        span, unsent = self._span(since - funding.RECORD_REACH, until), list[LedgerEntry]()
        records = [*self._walk(api.DEPOSITS, span), *self._walk(api.WITHDRAWALS, span, unsent=unsent)]
        return [*funding.paired(within, records, unsent), *funding.earn_legs(within)]

    def _walk(
        self,
        endpoint: Endpoint,
        params: Mapping[str, str],
        *,
        back_to: datetime | None = None,
        unsent: list[LedgerEntry] | None = None,
    ) -> list[LedgerEntry]:
        """Return the entries of all pages, each once; those that do not count are added to `unsent`."""
        found: dict[str, LedgerEntry] = {}
        apart: dict[str, LedgerEntry] = {}
        for page in self.pages(endpoint, {**params, "limit": "100"}):
            entries = page.ledger or ()
            found |= {entry.dedupe_key: entry for entry in entries}
            apart |= {entry.dedupe_key: entry for entry in page.extra.get("unsent", ())}
            if back_to is not None and entries and entries[-1].booked_at < back_to:
                break
        if unsent is not None:
            unsent += apart.values()
        return list(found.values())

    def _span(self, since: datetime, until: datetime) -> dict[str, str]:
        """Return the times that a list lies between; both are left out by the exchange."""
        return {"before": str(to_ms(since) - 1), "after": str(to_ms(until) + 1)}
