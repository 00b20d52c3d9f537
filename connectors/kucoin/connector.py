"""The KuCoin connector: which reads make up a classic account."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests

from connectors._base import RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import windows
from connectors._reading import Answer, Endpoint, Parser
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.errors import WrongAccountModeError
from connectors.kucoin import balances, failures, history, ledger, positions, public, signing
from connectors.kucoin import endpoints as api
from connectors.kucoin.symbols import coin, futures_wallet
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
CONTRACT_SECONDS = 86_400
KEPT = timedelta(days=api.KEPT_DAYS) - timedelta(minutes=5)
CLOSED_KEPT = timedelta(days=api.CLOSED_KEPT_DAYS) - timedelta(minutes=5)


class KucoinConnector(RestConnector):
    """Read a classic KuCoin account; a unified one is refused, since its money is told elsewhere."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    usage_headers: ClassVar[tuple[str, ...]] = ("gw-ratelimit-remaining",)
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.TICKERS, public.tickers),
            (api.CONTRACTS, public.contracts),
            (api.MODE, public.mode),
            (api.KEY_RIGHTS, public.permissions),
            (api.HF_OPENED, public.high_frequency),
            (api.ACCOUNTS, balances.accounts),
            (api.MARGIN_CROSS, balances.margin_cross),
            (api.MARGIN_ISOLATED, balances.margin_isolated),
            (api.FUTURES, balances.futures),
            (api.POSITIONS, positions.open_positions),
            (api.CLOSED, positions.closed_positions),
            (api.LEDGER, ledger.account_rows),
            (api.HF_LEDGER, ledger.high_frequency_rows),
            (api.MARGIN_LEDGER, ledger.margin_rows),
            (api.FUTURES_LEDGER, ledger.futures_rows),
            (api.FUNDING, ledger.funding),
            (api.DEPOSITS, ledger.deposits),
            (api.WITHDRAWALS, ledger.withdrawals),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        self._classic_until = 0.0
        self._contracts: tuple[float, Mapping[str, Any]] | None = None
        self._uid: str | None = None

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid."""
        rights = self.call(api.KEY_RIGHTS).permissions or Permissions(None, None, None, None, None)
        self._uid = rights.uid
        return rights

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the wallets of a classic account; money in KuCoin Earn needs a right that may act and is not read."""
        self._refuse_unified()
        found = read_wallets(self, [item for item in self._plan() if wallets is None or item.wallet in wallets])
        return AccountInfo(found, "classic", self.now(), self._uid)

    def get_spot_balances(self) -> list[Balance]:
        """Return what the trade wallet holds."""
        self._refuse_unified()
        return [row for row in self.call(api.ACCOUNTS).balances or () if row.wallet == "trade"]

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open linear and inverse positions."""
        self._refuse_unified()
        answer = self.fetch(api.POSITIONS)
        found = self.parse(replace(answer, context={"contracts": self._listed()})).positions or ()
        return [position for position in found if wallets is None or position.wallet in wallets]

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return the changes of all wallets in [since, until], oldest first.

        KuCoin keeps a year; three days of a high-frequency trade wallet and of margin. Futures results come when their
        settlement period of eight hours has ended.
        """
        self._refuse_unified()
        since, wanted = max(since, self.now() - KEPT), set(self.info.wallets if wallets is None else wallets)
        found: list[LedgerEntry] = []
        if wanted & {"main", "trade"}:
            fast = "trade" in wanted and bool(self.call(api.HF_OPENED).extra["high_frequency"])
            rows = history.account_book(self, since, until)
            found += (row for row in rows if not (fast and row.wallet == "trade"))
            if fast:
                found += history.recent_book(self, api.HF_LEDGER, since, until)
        if wanted & history.MARGIN_WALLETS:
            found += history.recent_book(self, api.MARGIN_LEDGER, since, until)
        if wanted & history.FUTURES_WALLETS:
            found += history.futures_book(self, since, until, self._listed())
        unique = {(row.wallet, row.dedupe_key): row for row in found}
        entries = [row for row in unique.values() if row.wallet in wanted and since <= row.booked_at <= until]
        entries.sort(key=lambda entry: entry.booked_at)
        return history.with_records(self, entries, since, until)

    def get_closed_positions(self, since: datetime, until: datetime) -> list[ClosedPosition]:
        """Return positions closed in [since, until], oldest first; KuCoin keeps three months, without sizes."""
        self._refuse_unified()
        found: dict[str, ClosedPosition] = {}
        for start, end in windows(max(since, self.now() - CLOSED_KEPT), until, 7):
            asked = {"from": str(start), "to": str(end), "limit": "200", "pageId": "1"}
            for page in self.pages(api.CLOSED, asked, context={"contracts": self._listed()}):
                for position in page.closed_positions or ():
                    if since <= position.closed_at <= until:
                        found.setdefault(position.id, position)
        return sorted(found.values(), key=lambda position: position.closed_at)

    def get_prices(self) -> list[Price]:
        """Return last spot prices of all pairs."""
        now, prices = self.now(), self.call(api.TICKERS).prices or {}
        pairs = ((name.partition("-"), value) for name, value in prices.items())
        return [Price(base, quote, value, self.info.id, now) for (base, _, quote), value in pairs if base and quote]

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sign the query as it reads and send it percent-encoded."""
        plain, encoded = signing.query_texts(call.params)
        body = signing.body_text(call.body)
        headers = signing.signed_headers(self.credentials, call, plain, body)
        url = call.url + (f"?{encoded}" if encoded else "")
        return build_request(call.method, url, headers, body=body.encode() or None)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def _refuse_unified(self) -> None:
        """Ask for the account's mode, once an hour.

        Raises:
            WrongAccountModeError: it is a unified account, whose classic wallets would look empty.
        """
        if time.monotonic() < self._classic_until:
            return
        mode = self.call(api.MODE).extra
        if mode["unified"]:
            raise WrongAccountModeError(str(mode["venue_mode"]), api.MODE.path, exchange=self.info.id)
        self._classic_until = time.monotonic() + MODE_SECONDS

    def _listed(self) -> Mapping[str, Any]:
        """Return what each contract is worth, asked once a day."""
        if self._contracts is None or time.monotonic() > self._contracts[0]:
            self._contracts = (time.monotonic() + CONTRACT_SECONDS, self.call(api.CONTRACTS).extra["contracts"])
        return self._contracts[1]

    def _plan(self) -> list[WalletRead]:
        spot: list[Collection[Balance]] = []

        def accounts(wallet: str) -> Callable[[], WalletAccount]:
            def read() -> WalletAccount:
                if not spot:
                    spot.append(self.call(api.ACCOUNTS).balances or ())
                return self._wallet(wallet, [row for row in spot[0] if row.wallet == wallet])

            return read

        plan = [WalletRead(wallet, "spot", accounts(wallet)) for wallet in ("trade", "main")]
        for wallet, endpoint in (("margin_cross", api.MARGIN_CROSS), ("margin_isolated", api.MARGIN_ISOLATED)):
            plan.append(WalletRead(wallet, "spot", self._margin_reader(wallet, endpoint)))
        for wallet in ("futures_linear", "futures_inverse"):
            plan.append(WalletRead(wallet, "futures", self._futures_reader(wallet)))
        return plan

    def _margin_reader(self, wallet: str, endpoint: Endpoint) -> Callable[[], WalletAccount]:
        def read() -> WalletAccount:
            try:
                return self._wallet(wallet, self.call(endpoint).balances or ())
            except WrongAccountModeError as e:
                if e.venue_code != failures.MARGIN_NOT_OPENED:
                    raise
                return self._wallet(wallet, ())

        return read

    def _futures_reader(self, wallet: str) -> Callable[[], WalletAccount]:
        """Ask for every currency that a listed contract of this wallet settles in."""

        def read() -> WalletAccount:
            natives = {row["settle_native"] for row in self._listed().values()}
            mine = sorted(name for name in natives if futures_wallet(coin(name)) == wallet)
            found = [row for name in mine for row in self.call(api.FUTURES, {"currency": name}).balances or ()]
            return self._wallet(wallet, merge_balances(found))

        return read

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        return WalletAccount(wallet, self.info.wallets[wallet], ok=True, balances=tuple(found), as_of=self.now())
