"""Four clients that read balances and positions with the same requests: ours, ccxt's two, a plain script's."""

import asyncio
import base64
import hashlib
import hmac
import importlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

import requests

import connectors
from connectors.sandbox import SandboxKey

Hosts = Mapping[str, str]
Params = dict[str, Any]
Sign = Callable[[SandboxKey, str, Params], tuple[str, dict[str, str]]]
Step = tuple[str, tuple[Any, ...]]
ACCOUNTS = 20
THREADS = 16


@dataclass(frozen=True)
class Case:
    """An exchange whose accounts all clients read with the same requests.

    `wallets` are ours; `steps` the methods of ccxt with their arguments; `calls` (path, parameters) and `sign` are for
    a client written by hand.
    """

    exchange: str
    wallets: frozenset[str]
    steps: tuple[Step, ...]
    calls: tuple[tuple[str, Params], ...]
    sign: Sign


class Reader(Protocol):
    """A client that reads every account of one exchange once."""

    def read_all(self) -> None: ...
    def close(self) -> None: ...


def sign_binance(key: SandboxKey, path: str, params: Params) -> tuple[str, dict[str, str]]:
    query = urlencode({**params, "timestamp": int(time.time() * 1000)})
    signature = hmac.new(key.api_secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    return f"{path}?{query}&signature={signature}", {"X-MBX-APIKEY": key.api_key}


def sign_bitget(key: SandboxKey, path: str, params: Params) -> tuple[str, dict[str, str]]:
    target, ts = path + (f"?{urlencode(params)}" if params else ""), str(int(time.time() * 1000))
    return target, {
        "ACCESS-KEY": key.api_key,
        "ACCESS-SIGN": digest(key, f"{ts}GET{target}"),
        "ACCESS-TIMESTAMP": ts,
        "ACCESS-PASSPHRASE": key.passphrase or "",
    }


def sign_okx(key: SandboxKey, path: str, params: Params) -> tuple[str, dict[str, str]]:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z"
    return path, {
        "OK-ACCESS-KEY": key.api_key,
        "OK-ACCESS-SIGN": digest(key, f"{now}GET{path}"),
        "OK-ACCESS-TIMESTAMP": now,
        "OK-ACCESS-PASSPHRASE": key.passphrase or "",
    }


def digest(key: SandboxKey, text: str) -> str:
    return base64.b64encode(hmac.new(key.api_secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


PRODUCTS: tuple[Params, ...] = tuple({"productType": f"{coin}-FUTURES"} for coin in ("USDT", "USDC", "COIN"))
CASES = (
    Case(
        "binance",
        frozenset({"spot", "usdm", "coinm"}),
        (
            ("fetch_balance", ({"omitZeroBalances": "true"},)),
            ("fetch_balance", ({"type": "future"},)),
            ("fetch_balance", ({"type": "delivery"},)),
            ("fetch_positions", (None, {})),
            ("fapiPrivateGetSymbolConfig", ()),
            ("fetch_positions", (None, {"subType": "inverse"})),
        ),
        (
            ("/api/v3/account", {"omitZeroBalances": "true"}),
            ("/fapi/v3/account", {}),
            ("/dapi/v1/account", {}),
            ("/fapi/v3/positionRisk", {}),
            ("/fapi/v1/symbolConfig", {}),
            ("/dapi/v1/positionRisk", {}),
        ),
        sign_binance,
    ),
    Case(
        "bitget",
        frozenset({"spot", "futures_linear", "futures_inverse"}),
        (
            ("fetch_balance", ({},)),
            *(("fetch_balance", ({"type": "swap", **product},)) for product in PRODUCTS),
            ("fetch_positions", (None, PRODUCTS[0])),
            ("fetch_positions", (None, PRODUCTS[1])),
            ("fetch_positions", (None, {**PRODUCTS[2], "marginCoin": "BTC"})),
        ),
        (
            ("/api/v2/spot/account/assets", {}),
            *(("/api/v2/mix/account/accounts", product) for product in PRODUCTS),
            *(("/api/v2/mix/position/all-position", product) for product in PRODUCTS),
        ),
        sign_bitget,
    ),
    Case(
        "okx",
        frozenset({"trading"}),
        (("fetch_balance", ({},)), ("fetch_positions", (None, {}))),
        (("/api/v5/account/balance", {}), ("/api/v5/account/positions", {})),
        sign_okx,
    ),
)


@dataclass
class Ours:
    """Our connectors, one per account."""

    case: Case
    hosts: Hosts
    keys: Sequence[SandboxKey]

    def __post_init__(self) -> None:
        self._connectors = [make_ours(self.case.exchange, key, self.hosts) for key in self.keys]

    def read_all(self) -> None:
        for connector in self._connectors:
            self._read(connector)

    def _read(self, connector: connectors.Connector) -> None:
        connector.get_account_info(wallets=self.case.wallets)
        connector.get_futures_positions(wallets=self.case.wallets)

    def close(self) -> None:
        pass


class OursAtOnce(Ours):
    """Our connectors in threads, as the engine reads them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._threads = ThreadPoolExecutor(THREADS)

    def read_all(self) -> None:
        list(self._threads.map(self._read, self._connectors))

    def close(self) -> None:
        self._threads.shutdown()


@dataclass
class Plain:
    """One requests session for all accounts, with signatures and json by hand: as lean as a script gets."""

    case: Case
    hosts: Hosts
    keys: Sequence[SandboxKey]
    session: requests.Session = field(default_factory=requests.Session)

    def read_all(self) -> None:
        base = next(iter(self.hosts.values()))
        for key in self.keys:
            for path, params in self.case.calls:
                target, headers = self.case.sign(key, path, params)
                answer = self.session.get(base + target, headers=headers, timeout=10)
                answer.raise_for_status()
                answer.json()

    def close(self) -> None:
        self.session.close()


class Ccxt:
    """ccxt's clients, one per account, with markets loaded once and shared."""

    def __init__(self, case: Case, hosts: Hosts, keys: Sequence[SandboxKey]) -> None:
        self._case = case
        self._clients = [make_ccxt("ccxt", case.exchange, key, hosts) for key in keys]
        self._clients[0].load_markets()
        for client in self._clients[1:]:
            share_markets(self._clients[0], client)

    def read_all(self) -> None:
        for client in self._clients:
            for name, arguments in self._case.steps:
                getattr(client, name)(*arguments)

    def close(self) -> None:
        for client in self._clients:
            client.session.close()


class CcxtAsync:
    """ccxt's clients on asyncio, all accounts at once."""

    def __init__(self, case: Case, hosts: Hosts, keys: Sequence[SandboxKey]) -> None:
        self._case = case
        self._loop = asyncio.new_event_loop()
        self._clients: list[Any] = []
        self._loop.run_until_complete(self._open(hosts, keys))

    async def _open(self, hosts: Hosts, keys: Sequence[SandboxKey]) -> None:
        self._clients = [make_ccxt("ccxt.async_support", self._case.exchange, key, hosts) for key in keys]
        await self._clients[0].load_markets()
        for client in self._clients[1:]:
            share_markets(self._clients[0], client)

    def read_all(self) -> None:
        self._loop.run_until_complete(self._read_all())

    async def _read_all(self) -> None:
        await asyncio.gather(*(self._read(client) for client in self._clients))

    async def _read(self, client: Any) -> None:  # noqa: ANN401 - ccxt has no types
        for name, arguments in self._case.steps:
            await getattr(client, name)(*arguments)

    def close(self) -> None:
        self._loop.run_until_complete(self._close())
        self._loop.close()

    async def _close(self) -> None:
        await asyncio.gather(*(client.close() for client in self._clients))


def make_ours(exchange: str, key: SandboxKey, hosts: Hosts) -> connectors.Connector:
    """Make our connector of a sandbox account."""
    return connectors.create(
        exchange, api_key=key.api_key, api_secret=key.api_secret, passphrase=key.passphrase, hosts=hosts
    )


def make_ccxt(library: str, exchange: str, key: SandboxKey, hosts: Hosts) -> Any:  # noqa: ANN401
    """Make ccxt's client of a sandbox account; its limiter rests, as the sandbox's limits do.

    The library is imported here: where it is not measured, its weight must not be felt.
    """
    settings = {"apiKey": key.api_key, "secret": key.api_secret, "password": key.passphrase, "enableRateLimit": False}
    client = getattr(importlib.import_module(library), exchange)(settings)
    client.urls["api"] = moved(client.urls["api"], next(iter(hosts.values())))
    return client


def share_markets(source: Any, target: Any) -> None:  # noqa: ANN401
    """Give a client what another one loaded."""
    for name in ("markets", "markets_by_id", "currencies", "currencies_by_id", "symbols", "ids", "codes"):
        setattr(target, name, getattr(source, name))


def moved(urls: Any, base: str) -> Any:  # noqa: ANN401
    """Return the URLs of a client, in groups or not, on another host."""
    if isinstance(urls, dict):
        return {part: moved(url, base) for part, url in urls.items()}
    return "/".join([base, *urls.split("/", 3)[3:]])
