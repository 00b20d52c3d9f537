"""Reads a Binance account wallet by wallet, after finding out which products it uses."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from connectors._base import HALT_ERRORS
from connectors._parse import ZERO
from connectors._reading import Endpoint, Reading
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.binance import endpoints as api
from connectors.errors import ConnectorError
from connectors.types import AccountInfo, Balance, WalletAccount

if TYPE_CHECKING:
    from connectors.binance.connector import BinanceConnector

FROM_LD_TOKENS = "ld_tokens"
OVERVIEW_WALLETS = {"Options": "options", "Trading Bots": "bots", "Copy Trading": "copy_trading"}
QUOTE = "USDT"
OVERVIEW_SECONDS = 600


class AccountReader:
    """One reading of an account; keeps what one wallet's answer tells about another."""

    def __init__(self, connector: "BinanceConnector") -> None:
        self._connector = connector
        self._uid: str | None = None
        self._copies: list[dict[str, Any]] | None = None
        self._pledged = False

    def read(self, wallets: Collection[str] | None) -> AccountInfo:
        """Read the wallets that the account has, or those of them that are asked for."""
        features, problem = self._connector.features()
        plan = self._plan(features, problem)
        wanted = [item for item in plan if wallets is None or item.wallet in wallets]
        results = tuple(self._or_copies(result) for result in read_wallets(self._connector, wanted))
        if self._connector.has_wallet_api:
            others = [*self._loans(), *self._others()]
            results += tuple(item for item in others if wallets is None or item.wallet in wallets)
        mode = "portfolio_margin" if features.get("portfolio_margin") else "classic"
        return AccountInfo(wallets=results, mode=mode, as_of=self._connector.now(), uid=self._uid)

    def _plan(self, features: Mapping[str, bool], problem: ConnectorError | None) -> list[WalletRead]:
        """List the reads, the main wallet first. Without known features, derivatives and margin count as failed."""
        plan = [WalletRead("spot", "spot", self._spot)]
        unknown = problem is not None

        def add(wallet: str, host: str, read: Callable[[], WalletAccount]) -> None:
            if unknown and wallet not in ("funding", "earn_flexible", "earn_locked"):
                plan.append(WalletRead(wallet, f"unknown-{wallet}", lambda: self._fail(problem)))
            elif self._connector.has_host(host):
                plan.append(WalletRead(wallet, host, read))

        if features.get("portfolio_margin"):
            add("portfolio_margin", "pm", self._portfolio)
        elif features.get("futures") or unknown:
            add("usdm", "usdm", lambda: self._futures("usdm", api.UM_ACCOUNT))
            add("coinm", "coinm", lambda: self._futures("coinm", api.CM_ACCOUNT))
        if self._connector.has_wallet_api:
            add("funding", "spot", lambda: self._plain("funding", [self._connector.call(api.FUNDING)]))
            add("earn_flexible", "spot", lambda: self._earn("earn_flexible", api.EARN_FLEXIBLE))
            add("earn_locked", "spot", lambda: self._earn("earn_locked", api.EARN_LOCKED))
            if features.get("margin") and not features.get("portfolio_margin"):
                cross, isolated = api.MARGIN_CROSS, api.MARGIN_ISOLATED
                add("margin_cross", "spot", lambda: self._plain("margin_cross", [self._connector.call(cross)]))
                add("margin_isolated", "spot", lambda: self._plain("margin_isolated", [self._connector.call(isolated)]))
        return plan

    def _fail(self, problem: ConnectorError | None) -> NoReturn:
        raise problem or ConnectorError("features")

    def _spot(self) -> WalletAccount:
        reading = self._connector.call(api.SPOT_ACCOUNT, {"omitZeroBalances": "true"})
        self._uid = reading.extra.get("uid")
        self._copies = list(reading.extra.get("excluded", ()))
        return self._plain("spot", [reading])

    def _plain(self, wallet: str, readings: list[Reading]) -> WalletAccount:
        found = [balance for reading in readings for balance in reading.balances or ()]
        return self._wallet(wallet, merge_balances(found))

    def _earn(self, wallet: str, endpoint: Endpoint) -> WalletAccount:
        pages = list(self._connector.pages(endpoint, {"current": "1", "size": "100"}))
        self._pledged = self._pledged or any(page.extra.get("pledged") for page in pages)
        return self._plain(wallet, pages)

    def _futures(self, wallet: str, endpoint: Endpoint) -> WalletAccount:
        """Read a futures wallet; its sums are stated where one asset holds everything, else the platform values it."""
        reading = self._connector.call(endpoint)
        balances = tuple(reading.balances or ())
        account = self._wallet(wallet, balances)
        if len(balances) != 1:
            return account
        only, margins = balances[0], reading.extra["margins"][balances[0].asset]
        return replace(
            account,
            currency=only.asset,
            equity=only.equity,
            wallet_balance=only.total,
            unrealized_pnl=only.unrealized_pnl,
            initial_margin=margins["initial"],
            maintenance_margin=margins["maintenance"],
        )

    def _portfolio(self) -> WalletAccount:
        summary = self._connector.call(api.PM_ACCOUNT).extra
        sums = summary["account"]
        found = self._connector.call(api.PM_BALANCE).balances or ()
        # Binance's cash is free + locked + futures: what is borrowed lies in it
        balances = tuple(replace(row, equity=(row.equity or ZERO) - row.debt) for row in found)
        return replace(
            self._wallet("portfolio_margin", balances),
            currency="USD",
            equity=sums["equity_usd"],
            initial_margin=sums["initial_margin_usd"],
            maintenance_margin=sums["maintenance_margin_usd"],
            margin_ratio=summary["margin_ratio"],
        )

    def _loans(self) -> tuple[WalletAccount, ...]:
        """Read the debts that a part of flexible earn is pledged for; without a pledge there are none to ask for."""
        if not self._pledged:
            return ()
        asked = {"current": "1", "limit": "100"}
        plan = WalletRead("loans", "spot", lambda: self._plain("loans", list(self._connector.pages(api.LOANS, asked))))
        try:
            return read_wallets(self._connector, [plan])
        except HALT_ERRORS:
            raise
        except ConnectorError as e:
            kind, now = self._connector.info.wallets["loans"], self._connector.now()
            return (WalletAccount("loans", kind, ok=False, reason=e.code, as_of=now),)

    def _others(self) -> list[WalletAccount]:
        """Read the wallets that only an overview tells of, in one sum each; those that were never seen are left out.

        Keys that may not ask for the overview have none of them. A wallet once seen is reported failed, not absent;
        until then they are looked for every ten minutes.
        """
        seen = self._connector.overview_seen
        if not seen and time.monotonic() < self._connector.overview_due:
            return []
        self._connector.overview_due = time.monotonic() + OVERVIEW_SECONDS
        try:
            worth = self._connector.call(api.OVERVIEW, {"quoteAsset": QUOTE}).extra["wallets"]
        except HALT_ERRORS:
            raise
        except ConnectorError as e:
            kinds, now = self._connector.info.wallets, self._connector.now()
            return [WalletAccount(name, kinds[name], ok=False, reason=e.code, as_of=now) for name in sorted(seen)]
        sums = {
            OVERVIEW_WALLETS[row["wallet"]]: row["balance_quote"] for row in worth if row["wallet"] in OVERVIEW_WALLETS
        }
        seen |= {name for name, amount in sums.items() if amount}
        now = self._connector.now()
        return [
            self._wallet(name, (Balance(name, QUOTE, None, None, amount, as_of=now),) if amount else ())
            for name, amount in sums.items()
            if name in seen
        ]

    def _wallet(self, wallet: str, balances: tuple[Balance, ...]) -> WalletAccount:
        kind, now = self._connector.info.wallets[wallet], self._connector.now()
        self._connector.moves_of(wallet).note(balances, now)
        return WalletAccount(wallet, kind, ok=True, balances=balances, as_of=now)

    def _or_copies(self, result: WalletAccount) -> WalletAccount:
        """Fill a flexible earn wallet that could not be read from its copies in spot, and say so in `reason`."""
        if result.ok or result.wallet != "earn_flexible" or self._copies is None:
            return result
        now = self._connector.now()
        balances = tuple(
            Balance(result.wallet, copy["asset"][2:], copy["total"], ZERO, copy["total"], as_of=now)
            for copy in self._copies
        )
        return replace(self._wallet(result.wallet, balances), reason=FROM_LD_TOKENS)
