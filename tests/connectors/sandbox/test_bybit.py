"""The sandbox's Bybit answers a caller who signs by hand as the exchange documents it."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from connectors.sandbox import Sandbox, SandboxConfig, SandboxKey
from connectors.sandbox.dialects import load
from tests.connectors.sandbox.callers import Clock
from tests.connectors.sandbox.conftest import OPENED_ON

DAY_MS = 86_400_000
READS = sorted(path for _method, path in load("bybit").endpoints)
ONLY_UNIFIED, ONLY_OLDER = "/v5/account/transaction-log", "/v5/account/contract-transaction-log"


@dataclass
class BybitCaller:
    sandbox: Sandbox
    clock: Clock
    http: requests.Session

    def send(
        self, path: str, query: str = "", *, key: SandboxKey | str = "good", secret: str = "", at: int | None = None
    ) -> requests.Response:
        """Send a query as it is written, signed as it is written."""
        key = self.sandbox.key("bybit", key) if isinstance(key, str) else key
        moment = str(self.clock.ms() if at is None else at)
        text = f"{moment}{key.api_key}5000{query}"
        headers = {
            "X-BAPI-API-KEY": key.api_key,
            "X-BAPI-TIMESTAMP": moment,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": hmac.new((secret or key.api_secret).encode(), text.encode(), hashlib.sha256).hexdigest(),
        }
        url = self.sandbox.hosts()["bybit"]["rest"] + path + (f"?{query}" if query else "")
        return self.http.get(url, headers=headers, timeout=5)

    def code(self, path: str, query: str = "", **how: Any) -> int:  # noqa: ANN401 - handed on
        answer = self.send(path, query, **how)
        assert answer.status_code == 200
        return int(answer.json()["retCode"])

    def span(self, days: int) -> str:
        return f"startTime={self.clock.ms() - days * DAY_MS}&endTime={self.clock.ms()}"


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("bybit",))) as running:
        yield running


@pytest.fixture
def bybit(sandbox: Sandbox, clock: Clock, http: requests.Session) -> BybitCaller:
    return BybitCaller(sandbox, clock, http)


@pytest.mark.parametrize("name", ["good", "empty", "uta1", "classic"])
def test_every_read_answers_or_names_the_account_mode(bybit: BybitCaller, name: str) -> None:
    refused = {("classic", ONLY_UNIFIED): 10028, ("good", ONLY_OLDER): 10001, ("empty", ONLY_OLDER): 10001}
    for path in READS:
        account_type = "FUND" if "coins-balance" in path else "SPOT" if name == "classic" else "UNIFIED"
        category = "FlexibleSaving" if "earn" in path else "linear"
        code = bybit.code(path, f"category={category}&settleCoin=USDT&accountType={account_type}", key=name)
        assert code == refused.get((name, path), 0), path


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"secret": "wrong"}, 10004),
        ({"key": "revoked"}, 10003),
        ({"key": "expired"}, 33004),
        ({"key": "wrong_ip"}, 10010),
        ({"key": "blind"}, 10005),
    ],
)
def test_keys_are_refused_within_http_200(bybit: BybitCaller, how: dict[str, Any], code: int) -> None:
    assert bybit.code("/v5/account/info", **how) == code


@pytest.mark.parametrize(("ahead_ms", "code"), [(-5000, 0), (-5001, 10002), (999, 0), (1000, 10002)])
def test_the_time_of_a_request_lies_within_its_window(bybit: BybitCaller, ahead_ms: int, code: int) -> None:
    assert bybit.code("/v5/account/info", at=bybit.clock.ms() + ahead_ms) == code


def test_the_query_is_signed_as_it_is_sent(bybit: BybitCaller) -> None:
    log = "/v5/account/transaction-log"
    cursor = bybit.send(log, "limit=3").json()["result"]["nextPageCursor"]
    assert "%3A" in cursor
    assert bybit.code(log, f"limit=3&cursor={cursor}") == 0
    assert bybit.code(log, f"limit=3&cursor={cursor.replace('%', '%25')}") == 10001
    records = "/v5/asset/deposit/query-record"
    packed = bybit.send(records, f"{bybit.span(30)}&limit=1").json()["result"]["nextPageCursor"]
    assert packed.endswith("=")
    assert bybit.code(records, f"{bybit.span(30)}&limit=1&cursor={packed}") == 0


def test_pages_of_the_log_hold_every_row_once_newest_first(bybit: BybitCaller) -> None:
    whole: list[str] = []
    query, pages = f"{bybit.span(7)}&limit=50", 0
    cursor = ""
    while True:
        result = bybit.send(ONLY_UNIFIED, query + (f"&cursor={cursor}" if cursor else "")).json()["result"]
        whole += [f"{int(row['transactionTime']):d}:{row['id']}" for row in result["list"]]
        cursor, pages = result["nextPageCursor"], pages + 1
        bybit.clock.move(seconds=0.05)
        if not cursor:
            break
    assert len(set(whole)) == len(whole) > 100
    assert (whole == sorted(whole, key=lambda row: -int(row.split(":")[0])), pages > 2) == (True, True)


@pytest.mark.parametrize(
    ("path", "days", "code"),
    [
        (ONLY_UNIFIED, 7, 0),
        (ONLY_UNIFIED, 8, 10001),
        ("/v5/asset/deposit/query-record", 30, 0),
        ("/v5/asset/deposit/query-record", 31, 10001),
        ("/v5/asset/withdraw/query-record", 31, 10001),
        ("/v5/asset/transfer/query-inter-transfer-list", 8, 10001),
    ],
)
def test_windows_are_bounded(bybit: BybitCaller, path: str, days: int, code: int) -> None:
    assert bybit.code(path, bybit.span(days)) == code


def test_linear_positions_need_a_coin_or_a_symbol(bybit: BybitCaller) -> None:
    assert bybit.code("/v5/position/list", "category=linear") == 10001
    assert bybit.code("/v5/position/list", "category=inverse") == 0


def test_calls_beyond_the_limit_of_an_account_are_told_when_to_come_back(bybit: BybitCaller) -> None:
    answers = [bybit.send("/v5/user/query-api") for _ in range(11)]
    assert [answer.json()["retCode"] for answer in answers] == [0] * 10 + [10006]
    assert [answer.headers["X-Bapi-Limit-Status"] for answer in answers[-2:]] == ["0", "0"]
    assert int(answers[-1].headers["X-Bapi-Limit-Reset-Timestamp"]) > bybit.clock.ms()
    bybit.clock.move(seconds=1)
    assert bybit.code("/v5/user/query-api") == 0


def test_the_two_logs_write_funding_with_opposite_signs(bybit: BybitCaller) -> None:
    for path, name, sign in ((ONLY_UNIFIED, "good", 1), (ONLY_OLDER, "classic", -1)):
        rows = bybit.send(path, f"{bybit.span(7)}&limit=50&type=SETTLEMENT", key=name).json()["result"]["list"]
        assert rows
        assert all(float(row["change"]) == sign * float(row["funding"]) for row in rows)
