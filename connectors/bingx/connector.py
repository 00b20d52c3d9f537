"""The BingX connector: which reads make up an account, its positions and its ledger."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import windows
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors.bingx import balances, failures, ledger, positions, public, signing, trades
from connectors.bingx import endpoints as api
from connectors.bingx.account import AccountReader
from connectors.bingx.owntransfers import find_own_transfers
from connectors.bingx.pacing import shared_pace
from connectors.bingx.symbols import DEMO_COIN, split_symbol
from connectors.bingx.usertransfers import find_user_transfers
from connectors.errors import (
    BadRequestError,
    BadResponseError,
    MaintenanceError,
    NetworkError,
    PermissionMissingError,
    RateLimitedError,
    UnknownExchangeError,
)
from connectors.types import (
    AccountInfo,
    Balance,
    Capability,
    ClosedPosition,
    ExchangeInfo,
    LedgerEntry,
    Permissions,
    Position,
    Price,
)

CONTRACTS_SECONDS = 86_400
KEPT = timedelta(days=90) - timedelta(minutes=5)
WINDOW_DAYS = 30
FLOW_DAYS = 89

Told = TypeVar("Told")


class BingxConnector(RestConnector):
    """Read a BingX account; on the demo host its USDT-M wallet of play money."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    answer_time = "timestamp"
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.TICKERS, public.tickers),
            (api.SWAP_TICKERS, public.tickers),
            (api.COIN_TICKERS, public.tickers),
            (api.SWAP_MARKS, public.marks),
            (api.COIN_MARKS, public.marks),
            (api.COIN_CONTRACTS, public.contract_sizes),
            (api.KEY_RIGHTS, public.permissions),
            (api.KEY_LIST, public.key_list),
            (api.UID, public.uid),
            (api.POSITION_MODE, public.position_mode),
            (api.ASSET_MODE, public.asset_mode),
            (api.OVERVIEW, balances.overview),
            (api.SPOT, balances.spot),
            (api.FUNDING, balances.funding),
            (api.SWAP, balances.perpetual),
            (api.COIN, balances.perpetual),
            (api.STANDARD, balances.standard),
            (api.SWAP_POSITIONS, positions.linear),
            (api.COIN_POSITIONS, positions.inverse),
            (api.STANDARD_POSITIONS, positions.standard),
            (api.CLOSED, positions.closed),
            (api.INCOME, ledger.income),
            (api.DEPOSITS, ledger.deposits),
            (api.WITHDRAWALS, ledger.withdrawals),
            (api.TRANSFERS, ledger.transfers),
            (api.USER_TRANSFERS, ledger.user_transfers),
            (api.ORDERS, trades.orders),
            (api.FILLS, trades.fills),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        if settings.way.meter is None:  # else that counts for all accounts behind the address
            self._pace = shared_pace(settings.hosts.get("rest", ""))
        self._uid: str | None = None
        self._sizes: tuple[float, Mapping[str, Any]] | None = None

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo host, where only USDT-M exists."""
        return self._settings.testnet

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid; on the demo host only that it reads.

        What the first view of the rights leaves open is looked up in the account's list of keys.
        """
        if self.is_demo:
            self.call(api.SWAP)
            return Permissions(True, None, None, None, None)
        rights = self.call(api.KEY_RIGHTS).permissions or Permissions(None, None, None, None, None)
        uid = self.uid()
        if uid is not None and None in (rights.read, rights.trade, rights.transfer, rights.withdraw):
            asked = {"uid": uid, "apiKey": self.credentials.api_key.reveal()}
            other = self._if_told(lambda: self.call(api.KEY_LIST, asked).permissions)
            rights = rights if other is None else _filled(rights, other)
        return replace(rights, uid=uid)

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the wallets of the account; earn, grids, copies and c2c are known by their worth in USDT only."""
        found = AccountReader(self).read(wallets)
        try:
            uid = None if self.is_demo else self.uid()
        except (NetworkError, MaintenanceError):
            uid = None  # what was read of the wallets stays
        return AccountInfo(found, "classic", self.now(), uid)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings (GET /openApi/spot/v1/account/balance)."""
        if self.is_demo:
            raise self._unsupported(Capability.SPOT_BALANCES)
        return list(self.call(api.SPOT).balances or ())

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open positions of USDT-M, Coin-M and standard contracts; `wallets` restricts the reads."""
        found: list[Position] = []
        if wallets is None or "futures_linear" in wallets:
            found += self._with_marks(self.fetch(api.SWAP_POSITIONS), api.SWAP_MARKS, {})
        if self.is_demo:
            return found
        if wallets is None or "futures_inverse" in wallets:
            found += self._inverse()
        if wallets is None or "futures_standard" in wallets:
            found += self.call(api.STANDARD_POSITIONS).positions or ()
        return found

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return what changed the USDT-M, spot and funding wallets in [since, until], oldest first.

        Income and spot trades are read for three months. Deposits and the like belong to the wallet funding; a transfer
        with another user is dated to the hour. Coin-M and standard contracts have no ledger but of own transfers, and
        rewards that are paid into spot are not told.
        """
        found: dict[tuple[str, str], LedgerEntry] = {}
        for entry in self._entries(since, until, wallets):
            if since <= entry.booked_at <= until and (wallets is None or entry.wallet in wallets):
                found.setdefault((entry.wallet, entry.dedupe_key), entry)
        return sorted(found.values(), key=lambda entry: entry.booked_at)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return USDT-M positions closed in [since, until], oldest first; BingX keeps three months.

        They are asked symbol by symbol, so the symbols come from the income of that time. Sizes are not told.
        """
        found: dict[str, ClosedPosition] = {}
        entries = self.get_ledger(since, until, wallets=["futures_linear"])
        for symbol in sorted({entry.venue_symbol for entry in entries if entry.venue_symbol}):
            for start, end in windows(self._kept(since), until, WINDOW_DAYS):
                params = {"symbol": symbol, "startTs": str(start), "endTs": str(end)}
                for page in self.pages(api.CLOSED, {**params, "pageIndex": "1", "pageSize": "100"}):
                    more = page.details["closed_positions"]
                    for position, detail in zip(page.closed_positions or (), more, strict=True):
                        if since <= position.closed_at <= until and not detail["partial"]:
                            found.setdefault(position.id, position)
        return sorted(found.values(), key=lambda position: position.closed_at)

    def get_prices(self) -> list[Price]:
        """Return last spot prices of all pairs; on the demo host those of USDT-M, and its play money at one USDT."""
        now = self.now()
        told = self.call(api.SWAP_TICKERS if self.is_demo else api.TICKERS).prices or {}
        pairs = ((split_symbol(symbol), value) for symbol, value in told.items())
        found = [Price(*pair, value, self.info.id, now) for pair, value in pairs if pair is not None]
        return [*found, Price(DEMO_COIN, "USDT", Decimal(1), self.info.id, now)] if self.is_demo else found

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Put everything in the query, whatever the method; the plain values are signed, the encoded ones sent."""
        query = signing.signed_query(self.credentials, call.params, call.now_ms)
        headers = {"X-BX-APIKEY": self.credentials.api_key.reveal()}
        return build_request(call.method, f"{call.url}?{query}", headers)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def fetch(
        self,
        endpoint: Endpoint,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,  # noqa: ANN401 - JSON data
        end: float | None = None,
    ) -> Answer:
        """Ask one endpoint; public reads too want a timestamp. To wait for our own turn is no limit of the address."""
        given = dict(params or {}) if endpoint.private else {**(params or {}), "timestamp": str(self.now_ms())}
        try:
            return super().fetch(endpoint, given, body=body, end=end)
        except RateLimitedError as e:
            if e.venue_code == "own-pace":
                e.scope = "key"
            raise

    def parse(self, answer: Answer) -> Reading:
        """Return the reading of a checked answer, told apart by whether play money counts on this host."""
        return super().parse(replace(answer, context={**answer.context, "demo": True}) if self.is_demo else answer)

    def uid(self) -> str | None:
        """Return the account's id, asked once; None where the exchange does not tell it."""
        if self._uid is None:
            self._uid = self._if_told(lambda: str(self.call(api.UID).extra["uid"]))
        return self._uid

    def _if_told(self, ask: Callable[[], Told]) -> Told | None:
        """Return an answer that others can do without; None where this key is refused it."""
        try:
            return ask()
        except (PermissionMissingError, BadRequestError, UnknownExchangeError, BadResponseError):
            return None

    def _inverse(self) -> list[Position]:
        answer = self.fetch(api.COIN_POSITIONS)
        context = {} if _is_flat(answer) else {"contract_size_usd": self._contract_sizes()}
        return self._with_marks(answer, api.COIN_MARKS, context)

    def _contract_sizes(self) -> Mapping[str, Any]:
        """Return what a Coin-M contract is worth, asked once a day; the old sizes while the exchange is down."""
        now = time.monotonic()
        if self._sizes is not None and now < self._sizes[0] + CONTRACTS_SECONDS:
            return self._sizes[1]
        try:
            sizes: Mapping[str, Any] = self.call(api.COIN_CONTRACTS).extra["contract_size_usd"]
        except (NetworkError, MaintenanceError):
            if self._sizes is None:
                raise
            return self._sizes[1]
        self._sizes = (now, sizes)
        return sizes

    def _with_marks(self, answer: Answer, marks: Endpoint, context: Mapping[str, Any]) -> list[Position]:
        """Parse positions, with the mark prices that older answers leave out."""
        try:
            missing = positions.lacks_mark(answer)
        except (KeyError, TypeError, ValueError):
            missing = False  # the parser below says what is wrong
        more = self.call(marks).extra if missing else {}
        return list(self.parse(replace(answer, context={**context, **more})).positions or ())

    def _entries(self, since: datetime, until: datetime, wallets: Collection[str] | None) -> Iterator[LedgerEntry]:
        if wallets is None or "futures_linear" in wallets:
            for start, end in windows(self._kept(since), until, WINDOW_DAYS):
                span = {"startTime": str(start), "endTime": str(end), "limit": str(ledger.LONGEST_PAGE)}
                for page in self.pages(api.INCOME, span):
                    yield from ledger.counted(page)
        if self.is_demo:
            return
        if wallets is None or "spot" in wallets:
            yield from trades.find_fills(self, self._kept(since), until)
        for start, end in windows(since, until, FLOW_DAYS):
            yield from find_own_transfers(self, start, end, wallets=wallets)
            if wallets is None or "funding" in wallets:
                yield from self._flows(start, end)

    def _flows(self, start: int, end: int) -> Iterator[LedgerEntry]:
        span = {"startTime": str(start), "endTime": str(end), "offset": "0", "limit": str(ledger.LONGEST_PAGE)}
        for endpoint in (api.DEPOSITS, api.WITHDRAWALS):
            for page in self.pages(endpoint, span):
                yield from ledger.counted(page)
        for coin in api.USER_COINS:
            yield from find_user_transfers(self, coin, start, end)

    def _kept(self, since: datetime) -> datetime:
        """Return `since`, or the oldest instant that the exchange still answers for."""
        return max(since, self.now() - KEPT)


def _is_flat(answer: Answer) -> bool:
    try:
        return not positions.open_rows(answer)
    except (KeyError, TypeError, ValueError):
        return True  # the parser says what is wrong


def _filled(rights: Permissions, other: Permissions) -> Permissions:
    """Return the rights with what is unknown in them taken from the other view."""
    names = [item.name for item in fields(Permissions)]
    return Permissions(
        **{name: getattr(rights if getattr(rights, name) is not None else other, name) for name in names}
    )
