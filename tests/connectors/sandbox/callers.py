"""Clients of the tests: they sign as the exchanges document it, with nothing of the connectors or the sandbox."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

import requests

from connectors.sandbox import Sandbox, SandboxKey


class Clock:
    """A clock that moves only when told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **how: float) -> None:
        self.now += timedelta(**how)

    def ms(self) -> int:
        return int(self.now.timestamp() * 1000)


@dataclass
class BinanceCaller:
    sandbox: Sandbox
    clock: Clock
    http: requests.Session

    def url(self, path: str) -> str:
        return self.sandbox.hosts()["binance"]["spot"] + path

    def key(self, name: str) -> SandboxKey:
        return self.sandbox.key("binance", name)

    def get(
        self, path: str, key: SandboxKey | str = "good", secret: str | None = None, **params: object
    ) -> requests.Response:
        key = self.key(key) if isinstance(key, str) else key
        query = urlencode({"timestamp": self.clock.ms(), **params})
        signature = hmac.new((secret or key.api_secret).encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.http.get(
            f"{self.url(path)}?{query}&signature={signature}", headers={"X-MBX-APIKEY": key.api_key}, timeout=5
        )


@dataclass
class BitgetCaller:
    sandbox: Sandbox
    clock: Clock
    http: requests.Session

    def key(self, name: str) -> SandboxKey:
        return self.sandbox.key("bitget", name)

    def get(
        self,
        path: str,
        key: SandboxKey | str = "good",
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> requests.Response:
        return self.ask(path, params, key=key, headers=headers)

    def ask(
        self,
        path: str,
        params: Mapping[str, object],
        *,
        key: SandboxKey | str = "good",
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        key = self.key(key) if isinstance(key, str) else key
        query = urlencode(sorted(params.items()))
        ts = str(self.clock.ms())
        text = f"{ts}GET{path}" + (f"?{query}" if query else "")
        sign = base64.b64encode(hmac.new(key.api_secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
        sent = {
            "ACCESS-KEY": key.api_key,
            "ACCESS-SIGN": sign,
            "ACCESS-TIMESTAMP": ts,
            "ACCESS-PASSPHRASE": key.passphrase or "",
            **(headers or {}),
        }
        url = self.sandbox.hosts()["bitget"]["rest"] + path + (f"?{query}" if query else "")
        return self.http.get(url, headers=sent, timeout=5)
