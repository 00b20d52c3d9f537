"""Kraken futures in the sandbox: whom it lets in, how it refuses, counts and pages; ccxt understands it."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import ccxt
import pytest
import requests

from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.dialects import load
from tests.connectors.sandbox.callers import Clock
from tests.connectors.sandbox.conftest import OPENED_ON
from tests.connectors.sandbox.test_ccxt import closed_clients, connect

__all__ = ["closed_clients"]

V3 = "/derivatives/api/v3/"
LOG = "/api/history/v3/account-log"
READS = sorted(path for _method, path in load("krakenfutures").endpoints)


@dataclass
class FuturesCaller:
    """Signs as Kraken documents it, with nothing of the connectors or the sandbox."""

    sandbox: Sandbox
    http: requests.Session

    def get(self, path: str, name: str = "good", nonce: str = "", **params: object) -> requests.Response:
        key = self.sandbox.key("krakenfutures", name)
        query = urlencode(params, quote_via=quote)
        text = query + nonce + path.removeprefix("/derivatives")
        digest = hmac.new(
            base64.b64decode(key.api_secret), hashlib.sha256(text.encode()).digest(), hashlib.sha512
        ).digest()
        headers = {"APIKey": key.api_key, "Authent": base64.b64encode(digest).decode()}
        url = self.sandbox.hosts()["krakenfutures"]["rest"] + path + (f"?{query}" if query else "")
        return self.http.get(url, headers=headers | ({"Nonce": nonce} if nonce else {}), timeout=5)

    def logs(self, **params: object) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.get(LOG, "good", "", **params).json()["logs"]
        return rows


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("krakenfutures",))) as running:
        yield running


@pytest.fixture
def futures(sandbox: Sandbox, http: requests.Session) -> FuturesCaller:
    return FuturesCaller(sandbox, http)


@pytest.mark.parametrize("key", ["good", "empty", "dust"])
def test_every_read_answers(futures: FuturesCaller, key: str) -> None:
    for path in READS:
        answer = futures.get(path, key)
        assert (answer.status_code, answer.json().get("result", "success")) == (200, "success"), path


@pytest.mark.parametrize("nonce", ["", "1700000000000"])
def test_a_nonce_may_be_signed_or_left_out(futures: FuturesCaller, nonce: str) -> None:
    assert futures.get(f"{V3}accounts", "good", nonce).json()["result"] == "success"


@pytest.mark.parametrize(
    ("key", "status", "error"),
    [
        ("revoked", 200, "authenticationError"),
        ("expired", 200, "authenticationError"),
        ("wrong_ip", 200, "authenticationError"),
        ("testnet", 200, "authenticationError"),
        ("blind", 403, "EGeneral:Permission denied"),
    ],
)
def test_bad_keys_are_refused(futures: FuturesCaller, key: str, status: int, error: str) -> None:
    answer = futures.get(f"{V3}accounts", key)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_the_signature_covers_the_query(futures: FuturesCaller, http: requests.Session) -> None:
    good = futures.get(LOG, "good", "", info="funding rate change").request
    headers = {name: str(value) for name, value in good.headers.items()}
    assert http.get(str(good.url), headers=headers, timeout=5).status_code == 200
    other = str(good.url).replace("change", "chance")
    assert http.get(other, headers=headers, timeout=5).json()["error"] == "authenticationError"


def test_the_log_pages_by_ids_both_ways(futures: FuturesCaller) -> None:
    newest = futures.logs(count=10)
    ids = [row["id"] for row in newest]
    assert ids == sorted(ids, reverse=True)
    assert [row["id"] for row in futures.logs(count=3, to=ids[-1] - 1)] == [ids[-1] - 1, ids[-1] - 2, ids[-1] - 3]
    assert [row["id"] for row in futures.logs(**{"count": 2, "sort": "asc", "from": 4})] == [4, 5]
    assert futures.get(LOG, "good", "", count=501).json()["error"] == "invalidArgument"


def test_the_balance_of_each_row_follows_from_the_one_before(futures: FuturesCaller) -> None:
    last: dict[tuple[str, str], float] = {}
    sizes = 0
    for row in futures.logs(count=500, sort="asc"):
        if row["asset"] == row["contract"]:
            sizes += 1
            continue
        place = (row["margin_account"], row["asset"])
        assert last.get(place, row["old_balance"]) == row["old_balance"]
        last[place] = row["new_balance"]
    assert sizes > 10


def test_the_history_has_a_budget_of_its_own_and_says_when_it_is_full_again(futures: FuturesCaller) -> None:
    for _ in range(33):
        assert futures.get(LOG, "good", "", count=51).status_code == 200
    limited = futures.get(LOG, "good", "", count=51)
    assert (limited.status_code, limited.json()["error"]) == (429, "apiLimitExceeded")
    assert int(limited.headers["rate-limit-reset"]) > 0
    assert futures.get(f"{V3}accounts").status_code == 200


@pytest.mark.parametrize("name", ["good", "one_way", "empty"])
def test_ccxt_reads_wallets_and_positions(sandbox: Sandbox, clock: Clock, name: str) -> None:
    key = sandbox.key("krakenfutures", name)
    client = connect(sandbox, clock, key)
    book = sandbox.world.book(key.uid, clock())
    for kind, wallet in (("flex", "futures_linear"), ("cash", "cash")):
        totals = client.fetch_balance({"type": kind})["total"]
        found = {asset: Decimal(amount) for asset, amount in totals.items() if Decimal(amount)}
        assert found == {("USD" if asset == "USDT" else asset): held for asset, held in book.amounts(wallet).items()}
    positions = {
        (row["symbol"], row["side"], Decimal(row["contracts"]), Decimal(row["entryPrice"]))
        for row in client.fetch_positions()
    }
    assert positions == {
        (f"{p.base}/USD:{p.base if p.inverse else 'USD'}", p.side.value, p.held.size, p.entry) for p in book.positions
    }


@pytest.mark.parametrize(
    ("key", "error"),
    [("revoked", ccxt.AuthenticationError), ("wrong_ip", ccxt.AuthenticationError), ("blind", ccxt.ExchangeError)],
)
def test_ccxt_understands_refusals(sandbox: Sandbox, clock: Clock, key: str, error: type[Exception]) -> None:
    client = connect(sandbox, clock, sandbox.key("krakenfutures", key))
    with pytest.raises(error):
        client.fetch_balance()
