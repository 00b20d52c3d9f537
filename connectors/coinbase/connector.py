"""The Coinbase connector: which reads make up the account of a key's portfolio."""

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import requests

from connectors import _http
from connectors._base import MAX_PAGES, RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._reading import Answer, Endpoint, Parser, Reading
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.coinbase import balances, failures, ledger, positions, public, signing
from connectors.coinbase import endpoints as api
from connectors.errors import (
    AccountRestrictedError,
    AuthAmbiguousError,
    BadResponseError,
    CredentialError,
    ExchangeError,
    NotSupportedError,
    PermissionMissingError,
)
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

NO_ACCOUNT_SECONDS = 3_600
CONTRACTS_SECONDS = 86_400
# a fill's sequence time, by which fills are asked for, is not quite its trade time
SEQUENCE_MARGIN = timedelta(minutes=5)
# a wallet that did not change since is not asked; its time of change may lag a little
CHANGE_MARGIN = timedelta(hours=1)
# how long a transaction may be pending; it keeps the time that it began at when it completes
PENDING_MARGIN = timedelta(days=14)
WHOLE_USER = "DEFAULT"


class CoinbaseConnector(RestConnector):
    """Read what a Coinbase key sees: its portfolio, US derivatives, vaults and staked coins."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    usage_headers: ClassVar[tuple[str, ...]] = ("x-ratelimit-remaining",)
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        (endpoint.method, endpoint.path): parser
        for endpoint, parser in (
            (api.TIME, public.server_time),
            (api.PRODUCTS, public.products),
            (api.RATES, public.exchange_rates),
            (api.KEY_RIGHTS, public.permissions),
            (api.PORTFOLIOS, public.portfolios),
            (api.PORTFOLIO, balances.breakdown),
            (api.ACCOUNTS, balances.accounts),
            (api.CFM_BALANCE, balances.cfm_summary),
            (api.CFM_POSITIONS, positions.cfm_positions),
            (api.FILLS, ledger.fills),
            (api.APP_ACCOUNTS, balances.app_accounts),
            (api.TRANSACTIONS, ledger.transactions),
            (api.FIAT_DEPOSITS, ledger.fiat_flows),
            (api.FIAT_WITHDRAWALS, ledger.fiat_flows),
        )
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        self._key = signing.load_key(credentials.api_secret) if credentials else None
        self._portfolio: Mapping[str, str | None] | None = None
        self._without_cfm_until = 0.0
        self._contracts: tuple[float, Mapping[str, Any]] | None = None

    def get_permissions(self) -> Permissions:
        """Return what the key may do; the uid is its portfolio's. Whether it is bound to addresses is not told."""
        reading = self.call(api.KEY_RIGHTS)
        self._portfolio = reading.extra["portfolio"]
        return reading.permissions or Permissions(None, None, None, None, None)

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return spot, US derivatives and the vault; ordinary v2 wallets repeat spot and are not counted.

        Money in international perpetuals is a wallet that failed: the accounts list its cash but not its open result.
        """
        pages: list[Reading] = []

        def spot() -> WalletAccount:
            pages.extend(self.pages(api.ACCOUNTS, {"limit": "250"}))
            return self._wallet("spot", merge_balances(row for page in pages for row in page.balances or ()))

        plan = (
            WalletRead("spot", "rest", spot),
            WalletRead("cfm", "rest", self._cfm_wallet),
            WalletRead("vault", "rest", lambda: self._wallet("vault", self._vault())),
        )
        found = read_wallets(self, [read for read in plan if wallets is None or read.wallet in wallets])
        if any(row["reason"] == balances.NOT_READ for page in pages for row in page.extra["excluded"]):
            kind = self.info.wallets["intx"]
            found += (WalletAccount("intx", kind, ok=False, reason=NotSupportedError.code, as_of=self.now()),)
        return AccountInfo(found, "classic", self.now(), (self._portfolio or {}).get("uuid"))

    def get_spot_balances(self) -> list[Balance]:
        """Return the holdings of the key's portfolio."""
        pages = self.pages(api.ACCOUNTS, {"limit": "250"})
        return list(merge_balances(row for page in pages for row in page.balances or ()))

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open US derivatives positions; `wallets` restricts the reads."""
        if wallets is not None and "cfm" not in wallets:
            return []
        answer = self._cfm(api.CFM_POSITIONS)
        if answer is None:
            return []
        held = [row for row in answer.payload.get("positions") or ()] if isinstance(answer.payload, dict) else []
        names = {str(row.get("product_id")) for row in held if isinstance(row, dict)}
        return list(self.parse(replace(answer, context=self._contracts_of(names))).positions or ())

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return what changed spot and vault, and the commissions of fills, oldest first; Coinbase keeps all.

        Of the derivatives wallet only commissions and settlements with spot are told: Coinbase has no record of its
        profits and funding. Times are whole seconds there.
        What was pending for days and has completed in [since, until] is told too, with the time that it began at.

        Raises:
            AccountRestrictedError: fills are hidden behind a second factor.
        """
        first = since.replace(microsecond=0)
        found: dict[tuple[str, str], LedgerEntry] = {}
        for entry in ledger.counted_once(self._changes(first, until, wallets)):
            found.setdefault((entry.wallet, entry.dedupe_key), entry)
        for entry in self._commissions(first, until, wallets):
            if first <= entry.booked_at <= until:
                found.setdefault((entry.wallet, entry.dedupe_key), entry)
        return sorted(found.values(), key=lambda entry: entry.booked_at)

    def get_prices(self) -> list[Price]:
        """Return last prices of all spot products."""
        now, found = self.now(), []
        for product, value in (self.call(api.PRODUCTS, {"product_type": "SPOT"}).prices or {}).items():
            base, dash, unit = product.rpartition("-")
            if dash and base and unit:
                found.append(Price(base, unit, value, self.info.id, now))
        return found

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Sign method, host and path with a token of its own for each request."""
        if self._key is None:
            raise CredentialError("api_key", "empty")
        query = urlencode([(name, str(value)) for name, value in call.params.items()], quote_via=quote, safe="")
        name = self.credentials.api_key.reveal().strip("\"'")
        headers = {
            "Authorization": f"Bearer {signing.token(name, self._key, call)}",
            "Content-Type": "application/json",
        }
        body = None if call.body is None else signing.compact(call.body)
        return build_request(call.method, call.url + (f"?{query}" if query else ""), headers, body=body)

    def check(self, answer: Answer) -> None:
        """Raise what a refusal stands for."""
        failures.check(self, answer)

    def fetch(
        self,
        endpoint: Endpoint,
        params: Mapping[str, Any] | None = None,
        *,
        body: Any = None,  # noqa: ANN401
        end: float | None = None,
    ) -> Answer:
        """Ask one endpoint; a 401 that says nothing is asked once more, with the exchange's clock looked up first."""
        end = time.monotonic() + _http.DEADLINE_SECONDS if end is None else end
        try:
            return super().fetch(endpoint, params, body=body, end=end)
        except AuthAmbiguousError as e:
            refusal = e
        try:
            self._ask_clock(end)
        except ExchangeError:
            raise refusal from None
        return super().fetch(endpoint, params, body=body, end=end)

    def _cfm_wallet(self) -> WalletAccount:
        answer = self._cfm(api.CFM_BALANCE)
        if answer is None:
            return self._wallet("cfm", ())
        reading = self.parse(answer)
        sums = reading.extra["account"]
        wallet = self._wallet("cfm", reading.balances or ())
        if sums is None:
            return wallet
        return replace(
            wallet,
            currency="USD",
            equity=sums["equity_usd"],
            wallet_balance=sums["wallet_balance_usd"],
            unrealized_pnl=sums["unrealized_pnl_usd"],
            initial_margin=sums["initial_margin_usd"],
        )

    def _cfm(self, endpoint: Endpoint) -> Answer | None:
        """Ask a derivatives read; None where the account has no derivatives, which a key that may view learns by 403.

        Raises:
            PermissionMissingError: the key may not view anything.
        """
        if time.monotonic() < self._without_cfm_until:
            return None
        try:
            return self.fetch(endpoint)
        except PermissionMissingError:
            if self.get_permissions().read is not True:
                raise
        self._without_cfm_until = time.monotonic() + NO_ACCOUNT_SECONDS
        return None

    def _contracts_of(self, names: Collection[str]) -> Mapping[str, Any]:
        """Return sizes and coins of contracts, read once a day or when one is new."""
        if not names:
            return {}
        known = self._contracts
        fresh = known is not None and time.monotonic() < known[0] + CONTRACTS_SECONDS
        if known is None or not fresh or not set(names) <= known[1]["contract_sizes"].keys():
            known = (time.monotonic(), self.call(api.PRODUCTS, {"product_type": "FUTURE"}).extra)
            self._contracts = known
        return known[1]

    def _vault(self) -> list[Balance]:
        """Return vaults and staked coins: the user's, so that only a key of the default portfolio tells them."""
        if not self._sees_whole_user():
            return []
        return list(merge_balances(row for page in self._app_accounts() for row in page.balances or ()))

    def _sees_whole_user(self) -> bool:
        if self._portfolio is None:
            self.get_permissions()
        return (self._portfolio or {}).get("type") == WHOLE_USER

    def _app_accounts(self) -> Iterator[Reading]:
        return self._listed(api.APP_ACCOUNTS, {})

    def _listed(self, endpoint: Endpoint, where: Mapping[str, str]) -> Iterator[Reading]:
        """Walk the pages of a v2 list by the address that each one gives of the next."""
        seen: list[dict[str, str]] = []
        params: dict[str, str] = {"limit": "100"}
        while True:
            if params in seen or len(seen) >= MAX_PAGES:
                raise BadResponseError("endless-pages", endpoint.path, exchange=self.info.id, retryable=False)
            seen.append(params)
            reading = self.call(endpoint, {**where, **params})
            yield reading
            if reading.next is None:
                return
            params = dict(parse_qsl(urlsplit(reading.next["uri"]).query))

    def _changes(self, since: datetime, until: datetime, wallets: Collection[str] | None) -> Iterator[LedgerEntry]:
        """Yield the changes that began or completed in the window, of every wallet that changed since then."""
        wanted = {name for name in ("spot", "vault", "cfm") if wallets is None or name in wallets}
        if not wanted:
            return
        asked = wanted | {"spot"} if "cfm" in wanted else wanted
        mine = None if self._sees_whole_user() else self._account_ids()
        for page in self._app_accounts():
            for account in page.extra["accounts"]:
                changed = account["updated_at"]
                old = changed is not None and changed < since - CHANGE_MARGIN
                if old or account["wallet"] not in asked or (mine is not None and account["id"] not in mine):
                    continue
                for reading in self._listed(api.TRANSACTIONS, {"id": account["id"]}):
                    for entry in reading.ledger or ():
                        last = reading.extra["updated"].get(entry.id, entry.booked_at)
                        if entry.booked_at <= until and (entry.booked_at >= since or since <= last <= until):
                            both = ledger.both_sides(replace(entry, wallet=account["wallet"]))
                            yield from (side for side in both if side.wallet in wanted)
                    oldest = reading.extra["oldest"]
                    if oldest is None or oldest < since - PENDING_MARGIN:
                        break

    def _account_ids(self) -> set[str]:
        """Return the accounts of the key's portfolio; the ordinary ones have the same id in v2."""
        pages = self.pages(api.ACCOUNTS, {"limit": "250"})
        return {account for page in pages for account in page.extra["account_ids"]}

    def _commissions(self, since: datetime, until: datetime, wallets: Collection[str] | None) -> Iterator[LedgerEntry]:
        """Yield the commissions of fills, those of contracts in the derivatives wallet."""
        if wallets is not None and not {"spot", "cfm"} & set(wallets):
            return
        span = {
            "start_sequence_timestamp": _rfc3339(since - SEQUENCE_MARGIN),
            "end_sequence_timestamp": _rfc3339(until + SEQUENCE_MARGIN),
            "limit": "100",
        }
        found: list[LedgerEntry] = []
        for page in self.pages(api.FILLS, span):
            if "history_unavailable" in page.extra:
                reason = page.extra["history_unavailable"]
                raise AccountRestrictedError(reason, api.FILLS.path, exchange=self.info.id)
            found += page.ledger or ()
        contracts = {name for name in (entry.venue_symbol or "" for entry in found) if positions.is_contract(name)}
        coins = self._contracts_of(contracts).get("contract_coins", {})
        for entry in found:
            name = entry.venue_symbol or ""
            if name in contracts:
                entry = replace(entry, wallet="cfm", symbol=positions.contract_symbol(name, coins) or name)
            if wallets is None or entry.wallet in wallets:
                yield entry

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        return WalletAccount(wallet, self.info.wallets[wallet], ok=True, balances=tuple(found), as_of=self.now())


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
