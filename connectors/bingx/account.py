"""Reads a BingX account wallet by wallet; what one answer tells about two wallets is asked once."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from connectors._reading import Endpoint
from connectors._wallets import WalletRead, read_wallets
from connectors.bingx import endpoints as api
from connectors.errors import ConnectorError
from connectors.types import Balance, WalletAccount

if TYPE_CHECKING:
    from connectors.bingx.connector import BingxConnector

SAME_AS_SPOT = "same_as_spot"


class AccountReader:
    """One reading of an account."""

    def __init__(self, connector: "BingxConnector") -> None:
        self._connector = connector
        self._spot: tuple[Balance, ...] | None = None
        self._overview: Mapping[str, Any] | ConnectorError | None = None

    def read(self, wallets: Collection[str] | None) -> tuple[WalletAccount, ...]:
        """Read the wallets of this host, or those of them that are asked for."""
        plan = [item for item in self._plan() if wallets is None or item.wallet in wallets]
        return read_wallets(self._connector, plan)

    def _plan(self) -> list[WalletRead]:
        linear = self._plain("futures_linear", api.SWAP)
        if self._connector.is_demo:
            return [linear]
        return [
            WalletRead("spot", "rest", lambda: self._wallet("spot", self._spot_balances())),
            WalletRead("funding", "rest", self._funding),
            linear,
            self._plain("futures_inverse", api.COIN),
            self._plain("futures_standard", api.STANDARD),
            *(WalletRead(wallet, "rest", self._worth_of(wallet)) for wallet in api.WORTH_ONLY),
        ]

    def _plain(self, wallet: str, endpoint: Endpoint) -> WalletRead:
        read = self._connector.call
        return WalletRead(wallet, "rest", lambda: self._wallet(wallet, read(endpoint).balances or ()))

    def _spot_balances(self) -> tuple[Balance, ...]:
        if self._spot is None:
            self._spot = tuple(self._connector.call(api.SPOT).balances or ())
        return self._spot

    def _funding(self) -> WalletAccount:
        """Read the funding wallet; where it repeats spot coin by coin they are one wallet, counted once in spot."""
        found = tuple(self._connector.call(api.FUNDING).balances or ())
        if found and _amounts(found) == _amounts(self._spot_balances()):
            return self._wallet("funding", (), SAME_AS_SPOT)
        return self._wallet("funding", found)

    def _worth_of(self, wallet: str) -> Callable[[], WalletAccount]:
        def read() -> WalletAccount:
            rows = self._ask_overview()["overview"]
            worth = [row["usdt"] for row in rows if row["account_type"] == api.WORTH_ONLY[wallet] and row["usdt"]]
            now = self._connector.now()
            return self._wallet(wallet, [Balance(wallet, "USDT", None, None, value, as_of=now) for value in worth])

        return read

    def _ask_overview(self) -> Mapping[str, Any]:
        """Ask the overview once, also when it is refused."""
        if self._overview is None:
            try:
                self._overview = self._connector.call(api.OVERVIEW).extra
            except ConnectorError as e:
                self._overview = e
        if isinstance(self._overview, ConnectorError):
            raise self._overview
        return self._overview

    def _wallet(self, wallet: str, found: Collection[Balance], reason: str | None = None) -> WalletAccount:
        kind, now = self._connector.info.wallets[wallet], self._connector.now()
        return WalletAccount(wallet, kind, ok=True, reason=reason, balances=tuple(found), as_of=now)


def _amounts(found: Collection[Balance]) -> set[tuple[object, ...]]:
    return {(balance.asset, balance.free, balance.locked) for balance in found}
