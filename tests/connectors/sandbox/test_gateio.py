"""Gate.io in the sandbox: whom it lets in, how it refuses, account modes, how it pages."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

import ccxt
import pytest
import requests

from connectors.sandbox import Sandbox, SandboxKey
from connectors.sandbox.dialects import load
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import Clock

API = "/api/v4"
SPOT = "/spot/accounts"
RICH = "16670021"
DAY = 86_400
READS = sorted(path.removeprefix(API) for _method, path in load("gateio").endpoints)
UNUSED = ("/options/accounts", "/delivery/usdt/", "/delivery/btc/")


@dataclass
class Caller:
    """A client that signs as Gate.io documents it, with nothing of the connectors or the sandbox."""

    sandbox: Sandbox
    clock: Clock
    http: requests.Session

    def get(
        self, path: str, key: SandboxKey | str = "good", headers: Mapping[str, str] | None = None, **params: object
    ) -> requests.Response:
        return self.send(path, urlencode(params), urlencode(params), key=key, headers=headers)

    def send(
        self,
        path: str,
        query: str,
        signed: str,
        *,
        key: SandboxKey | str = "good",
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        key = self.sandbox.key("gateio", key) if isinstance(key, str) else key
        second, hashed = str(self.clock.ms() // 1000), hashlib.sha512(b"").hexdigest()
        text = f"GET\n{API}{path}\n{signed}\n{hashed}\n{second}"
        sign = hmac.new(key.api_secret.encode(), text.encode(), hashlib.sha512).hexdigest()
        sent = {"KEY": key.api_key, "Timestamp": second, "SIGN": sign, **(headers or {})}
        url = self.sandbox.hosts()["gateio"]["rest"] + API + path + (f"?{query}" if query else "")
        return self.http.get(url, headers=sent, timeout=5)


@pytest.fixture
def gate(sandbox: Sandbox, clock: Clock, http: requests.Session) -> Caller:
    return Caller(sandbox, clock, http)


def label(answer: requests.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json().get("label") if isinstance(answer.json(), dict) else None


# who is let in


def test_a_good_key_reads_the_spot_wallet(gate: Caller) -> None:
    answer = gate.get(SPOT)
    assert answer.status_code == 200
    assert {"USDT", "BTC", "LTC", "POINT"} <= {row["currency"] for row in answer.json()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("revoked", (401, "INVALID_KEY")),
        ("expired", (401, "INVALID_KEY")),
        ("wrong_ip", (403, "FORBIDDEN")),
        ("blind", (403, "FORBIDDEN")),
    ],
)
def test_bad_keys_are_refused(gate: Caller, name: str, expected: tuple[int, str]) -> None:
    answer = gate.get(SPOT, name)
    assert label(answer) == expected
    assert ("whitelist" in answer.json()["message"]) is (name == "wrong_ip")


@pytest.mark.parametrize(
    ("header", "value", "expected"),
    [
        ("KEY", "0" * 32, (401, "INVALID_KEY")),
        ("KEY", "", (400, "MISSING_REQUIRED_HEADER")),
        ("SIGN", "0" * 128, (401, "INVALID_SIGNATURE")),
        ("SIGN", "", (400, "MISSING_REQUIRED_HEADER")),
        ("Timestamp", "", (400, "MISSING_REQUIRED_HEADER")),
        ("Timestamp", "yesterday", (400, "INVALID_PARAM_VALUE")),
        ("Timestamp", "1700000000", (403, "REQUEST_EXPIRED")),
    ],
)
def test_each_header_is_checked(gate: Caller, header: str, value: str, expected: tuple[int, str]) -> None:
    assert label(gate.get(SPOT, headers={header: value})) == expected


def test_the_time_is_checked_before_the_key_and_the_venues_clock_is_told(gate: Caller) -> None:
    answer = gate.get(SPOT, headers={"KEY": "0" * 32, "Timestamp": str(gate.clock.ms() // 1000 - 61)})
    assert label(answer) == (403, "REQUEST_EXPIRED")
    assert f"current_time:{gate.clock.ms() // 1000}" in answer.json()["message"]
    assert label(gate.get(SPOT, headers={"Timestamp": str(gate.clock.ms() // 1000 - 59)})) == (401, "INVALID_SIGNATURE")


def test_the_signature_covers_the_query_as_it_reads(gate: Caller) -> None:
    assert gate.send(SPOT, "currency=USDT", "currency=BTC").status_code == 401
    assert gate.send(SPOT, f"currency={quote('A B')}", "currency=A B").status_code == 200


def test_each_endpoint_has_its_own_limit_per_uid_in_ten_seconds(gate: Caller, clock: Clock) -> None:
    path = "/wallet/total_balance"
    answers = [gate.get(path, "good" if number % 2 else "second") for number in range(81)]
    assert [answer.status_code for answer in answers] == [200] * 80 + [429]
    assert answers[0].headers["X-Gate-RateLimit-Requests-Remain"] == "79"
    assert answers[-1].json()["label"] == "TOO_MANY_REQUESTS"
    assert "Retry-After" not in answers[-1].headers
    reset = int(answers[-1].headers["X-Gate-RateLimit-Reset-Timestamp"])
    assert 0 < reset - clock.ms() / 1000 <= 10
    assert gate.get(path, "spot").status_code == gate.get(SPOT).status_code == 200
    clock.move(seconds=10)
    assert gate.get(path).status_code == 200


@pytest.mark.parametrize("name", ["good", "empty", "unified", "portfolio"])
def test_every_read_answers_or_says_that_the_wallet_was_never_opened(gate: Caller, name: str) -> None:
    for path in READS:
        answer, public = gate.get(path, name), path.endswith(("/contracts", "/tickers"))
        unused = path.startswith(UNUSED) and not public
        unused |= name in ("good", "empty") and path == "/unified/accounts"
        futures = path.startswith("/futures/") and not public
        unused |= futures and (name == "empty" or (name != "good" and "/btc/" in path))
        assert label(answer) == ((400, "USER_NOT_FOUND") if unused else (200, None)), (path, answer.text)


@pytest.mark.parametrize(
    ("name", "error"),
    [("revoked", ccxt.AuthenticationError), ("wrong_ip", ccxt.PermissionDenied), ("blind", ccxt.PermissionDenied)],
)
def test_ccxt_understands_the_refusals(sandbox: Sandbox, clock: Clock, name: str, error: type[Exception]) -> None:
    key = sandbox.key("gateio", name)
    client = ccxt.gate({"apiKey": key.api_key, "secret": key.api_secret, "enableRateLimit": False})
    base = sandbox.hosts()["gateio"]["rest"] + API
    client.urls["api"] = {part: dict.fromkeys(urls, base) for part, urls in client.urls["api"].items()}
    client.milliseconds, client.session.trust_env = clock.ms, False
    try:
        with pytest.raises(error):
            client.private_spot_get_accounts()
    finally:
        client.session.close()


def test_an_unknown_path_is_named_so(gate: Caller) -> None:
    assert label(gate.get("/spot/nothing")) == (404, "NOT_FOUND")


# keys and modes


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        ("good", set()),
        ("trade", {"spot", "futures", "delivery", "options", "margin", "unified"}),
        ("transfer", {"wallet"}),
        ("withdraw", {"wallet", "spot", "futures", "delivery", "options", "margin", "unified"}),
    ],
)
def test_the_keys_of_the_account_are_listed_masked_with_their_groups(gate: Caller, name: str, writes: set[str]) -> None:
    key = gate.sandbox.key("gateio", name)
    rows = gate.get("/account/main_keys", name).json()
    (row,) = [row for row in rows if row["key"] == key.api_key[:12] + "*****"]
    assert {item["name"] for item in row["perms"] if not item["read_only"]} == writes
    assert (row["name"], row["user_id"], row["ip_whitelist"]) == (name, int(RICH), ["127.0.0.1"])
    assert len(rows) > 8
    assert key.api_key not in str(rows)


@pytest.mark.parametrize(
    ("name", "mode", "key_mode"), [("good", "classic", 1), ("unified", "multi_currency", 2), ("portfolio",) * 2 + (2,)]
)
def test_the_mode_of_an_account_is_told(gate: Caller, name: str, mode: str, key_mode: int) -> None:
    assert gate.get("/unified/unified_mode", name).json()["mode"] == mode
    assert gate.get("/account/detail", name).json()["key"] == {"mode": key_mode}


def test_a_unified_account_shows_its_money_in_the_classic_wallets_too(gate: Caller) -> None:
    cash = gate.sandbox.world.book(gate.sandbox.key("gateio", "unified").uid, gate.clock()).wallets["unified"]
    spot = {row["currency"]: row for row in gate.get(SPOT, "unified").json()}
    assert Decimal(spot["USDT"]["available"]) == cash["USDT"]
    assert Decimal(gate.get("/futures/usdt/accounts", "unified").json()["total"]) == cash["USDT"]


@pytest.mark.parametrize("settle", ["usdt", "btc"])
def test_the_total_of_a_futures_wallet_is_the_sum_of_its_history_without_open_results(
    gate: Caller, settle: str
) -> None:
    row = gate.get(f"/futures/{settle}/accounts").json()
    assert Decimal(row["total"]) == sum(Decimal(value) for value in row["history"].values())
    positions = gate.get(f"/futures/{settle}/positions", holding="true").json()
    assert Decimal(row["unrealised_pnl"]) == sum(Decimal(item["unrealised_pnl"]) for item in positions) != 0


def test_sizes_are_contracts_with_sign_as_text_or_number(gate: Caller) -> None:
    hedged = gate.get("/futures/usdt/positions", holding="true").json()
    assert {(row["mode"], row["size"].startswith("-")) for row in hedged} == {
        ("dual_long", False),
        ("dual_short", True),
    }
    single = gate.get("/futures/usdt/positions", "one_way", holding="true").json()
    assert {type(row["size"]) for row in single} == {int}
    everything = gate.get("/futures/usdt/positions", "one_way").json()
    assert [row["contract"] for row in everything if row["size"] == "0"] == ["LINK_USDT"]


# histories


def test_the_futures_book_adds_up_to_the_balance_page_by_page(gate: Caller) -> None:
    opened, rows = int(gate.sandbox.world.opened_at.timestamp()), list[dict[str, Any]]()
    asked: dict[str, Any] = {"from": opened, "to": gate.clock.ms() // 1000, "limit": 100}
    while page := gate.get("/futures/usdt/account_book", **asked, offset=len(rows)).json():
        rows += page
    assert [row["time"] for row in rows] == sorted((row["time"] for row in rows), reverse=True)
    opening = gate.sandbox.world.opening(RICH)["futures_linear"]["USDT"]
    total = opening + sum(Decimal(row["change"]) for row in rows)
    assert total == Decimal(rows[0]["balance"]) == gate.sandbox.world.book(RICH, gate.clock()).wallets[
        "futures_linear"]["USDT"]  # fmt: skip
    assert {row["type"] for row in rows} == {"pnl", "fee", "fund", "dnw"}


def test_milliseconds_in_a_window_of_seconds_give_an_empty_list_and_no_error(gate: Caller) -> None:
    asked: dict[str, Any] = {"from": gate.clock.ms() - DAY * 1000, "to": gate.clock.ms()}
    answer = gate.get("/futures/usdt/account_book", **asked)
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/spot/account_book", {"limit": 1001}),
        ("/spot/account_book", {"limit": 0}),
        ("/spot/account_book", {"from": -31}),
        ("/wallet/deposits", {"from": -31}),
        ("/wallet/deposits", {"limit": 501}),
        ("/wallet/withdrawals", {"from": -190, "to": -185}),
        ("/futures/usdt/account_book", {"from": -181}),
        ("/futures/usdt/account_book", {"from": 5}),
        ("/futures/usdt/account_book", {"from": "abc"}),
        ("/futures/usdt/positions", {"limit": 101}),
        ("/spot/tickers", {"currency_pair": "NO_PAIR"}),
    ],
)
def test_parameters_out_of_range_are_refused(gate: Caller, path: str, params: dict[str, Any]) -> None:
    now = gate.clock.ms() // 1000
    days: dict[str, Any] = {
        name: now + value * DAY for name, value in params.items() if name != "limit" and isinstance(value, int)
    }
    changed: dict[str, Any] = {**params, **days}
    answer = gate.get(path, **changed)
    assert label(answer) == (400, "INVALID_PARAM_VALUE")


def test_the_spot_book_counts_milliseconds_and_turns_pages(gate: Caller) -> None:
    since, now = gate.clock() - timedelta(days=29), gate.clock.ms()
    asked: dict[str, Any] = {"from": int(since.timestamp()), "to": now // 1000, "limit": 50}
    first, second = (gate.get("/spot/account_book", **asked, page=page).json() for page in (1, 2))
    assert len(first) == len(second) == 50
    assert not {row["id"] for row in first} & {row["id"] for row in second}
    assert first[-1]["time"] >= second[0]["time"] > now - 30 * DAY * 1000


def test_withdrawals_leave_with_their_fee_and_pending_deposits_are_marked(gate: Caller) -> None:
    since = gate.clock() - timedelta(days=29)
    asked: dict[str, Any] = {"from": int(since.timestamp()), "to": gate.clock.ms() // 1000}
    events = gate.sandbox.world.events(RICH, since, gate.clock())
    left = gate.get("/wallet/withdrawals", **asked).json()
    true = sorted(1 - event.amount for event in events if event.kind is LedgerKind.WITHDRAWAL)
    assert sorted(Decimal(row["amount"]) for row in left) == true != []
    assert {Decimal(row["fee"]) for row in left} == {Decimal(1)}
    came = gate.get("/wallet/deposits", **asked).json()
    assert {row["status"] for row in came} == {"DONE", "PEND"}
    assert all(row["id"].startswith("d") for row in came)


def test_the_overview_keeps_open_results_beside_the_amounts(gate: Caller) -> None:
    total = gate.get("/wallet/total_balance").json()["total"]
    equity, _unpriced = gate.sandbox.world.equity(gate.sandbox.world.book(RICH, gate.clock()))
    worth = Decimal(total["amount"]) + Decimal(total["unrealised_pnl"])
    assert abs(worth - sum(equity.values(), Decimal(0))) < Decimal("0.0001")
