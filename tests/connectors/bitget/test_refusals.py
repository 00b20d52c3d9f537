"""The Bitget connector tells what is wrong with a key, a clock or an answer, and keeps within the limits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import connectors
from connectors._base import RestConnector
from connectors.errors import (
    BadKeyError,
    BadPassphraseError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    NetworkError,
    PermissionMissingError,
    RateLimitedError,
    RegionBlockedError,
    UnknownExchangeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from tests.connectors.bitget.calls import ASSETS, NOW, OVERVIEW, SETTINGS, asked, connect, read_one, sample, totals, uid
from tests.connectors.cases import make


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"passphrase": "not the word"}, BadPassphraseError),
        ("good", {"api_secret": "0" * 64}, BadSignatureError),
        ("good", {"api_key": "bg_" + "0" * 32}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
        ("wrong_ip", {}, IpNotAllowedError),
        ("blind", {}, PermissionMissingError),
        ("testnet", {"testnet": False}, UnknownExchangeError),
    ],
)
@pytest.mark.parametrize(
    "read",
    [lambda connector: connector.get_permissions(), lambda connector: connector.get_account_info()],
    ids=["permissions", "account"],
)
def test_a_bad_key_is_refused_for_what_is_wrong_with_it(
    quiet: Sandbox,
    name: str,
    changes: dict[str, Any],
    error: type[ExchangeError],
    read: Callable[[connectors.Connector], object],
) -> None:
    with pytest.raises(error) as caught:
        read(connect(quiet, name, **changes))
    assert not caught.value.retryable


def test_a_demo_key_reads_its_demo_account(quiet: Sandbox) -> None:
    found = connect(quiet, "testnet").get_account_info(wallets=["spot"])
    assert totals(found.wallets[0].balances) == quiet.world.book(uid(quiet, "one_way"), NOW).amounts("spot")


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("bitget", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000
    assert asked(sandbox)["/api/v2/public/time"] == 1


def test_reads_in_quick_succession_stay_within_the_published_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Sandbox(SandboxConfig(exchanges=("bitget",))) as sandbox:
        connector = connect(sandbox, "good", clock=lambda: datetime.now(UTC))
        for _ in range(2):
            connector.get_permissions()
            connector.get_account_info()
            connector.get_futures_positions()
        connector.get_ledger(datetime.now(UTC) - timedelta(days=40), datetime.now(UTC))
        assert {row["status"] for row in sandbox.requests.rows()} == {200, 400}
        assert {row["path"] for row in sandbox.requests.rows() if row["status"] == 400} == {SETTINGS}


def test_the_reads_that_are_allowed_once_a_second_are_declared_so() -> None:
    limits = {limit.name: (limit.limit, limit.window_seconds, limit.scope) for limit in make("bitget").info.rate_limits}
    connector = make("bitget")
    assert isinstance(connector, RestConnector)
    once = [item.path for item in connector.endpoints if limits[item.limit] == (1, 1, "uid")]
    assert once == ["/api/v2/spot/account/info", OVERVIEW]


@pytest.mark.parametrize(
    ("kind", "rights"),
    [
        ("read-only", (False, False, False)),
        ("Read_Only", (False, False, False)),
        ("read-and-write", (True, True, True)),
        ("something_new", (None, None, None)),
    ],
)
def test_a_permission_type_that_is_not_known_is_never_taken_for_read_only(
    kind: str, rights: tuple[bool | None, ...]
) -> None:
    body = sample("uta_account_info_dangerous").body
    body["data"] |= {"permType": kind, "permissions": ["uta_mgt", "uta_trade", "withdraw_crypto"]}
    found = read_one("/api/v3/account/info", body)["permissions"]
    assert (found["trade"], found["transfer"], found["withdraw"]) == rights


@pytest.mark.parametrize(
    ("codes", "trade", "withdraw"),
    [
        (["readonly"], False, False),
        (["READONLY", "read"], False, False),
        (["readonly", "trade"], True, None),
        (["readonly", "coor"], None, None),
        (["readonly", "wwow"], None, True),
        (["readonly", "Withdraw"], None, True),
        ([], None, None),
    ],
)
def test_classic_codes_are_safe_only_when_all_are_known_to_read(
    codes: list[str], trade: bool | None, withdraw: bool | None
) -> None:
    body = sample("classic_account_info").body
    body["data"]["authorities"] = codes
    found = read_one("/api/v2/spot/account/info", body)["permissions"]
    assert (found["trade"], found["withdraw"]) == (trade, withdraw)


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable"),
    [
        (500, {"code": "40725", "msg": "service return an error"}, MaintenanceError, True),
        (500, b"<html></html>", MaintenanceError, True),
        (503, b"", MaintenanceError, True),
        (429, {"code": "40725"}, RateLimitedError, True),
        (429, b"", RateLimitedError, True),
        (500, {"code": "40037"}, BadKeyError, False),
        (400, {"code": "40725"}, UnknownExchangeError, False),
        (403, b"<html></html>", UnknownExchangeError, False),
        (400, {"code": "40010", "msg": "Request timed out"}, NetworkError, True),
        (400, {"code": "40010", "msg": "sign signature error"}, BadSignatureError, False),
        (400, {"code": "40041", "msg": "User's ApiKey does not exist"}, BadKeyError, False),
        (400, {"code": "25620", "msg": "permission denied"}, PermissionMissingError, False),
        (400, {"code": "40103", "msg": "based on your IP address"}, RegionBlockedError, False),
        (400, {"code": "40009", "message": "Request URL NOT FOUND"}, ExchangeError, False),
    ],
)
def test_the_status_speaks_where_the_code_says_nothing(
    status: int, body: object, error: type[ExchangeError], retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        read_one(ASSETS, body, status)
    assert caught.value.retryable is retryable


def test_a_position_in_a_contract_of_unknown_name_is_shown_under_that_name() -> None:
    body = sample("futures_positions_coin").body
    body["data"][0] |= {"symbol": "BTCUSDZ26", "marginCoin": "BTC"}
    (found, *_rest) = read_one("/api/v2/mix/position/all-position", body, productType="COIN-FUTURES")["positions"]
    assert (found["symbol"], found["wallet"], found["inverse"]) == ("BTCUSDZ26", "futures_inverse", True)
