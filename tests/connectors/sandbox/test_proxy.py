"""The proxy: passes on what nobody ordered otherwise, and breaks what passes as ordered, by code or control port."""

import json
import socket
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from connectors.types import LedgerKind
from tests.connectors.sandbox.callers import BinanceCaller, BitgetCaller, Clock
from tests.connectors.sandbox.conftest import OPENED_ON

ACCOUNT, TIME, DEPOSITS = "/api/v3/account", "/api/v3/time", "/sapi/v1/capital/deposit/hisrec"


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    config = SandboxConfig(opened_on=OPENED_ON, clock=clock, proxied=True, exchanges=("binance", "bitget"))
    with Sandbox(config) as running:
        yield running


def order(sandbox: Sandbox, http: requests.Session, **fault: object) -> None:
    answer = http.post(f"{sandbox.control_url}/sandbox/faults", json={"exchange": "binance", **fault}, timeout=5)
    assert answer.status_code == 200, answer.text


def test_what_nobody_struck_passes_as_it_came(binance: BinanceCaller, bitget: BitgetCaller) -> None:
    answer = binance.get(ACCOUNT)
    assert (answer.status_code, answer.json()["uid"]) == (200, int(binance.key("good").uid))
    assert "X-MBX-USED-WEIGHT-1M" in answer.headers
    assert len(answer.headers["Date"].split(",")) == 2
    assert bitget.get("/api/v2/spot/account/assets").json()["code"] == "00000"
    assert binance.get("/nowhere").status_code == 404


def test_a_refused_port_answers_again_at_the_same_place(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller, bitget: BitgetCaller
) -> None:
    port = int(sandbox.hosts()["binance"]["spot"].rsplit(":", 1)[1])
    order(sandbox, http, kind="refused")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
    assert bitget.get("/api/v2/spot/account/assets").status_code == 200
    http.delete(f"{sandbox.control_url}/sandbox/faults", timeout=5)
    assert binance.get(ACCOUNT).status_code == 200


def test_frozen_answers_repeat_the_last_one_and_its_time(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller, clock: Clock
) -> None:
    first = binance.get(ACCOUNT)
    order(sandbox, http, kind="freeze", path_prefix=ACCOUNT)
    clock.move(minutes=5)
    sandbox.world.add_event(binance.key("good").uid, LedgerKind.DEPOSIT, {"USDT": Decimal(500)})
    again = binance.get(ACCOUNT)
    assert (again.content, again.headers["Date"]) == (first.content, first.headers["Date"])
    sandbox.faults.clear()
    assert binance.get(ACCOUNT).content != first.content


def test_a_swapped_answer_is_another_key_s(sandbox: Sandbox, http: requests.Session, binance: BinanceCaller) -> None:
    binance.get(ACCOUNT, "spot")
    order(sandbox, http, kind="swap", path_prefix=ACCOUNT, api_key=binance.key("good").api_key)
    assert binance.get(ACCOUNT).json()["uid"] == int(binance.key("spot").uid)
    assert binance.get(ACCOUNT, "spot").json()["uid"] == int(binance.key("spot").uid)


def test_a_fault_lets_as_many_pass_as_ordered_before_it_strikes(sandbox: Sandbox, binance: BinanceCaller) -> None:
    sandbox.fault(Fault("binance", FaultKind.STATUS, status=500, path_prefix=ACCOUNT, after=2, count=1))
    assert [binance.get(ACCOUNT).status_code for _ in range(4)] == [200, 200, 500, 200]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("repeat_rows", [1, 1, 2, 2, 3, 3]), ("reverse_rows", [3, 2, 1]), ("withhold_rows", [1, 2]),
     ("overlap_rows", [3, 1, 2, 3])],
)  # fmt: skip
def test_rows_come_in_disorder_as_ordered(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller, kind: str, expected: list[int]
) -> None:
    uid = binance.key("empty").uid
    for amount in (3, 2, 1):
        sandbox.world.add_event(uid, LedgerKind.DEPOSIT, {"USDT": Decimal(amount)})

    def told() -> list[int]:
        return [int(Decimal(row["amount"])) for row in binance.get(DEPOSITS, "empty").json()]

    assert sorted(told()) == [1, 2, 3]
    plain = told()
    order(sandbox, http, kind=kind, path_prefix=DEPOSITS)
    ranks = {amount: place + 1 for place, amount in enumerate(plain)}
    assert [ranks[amount] for amount in told()] == expected


def test_fields_are_rewritten_or_written_twice(
    sandbox: Sandbox, http: requests.Session, binance: BinanceCaller
) -> None:
    order(sandbox, http, kind="rewrite", field="free", value="NaN", count=1)
    told = binance.get(ACCOUNT).content
    assert told.count(b'"free":NaN,') == told.count(b'"free":') > 0
    order(sandbox, http, kind="twice", field="uid", value="7", count=1)
    pairs: list[Any] = json.loads(binance.get(ACCOUNT).content, object_pairs_hook=list)
    assert [value for name, value in pairs if name == "uid"] == [int(binance.key("good").uid), 7]


def test_what_needs_a_memory_is_refused_without_the_proxy(clock: Clock, http: requests.Session) -> None:
    with Sandbox(SandboxConfig(opened_on=OPENED_ON, clock=clock, exchanges=("binance",))) as plain:
        with pytest.raises(ValueError, match="proxy"):
            plain.fault(Fault("binance", FaultKind.SWAP))
        body = {"exchange": "binance", "kind": "freeze"}
        assert http.post(f"{plain.control_url}/sandbox/faults", json=body, timeout=5).status_code == 400
        assert plain.faults.all() == []


def test_a_reset_undoes_whatever_was_ordered(sandbox: Sandbox, binance: BinanceCaller) -> None:
    before = binance.get(ACCOUNT).json()["balances"]
    sandbox.world.add_event(binance.key("good").uid, LedgerKind.DEPOSIT, {"USDT": Decimal(9)})
    sandbox.fault(Fault("binance", FaultKind.HTML))
    sandbox.reset()
    assert (binance.get(ACCOUNT).json()["balances"], sandbox.faults.all()) == (before, [])
    assert sum(row["count"] for row in sandbox.requests.rows()) == 1
