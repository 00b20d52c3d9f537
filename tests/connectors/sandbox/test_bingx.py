"""BingX in the sandbox: whom it lets in, how it refuses within HTTP 200, its limits, how it pages."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest
import requests

from connectors.sandbox import Sandbox, SandboxKey
from connectors.sandbox.dialects import load
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import Clock

SPOT, INCOME = "/openApi/spot/v1/account/balance", "/openApi/swap/v2/user/income"
RICH = "12851931"
DAY_MS = 86_400_000


@dataclass
class BingxCaller:
    """Signs as BingX documents it: the plain query in the order it is sent, the signature last."""

    sandbox: Sandbox
    clock: Clock
    http: requests.Session

    def key(self, name: str) -> SandboxKey:
        return self.sandbox.key("bingx", name)

    def ask(self, path: str, key: str = "good", secret: str = "", **params: object) -> requests.Response:
        item = self.key(key)
        pairs = [(name, str(value)) for name, value in sorted({"timestamp": self.clock.ms(), **params}.items())]
        plain = "&".join(f"{name}={value}" for name, value in pairs)
        sent = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
        sign = hmac.new((secret or item.api_secret).encode(), plain.encode(), hashlib.sha256).hexdigest()
        return self.get(f"{path}?{sent}&signature={sign}", {"X-BX-APIKEY": item.api_key})

    def get(self, path: str, headers: dict[str, str]) -> requests.Response:
        return self.http.get(self.sandbox.hosts()["bingx"]["rest"] + path, headers=headers, timeout=5)


@pytest.fixture
def bingx(sandbox: Sandbox, clock: Clock, http: requests.Session) -> Iterator[BingxCaller]:
    yield BingxCaller(sandbox, clock, http)


def test_a_good_key_reads_the_spot_wallet(bingx: BingxCaller) -> None:
    answer = bingx.ask(SPOT).json()
    assert (answer["code"], answer["msg"]) == (0, "")
    assert {"USDT", "BTC", "VST"} <= {row["asset"] for row in answer["data"]["balances"]}


@pytest.mark.parametrize(
    ("name", "code"), [("revoked", 100413), ("expired", 100413), ("wrong_ip", 100419), ("blind", 100004)]
)
def test_bad_keys_are_refused_in_a_success(bingx: BingxCaller, name: str, code: int) -> None:
    answer = bingx.ask(SPOT, name)
    assert (answer.status_code, answer.json()["code"]) == (200, code)


def test_signature_and_timestamp_are_checked(bingx: BingxCaller) -> None:
    key = {"X-BX-APIKEY": bingx.key("good").api_key}
    assert bingx.ask(SPOT, secret="wrong").json()["code"] == 100001
    assert bingx.get(f"{SPOT}?timestamp={bingx.clock.ms()}", key).json()["code"] == 100412
    assert bingx.ask(SPOT, timestamp=bingx.clock.ms() - 5_001).json()["code"] == 100421
    bingx.clock.move(seconds=1)
    assert bingx.ask(SPOT, timestamp=bingx.clock.ms() - 600, recvWindow=500).json()["code"] == 100421
    assert bingx.get(f"{SPOT}?timestamp=now&signature=00", key).json()["code"] == 100421


def test_the_plain_text_of_the_query_is_what_is_signed(bingx: BingxCaller) -> None:
    path = "/openApi/wallets/v1/capital/innerTransfer/records"
    assert bingx.ask(path, coin="USDT", transferClientId="op #1/2 é").json()["code"] == 0
    good = str(bingx.ask(INCOME, limit=5).request.url).split("/openApi", 1)[1]
    changed = "/openApi" + good.replace("limit=5", "limit=6")
    assert bingx.get(changed, {"X-BX-APIKEY": bingx.key("good").api_key}).json()["code"] == 100001


def test_the_signed_text_is_sorted_however_the_query_is_sent(bingx: BingxCaller) -> None:
    url, headers = str(bingx.ask(INCOME, limit=5).request.url).split("/openApi", 1)[1], {}
    path, _, query = f"/openApi{url}".partition("?")
    headers["X-BX-APIKEY"] = bingx.key("good").api_key
    assert bingx.get(f"{path}?{'&'.join(reversed(query.split('&')))}", headers).json()["code"] == 0


def test_fills_are_the_orders_by_pair(bingx: BingxCaller) -> None:
    since = int(bingx.sandbox.world.opened_at.timestamp() * 1000)
    span: dict[str, Any] = {"startTime": since, "endTime": bingx.clock.ms()}
    orders = bingx.ask("/openApi/spot/v1/trade/historyOrders", **span, pageSize=100).json()["data"]["orders"]
    mine = {row["orderId"]: row for row in orders if row["symbol"] == "BTC-USDT"}
    fills = bingx.ask("/openApi/spot/v1/trade/myTrades", symbol="BTC-USDT", **span).json()["data"]["fills"]
    found = {row["orderId"]: row for row in fills}
    assert mine.keys() <= found.keys()
    assert mine
    for order, row in mine.items():
        assert (row["executedQty"], row["side"] == "BUY") == (found[order]["qty"], found[order]["isBuyer"])
    assert bingx.ask("/openApi/spot/v1/trade/historyOrders", pageIndex=101).json()["code"] == 109400


def test_limits_are_counted_by_address_and_endpoint(bingx: BingxCaller) -> None:
    names = ("good", "spot", "dust", "empty")
    assert [bingx.ask(SPOT, name).json()["code"] for name in names] == [0, 0, 0, 100410]
    assert bingx.ask(INCOME).json()["code"] == 0
    bingx.clock.move(seconds=1)
    assert bingx.ask(SPOT).json()["code"] == 0


def test_who_goes_on_beyond_a_limit_is_told_until_when_he_is_blocked(bingx: BingxCaller) -> None:
    refusals = [bingx.ask(SPOT).json() for _ in range(26)]
    assert {row["code"] for row in refusals[3:]} == {100410}
    assert refusals[-1]["msg"].endswith(f"unblocked after {bingx.clock.ms() // 1000 * 1000 + 480_000 + 250}")
    bingx.clock.move(seconds=470)
    assert bingx.ask(SPOT).json()["code"] == 100410
    bingx.clock.move(seconds=20)
    assert bingx.ask(SPOT).json()["code"] == 0


@pytest.mark.parametrize("name", ["good", "empty"])
def test_every_read_answers(bingx: BingxCaller, name: str) -> None:
    now = bingx.clock.ms()
    params: dict[str, object] = {"coin": "USDT", "fromAccount": "spot", "toAccount": "USDTMPerp"}
    params |= {"startTs": now - DAY_MS, "endTs": now, "uid": bingx.key(name).uid}
    for method, path in load("bingx").endpoints:
        symbol = "BTC-USD" if "/cswap/" in path else "BTC-USDT"
        bingx.clock.move(seconds=1)
        assert method == "GET"
        answer = bingx.ask(path, name, "", symbol=symbol, **params).json()
        assert isinstance(answer, list) or "rows" in answer or answer["code"] == 0, (path, answer)


def test_missing_parameters_and_wrong_paths_are_refused(bingx: BingxCaller) -> None:
    assert bingx.ask("/openApi/swap/v1/trade/positionHistory", symbol="BTC-USDT").json()["code"] == 109400
    assert bingx.ask(INCOME, limit=1001).json()["code"] == 109400
    assert bingx.ask("/openApi/nowhere").json()["code"] == 100400


def test_a_demo_key_has_play_money_in_its_usdt_m_wallet_only(bingx: BingxCaller) -> None:
    row = bingx.ask("/openApi/swap/v3/user/balance", "testnet").json()["data"][0]
    assert (row["asset"], Decimal(row["balance"]) > 0) == ("VST", True)
    assert bingx.ask(SPOT, "testnet").json()["code"] == 100400


def test_equity_holds_the_open_result_once(bingx: BingxCaller) -> None:
    row = bingx.ask("/openApi/swap/v3/user/balance").json()["data"][0]
    book = bingx.sandbox.world.book(RICH, bingx.clock())
    cash, pnl = book.wallets["futures_linear"]["USDT"], book.unrealized("futures_linear")["USDT"]
    assert (Decimal(row["balance"]), Decimal(row["equity"])) == (cash, cash + pnl)


def test_income_pages_backwards_without_loss(bingx: BingxCaller) -> None:
    since, world = int(bingx.sandbox.world.opened_at.timestamp() * 1000), bingx.sandbox.world
    found: dict[str, Decimal] = {}
    end, full = bingx.clock.ms(), True
    while full:
        bingx.clock.move(seconds=1)
        page = bingx.ask(INCOME, startTime=since, endTime=end, limit=200).json()["data"]
        found |= {row["tranId"]: Decimal(row["income"]) for row in page if row["asset"] == "USDT"}
        end, full = page[-1]["time"], len(page) == 200
    opening, now = world.opening(RICH)["futures_linear"]["USDT"], world.book(RICH, bingx.clock())
    assert len(found) > 400
    assert opening + sum(found.values()) == now.wallets["futures_linear"]["USDT"]


def test_income_without_times_covers_seven_days_and_old_rows_are_gone(bingx: BingxCaller) -> None:
    rows = bingx.ask(INCOME, limit=1000).json()["data"]
    assert bingx.clock.ms() - 7 * DAY_MS <= rows[-1]["time"] < bingx.clock.ms() - 6 * DAY_MS
    bingx.clock.move(days=100)
    assert bingx.ask(INCOME, startTime=1, endTime=bingx.clock.ms() - 95 * DAY_MS).json()["data"] is None


def test_transfers_with_other_users_are_listed_without_a_time(bingx: BingxCaller) -> None:
    world = bingx.sandbox.world
    world.add_event(RICH, LedgerKind.TRANSFER_OUT, {"USDT": Decimal(-50)}, wallet="funding", note="user")
    answer = bingx.ask("/openApi/wallets/v1/capital/innerTransfer/records", coin="USDT").json()["data"]
    (row,) = answer["data"]
    assert (answer["total"], row["recordType"], row["amount"], row["status"]) == (1, "out", 50.0, 6)
    assert not {"time", "timestamp"} & set(row)
