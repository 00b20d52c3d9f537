"""OKX in the sandbox: whom it lets in, how it refuses, levels and margin modes, how it pages; ccxt understands it."""

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import ccxt
import pytest
import requests

from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.dialects import load
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import Clock
from tests.connectors.sandbox.conftest import OPENED_ON
from tests.connectors.sandbox.test_ccxt import closed_clients, connect

__all__ = ["closed_clients"]

BALANCE, CONFIG, POSITIONS = "/api/v5/account/balance", "/api/v5/account/config", "/api/v5/account/positions"
BILLS, ARCHIVE = "/api/v5/account/bills", "/api/v5/account/bills-archive"
RICH = "620417300111"
DAY_MS = 86_400_000
READS = sorted(path for method, path in load("okx").endpoints if method == "GET")


@dataclass
class OkxCaller:
    """Signs as OKX documents it, with nothing of the connectors or the sandbox."""

    sandbox: Sandbox
    clock: Clock
    http: requests.Session

    def get(
        self, path: str, name: str = "good", headers: Mapping[str, str] | None = None, **params: object
    ) -> requests.Response:
        key = self.sandbox.key("okx", name)
        place = path + (f"?{urlencode(params)}" if params else "")
        at = self.clock.now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        digest = hmac.new(key.api_secret.encode(), f"{at}GET{place}".encode(), hashlib.sha256).digest()
        sent = {
            "OK-ACCESS-KEY": key.api_key,
            "OK-ACCESS-SIGN": base64.b64encode(digest).decode(),
            "OK-ACCESS-TIMESTAMP": at,
            "OK-ACCESS-PASSPHRASE": key.passphrase or "",
            **(headers or {}),
        }
        return self.http.get(self.sandbox.hosts()["okx"]["rest"] + place, headers=sent, timeout=5)

    def data(self, path: str, name: str = "good", **params: object) -> list[dict[str, Any]]:
        answer = self.get(path, name, None, **params).json()
        assert (answer["code"], answer["msg"]) == ("0", "")
        rows: list[dict[str, Any]] = answer["data"]
        return rows


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("okx",))) as running:
        yield running


@pytest.fixture
def okx(sandbox: Sandbox, clock: Clock, http: requests.Session) -> OkxCaller:
    return OkxCaller(sandbox, clock, http)


@pytest.mark.parametrize("name", ["good", "empty", "portfolio"])
def test_every_read_answers(okx: OkxCaller, name: str) -> None:
    for path in READS:
        assert isinstance(okx.data(path, name, instType="SWAP"), list), path


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("revoked", 200, "50119"),
        ("expired", 200, "50119"),
        ("wrong_ip", 401, "50110"),
        ("blind", 200, "50120"),
        ("testnet", 401, "50101"),
    ],
)
def test_bad_keys_are_refused(okx: OkxCaller, name: str, status: int, code: str) -> None:
    answer = okx.get(BALANCE, name)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (status, code, [])


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("OK-ACCESS-KEY", "", "50103"),
        ("OK-ACCESS-KEY", "not a key", "50111"),
        ("OK-ACCESS-KEY", "0" * 32, "50119"),
        ("OK-ACCESS-PASSPHRASE", "", "50104"),
        ("OK-ACCESS-PASSPHRASE", "wrong", "50105"),
        ("OK-ACCESS-SIGN", "", "50106"),
        ("OK-ACCESS-SIGN", "AAAA", "50113"),
        ("OK-ACCESS-TIMESTAMP", "", "50107"),
        ("OK-ACCESS-TIMESTAMP", "1771083020250", "50112"),
        ("OK-ACCESS-TIMESTAMP", "2026-13-14T15:30:20.250Z", "50112"),
        ("OK-ACCESS-TIMESTAMP", "2026-02-14T15:29:50.249Z", "50102"),
        ("OK-ACCESS-TIMESTAMP", "2026-02-14T15:30:50.251Z", "50102"),
        ("x-simulated-trading", "1", "50101"),
    ],
)
def test_each_header_is_checked(okx: OkxCaller, header: str, value: str, code: str) -> None:
    assert okx.get(BALANCE, headers={header: value}).json()["code"] == code


def test_the_signature_covers_the_query(okx: OkxCaller) -> None:
    good = okx.get(BALANCE, ccy="BTC").request
    headers = {name: str(value) for name, value in good.headers.items()}
    changed = str(good.url).replace("BTC", "ETH")
    assert okx.http.get(changed, headers=headers, timeout=5).json()["code"] == "50113"


def test_demo_trading_knows_no_deposits_and_no_earn(okx: OkxCaller) -> None:
    demo = {"x-simulated-trading": "1"}
    assert okx.get(BALANCE, "testnet", demo).json()["code"] == "0"
    for path in ("/api/v5/asset/deposit-history", "/api/v5/finance/savings/balance"):
        assert okx.get(path, "testnet", demo).json()["code"] == "50038"


def test_each_endpoint_has_its_own_limit_per_user(okx: OkxCaller, clock: Clock) -> None:
    names = ["good", "second", "good", "second", "good", "second", "spot"]
    assert [okx.get(CONFIG, name).status_code for name in names] == [200] * 5 + [429, 200]
    assert okx.get(CONFIG).json()["code"] == "50011"
    assert okx.get(BALANCE).status_code == 200
    clock.move(seconds=2)
    assert okx.get(CONFIG).status_code == 200


@pytest.mark.parametrize(
    ("name", "perm", "ip", "level", "mode"),
    [
        ("good", "read_only", "127.0.0.1", "3", "long_short_mode"),
        ("withdraw", "read_only,withdraw,trade", "127.0.0.1", "3", "long_short_mode"),
        ("transfer", "read_only,trade", "127.0.0.1", "3", "long_short_mode"),
        ("no_ip", "read_only", "", "3", "long_short_mode"),
        ("spot", "read_only", "127.0.0.1", "1", "net_mode"),
        ("one_way", "read_only", "127.0.0.1", "2", "net_mode"),
        ("portfolio", "read_only", "127.0.0.1", "4", "net_mode"),
    ],
)
def test_rights_and_level_are_told(okx: OkxCaller, name: str, perm: str, ip: str, level: str, mode: str) -> None:
    (told,) = okx.data(CONFIG, name)
    assert (told["perm"], told["ip"], told["acctLv"], told["posMode"]) == (perm, ip, level, mode)


@pytest.mark.parametrize("name", ["good", "spot", "one_way", "portfolio"])
def test_a_coins_equity_is_made_up_as_documented(okx: OkxCaller, name: str) -> None:
    (account,) = okx.data(BALANCE, name)
    for row in account["details"]:
        part = {key: Decimal(row[key]) for key in row if key not in ("ccy", "uTime")}
        assert part["eq"] == part["cashBal"] + part["isoEq"] + part["upl"] - part["isoUpl"] + part["stgyEq"]
        assert part["eq"] == part["availBal"] + part["frozenBal"]
    assert sum(Decimal(row["eqUsd"]) for row in account["details"]) == Decimal(account["totalEq"]) > 0
    assert (account["upl"] == "") is (name in ("spot", "one_way"))
    assert any(Decimal(row["isoEq"]) for row in account["details"]) is (name == "one_way")


def walk(okx: OkxCaller, path: str, name: str, key: str, **params: object) -> list[dict[str, Any]]:
    """Return all rows of a listing, page by page."""
    rows: list[dict[str, Any]] = []
    asked = dict(params)
    while page := okx.data(path, name, **asked):
        assert page[-1][key] != asked.get("after"), "the page after a cursor begins behind it"
        rows += page
        asked["after"] = page[-1][key]
        okx.clock.move(seconds=1)
    return rows


@pytest.mark.parametrize(("name", "isolated"), [("portfolio", False), ("one_way", True)])
def test_bills_page_without_loss_and_run_to_the_balance(okx: OkxCaller, name: str, isolated: bool) -> None:
    before = okx.data(BALANCE, name)[0]["details"]
    rows = walk(okx, ARCHIVE, name, "billId", limit=100)
    assert len({row["billId"] for row in rows}) == len(rows) > 300
    opening = okx.sandbox.world.opening(okx.sandbox.key("okx", name).uid)["trading"]["USDT"]
    usdt = [row for row in rows if row["ccy"] == "USDT"]
    (cash,) = [Decimal(row["cashBal"]) for row in before if row["ccy"] == "USDT"]
    assert opening + sum(Decimal(row["balChg"]) for row in usdt) == Decimal(usdt[0]["bal"]) == cash
    funding = [Decimal(row["balChg"]) for row in rows if row["type"] == "8"]
    assert any(funding) is not isolated


def test_bills_of_a_week_end_there(okx: OkxCaller, clock: Clock) -> None:
    now = clock.ms()
    rows = walk(okx, BILLS, "good", "billId", limit=100)
    assert {int(row["ts"]) >= now - 7 * DAY_MS for row in rows} == {True}
    middle = okx.data(ARCHIVE, begin=now - 12 * DAY_MS, end=now - 11 * DAY_MS)
    assert {now - 12 * DAY_MS <= int(row["ts"]) <= now - 11 * DAY_MS for row in middle} == {True}


def test_money_from_outside_comes_through_the_funding_account(okx: OkxCaller, clock: Clock) -> None:
    path = "/api/v5/asset/bills-history"
    rows = walk(okx, path, "good", "billId", pagingType=2)
    events = okx.sandbox.world.events(RICH, okx.sandbox.world.opened_at, clock())
    came = sum(event.amount for event in events if event.kind is LedgerKind.DEPOSIT and event.counts)
    assert sum(Decimal(row["balChg"]) for row in rows if row["type"] == "1") == came > 0
    states = {row["state"] for row in okx.data("/api/v5/asset/deposit-history")}
    assert states == {"0", "2"}


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (BILLS, {"limit": 101}),
        (BILLS, {"after": "yesterday"}),
        ("/api/v5/market/tickers", {}),
        ("/api/v5/asset/bills-history", {"pagingType": 3}),
    ],
)
def test_wrong_parameters_are_named(okx: OkxCaller, path: str, params: dict[str, object]) -> None:
    answer = okx.get(path, "good", None, **params)
    assert (answer.status_code, answer.json()["code"]) == (400, "51000")


def test_a_wrong_path_is_not_found(okx: OkxCaller) -> None:
    assert okx.get("/api/v5/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", ccxt.ExchangeError),  # a code that ccxt does not know
        ("wrong_ip", ccxt.PermissionDenied),
        ("blind", ccxt.ExchangeError),
        ("testnet", ccxt.AuthenticationError),
    ],
)
def test_ccxt_understands_refusals(sandbox: Sandbox, clock: Clock, name: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        connect(sandbox, clock, sandbox.key("okx", name)).fetch_balance()


def test_ccxt_understands_a_wrong_passphrase_and_a_wrong_secret(sandbox: Sandbox, clock: Clock) -> None:
    for field in ("password", "secret"):
        client = connect(sandbox, clock, sandbox.key("okx", "good"))
        setattr(client, field, "something else")
        with pytest.raises(ccxt.AuthenticationError):
            client.fetch_balance()
