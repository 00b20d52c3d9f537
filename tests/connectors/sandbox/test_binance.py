"""Binance in the sandbox: whom it lets in, how it refuses, how it counts, how it pages."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from connectors.sandbox import Sandbox
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import BinanceCaller, Clock

ACCOUNT = "/api/v3/account"
UID = 354937868


def test_a_good_key_reads_the_spot_account(binance: BinanceCaller) -> None:
    answer = binance.get(ACCOUNT)
    assert answer.status_code == 200
    assert answer.json()["uid"] == UID
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "20"


@pytest.mark.parametrize(
    ("name", "path", "status", "code"),
    [
        ("revoked", ACCOUNT, 401, -2015),
        ("expired", ACCOUNT, 401, -2015),
        ("wrong_ip", ACCOUNT, 401, -2015),
        ("blind", "/fapi/v3/account", 401, -2015),
    ],
)
def test_bad_keys_are_refused(binance: BinanceCaller, name: str, path: str, status: int, code: int) -> None:
    answer = binance.get(path, name)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_futures_name_the_address_they_refuse(binance: BinanceCaller) -> None:
    msg = "Invalid API-key, IP, or permissions for action, request ip: 127.0.0.1"
    assert binance.get("/fapi/v3/account", "wrong_ip").json() == {"code": -2015, "msg": msg}


def test_a_key_of_the_wrong_form_and_an_unknown_key_differ(binance: BinanceCaller) -> None:
    url = binance.url(ACCOUNT) + f"?timestamp={binance.clock.ms()}&signature=00"
    short = binance.http.get(url, headers={"X-MBX-APIKEY": "short"}, timeout=5)
    unknown = binance.http.get(url, headers={"X-MBX-APIKEY": "A" * 64}, timeout=5)
    assert (short.status_code, short.json()["code"]) == (401, -2014)
    assert (unknown.status_code, unknown.json()["code"]) == (401, -2008)


def test_a_wrong_secret_and_a_changed_query_are_bad_signatures(binance: BinanceCaller) -> None:
    wrong = binance.get(ACCOUNT, secret="x" * 64)
    assert (wrong.status_code, wrong.json()) == (
        400,
        {"code": -1022, "msg": "Signature for this request is not valid."},
    )
    good = binance.get(ACCOUNT, omitZeroBalances="true").request
    changed = str(good.url).replace("omitZeroBalances=true", "omitZeroBalances=false")
    assert binance.http.get(changed, headers=dict(good.headers), timeout=5).json()["code"] == -1022


@pytest.mark.parametrize(
    ("shift_ms", "recv_window", "code"),
    [
        (-4999, 5000, None),
        (-5001, 5000, -1021),
        (999, 5000, None),
        (1000, 5000, -1021),
        (-59_000, 60_000, None),
        (0, 60_001, -1131),
    ],
)
def test_the_time_window_is_the_documented_one(
    binance: BinanceCaller, shift_ms: int, recv_window: int, code: int | None
) -> None:
    answer = binance.get(ACCOUNT, timestamp=binance.clock.ms() + shift_ms, recvWindow=recv_window)
    assert answer.json().get("code") == code


def test_both_texts_of_the_timestamp_refusal_exist(binance: BinanceCaller) -> None:
    early = binance.get(ACCOUNT, timestamp=binance.clock.ms() + 5000).json()["msg"]
    late = binance.get(ACCOUNT, timestamp=binance.clock.ms() - 9000).json()["msg"]
    assert early == "Timestamp for this request was 1000ms ahead of the server's time."
    assert late == "Timestamp for this request is outside of the recvWindow."


def test_a_missing_timestamp_or_signature_is_named(binance: BinanceCaller) -> None:
    headers = {"X-MBX-APIKEY": binance.key("good").api_key}
    no_time = binance.http.get(binance.url(ACCOUNT), headers=headers, timeout=5).json()
    no_signature = binance.http.get(
        binance.url(ACCOUNT) + f"?timestamp={binance.clock.ms()}", headers=headers, timeout=5
    ).json()
    assert (no_time["code"], "'timestamp'" in no_time["msg"]) == (-1102, True)
    assert (no_signature["code"], "'signature'" in no_signature["msg"]) == (-1102, True)


def test_a_form_body_is_signed_together_with_the_query(binance: BinanceCaller) -> None:
    key, body = binance.key("good"), f"timestamp={binance.clock.ms()}"
    sign = hmac.new(key.api_secret.encode(), f"needBtcValuation=true{body}".encode(), hashlib.sha256).hexdigest()
    answer = binance.http.post(
        binance.url("/sapi/v1/asset/get-funding-asset?needBtcValuation=true"),
        data=f"{body}&signature={sign}",
        headers={"X-MBX-APIKEY": key.api_key, "Content-Type": "application/x-www-form-urlencoded"},
        timeout=5,
    )
    assert (answer.status_code, {row["asset"] for row in answer.json()}) == (200, {"USDT", "BRL"})


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_asymmetric_keys_are_verified(binance: BinanceCaller, sandbox: Sandbox, kind: str) -> None:
    private: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    private = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    sandbox.put_key(replace(sandbox.key("binance", "good"), api_secret=pem))
    key, query = binance.key("good"), urlencode({"timestamp": binance.clock.ms()})
    if isinstance(private, rsa.RSAPrivateKey):
        signature = private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    else:
        signature = private.sign(query.encode())
    for text, status in (
        (base64.b64encode(signature).decode(), 200),
        (base64.b64encode(signature[::-1]).decode(), 400),
    ):
        url = f"{binance.url(ACCOUNT)}?{query}&signature={quote(text, safe='')}"
        assert binance.http.get(url, headers={"X-MBX-APIKEY": key.api_key}, timeout=5).status_code == status


@pytest.mark.parametrize(
    ("name", "trade", "transfer", "withdraw", "ip"),
    [
        ("good", False, False, False, True),
        ("trade", True, False, False, True),
        ("transfer", False, True, False, True),
        ("withdraw", True, True, True, True),
        ("no_ip", False, False, False, False),
    ],
)
def test_permissions_are_told(
    binance: BinanceCaller, name: str, trade: bool, transfer: bool, withdraw: bool, ip: bool
) -> None:
    told = binance.get("/sapi/v1/account/apiRestrictions", name).json()
    assert told["enableSpotAndMarginTrading"] is trade
    assert told["permitsUniversalTransfer"] is transfer
    assert told["enableWithdrawals"] is withdraw
    assert told["ipRestrict"] is ip


def test_a_testnet_key_has_no_wallet_api(binance: BinanceCaller) -> None:
    assert binance.get(ACCOUNT, "testnet").status_code == 200
    assert binance.get("/sapi/v1/account/apiRestrictions", "testnet").status_code == 404


def test_too_much_weight_gives_429_then_418_and_ends_with_the_minute(binance: BinanceCaller, clock: Clock) -> None:
    answers = [binance.get("/fapi/v1/income") for _ in range(81)]
    assert [answer.status_code for answer in answers[:80]] == [200] * 80
    assert answers[80].status_code == 429
    assert answers[80].headers["Retry-After"] == "40"
    assert answers[80].json()["code"] == -1003
    assert binance.get(ACCOUNT).status_code == 200, "another family has its own limit"
    banned = [binance.get("/fapi/v1/income") for _ in range(20)][-1]
    assert (banned.status_code, banned.headers["Retry-After"]) == (418, "120")
    clock.move(seconds=60)
    assert binance.get("/fapi/v1/income").status_code == 418
    clock.move(seconds=61)
    assert binance.get("/fapi/v1/income").status_code == 200


def test_dear_wallet_reads_count_by_uid(binance: BinanceCaller) -> None:
    codes = [binance.get("/sapi/v1/fiat/orders", transactionType=0).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert binance.get("/sapi/v1/fiat/orders", "spot", transactionType=0).status_code == 200


def test_income_pages_by_time_without_loss(binance: BinanceCaller, sandbox: Sandbox, clock: Clock) -> None:
    world, start = sandbox.world, int(sandbox.world.opened_at.timestamp() * 1000)
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    while True:
        page = binance.get("/fapi/v1/income", startTime=start, endTime=clock.ms(), limit=100).json()
        rows |= {(row["incomeType"], row["tranId"], row["tradeId"], row["symbol"], row["asset"]): row for row in page}
        if len(page) < 100:
            break
        assert page[-1]["time"] > start
        start = page[-1]["time"]
        clock.move(seconds=3)
    events = [event for event in world.events(str(UID), world.opened_at, clock()) if event.wallet == "futures_linear"]
    assert len(rows) == len(events) > 500
    assert sum(Decimal(row["income"]) for row in rows.values()) == sum(event.amount for event in events)


def test_income_without_times_is_the_last_week_ascending(binance: BinanceCaller, clock: Clock) -> None:
    rows = binance.get("/fapi/v1/income", limit=1000).json()
    times = [row["time"] for row in rows]
    assert times == sorted(times)
    week = clock() - timedelta(days=7)
    assert week.timestamp() * 1000 <= times[0]


def test_deposit_windows_are_at_most_ninety_days(binance: BinanceCaller, clock: Clock) -> None:
    day = 86_400_000
    fine = binance.get("/sapi/v1/capital/deposit/hisrec", startTime=clock.ms() - 90 * day, endTime=clock.ms())
    long = binance.get("/sapi/v1/capital/deposit/hisrec", startTime=clock.ms() - 91 * day, endTime=clock.ms())
    assert fine.status_code == 200
    assert {row["status"] for row in fine.json()} == {0, 1}
    assert (long.status_code, long.json()["code"]) == (400, -1127)


def test_flexible_earn_appears_again_as_ld_tokens_in_spot(binance: BinanceCaller, sandbox: Sandbox) -> None:
    spot = {
        row["asset"]: Decimal(row["free"]) for row in binance.get(ACCOUNT, omitZeroBalances="true").json()["balances"]
    }
    earn = sandbox.world.book(str(UID), sandbox.world.clock()).amounts("earn")
    assert spot["LDUSDT"] == earn["USDT"]
    assert "LDETH" not in spot
    assert spot["LDO"] == Decimal("120.75")
    flexible = binance.get("/sapi/v1/simple-earn/flexible/position", size=1, current=2).json()
    locked = binance.get("/sapi/v1/simple-earn/locked/position").json()
    assert (flexible["total"], len(flexible["rows"])) == (2, 1)
    assert [row["asset"] for row in locked["rows"]] == ["ETH"]


def test_withdrawals_are_net_with_the_fee_on_top(binance: BinanceCaller, sandbox: Sandbox) -> None:
    rows = binance.get("/sapi/v1/capital/withdraw/history").json()
    events = sandbox.world.events(str(UID), sandbox.world.opened_at, sandbox.world.clock())
    left = -sum(e.amount for e in events if e.kind is LedgerKind.WITHDRAWAL or e.note == "withdrawal")
    assert left > 0
    assert sum(Decimal(row["amount"]) + Decimal(row["transactionFee"]) for row in rows) == left


def test_transfers_need_a_type_and_list_one_direction(binance: BinanceCaller, sandbox: Sandbox) -> None:
    sandbox.world.add_transfer(str(UID), "USDT", Decimal(5), source="spot", target="futures_linear")
    found = binance.get("/sapi/v1/asset/transfer", type="MAIN_UMFUTURE").json()
    back = binance.get("/sapi/v1/asset/transfer", type="UMFUTURE_MAIN").json()
    assert Decimal(found["rows"][0]["amount"]) == 5
    assert all(Decimal(row["amount"]) != 5 for row in back.get("rows", []))
    assert binance.get("/sapi/v1/asset/transfer").json()["code"] == -1102


def test_a_spot_trade_shows_in_my_trades_with_its_fee(binance: BinanceCaller, sandbox: Sandbox) -> None:
    rows = binance.get("/api/v3/myTrades", symbol="BTCUSDT").json()
    bought = sum(Decimal(row["qty"]) * (1 if row["isBuyer"] else -1) for row in rows)
    events = sandbox.world.events(str(UID), sandbox.world.opened_at, sandbox.world.clock())
    assert bought == sum(e.amount for e in events if e.kind is LedgerKind.TRADE and e.asset == "BTC")
    assert {row["commissionAsset"] for row in rows} == {"BTC", "USDT"}


def test_unknown_paths_and_symbols_are_refused(binance: BinanceCaller) -> None:
    assert binance.get("/api/v3/order").status_code == 404
    wrong = binance.http.get(binance.url("/api/v3/ticker/price?symbol=NOPE"), timeout=5)
    assert (wrong.status_code, wrong.json()["code"]) == (400, -1121)
