"""The server: ports, control routes, ordered faults, and a clean end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig, key
from tests.connectors.sandbox.callers import BinanceCaller, BitgetCaller, Clock

ACCOUNT = "/api/v3/account"
UID = "354937868"


def control(sandbox: Sandbox, http: requests.Session, method: str, path: str, **body: object) -> Any:  # noqa: ANN401
    answer = http.request(method, f"{sandbox.control_url}/sandbox/{path}", json=body or None, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json(parse_float=Decimal)


def test_each_exchange_has_a_port_of_its_own_on_loopback(sandbox: Sandbox) -> None:
    hosts = sandbox.hosts()
    assert set(hosts) >= {"binance", "bitget"}
    assert set(hosts["binance"]) == {"spot", "usdm", "coinm", "pm"}
    assert set(hosts["bitget"]) == {"rest"}
    urls = {url for exchange in hosts.values() for url in exchange.values()} | {sandbox.control_url}
    assert len(urls) == len(hosts) + 1
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_default_keys_have_the_exchanges_forms_and_never_change() -> None:
    good = key("binance", "good")
    assert (len(good.api_key), good.api_key.isalnum(), good.passphrase, good.uid) == (64, True, None, UID)
    bitget = key("bitget", "good")
    assert (bitget.api_key[:3], len(bitget.api_key), bool(bitget.passphrase)) == ("bg_", 35, True)
    assert key("binance", "second").uid == good.uid
    assert key("binance", "second").api_key != good.api_key
    with pytest.raises(KeyError):
        key("binance", "nobody")


def test_truth_tells_the_past_and_the_present(sandbox: Sandbox, http: requests.Session, clock: Clock) -> None:
    now = control(sandbox, http, "GET", f"truth/{UID}")
    past = control(sandbox, http, "GET", f"truth/{UID}?at={(clock() - timedelta(days=3)).isoformat()}")
    book = sandbox.world.book(UID, clock())
    assert Decimal(now["equity_usd"]) == sum(sandbox.world.equity(book)[0].values())
    assert {asset: Decimal(v) for asset, v in now["wallets"]["spot"]["balances"].items()} == book.amounts("spot")
    assert len(now["positions"]) == len(book.positions)
    assert len(past["events"]) < len(now["events"])


def test_keys_are_made_changed_and_revoked_at_run_time(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller
) -> None:
    made = control(sandbox, http, "POST", "keys", exchange="binance", name="fresh", uid=UID)
    assert binance.get(ACCOUNT, "fresh").status_code == 200
    ask = "/sapi/v1/account/apiRestrictions"
    control(sandbox, http, "POST", "keys", exchange="binance", api_key=made["api_key"], permissions={"withdraw": True})
    assert binance.get(ask, "fresh").json()["enableWithdrawals"] is True
    control(sandbox, http, "POST", "keys", exchange="binance", api_key=made["api_key"], denied=["/fapi/"])
    assert [binance.get(path, "fresh").status_code for path in (ACCOUNT, "/fapi/v3/account")] == [200, 401]
    control(sandbox, http, "POST", "keys", exchange="binance", api_key=made["api_key"], revoked=True)
    assert binance.get(ACCOUNT, "fresh").json()["code"] == -2015


def test_events_are_booked_at_run_time(sandbox: Sandbox, http: requests.Session, bitget: BitgetCaller) -> None:
    uid = bitget.key("empty").uid
    control(sandbox, http, "POST", "events", uid=uid, kind="deposit", amounts={"USDT": "42.5"})
    control(sandbox, http, "POST", "events", uid=uid, move=["spot", "funding"], amounts={"USDT": "2.5"})
    rows = bitget.get("/api/v2/spot/account/assets", "empty").json()["data"]
    assert [(row["coin"], Decimal(row["available"])) for row in rows] == [("USDT", Decimal(40))]
    assert bitget.get("/api/v2/account/funding-assets", "empty").json()["data"][0]["available"] == "2.50000000"


def test_bad_orders_are_refused_with_a_reason(sandbox: Sandbox, http: requests.Session) -> None:
    url = f"{sandbox.control_url}/sandbox/"
    for path, body in (("faults", {"exchange": "nowhere", "kind": "html"}), ("events", {"uid": UID, "kind": "wish"})):
        answer = http.post(url + path, json=body, timeout=5)
        assert (answer.status_code, "error" in answer.json()) == (400, True)
    assert http.get(url + "nothing", timeout=5).status_code == 404
    assert http.get(f"{url}truth/{UID}?at=2026-01-05T00:00:00", timeout=5).status_code == 400


def test_requests_are_counted_by_path_key_and_answer(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller
) -> None:
    binance.get(ACCOUNT, "revoked")
    binance.get(ACCOUNT, "good")
    binance.get(ACCOUNT, "good")
    rows = control(sandbox, http, "GET", "requests")
    counts = {(row["path"], row["key"], row["status"]): row["count"] for row in rows}
    good, revoked = binance.key("good").api_key[-4:], binance.key("revoked").api_key[-4:]
    assert counts == {(ACCOUNT, good, 200): 2, (ACCOUNT, revoked, 401): 1}
    control(sandbox, http, "DELETE", "requests")
    assert control(sandbox, http, "GET", "requests") == []


def test_a_fault_strikes_its_path_as_often_as_ordered(sandbox: Sandbox, binance: BinanceCaller) -> None:
    sandbox.fault(Fault("binance", FaultKind.STATUS, status=503, path_prefix="/api/v3/account", count=2))
    other = binance.get("/fapi/v3/account").status_code
    assert ([binance.get(ACCOUNT).status_code for _ in range(3)], other) == ([503, 503, 200], 200)


def test_an_ordered_rate_limit_carries_retry_after_and_the_envelope(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller, bitget: BitgetCaller
) -> None:
    control(sandbox, http, "POST", "faults", exchange="binance", kind="status", status=429, retry_after=7)
    answer = binance.get(ACCOUNT)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (429, "7", -1003)
    assert bitget.get("/api/v2/spot/account/assets").status_code == 200
    control(sandbox, http, "DELETE", "faults")
    assert binance.get(ACCOUNT).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "begins"),
    [
        (FaultKind.HTML, 200, b"<html>"),
        (FaultKind.EMPTY, 200, b""),
        (FaultKind.GARBAGE, 200, b"\x00\xff"),
        (FaultKind.BOM, 200, b"\xef\xbb\xbf{"),
        (FaultKind.ENCODING, 200, b"\xff\xfe"),
        (FaultKind.DEEP, 200, b"[[[["),
        (FaultKind.ERROR_200, 200, b'{"code":-1008'),
        (FaultKind.HUGE, 200, b'{"pad":"xxx'),
    ],
)
def test_bad_bodies_come_as_ordered(
    sandbox: Sandbox, binance: BinanceCaller, kind: FaultKind, status: int, begins: bytes
) -> None:
    sandbox.fault(Fault("binance", kind, count=1))
    answer = binance.get(ACCOUNT)
    assert (answer.status_code, answer.content.startswith(begins)) == (status, True)
    assert binance.get(ACCOUNT).json()["uid"] == int(UID)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.TRUNCATE, FaultKind.BAD_CHUNKS])
def test_the_wire_breaks_as_ordered(sandbox: Sandbox, binance: BinanceCaller, kind: FaultKind) -> None:
    sandbox.fault(Fault("binance", kind, count=1))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        binance.get(ACCOUNT)
    assert binance.get(ACCOUNT).status_code == 200


@pytest.mark.parametrize("kind", [FaultKind.HANG, FaultKind.SLOW_HEAD, FaultKind.SLOW_BODY])
def test_slow_answers_outlast_the_patience_of_a_caller(sandbox: Sandbox, kind: FaultKind) -> None:
    sandbox.fault(Fault("binance", kind, seconds=0.05 if kind is not FaultKind.HANG else 1, count=1))
    port = int(sandbox.hosts()["binance"]["spot"].rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /api/v3/exchangeInfo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        connection.settimeout(0.5)
        until, received = time.monotonic() + 0.5, b""
        while time.monotonic() < until:
            try:
                received += connection.recv(1 << 16)
            except TimeoutError:
                break
    assert b"BTCUSDT" not in received


def test_latency_delays_and_then_answers(sandbox: Sandbox, binance: BinanceCaller) -> None:
    sandbox.fault(Fault("binance", FaultKind.LATENCY, seconds=0.3, count=1))
    begin = time.monotonic()
    assert binance.get(ACCOUNT).status_code == 200
    assert time.monotonic() - begin >= 0.3


def test_a_skewed_exchange_tells_its_own_time_and_refuses_ours(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller, clock: Clock
) -> None:
    sandbox.fault(Fault("binance", FaultKind.SKEW, seconds=30))
    told = http.get(binance.url("/api/v3/time"), timeout=5).json()["serverTime"]
    assert told == clock.ms() + 30_000
    assert binance.get(ACCOUNT).json()["code"] == -1021
    assert binance.get(ACCOUNT, timestamp=told).status_code == 200


def test_stopping_frees_the_ports_and_ends_hanging_calls(clock: Clock) -> None:
    sandbox = Sandbox(SandboxConfig(clock=clock))
    sandbox.start()
    sandbox.fault(Fault("binance", FaultKind.HANG, seconds=60))
    port = int(sandbox.hosts()["binance"]["spot"].rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(b"GET /api/v3/time HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.1)
        begin = time.monotonic()
        sandbox.stop()
        assert time.monotonic() - begin < 3
        assert connection.recv(100) == b""
    with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        pass


def test_limits_can_be_switched_off(clock: Clock, http: requests.Session) -> None:
    with Sandbox(SandboxConfig(clock=clock, enforce_limits=False)) as sandbox:
        caller = BitgetCaller(sandbox, clock, http)
        assert [caller.get("/api/v2/spot/account/info").status_code for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_hosts_and_ends_on_a_signal(ending: signal.Signals) -> None:
    code = "import sys; from connectors.sandbox import run; sys.exit(run(['--seed', '7', '--opened-on', '2026-01-01']))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("EXCHANGE_HOSTS=")
        hosts = json.loads(line.removeprefix("EXCHANGE_HOSTS="))
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(hosts["binance"]["spot"] + "/api/v3/ping", timeout=5).json() == {}
        process.send_signal(ending)
        assert process.wait(10) == 0
