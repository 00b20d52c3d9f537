"""Kraken in the sandbox: whom it lets in, how it refuses, counts and pages; ccxt understands it."""

import base64
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import ccxt
import pytest
import requests

from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.dialects import load
from tests.connectors.sandbox.callers import Clock
from tests.connectors.sandbox.conftest import OPENED_ON
from tests.connectors.sandbox.test_ccxt import closed_clients, connect

__all__ = ["closed_clients"]

READS = sorted(path for method, path in load("kraken").endpoints if method == "POST")


@dataclass
class KrakenCaller:
    """Signs as Kraken documents it, with nothing of the connectors or the sandbox."""

    sandbox: Sandbox
    http: requests.Session
    nonce: int = 1_000

    def post(self, name: str, key: str = "good", nonce: int | None = None, **params: object) -> dict[str, Any]:
        self.nonce = self.nonce + 1 if nonce is None else nonce
        return self.send(name, key, urlencode({"nonce": self.nonce, **params}), str(self.nonce))

    def send(self, path: str, key: str, form: str, nonce: str, *, sent: str | None = None) -> dict[str, Any]:
        path = path if path.startswith("/") else f"/0/private/{path}"
        mine = self.sandbox.key("kraken", key)
        inner = hashlib.sha256((nonce + form).encode()).digest()
        digest = hmac.new(base64.b64decode(mine.api_secret), path.encode() + inner, hashlib.sha512).digest()
        headers = {
            "API-Key": mine.api_key,
            "API-Sign": base64.b64encode(digest).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        url = self.sandbox.hosts()["kraken"]["rest"] + path
        answer = self.http.post(url, data=sent or form, headers=headers, timeout=5)
        assert answer.status_code == 200
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("kraken",))) as running:
        yield running


@pytest.fixture
def kraken(sandbox: Sandbox, http: requests.Session) -> KrakenCaller:
    return KrakenCaller(sandbox, http)


@pytest.mark.parametrize("key", ["good", "empty", "dust"])
def test_every_read_answers(kraken: KrakenCaller, sandbox: Sandbox, key: str) -> None:
    for path in READS:
        sandbox.site("kraken").limiter.clear()
        answer = kraken.post(path, key)
        assert answer["error"] == [], path
        assert "result" in answer


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("revoked", "EAPI:Invalid key"),
        ("expired", "EAPI:Invalid key"),
        ("wrong_ip", "EAPI:Invalid key"),
        ("testnet", "EAPI:Invalid key"),
        ("blind", "EGeneral:Permission denied"),
    ],
)
def test_bad_keys_are_refused(kraken: KrakenCaller, key: str, error: str) -> None:
    assert kraken.post("BalanceEx", key) == {"error": [error]}


def test_the_signature_covers_path_nonce_and_form(kraken: KrakenCaller) -> None:
    form = "nonce=5000&asset=ZUSD"
    refused = {"error": ["EAPI:Invalid signature"]}
    assert kraken.send("TradeBalance", "good", form, "5000", sent="nonce=5000&asset=USDT") == refused
    assert kraken.send("TradeBalance", "good", form, "5001") == refused
    assert kraken.send("TradeBalance", "good", form, "5000")["error"] == []


@pytest.mark.parametrize("nonce", [2_000, 1_999])
def test_a_nonce_that_does_not_grow_is_refused_and_other_keys_have_their_own(kraken: KrakenCaller, nonce: int) -> None:
    assert kraken.post("BalanceEx", nonce=2_000)["error"] == []
    assert kraken.post("BalanceEx", nonce=nonce) == {"error": ["EAPI:Invalid nonce"]}
    assert kraken.post("BalanceEx", "second", nonce=nonce)["error"] == []
    assert kraken.post("BalanceEx", nonce=2_001)["error"] == []


def test_a_key_that_may_not_read_may_ask_for_its_rights(kraken: KrakenCaller) -> None:
    assert kraken.post("GetApiKeyInfo", "blind")["result"]["permissions"] == []
    assert "withdraw-funds" in kraken.post("GetApiKeyInfo", "withdraw")["result"]["permissions"]


def test_the_call_counter_holds_fifteen_units_of_which_a_ledger_page_takes_four(
    kraken: KrakenCaller, clock: Clock
) -> None:
    limited = {"error": ["EAPI:Rate limit exceeded"]}
    assert [kraken.post("Ledgers")["error"] for _ in range(3)] == [[], [], []]
    assert kraken.post("Ledgers") == limited
    assert [kraken.post("Balance")["error"] for _ in range(4)] == [[], [], [], limited["error"]]
    assert kraken.post("Balance", "second")["error"] == []
    clock.move(seconds=3)
    assert kraken.post("Balance")["error"] == []
    assert kraken.post("Balance") == limited


def test_the_ledger_pages_by_offset_and_every_row_explains_its_balance(
    kraken: KrakenCaller, sandbox: Sandbox, clock: Clock
) -> None:
    rows: dict[str, Any] = {}
    while True:
        page = kraken.post("Ledgers", ofs=len(rows))["result"]
        sandbox.site("kraken").limiter.clear()
        assert len(page["ledger"]) == min(50, page["count"] - len(rows))
        rows |= page["ledger"]
        if len(rows) >= page["count"]:
            break
    times = [row["time"] for row in rows.values()]
    assert times == sorted(times, reverse=True)
    last: dict[str, Decimal] = {}
    for row in reversed(rows.values()):
        after, change = Decimal(row["balance"]), Decimal(row["amount"]) - Decimal(row["fee"])
        assert last.get(row["asset"], after - change) == after - change
        last[row["asset"]] = after
    book = sandbox.world.book(sandbox.key("kraken", "good").uid, clock())
    assert last["USDT"] == book.wallets["spot"]["USDT"]
    assert last["USDT.F"] == book.wallets["earn"]["USDT"]


def test_deposits_page_by_cursor_and_those_on_their_way_are_told_apart(kraken: KrakenCaller) -> None:
    whole = kraken.post("DepositStatus")["result"]
    found, cursor = [], "true"
    while cursor:
        page = kraken.post("DepositStatus", cursor=cursor, limit=4)["result"]
        found += page["deposits"]
        cursor = page["next_cursor"]
    assert found == whole
    assert {row["status"] for row in whole} == {"Success", "Pending"}


@pytest.mark.parametrize(("name", "params"), [("Ledgers", {"start": "x"}), ("DepositStatus", {"limit": 501})])
def test_odd_parameters_are_refused(kraken: KrakenCaller, name: str, params: dict[str, object]) -> None:
    assert kraken.post(name, "good", None, **params) == {"error": ["EGeneral:Invalid arguments"]}


@pytest.mark.parametrize(
    ("key", "error"),
    [("revoked", ccxt.AuthenticationError), ("wrong_ip", ccxt.AuthenticationError), ("blind", ccxt.PermissionDenied)],
)
def test_ccxt_understands_refusals(sandbox: Sandbox, clock: Clock, key: str, error: type[Exception]) -> None:
    client = connect(sandbox, clock, sandbox.key("kraken", key))
    with pytest.raises(error):
        client.fetch_balance()


def test_ccxt_reads_balances_and_state(sandbox: Sandbox, clock: Clock) -> None:
    key = sandbox.key("kraken", "spot")
    client = connect(sandbox, clock, key)
    found = {asset: Decimal(total) for asset, total in client.fetch_balance()["total"].items() if Decimal(total)}
    assert found == sandbox.world.book(key.uid, clock()).amounts("spot")
    assert client.fetch_status()["status"] == "ok"
