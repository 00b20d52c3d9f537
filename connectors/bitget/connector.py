"""The Bitget connector: which reads make up a classic or a unified account."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import split_pair, windows
from connectors._reading import Answer, Endpoint, Parser
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.bitget import balances, failures, ledger, positions, public, signing
from connectors.bitget import endpoints as api
from connectors.bitget.histories import History
from connectors.bitget.symbols import SPOT_QUOTES
from connectors.errors import (
    BadRequestError,
    ConnectorError,
    ExchangeError,
    PermissionMissingError,
    UnknownExchangeError,
    WrongAccountModeError,
)
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

MODE_SECONDS = 3_600
MAYBE_CLASSIC = (WrongAccountModeError, BadRequestError, UnknownExchangeError)
KEPT = timedelta(days=90) - timedelta(minutes=5)

Result = TypeVar("Result")


class BitgetConnector(RestConnector):
    """Read a Bitget account, classic or unified."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    answer_time = "requestTime"
    usage_headers: ClassVar[tuple[str, ...]] = ("x-mbx-used-remain-limit",)
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.TICKERS, public.tickers),
            (api.FUTURES_TICKERS, public.tickers),
            (api.KEY_RIGHTS, public.classic_permissions),
            (api.SPOT, balances.spot_assets),
            (api.FUNDING, balances.funding_assets),
            (api.MARGIN_CROSS, balances.margin_cross),
            (api.MARGIN_ISOLATED, balances.margin_isolated),
            (api.OVERVIEW, balances.overview),
            (api.EARN, balances.earn_assets),
            (api.FUTURES, balances.futures_accounts),
            (api.POSITIONS, positions.classic_positions),
            (api.CLOSED, positions.classic_history),
            (api.FUTURES_BILLS, ledger.futures_bills),
            (api.SPOT_BILLS, ledger.spot_bills),
            (api.DEPOSITS, ledger.deposits),
            (api.WITHDRAWALS, ledger.withdrawals),
            (api.TRANSFERS, ledger.transfers),
            (api.MARGIN_CROSS_BILLS, ledger.margin_cross),
            (api.MARGIN_ISOLATED_BILLS, ledger.margin_isolated),
            (api.U_SETTINGS, public.settings),
            (api.U_KEY_RIGHTS, public.unified_permissions),
            (api.U_ASSETS, balances.unified_assets),
            (api.U_FUNDING, balances.funding_assets),
            (api.U_POSITIONS, positions.unified_positions),
            (api.U_CLOSED, positions.unified_history),
            (api.U_RECORDS, ledger.unified_records),
            (api.U_FUNDING_RECORDS, ledger.funding_records),
            (api.U_DEPOSITS, ledger.deposits),
            (api.U_WITHDRAWALS, ledger.withdrawals),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        self._mode: tuple[float, bool] | None = None
        self._uid: str | None = None
        self._without_earn_until = 0.0

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid."""
        rights = self._in_mode(
            lambda unified: self.call(api.U_KEY_RIGHTS if unified else api.KEY_RIGHTS).permissions
        ) or Permissions(None, None, None, None, None)
        self._uid = rights.uid or self._uid
        return replace(rights, uid=self._uid)

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the wallets of the account in its mode; bots are known by their value in USDT only."""

        def read(unified: bool) -> AccountInfo:
            plan = self._unified_plan() if unified else self._classic_plan()
            found = read_wallets(self, [item for item in plan if wallets is None or item.wallet in wallets])
            return AccountInfo(found, "unified" if unified else "classic", self.now(), self._uid)

        return self._in_mode(read)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings; those of a unified account lie in its one wallet."""
        return self._in_mode(lambda unified: list(self.call(api.U_ASSETS if unified else api.SPOT).balances or ()))

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open positions of all product types; `wallets` restricts the reads."""

        def read(unified: bool) -> list[Position]:
            endpoint, name = (api.U_POSITIONS, "category") if unified else (api.POSITIONS, "productType")
            found: list[Position] = []
            for product, classic_wallet in api.PRODUCT_TYPES.items():
                if wallets is None or ("unified" if unified else classic_wallet) in wallets:
                    found += self.call(endpoint, {name: product}).positions or ()
            return found

        return self._in_mode(read)

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return bills, deposits and withdrawals in [since, until], oldest first; Bitget keeps 90 days.

        Deposits and withdrawals come from their own records; bills that repeat them are left out. Earn and bots have
        no bills.
        """

        def read(unified: bool) -> list[LedgerEntry]:
            history = History(self, self._kept(since), until, wallets=wallets)
            found: dict[tuple[str, str], LedgerEntry] = {}
            for entry in history.unified() if unified else history.classic():
                if since <= entry.booked_at <= until:
                    found.setdefault((entry.wallet, entry.dedupe_key), entry)
            return sorted(found.values(), key=lambda entry: entry.booked_at)

        return self._in_mode(read)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return positions closed in [since, until], oldest first; Bitget keeps three months."""

        def read(unified: bool) -> list[ClosedPosition]:
            endpoint, name = (api.U_CLOSED, "category") if unified else (api.CLOSED, "productType")
            found: dict[str, ClosedPosition] = {}
            for start, end in windows(self._kept(since), until, 29):
                for product in api.PRODUCT_TYPES:
                    params = {name: product, "startTime": str(start), "endTime": str(end), "limit": "100"}
                    for page in self.pages(endpoint, params):
                        for position in page.closed_positions or ():
                            if since <= position.closed_at <= until:
                                found.setdefault(position.id, position)
            return sorted(found.values(), key=lambda position: position.closed_at)

        return self._in_mode(read)

    def get_prices(self) -> list[Price]:
        """Return last spot prices of all pairs whose quote is known."""
        now, found = self.now(), []
        for symbol, value in (self.call(api.TICKERS).prices or {}).items():
            pair = split_pair(symbol, SPOT_QUOTES)
            if pair is not None:
                found.append(Price(*pair, value, self.info.id, now))
        return found

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sort the query, sign it as it reads, send it percent-encoded; a demo key is marked by a header."""
        plain, encoded = signing.canonical_query(call.params)
        body = signing.body_text(call.body)
        headers = signing.signed_headers(self.credentials, call, plain, body)
        if self._settings.testnet:
            headers["PAPTRADING"] = "1"
        url = call.url + (f"?{encoded}" if encoded else "")
        return build_request(call.method, url, headers, body=body.encode() or None)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def clarify(self, error: ExchangeError, endpoint: Endpoint) -> ExchangeError:
        """Learn the account's mode from a refusal that names it."""
        if isinstance(error, WrongAccountModeError):
            self._mode = (time.monotonic(), error.venue_code == failures.IS_UNIFIED)
        return error

    def _in_mode(self, read: Callable[[bool], Result]) -> Result:
        """Read as the account's mode needs it; once more where the exchange says meanwhile that the mode has changed.

        Raises:
            ExchangeError: it could not be found out; classic is never assumed after a failure of another kind.
        """
        unified = self._unified()
        try:
            result = read(unified)
        except WrongAccountModeError:
            if not self._is_now(not unified):
                raise
        else:
            if not self._is_now(not unified):
                return result
        return read(not unified)

    def _is_now(self, unified: bool) -> bool:
        return self._mode is not None and self._mode[1] is unified

    def _unified(self) -> bool:
        """Tell whether the account is a unified one; asked once an hour."""
        if self._mode is not None and time.monotonic() < self._mode[0] + MODE_SECONDS:
            return self._mode[1]
        try:
            settings = self.call(api.U_SETTINGS).extra
        except MAYBE_CLASSIC as e:
            if e.venue_code.startswith("http-"):
                raise
            unified = self._refuses_classic()
        else:
            unified, self._uid = True, settings["uid"]
        self._mode = (time.monotonic(), unified)
        return unified

    def _refuses_classic(self) -> bool:
        """Ask a classic read: the code that says "not unified" is not documented, so the answer decides."""
        try:
            self.call(api.SPOT)
        except WrongAccountModeError:
            return True
        return False

    def _kept(self, since: datetime) -> datetime:
        """Return `since`, or the oldest instant that the exchange still answers for."""
        return max(since, self.now() - KEPT)

    def _classic_plan(self) -> list[WalletRead]:
        def cash(wallet: str, endpoint: Endpoint) -> WalletRead:
            return WalletRead(wallet, "rest", lambda: self._wallet(wallet, self.call(endpoint).balances or ()))

        plan = [cash("spot", api.SPOT), cash("funding", api.FUNDING)]
        for wallet in ("futures_linear", "futures_inverse"):
            plan.append(WalletRead(wallet, "rest", self._futures_reader(wallet)))
        plan += [cash("margin_cross", api.MARGIN_CROSS), cash("margin_isolated", api.MARGIN_ISOLATED)]
        earn, bots = self._overview_plan()
        return [*plan, WalletRead("earn", "rest", lambda: self._classic_earn(earn)), bots]

    def _classic_earn(self, by_worth: WalletRead) -> WalletAccount:
        """Read earn coin by coin, or by its worth where the key may not; asked whether it may once an hour."""
        if time.monotonic() >= self._without_earn_until:
            try:
                return self._wallet("earn", self.call(api.EARN).balances or ())
            except PermissionMissingError:
                self._without_earn_until = time.monotonic() + MODE_SECONDS
        return by_worth.read()

    def _unified_plan(self) -> list[WalletRead]:
        return [
            WalletRead("unified", "rest", self._unified_wallet),
            WalletRead("funding", "rest", lambda: self._wallet("funding", self.call(api.U_FUNDING).balances or ())),
            *self._overview_plan(),
        ]

    def _overview_plan(self) -> list[WalletRead]:
        """Read earn and bots from one overview, asked once for both."""
        answers: list[Mapping[str, Any] | ConnectorError] = []

        def overview() -> Mapping[str, Any]:
            if not answers:
                try:
                    answers.append(self.call(api.OVERVIEW).extra)
                except ConnectorError as e:
                    answers.append(e)
            if isinstance(answers[0], ConnectorError):
                raise answers[0]
            return answers[0]

        def reader(wallet: str) -> Callable[[], WalletAccount]:
            def read() -> WalletAccount:
                rows = overview()["overview"]
                worth = [row["usdt"] for row in rows if row["account_type"] == wallet and row["usdt"]]
                held = [Balance(wallet, "USDT", None, None, value, as_of=self.now()) for value in worth]
                return self._wallet(wallet, held)

            return read

        return [WalletRead(wallet, "rest", reader(wallet)) for wallet in ("earn", "bots")]

    def _futures_reader(self, wallet: str) -> Callable[[], WalletAccount]:
        products = [product for product, its_wallet in api.PRODUCT_TYPES.items() if its_wallet == wallet]

        def read() -> WalletAccount:
            found = [
                row for product in products for row in self.call(api.FUTURES, {"productType": product}).balances or ()
            ]
            return self._wallet(wallet, found)

        return read

    def _unified_wallet(self) -> WalletAccount:
        reading = self.call(api.U_ASSETS)
        sums = reading.extra["account"]
        return replace(
            self._wallet("unified", reading.balances or ()),
            currency="USD",
            equity=sums["equity_usd"],
            unrealized_pnl=sums["unrealized_pnl_usd"],
            initial_margin=sums["initial_margin_usd"],
            maintenance_margin=sums["maintenance_margin_usd"],
        )

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        return WalletAccount(
            wallet, self.info.wallets[wallet], ok=True, balances=merge_balances(found), as_of=self.now()
        )
