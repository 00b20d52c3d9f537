"""One reading of a Bybit account, wallet by wallet."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors._base import HALT_ERRORS
from connectors._parse import ZERO
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.bybit import endpoints as api
from connectors.errors import ConnectorError
from connectors.types import Balance, WalletAccount

if TYPE_CHECKING:
    from connectors.bybit.connector import BybitConnector

EARN_CATEGORIES = ("FlexibleSaving", "OnChain")
OVERVIEW = {"bots": ("TradingBot",), "copy_trading": ("CopyTrading",)}
SELDOM = {  # wallets that few accounts have: told once they hold something
    "loans": ("CryptoLoans", "CryptoLoans_legacy"),
    "pay_later": ("PayLater", "BybitPayLater"),
    "launchpool": ("Launchpool",),
    "staked_margin": ("MarginStakedSOL",),
    "tradfi": ("TradFi",),
    "alpha": ("Alpha",),
}
Overview = dict[str, list[dict[str, Any]]]


class AccountReader:
    """Reads the wallets of one account; asks the overview once for all that it tells."""

    def __init__(self, connector: "BybitConnector") -> None:
        self._connector = connector
        self._overview: Overview | ConnectorError | None = None

    def read(self, linear: str, inverse: str, wallets: Collection[str] | None) -> tuple[WalletAccount, ...]:
        """Read the wallets that linear and inverse contracts lie in, and those beside them; `wallets` restricts."""
        trading = ["unified"] if linear == "unified" else ["spot", "contract"]
        trading += [inverse] if inverse not in trading else []
        reads: dict[str, Callable[[], WalletAccount]] = {name: self._trading_reader(name) for name in trading}
        reads |= {"funding": self._funding, "earn": self._earn}
        if self._connector.region == api.GLOBAL and not self._connector.testnet:  # regional sites have no overview
            reads |= {name: self._overview_reader(name) for name in OVERVIEW}
            reads |= {name: self._overview_reader(name) for name in self._seldom(wallets)}
        wanted = [WalletRead(name, "rest", read) for name, read in reads.items() if wallets is None or name in wallets]
        return read_wallets(self._connector, wanted)

    def _seldom(self, wallets: Collection[str] | None) -> list[str]:
        """Return the seldom wallets that hold something, or did when they were last seen; loans may be below zero."""
        seen = self._connector.seldom_seen
        if wallets is None or set(wallets) & SELDOM.keys():
            try:
                held = self._ask_overview()
            except HALT_ERRORS:
                raise
            except ConnectorError:
                held = {}
            seen |= {
                name
                for name, types in SELDOM.items()
                if any(row["equity"] for kind in types for row in held.get(kind, ()))
            }
        return [name for name in SELDOM if name in seen]

    def _trading_reader(self, wallet: str) -> Callable[[], WalletAccount]:
        def read() -> WalletAccount:
            reading = self._connector.call(api.WALLET, {"accountType": wallet.upper()})
            pairs = zip(reading.balances or (), reading.details.get("balances", ()), strict=True)
            balances = [replace(balance, debt=more["spot_debt"]) for balance, more in pairs]
            found, sums = self._wallet(wallet, balances), reading.extra.get("account")
            if sums is None or sums["equity_usd"] is None:
                return found
            return replace(
                found,
                currency="USD",
                equity=sums["equity_usd"],
                wallet_balance=sums["wallet_balance_usd"],
                unrealized_pnl=sums["unrealized_pnl_usd"],
                initial_margin=sums["initial_margin_usd"],
                maintenance_margin=sums["maintenance_margin_usd"],
                margin_ratio=reading.extra["margin_ratio"],
            )

        return read

    def _funding(self) -> WalletAccount:
        reading = self._connector.call(api.FUNDING, {"accountType": "FUND"})
        self._connector.uid = reading.extra.get("uid") or self._connector.uid
        return self._wallet("funding", reading.balances or ())

    def _earn(self) -> WalletAccount:
        readings = [self._connector.call(api.EARN, {"category": category}) for category in EARN_CATEGORIES]
        readings.append(self._connector.call(api.EARN_FIXED))
        found = [balance for reading in readings for balance in reading.balances or ()]
        return self._wallet("earn", merge_balances(found))

    def _overview_reader(self, wallet: str) -> Callable[[], WalletAccount]:
        def read() -> WalletAccount:
            now = self._connector.now()
            told = self._ask_overview()
            rows = [row for kind in {**OVERVIEW, **SELDOM}[wallet] for row in told.get(kind, ()) if row["equity"]]
            return self._wallet(wallet, merge_balances(_holding(wallet, row, now) for row in rows))

        return read

    def _ask_overview(self) -> Overview:
        if self._overview is None:
            try:
                self._overview = dict(self._connector.call(api.OVERVIEW).extra["holdings"])
            except ConnectorError as e:
                self._overview = e
        if isinstance(self._overview, ConnectorError):
            raise self._overview
        return self._overview

    def _wallet(self, wallet: str, found: Collection[Balance]) -> WalletAccount:
        kind = self._connector.info.wallets[wallet]
        return WalletAccount(wallet, kind, ok=True, balances=tuple(found), as_of=self._connector.now())


def _holding(wallet: str, row: Mapping[str, Any], now: datetime) -> Balance:
    """Return a coin of the overview; one below zero is a debt."""
    worth = row["equity"]
    return Balance(wallet, row["asset"], None, None, max(worth, ZERO), max(-worth, ZERO), worth, as_of=now)
