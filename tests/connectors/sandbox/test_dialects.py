"""What every exchange of the sandbox must offer: a new dialect is taken up here by its name."""

import pytest

from connectors.sandbox import Sandbox, available, key
from connectors.sandbox.dialects import load
from connectors.sandbox.model import to_ms
from connectors.sandbox.wire import WireRequest
from tests.connectors.sandbox.callers import BinanceCaller, BitgetCaller

SORTS = {"good", "second", "spot", "empty", "dust", "one_way", "trade", "transfer", "withdraw", "no_ip", "wrong_ip"}
Row = dict[str, object]
BINANCE = sorted(path for method, path in load("binance").endpoints if method == "GET")
BITGET = sorted(path for method, path in load("bitget").endpoints if method == "GET")


@pytest.mark.parametrize("exchange", available())
def test_keys_of_every_sort_are_there_and_no_two_are_equal(exchange: str) -> None:
    keys = load(exchange).default_keys()
    assert {item.name for item in keys} >= SORTS | {"expired", "revoked", "blind", "testnet"}
    assert len({item.api_key for item in keys}) == len({item.api_secret for item in keys}) == len(keys)
    assert key(exchange, "good").uid == key(exchange, "second").uid


@pytest.mark.parametrize("exchange", available())
def test_accounts_belong_to_their_exchange_and_uids_are_unique(exchange: str) -> None:
    accounts = load(exchange).accounts()
    assert {spec.exchange for spec in accounts} == {exchange}
    everywhere = [spec.uid for name in available() for spec in load(name).accounts()]
    assert len(everywhere) == len(set(everywhere))


@pytest.mark.parametrize("exchange", available())
def test_signed_reads_refuse_a_caller_without_a_key(exchange: str, sandbox: Sandbox) -> None:
    dialect, site = load(exchange), sandbox.site(exchange)
    signed = [place for place, endpoint in dialect.endpoints.items() if endpoint.signed]
    assert len(signed) > {"krakenfutures": 5}.get(exchange, 10)
    for method, path in signed:
        answer = dialect.answer(WireRequest(method, path, "", {}, b"", "127.0.0.1"), site)
        refused_in_success = answer.status == 200 and _names_the_key(answer.body)
        assert answer.status in (400, 401) or refused_in_success, path
        site.limiter.clear()


def _names_the_key(body: Row) -> bool:
    return body.get("code") == 100413 or body.get("error") in (["EAPI:Invalid key"], "authenticationError")


@pytest.mark.parametrize("path", BINANCE)
@pytest.mark.parametrize("name", ["good", "empty"])
def test_every_binance_read_answers(binance: BinanceCaller, name: str, path: str) -> None:
    params: dict[str, object] = {
        "type": "MAIN_FUNDING",
        "symbol": "BTCUSD_PERP" if path.startswith("/dapi") else "BTCUSDT",
        "transactionType": 0,
    }
    foreign = path.startswith("/papi/") or path.endswith("/subUserHistory")  # for other kinds of accounts
    answer = binance.get(path, name, None, **params)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert (answer.status_code, "code" in answer.json()) in (
        [(401, True), (400, True)] if foreign else [(200, False), (200, "success" in answer.json())]
    ), answer.text


@pytest.mark.parametrize("path", [path for path in BINANCE if path.startswith("/papi/")])
def test_every_portfolio_margin_read_answers_its_account(binance: BinanceCaller, path: str) -> None:
    params = {"symbol": "BTCUSDT"} if path.endswith("/myTrades") else {}
    assert binance.get(path, "portfolio", **params).status_code == 200


@pytest.mark.parametrize("path", BITGET)
@pytest.mark.parametrize("name", ["good", "empty", "unified"])
def test_every_bitget_read_answers_or_names_the_account_mode(bitget: BitgetCaller, name: str, path: str) -> None:
    now = to_ms(bitget.clock())
    params: dict[str, object] = {
        "productType": "COIN-FUTURES",
        "category": "USDT-FUTURES",
        "coin": "USDT",
        "fromType": "spot",
        "startTime": now - 86_400_000,
        "endTime": now,
        **({"symbol": "BTCUSDT"} if "/margin/isolated/fin" in path else {}),
    }
    answer = bitget.ask(path, params, key=name).json()
    public = not load("bitget").endpoints[("GET", path)].signed
    mine = public or path.startswith("/api/v3/") is (name == "unified")
    expected = "00000" if mine else "40085" if name == "unified" else "40084"
    assert answer["code"] == expected
