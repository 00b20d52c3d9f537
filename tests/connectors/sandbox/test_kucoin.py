"""The sandbox's KuCoin as clients of others see it: ccxt for futures, and a caller that signs by hand."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest
import requests

from connectors.sandbox import Sandbox
from tests.connectors.sandbox.callers import Clock

KEYS = ("good", "one_way", "empty")


@pytest.fixture
def clients(sandbox: Sandbox, clock: Clock) -> Iterator[dict[str, Any]]:
    """Make futures clients of ccxt that take numbers as text and the time from our clock."""
    made: dict[str, Any] = {}
    for name in (*KEYS, "revoked", "wrong_ip", "blind"):
        key = sandbox.key("kucoin", name)
        client = ccxt.kucoinfutures({"apiKey": key.api_key, "secret": key.api_secret, "password": key.passphrase})
        client.urls["api"] = dict.fromkeys(client.urls["api"], sandbox.hosts()["kucoin"]["futures"])
        client.enableRateLimit, client.number, client.milliseconds = False, str, clock.ms
        client.session.trust_env = False
        made[name] = client
    yield made
    for client in made.values():
        client.session.close()


@pytest.mark.parametrize("name", KEYS)
def test_futures_clients_read_the_truth(sandbox: Sandbox, clock: Clock, clients: dict[str, Any], name: str) -> None:
    book, client = sandbox.world.book(sandbox.key("kucoin", name).uid, clock()), clients[name]
    cash = book.wallets.get("futures_linear", {}).get("USDT", Decimal(0))
    equity = cash + book.unrealized("futures_linear").get("USDT", Decimal(0))
    assert Decimal(client.fetch_balance({"code": "USDT"})["total"].get("USDT") or 0) == equity
    found = {
        (
            row["symbol"],
            row["side"],
            Decimal(row["contracts"]) * Decimal(row["contractSize"]),
            Decimal(row["markPrice"]),
        )
        for row in client.fetch_positions()
    }
    assert found == {
        (
            f"{item.base}/{'USD' if item.inverse else 'USDT'}:{item.settle}",
            item.side.value,
            item.held.size,
            item.mark,
        )
        for item in book.positions
    }
    assert bool(found) is (name != "empty")


@pytest.mark.parametrize("name", ["revoked", "wrong_ip", "blind"])
def test_refusals_are_understood(clients: dict[str, Any], name: str) -> None:
    with pytest.raises(ccxt.AuthenticationError):
        clients[name].fetch_positions()


def test_a_wrong_passphrase_is_understood(clients: dict[str, Any]) -> None:
    clients["good"].password = "not the word"
    with pytest.raises(ccxt.AuthenticationError, match="PASSPHRASE"):
        clients["good"].fetch_positions()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "200000"),
        ({"KC-API-KEY-VERSION": "3"}, "200000"),
        ({"KC-API-KEY-VERSION": "1"}, "400009"),
        ({"KC-API-SIGN": ""}, "400001"),
        ({"KC-API-SIGN": "AAAA"}, "400005"),
        ({"KC-API-PASSPHRASE": "plain"}, "400004"),
        ({"KC-API-TIMESTAMP": "1"}, "400002"),
        ({"KC-API-KEY": "0" * 24}, "400003"),
    ],
)
def test_each_header_is_checked(
    sandbox: Sandbox, clock: Clock, http: requests.Session, changes: dict[str, str], code: str
) -> None:
    key = sandbox.key("kucoin", "good")

    def signed(text: str) -> str:
        return base64.b64encode(hmac.new(key.api_secret.encode(), text.encode(), hashlib.sha256).digest()).decode()

    path = "/api/v1/accounts/ledgers?bizType=KCS Pay Fees&currency=BTC,ETH"
    headers = {
        "KC-API-KEY": key.api_key,
        "KC-API-SIGN": signed(f"{clock.ms()}GET{path}"),
        "KC-API-TIMESTAMP": str(clock.ms()),
        "KC-API-PASSPHRASE": signed(key.passphrase or ""),
        "KC-API-KEY-VERSION": "2",
    }
    answer = http.get(sandbox.hosts()["kucoin"]["spot"] + path, headers=headers | changes, timeout=5)
    assert answer.json()["code"] == code
    assert (answer.status_code == 200) is (code == "200000")
