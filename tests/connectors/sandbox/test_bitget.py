"""Bitget in the sandbox: whom it lets in, how it refuses, classic and unified accounts, how it pages."""

import base64
import hashlib
import hmac
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import BitgetCaller, Clock

ASSETS = "/api/v2/spot/account/assets"
RICH = "8710042311"
DAY_MS = 86_400_000


def test_a_good_key_reads_the_spot_wallet(bitget: BitgetCaller) -> None:
    answer = bitget.get(ASSETS)
    assert (answer.status_code, answer.json()["code"], answer.json()["msg"]) == (200, "00000", "success")
    assert {"USDT", "BTC", "BGB"} <= {row["coin"] for row in answer.json()["data"]}


@pytest.mark.parametrize(
    ("name", "code"),
    [("revoked", "40037"), ("expired", "40037"), ("wrong_ip", "40018"), ("blind", "40014"), ("testnet", "40099")],
)
def test_bad_keys_are_refused(bitget: BitgetCaller, name: str, code: str) -> None:
    answer = bitget.get(ASSETS, name)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (400, code, None)


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("ACCESS-KEY", "bg_0000", "40037"),
        ("ACCESS-KEY", "", "40001"),
        ("ACCESS-SIGN", "AAAA", "40009"),
        ("ACCESS-SIGN", "", "40003"),
        ("ACCESS-PASSPHRASE", "wrong", "40012"),
        ("ACCESS-PASSPHRASE", "", "40011"),
        ("ACCESS-TIMESTAMP", "yesterday", "40005"),
        ("ACCESS-TIMESTAMP", "1700000000000", "40008"),
        ("PAPTRADING", "1", "40099"),
    ],
)
def test_each_header_is_checked(bitget: BitgetCaller, header: str, value: str, code: str) -> None:
    assert bitget.get(ASSETS, headers={header: value}).json()["code"] == code


def test_a_demo_key_needs_the_demo_header(bitget: BitgetCaller) -> None:
    assert bitget.get(ASSETS, "testnet", headers={"PAPTRADING": "1"}).status_code == 200


def test_the_signature_covers_the_query(bitget: BitgetCaller) -> None:
    good = bitget.get("/api/v2/mix/account/accounts", productType="USDT-FUTURES").request
    changed = str(good.url).replace("USDT-FUTURES", "USDC-FUTURES")
    headers = {name: str(value) for name, value in good.headers.items()}
    assert bitget.http.get(changed, headers=headers, timeout=5).json()["code"] == "40009"


def test_values_may_be_signed_raw_and_sent_encoded(bitget: BitgetCaller) -> None:
    key, ts = bitget.key("good"), str(bitget.clock.ms())
    text = f"{ts}GET{ASSETS}?coin=A B"
    sign = base64.b64encode(hmac.new(key.api_secret.encode(), text.encode(), hashlib.sha256).digest()).decode()
    headers = {
        "ACCESS-KEY": key.api_key,
        "ACCESS-SIGN": sign,
        "ACCESS-TIMESTAMP": ts,
        "ACCESS-PASSPHRASE": key.passphrase or "",
    }
    url = bitget.sandbox.hosts()["bitget"]["rest"] + f"{ASSETS}?coin={quote('A B')}"
    assert bitget.http.get(url, headers=headers, timeout=5).status_code == 200


def test_each_endpoint_has_its_own_limit_per_uid_and_second(bitget: BitgetCaller, clock: Clock) -> None:
    info = "/api/v2/spot/account/info"
    assert [bitget.get(info, name).status_code for name in ("good", "second", "spot")] == [200, 429, 200]
    refused = bitget.get(info).json()
    assert (refused["code"], refused["msg"]) == ("429", "Too Many Requests")
    assert bitget.get(ASSETS).status_code == 200
    clock.move(seconds=1)
    assert bitget.get(info).status_code == 200


@pytest.mark.parametrize(
    ("name", "authorities", "ips"),
    [
        ("good", ["readonly"], "127.0.0.1"),
        ("trade", ["trade", "readonly"], "127.0.0.1"),
        ("withdraw", ["trade", "transfer", "wwow", "readonly"], "127.0.0.1"),
        ("no_ip", ["readonly"], ""),
    ],
)
def test_key_rights_are_told(bitget: BitgetCaller, name: str, authorities: list[str], ips: str) -> None:
    told = bitget.get("/api/v2/spot/account/info", name).json()["data"]
    assert (told["userId"], told["authorities"], told["ips"]) == (RICH, authorities, ips)


def test_classic_and_unified_accounts_refuse_each_others_calls(bitget: BitgetCaller) -> None:
    assert bitget.get("/api/v3/account/settings").json()["code"] == "40084"
    assert bitget.get(ASSETS, "unified").json()["code"] == "40085"
    settings = bitget.get("/api/v3/account/settings", "unified").json()["data"]
    assert (settings["accountMode"], settings["holdMode"]) == ("unified", "one_way_mode")


def test_equity_of_a_futures_wallet_holds_the_open_result_once(bitget: BitgetCaller, sandbox: Sandbox) -> None:
    row = bitget.get("/api/v2/mix/account/accounts", productType="USDT-FUTURES").json()["data"][0]
    book = sandbox.world.book(RICH, sandbox.world.clock())
    cash, pnl = book.wallets["futures_linear"]["USDT"], book.unrealized("futures_linear")["USDT"]
    assert (Decimal(row["accountEquity"]), Decimal(row["unrealizedPL"])) == (cash + pnl, pnl)
    usdc = bitget.get("/api/v2/mix/account/accounts", productType="USDC-FUTURES").json()["data"][0]
    assert (Decimal(usdc["accountEquity"]), usdc["unrealizedPL"]) == (Decimal(1000), "")


def test_a_product_type_is_needed(bitget: BitgetCaller) -> None:
    for path in ("/api/v2/mix/account/accounts", "/api/v2/mix/position/all-position", "/api/v2/mix/account/bill"):
        assert bitget.get(path).json()["code"] == "400172"


def test_an_empty_account_answers_one_zero_row(bitget: BitgetCaller) -> None:
    rows = bitget.get(ASSETS, "empty").json()["data"]
    assert [(row["coin"], row["available"]) for row in rows] == [("usdt", "0")]
    assert bitget.get("/api/v2/mix/position/all-position", "empty", productType="USDT-FUTURES").json()["data"] == []


def walk(bitget: BitgetCaller, path: str, cursor: str, key: str, **params: object) -> list[dict[str, str]]:
    """Return all rows of a listing, page by page."""
    rows: list[dict[str, str]] = []
    asked = dict(params)
    while True:
        bitget.clock.move(seconds=1)
        data = bitget.ask(path, asked).json()["data"]
        page = data if isinstance(data, list) else data.get("bills") or data.get("list") or []
        if not page:
            return rows
        assert page[-1][key] != asked.get(cursor), "the page after a cursor begins behind it"
        rows += page
        asked[cursor] = page[-1][key]


def test_futures_bills_page_without_loss(bitget: BitgetCaller, sandbox: Sandbox, clock: Clock) -> None:
    since, path = int(sandbox.world.opened_at.timestamp() * 1000), "/api/v2/mix/account/bill"
    asked: dict[str, Any] = {"productType": "USDT-FUTURES", "limit": 100}
    rows: list[dict[str, Any]] = []
    for start, end in ((since + 30 * DAY_MS, clock.ms()), (since, since + 30 * DAY_MS - 1)):
        rows += walk(bitget, path, "idLessThan", "billId", **asked, startTime=start, endTime=end)
    assert bitget.get(path, **asked, startTime=since, endTime=clock.ms()).json()["code"] == "40705"
    events = [
        event
        for event in sandbox.world.events(RICH, sandbox.world.opened_at, clock())
        if event.wallet == "futures_linear" and event.asset == "USDT"
    ]
    assert len({row["billId"] for row in rows}) == len(rows) > 500
    assert sum(Decimal(row["amount"]) + Decimal(row["fee"]) for row in rows) == sum(event.amount for event in events)
    assert Decimal(rows[0]["balance"]) == sandbox.world.book(RICH, clock()).wallets["futures_linear"]["USDT"]


def test_spot_bills_page_without_loss(bitget: BitgetCaller, sandbox: Sandbox, clock: Clock) -> None:
    since = int(sandbox.world.opened_at.timestamp() * 1000)
    rows = walk(
        bitget, "/api/v2/spot/account/bills", "idLessThan", "billId", startTime=since, endTime=clock.ms(), limit=50
    )
    book, opening = sandbox.world.book(RICH, clock()), sandbox.world.opening(RICH)["spot"]
    for asset in ("USDT", "BTC", "ETH"):
        moved = sum(Decimal(row["size"]) + Decimal(row["fees"]) for row in rows if row["coin"] == asset)
        assert opening[asset] + moved == book.wallets["spot"][asset]


def test_history_windows_are_limited(bitget: BitgetCaller, clock: Clock) -> None:
    deposits, now = "/api/v2/spot/wallet/deposit-records", clock.ms()
    assert bitget.get(deposits).json()["code"] == "400172"
    assert bitget.get(deposits, startTime=now - 100 * DAY_MS, endTime=now).json()["code"] == "40704"
    records = "/api/v3/account/financial-records"
    assert bitget.get(records, "unified").json()["code"] == "400172"
    answer = bitget.get(records, "unified", category="SPOT", startTime=now - 40 * DAY_MS, endTime=now).json()
    assert answer["code"] == "40705"


def test_deposits_count_only_when_successful(bitget: BitgetCaller, sandbox: Sandbox, clock: Clock) -> None:
    since = int(sandbox.world.opened_at.timestamp() * 1000)
    rows = bitget.get("/api/v2/spot/wallet/deposit-records", startTime=since, endTime=clock.ms(), limit=100).json()[
        "data"
    ]
    events = sandbox.world.events(RICH, sandbox.world.opened_at, clock())
    came = sum(event.amount for event in events if event.kind is LedgerKind.DEPOSIT and event.counts)
    assert sum(Decimal(row["size"]) for row in rows if row["status"] == "success") == came > 0
    assert {row["status"] for row in rows} == {"success", "pending"}


def test_closed_positions_net_out_as_documented(bitget: BitgetCaller) -> None:
    data = bitget.get("/api/v2/mix/position/history-position", productType="USDT-FUTURES", limit=100).json()["data"]
    assert len(data["list"]) > 5
    for row in data["list"]:
        parts = sum(Decimal(row[name]) for name in ("pnl", "totalFunding", "openFee", "closeFee"))
        assert Decimal(row["netProfit"]) == parts


def test_unified_records_and_flows_explain_the_wallet(bitget: BitgetCaller, sandbox: Sandbox, clock: Clock) -> None:
    world, uid = sandbox.world, bitget.key("unified").uid
    until, total = clock.ms(), world.opening(uid)["unified"]["USDT"]
    at = clock()
    for start in (until - 60 * DAY_MS, until - 30 * DAY_MS + 1):
        for category in ("SPOT", "USDT-FUTURES", "OTHER"):
            end = min(start + 30 * DAY_MS, until)
            asked: dict[str, object] = {"category": category, "startTime": start, "endTime": end, "coin": "USDT"}
            while asked.get("cursor", "first"):
                clock.move(seconds=1)
                page = bitget.ask("/api/v3/account/financial-records", asked, key="unified").json()["data"]
                total += sum((Decimal(row["amount"]) + Decimal(row["fee"]) for row in page["list"] or []), Decimal(0))
                asked["cursor"] = page["cursor"]
    flows = [e for e in world.events(uid, world.opened_at, at) if e.kind in (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)]
    fees = [e for e in world.events(uid, world.opened_at, at) if e.note == "withdrawal" and e.kind is LedgerKind.FEE]
    total += sum((e.amount for e in (*flows, *fees) if e.counts), Decimal(0))
    assert total == world.book(uid, at).wallets["unified"]["USDT"]


def test_a_wrong_path_is_not_found(bitget: BitgetCaller) -> None:
    answer = bitget.get("/api/v2/nowhere")
    assert (answer.status_code, answer.json()["msg"]) == (404, "Request URL NOT FOUND")
