"""The Bybit connector: which reads make up a classic account or a unified one of either generation."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import split_pair, windows
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors.bybit import balances, failures, funding, ledger, positions, public, signing, trades
from connectors.bybit import endpoints as api
from connectors.bybit.account import AccountReader
from connectors.bybit.ends import is_principal, with_other_end
from connectors.bybit.symbols import SPOT_QUOTES
from connectors.types import (
    AccountInfo,
    Balance,
    ClosedPosition,
    ExchangeInfo,
    LedgerEntry,
    Permissions,
    Position,
    Price,
)

KEPT = timedelta(days=730) - timedelta(minutes=5)
# records are found by the time they were made, and count from when they were settled
SETTLING = timedelta(days=2)
SECOND = timedelta(seconds=1)
LINEAR_COINS = ("USDT", "USDC")


@dataclass(frozen=True, slots=True)
class Mode:
    """What kind of account it is: unified 2.0 holds all contracts, 1.0 all but inverse ones, a classic one none."""

    unified: bool
    generation: str | None
    margin_mode: str

    @property
    def name(self) -> str:
        """The platform's word for the mode."""
        if not self.unified:
            return "classic"
        return "portfolio_margin" if self.margin_mode == "PORTFOLIO_MARGIN" else "unified"

    def wallet_of(self, category: str) -> str:
        """Return the wallet that contracts of a category lie in."""
        if not self.unified or (category == "inverse" and self.generation == "1.0"):
            return "contract"
        return "unified"


class BybitConnector(RestConnector):
    """Read a Bybit account, classic or unified."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    answer_time = "time"
    usage_headers: ClassVar[tuple[str, ...]] = ("X-Bapi-Limit-Status",)
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.TICKERS, public.tickers),
            (api.STATUS, public.system_status),
            (api.KEY, public.permissions),
            (api.ACCOUNT, public.account_config),
            (api.WALLET, balances.wallet_balance),
            (api.FUNDING, balances.funding_wallet),
            (api.EARN, balances.earn_positions),
            (api.EARN_FIXED, balances.earn_positions),
            (api.OVERVIEW, balances.overview),
            (api.POSITIONS, positions.open_positions),
            (api.CLOSED, positions.closed_positions),
            (api.LOG, ledger.unified_log),
            (api.CONTRACT_LOG, ledger.contract_log),
            (api.EXECUTIONS, trades.executions),
            (api.DEPOSITS, funding.deposits),
            (api.INTERNAL_DEPOSITS, funding.internal_deposits),
            (api.WITHDRAWALS, funding.withdrawals),
            (api.HISTORY, funding.history),
            (api.TRANSFERS, funding.own_transfers),
            (api.UNIVERSAL, funding.universal_transfers),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        self.region = (settings.options or {}).get("region") or api.GLOBAL
        self.testnet = settings.testnet
        home = settings.hosts.get(self.region) or settings.hosts.get("rest")
        super().__init__(credentials, replace(settings, hosts={"rest": home} if home else {}))
        self._signer = signing.make_signer(credentials.api_secret) if credentials else None
        self._is_master: bool | None = None
        self.uid: str | None = None
        self.seldom_seen: set[str] = set()

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid."""
        reading = self.call(api.KEY)
        rights = reading.permissions or Permissions(None, None, None, None, None)
        self.uid, self._is_master = rights.uid, reading.extra["is_master"] is not False
        return rights

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the wallets of the account in its mode; bots and copy trading come from an overview."""
        mode = self.ask_mode()
        found = AccountReader(self).read(mode.wallet_of("linear"), mode.wallet_of("inverse"), wallets)
        return AccountInfo(found, mode.name, self.now(), self.uid)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings; those of a unified account lie in its one wallet."""
        wallet = "UNIFIED" if self.ask_mode().unified else "SPOT"
        return list(self.call(api.WALLET, {"accountType": wallet}).balances or ())

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open positions, linear, inverse and options; `wallets` restricts the reads."""
        mode = self.ask_mode()
        asked = [("linear", {"settleCoin": coin}) for coin in LINEAR_COINS] + [("inverse", {})]
        asked += [("option", {})] if mode.unified else []
        found: list[Position] = []
        for category, more in asked:
            wallet = mode.wallet_of(category)
            if wallets is None or wallet in wallets:
                context = {"wallet": wallet, "margin_mode": mode.margin_mode, "by_position": wallet == "contract"}
                params = {"category": category, **more, "limit": "200"}
                found += [
                    item for page in self.pages(api.POSITIONS, params, context=context) for item in page.positions or ()
                ]
        return found

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return logs, deposits and withdrawals in [since, until], oldest first; Bybit keeps two years.

        The funding wallet's own history knows seconds only: its entries count from the second that `since` lies in.
        """
        start = max(since, self.now() - KEPT)
        found: dict[tuple[str, str], LedgerEntry] = {}
        for endpoint, params in self._ledger_reads(start, until, wallets):
            for page in self.pages(endpoint, params):
                for entry in _told(endpoint, page):
                    first = since.replace(microsecond=0) if entry.booked_at.microsecond == 0 else since
                    if first <= entry.booked_at <= until and (wallets is None or entry.wallet in wallets):
                        found.setdefault((entry.wallet, entry.dedupe_key), entry)
        return sorted(found.values(), key=lambda entry: entry.booked_at)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return positions closed in [since, until], oldest first; Bybit keeps two years."""
        found: dict[tuple[str, datetime], ClosedPosition] = {}
        for start, end in windows(max(since, self.now() - KEPT), until, 7):
            for category in ("linear", "inverse"):
                params = {"category": category, "startTime": str(start), "endTime": str(end), "limit": "100"}
                for page in self.pages(api.CLOSED, params):
                    for position in page.closed_positions or ():
                        if since <= position.closed_at <= until:
                            found.setdefault((position.id, position.closed_at), position)
        return sorted(found.values(), key=lambda position: position.closed_at)

    def get_prices(self) -> list[Price]:
        """Return last spot prices of all pairs whose quote is known."""
        now, found = self.now(), []
        for symbol, value in (self.call(api.TICKERS, {"category": "spot"}).prices or {}).items():
            pair = split_pair(symbol, SPOT_QUOTES)
            if pair is not None:
                found.append(Price(*pair, value, self.info.id, now))
        return found

    def ask_mode(self) -> Mode:
        """Return the account's mode; asked anew each time, since an account can be upgraded at any moment."""
        config = self.call(api.ACCOUNT).extra["account_config"]
        return Mode(config["unified"], config["unified_generation"], config["margin_mode"])

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sign the query or the body as it is sent."""
        credentials = self.credentials
        signer = self._signer or signing.make_signer(credentials.api_secret)
        query, body = signing.query_text(call.params), signing.body_text(call.body)
        headers = signing.signed_headers(credentials, signer, call, payload=body or query)
        return build_request(
            call.method, call.url + (f"?{query}" if query else ""), headers, body=body.encode() or None
        )

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def _ledger_reads(
        self, since: datetime, until: datetime, wallets: Collection[str] | None
    ) -> Iterator[tuple[Endpoint, dict[str, Any]]]:
        mode = self.ask_mode()

        def wanted(wallet: str) -> bool:
            return wallets is None or wallet in wallets or "earn" in wallets

        for start, end in windows(since, until, 7):
            span = {"startTime": str(start), "endTime": str(end), "limit": "50"}
            if mode.unified and wanted("unified"):
                yield api.LOG, {"accountType": "UNIFIED", **span}
            if mode.wallet_of("inverse") == "contract" and wanted("contract"):
                yield api.CONTRACT_LOG, dict(span)
            if not mode.unified and wanted("spot"):
                yield api.TRANSFERS, dict(span)
                yield api.EXECUTIONS, {"category": "spot", **span, "limit": "100"}
            if wanted("funding"):
                yield (
                    api.HISTORY,
                    {"createTimeFrom": str(start // 1000), "createTimeTo": str(end // 1000), "limit": "100"},
                )
        if wallets is None or "funding" in wallets:
            yield from self._record_reads(since, until)

    def _record_reads(self, since: datetime, until: datetime) -> Iterator[tuple[Endpoint, dict[str, Any]]]:
        """Yield deposits, and withdrawals where the key is the master account's: others may not ask."""
        if self._is_master is None:
            self.get_permissions()
        for start, end in windows(max(since - SETTLING, self.now() - KEPT), until, 30):
            span = {"startTime": str(start), "endTime": str(end), "limit": "50"}
            yield api.DEPOSITS, dict(span)
            yield api.INTERNAL_DEPOSITS, dict(span)
            if self._is_master:
                yield api.WITHDRAWALS, {"withdrawType": "2", **span}


def _told(endpoint: Endpoint, page: Reading) -> Iterator[LedgerEntry]:
    """Yield the entries of a page under our wallets' names, each with its other end in Earn where it has one there.

    Transfers between own wallets are told by the histories of those, but for spot's: a classic one has none.
    """
    entries = [replace(entry, wallet=balances.WALLETS.get(entry.wallet, entry.wallet)) for entry in page.ledger or ()]
    if endpoint is api.TRANSFERS:
        for legs in zip(entries[::2], entries[1::2], strict=True):
            ends = {leg.wallet for leg in legs}
            yield from (leg for leg in legs if leg.wallet == "spot" or (leg.wallet == "earn" and "spot" in ends))
        return
    details = page.details.get("ledger") or [{} for _entry in entries]
    for entry, more in zip(entries, details, strict=True):
        if not is_principal(entry):
            yield from with_other_end(entry, earn=bool(more.get("earn")))
