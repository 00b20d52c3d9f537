"""The Binance connector: which reads make up an account, its positions and its ledger."""

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

import requests

from connectors._base import HALT_ERRORS, RestConnector
from connectors._credentials import Credentials
from connectors._http import build_request
from connectors._interface import Call, Settings
from connectors._parse import split_pair
from connectors._reading import Answer, Endpoint, Parser
from connectors._wallets import KEY_ERRORS
from connectors.binance import balances, earn, failures, ledger, outside, positions, public, trades
from connectors.binance import endpoints as api
from connectors.binance.account import AccountReader
from connectors.binance.histories import HistoryReader
from connectors.binance.signing import make_signer, signed_query
from connectors.binance.symbols import QUOTES
from connectors.errors import (
    AuthAmbiguousError,
    ConnectorError,
    ExchangeError,
    MaintenanceError,
    NetworkError,
    PermissionMissingError,
)
from connectors.types import AccountInfo, Balance, ExchangeInfo, LedgerEntry, Permissions, Position, Price

FEATURES_SECONDS = 3_600
CONTRACTS_SECONDS = 86_400
TESTNET_FEATURES = {"margin": False, "futures": True, "options": False, "portfolio_margin": False}
LISTINGS = trades.Listings(FEATURES_SECONDS)


class BinanceConnector(RestConnector):
    """Read a Binance account."""

    info: ClassVar[ExchangeInfo] = api.INFO
    endpoints: ClassVar[tuple[Endpoint, ...]] = api.ALL
    time_endpoint: ClassVar[Endpoint] = api.TIME
    usage_headers: ClassVar[tuple[str, ...]] = (
        "X-MBX-USED-WEIGHT-1M", "X-SAPI-USED-IP-WEIGHT-1M", "X-SAPI-USED-UID-WEIGHT-1M",
    )  # fmt: skip
    address_headers: ClassVar[tuple[str, ...]] = ("X-MBX-USED-WEIGHT-1M", "X-SAPI-USED-IP-WEIGHT-1M")
    readers: ClassVar[Mapping[tuple[str, str], Parser]] = {
        ("GET", "/api/v3/time"): public.server_time,
        ("GET", "/fapi/v1/time"): public.server_time,
        ("GET", "/dapi/v1/time"): public.server_time,
        ("GET", "/api/v3/ticker/price"): public.prices,
        ("GET", "/api/v3/account"): balances.spot_account,
        ("POST", "/sapi/v3/asset/getUserAsset"): balances.user_assets,
        ("GET", "/sapi/v1/system/status"): public.system_status,
        ("GET", "/sapi/v1/account/apiRestrictions"): public.permissions,
        ("GET", "/sapi/v1/account/info"): public.features,
        ("POST", "/sapi/v1/asset/get-funding-asset"): balances.funding_wallet,
        ("GET", "/sapi/v1/simple-earn/flexible/position"): balances.earn_flexible,
        ("GET", "/sapi/v1/simple-earn/locked/position"): balances.earn_locked,
        ("GET", "/sapi/v2/loan/flexible/ongoing/orders"): balances.flexible_loans,
        ("GET", "/sapi/v1/margin/account"): balances.margin_cross,
        ("GET", "/sapi/v1/margin/isolated/account"): balances.margin_isolated,
        ("GET", "/sapi/v1/asset/wallet/balance"): balances.wallet_overview,
        ("GET", "/sapi/v1/capital/deposit/hisrec"): ledger.deposits,
        ("GET", "/sapi/v1/capital/withdraw/history"): ledger.withdrawals,
        ("GET", "/sapi/v1/fiat/orders"): ledger.fiat_orders,
        ("GET", "/sapi/v1/asset/assetDividend"): ledger.dividends,
        ("GET", "/sapi/v1/asset/transfer"): ledger.transfers,
        ("GET", "/sapi/v1/c2c/orderMatch/listUserOrderHistory"): outside.p2p,
        ("GET", "/sapi/v1/pay/transactions"): outside.pay,
        ("GET", "/sapi/v1/fiat/payments"): outside.payments,
        ("GET", "/sapi/v1/convert/tradeFlow"): outside.conversions,
        ("GET", "/sapi/v1/sub-account/transfer/subUserHistory"): outside.sub_transfers,
        ("GET", "/sapi/v1/simple-earn/flexible/history/subscriptionRecord"): earn.subscriptions,
        ("GET", "/sapi/v1/simple-earn/flexible/history/redemptionRecord"): earn.redemptions,
        ("GET", "/sapi/v1/simple-earn/locked/history/subscriptionRecord"): earn.subscriptions,
        ("GET", "/sapi/v1/simple-earn/locked/history/redemptionRecord"): earn.redemptions,
        ("GET", "/api/v3/myTrades"): trades.fills,
        ("GET", "/sapi/v1/margin/myTrades"): trades.fills,
        ("GET", "/papi/v1/margin/myTrades"): trades.fills,
        ("GET", "/fapi/v1/premiumIndex"): positions.marks,
        ("GET", "/dapi/v1/premiumIndex"): positions.marks,
        ("GET", "/fapi/v3/account"): balances.futures_account,
        ("GET", "/fapi/v2/positionRisk"): positions.linear_positions,
        ("GET", "/fapi/v3/positionRisk"): positions.linear_positions,
        ("GET", "/fapi/v1/symbolConfig"): positions.symbol_config,
        ("GET", "/fapi/v1/accountConfig"): positions.account_config,
        ("GET", "/fapi/v1/income"): ledger.income,
        ("GET", "/dapi/v1/account"): balances.futures_account,
        ("GET", "/dapi/v1/positionRisk"): positions.inverse_positions,
        ("GET", "/dapi/v1/exchangeInfo"): positions.contract_sizes,
        ("GET", "/dapi/v1/income"): ledger.income,
        ("GET", "/papi/v1/account"): balances.portfolio_account,
        ("GET", "/papi/v1/balance"): balances.portfolio_balance,
        ("GET", "/papi/v1/um/positionRisk"): positions.linear_positions,
        ("GET", "/papi/v1/cm/positionRisk"): positions.inverse_positions,
        ("GET", "/papi/v1/um/income"): ledger.income,
        ("GET", "/papi/v1/cm/income"): ledger.income,
    }

    def __init__(self, credentials: Credentials | None, settings: Settings) -> None:
        super().__init__(credentials, settings)
        self._signer = None if credentials is None else make_signer(credentials.api_secret)
        self._kept: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self.overview_seen: set[str] = set()
        self.overview_due = 0.0
        self.refused: dict[Endpoint, float] = {}
        self._moves: dict[str, trades.Moves] = {}

    @property
    def has_wallet_api(self) -> bool:
        """Whether /sapi (permissions, funding, earn, deposits) exists: on mainnet only."""
        return not self._settings.testnet

    def get_permissions(self) -> Permissions:
        """Return what the key may do and the account's uid; on a testnet only that it reads."""
        if not self.has_wallet_api:
            return Permissions(True, None, None, None, None, uid=self._read_uid())
        rights = self.call(api.RESTRICTIONS).permissions
        if rights is None or not rights.read:
            return rights or Permissions(None, None, None, None, None)
        return replace(rights, uid=self._read_uid())

    def get_account_info(self, *, wallets: Collection[str] | None = None) -> AccountInfo:
        """Return the wallets the account uses; flexible earn that cannot be read is taken from its copies in spot."""
        return AccountReader(self).read(wallets)

    def get_spot_balances(self) -> list[Balance]:
        """Return spot holdings, without the copies of flexible earn (GET /api/v3/account)."""
        return list(self.call(api.SPOT_ACCOUNT, {"omitZeroBalances": "true"}).balances or ())

    def get_futures_positions(self, *, wallets: Collection[str] | None = None) -> list[Position]:
        """Return open positions, linear and inverse; `wallets` restricts to usdm, coinm or portfolio_margin."""
        features = self.known_features()
        found: list[Position] = []
        if features["portfolio_margin"]:
            if wallets is None or "portfolio_margin" in wallets:
                found += self._linear(api.PM_UM_POSITIONS)
                found += self._inverse(api.PM_CM_POSITIONS)
            return found
        if features["futures"] and self.has_host("usdm") and (wallets is None or "usdm" in wallets):
            found += self._linear(api.UM_POSITIONS)
        if features["futures"] and self.has_host("coinm") and (wallets is None or "coinm" in wallets):
            found += self._inverse(api.CM_POSITIONS)
        return found

    def get_ledger(
        self, since: datetime, until: datetime, *, wallets: Collection[str] | None = None
    ) -> list[LedgerEntry]:
        """Return what changed balances in [since, until], oldest first.

        Trades on spot and margin are told of the pairs whose coins moved between two readings; without an earlier one,
        of what is held now against money. Deposits and withdrawals that were settled in the span but asked for
        up to two days earlier are told too. USD-M income is kept for three months only.
        """
        return HistoryReader(self).read(since, until, wallets)

    def get_prices(self) -> list[Price]:
        """Return last spot prices of all pairs whose quote is known (GET /api/v3/ticker/price)."""
        now, found = self.now(), []
        for symbol, value in (self.call(api.TICKERS).prices or {}).items():
            pair = split_pair(symbol, QUOTES)
            if pair is not None:
                found.append(Price(*pair, value, self.info.id, now))
        return found

    def sign(self, call: Call) -> requests.PreparedRequest:
        """Put everything in the query, POST included; the signed text is the sent text."""
        headers = {"X-MBX-APIKEY": self.credentials.api_key.reveal()}
        signer = self._signer or make_signer(self.credentials.api_secret)
        return build_request(call.method, f"{call.url}?{signed_query(call, signer)}", headers)

    def check(self, answer: Answer) -> None:
        """Raise what the answer's code stands for."""
        failures.check(self, answer)

    def clarify(self, error: ExchangeError, endpoint: Endpoint) -> ExchangeError:
        """Ask the key's own restrictions after -2015: where they answer, key and address are good, a switch is off."""
        if not isinstance(error, AuthAmbiguousError) or not self.has_wallet_api or endpoint == api.RESTRICTIONS:
            return error
        try:
            self.call(api.RESTRICTIONS)
        except ConnectorError:
            return error
        return PermissionMissingError(error.venue_code, error.path, exchange=self.info.id)

    def features(self) -> tuple[Mapping[str, bool], ConnectorError | None]:
        """Return which products the account uses, or nothing and why they are unknown; asked once an hour.

        Raises:
            ConnectorError: the key is refused, a limit is reached, or the exchange does not answer at all.
        """
        try:
            return self.known_features(), None
        except (*HALT_ERRORS, *KEY_ERRORS, NetworkError, MaintenanceError):
            raise
        except ConnectorError as e:
            return {}, e

    def known_features(self) -> Mapping[str, bool]:
        """Return which products the account uses; asked once an hour."""
        return self._keep("features", api.FEATURES, FEATURES_SECONDS) if self.has_wallet_api else TESTNET_FEATURES

    def moves_of(self, wallet: str) -> trades.Moves:
        """Return what the readings of a wallet showed to have moved since the connector was made."""
        return self._moves.setdefault(wallet, trades.Moves())

    def listed(self) -> Mapping[str, trades.Pair]:
        """Return the spot pairs, asked once an hour for all accounts: they are the same for everybody."""
        return LISTINGS.of(self._settings.hosts["spot"], lambda: self.call(api.TICKERS).prices or {})

    def _keep(self, name: str, endpoint: Endpoint, seconds: float) -> Mapping[str, Any]:
        """Return a slowly changing fact, asked again after `seconds`; the old one while the exchange is down."""
        asked, value = self._kept.get(name, (0.0, None))
        if value is not None and time.monotonic() < asked + seconds:
            return value
        try:
            value = self.call(endpoint).extra[name]
        except (NetworkError, MaintenanceError):
            if value is None:
                raise
        else:
            self._kept[name] = (time.monotonic(), value)
        return value

    def _read_uid(self) -> str | None:
        uid = self.call(api.SPOT_ACCOUNT, {"omitZeroBalances": "true"}).extra.get("uid")
        return None if uid is None else str(uid)

    def _linear(self, endpoint: Endpoint) -> list[Position]:
        answer = self.fetch(endpoint)
        context: dict[str, Any] = {}
        if answer.payload and endpoint is api.UM_POSITIONS:
            context |= self.call(api.UM_SYMBOLS).extra
        context |= self._marks(answer, api.UM_MARKS)
        return list(self.parse(replace(answer, context=context)).positions or ())

    def _inverse(self, endpoint: Endpoint) -> list[Position]:
        answer = self.fetch(endpoint)
        context: dict[str, Any] = {"contract_size_usd": {}}
        try:
            flat = not positions.open_rows(answer)
        except (KeyError, TypeError, ValueError):
            flat = True  # the parser below says what is wrong
        if not flat:
            context["contract_size_usd"] = self._keep("contract_size_usd", api.CM_CONTRACTS, CONTRACTS_SECONDS)
            context |= self._marks(answer, api.CM_MARKS)
        return list(self.parse(replace(answer, context=context)).positions or ())

    def _marks(self, answer: Answer, endpoint: Endpoint) -> Mapping[str, Any]:
        """Return the market's marks where an open position comes without; nothing where the market does not answer."""
        try:
            if not positions.without_mark(answer):
                return {}
        except (KeyError, TypeError, ValueError):
            return {}  # the parser says what is wrong
        try:
            return self.call(endpoint).extra
        except HALT_ERRORS:
            raise
        except ConnectorError:
            return {}
