"""The Bybit connector tells what is wrong with a key, a clock or an answer, and never guesses."""

from dataclasses import replace
from typing import Any

import pytest

from connectors.errors import (
    BadKeyError,
    BadRequestError,
    BadResponseError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    UnknownExchangeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox
from tests.connectors.bybit.calls import NOW, asked, by_name, connect, read_one, sample, uid
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, scripted


def test_a_key_whose_wallet_rights_are_not_told_may_withdraw_for_all_we_know() -> None:
    body = sample("key_permissions_can_withdraw")
    del body["result"]["permissions"]["Wallet"]
    found = read_one("/v5/user/query-api", body)["permissions"]
    assert (found["withdraw"], found["transfer"], found["trade"]) == (None, None, True)


def test_a_status_that_is_not_documented_is_no_account_mode() -> None:
    body = sample("account_info_uta1")
    body["result"]["unifiedMarginStatus"] = 9
    with pytest.raises(BadResponseError):
        read_one("/v5/account/info", body)


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"api_secret": "0" * 36}, BadSignatureError),
        ("good", {"api_key": "0" * 18}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
        ("wrong_ip", {}, IpNotAllowedError),
        ("blind", {}, PermissionMissingError),
    ],
)
def test_a_bad_key_is_refused_for_what_is_wrong_with_it(
    quiet: Sandbox, name: str, changes: dict[str, Any], error: type[ExchangeError]
) -> None:
    connector = connect(quiet, name, **changes)
    for read in (connector.get_permissions, connector.get_account_info, connector.get_futures_positions):
        with pytest.raises(error) as caught:
            read()
        assert not caught.value.retryable


def test_without_the_right_to_earn_only_that_wallet_is_missing(sandbox: Sandbox) -> None:
    sandbox.put_key(replace(sandbox.key("bybit", "good"), denied=("/v5/earn/",)))
    wallets = by_name(connect(sandbox, "good").get_account_info().wallets)
    assert {name: wallet.reason for name, wallet in wallets.items() if not wallet.ok} == {"earn": "permission_missing"}


@pytest.mark.parametrize("status", [200, 500, 503])
def test_an_account_whose_mode_cannot_be_asked_is_not_guessed(sandbox: Sandbox, status: int) -> None:
    kind = FaultKind.ERROR_200 if status == 200 else FaultKind.STATUS
    sandbox.fault(Fault("bybit", kind, status=status, path_prefix="/v5/account/info"))
    connector = connect(sandbox, "good")
    for read in (connector.get_account_info, connector.get_spot_balances):
        with pytest.raises(MaintenanceError):
            read()
    assert asked(sandbox) == {"/v5/account/info"}


def test_an_account_that_is_upgraded_is_read_in_its_new_mode_at_once(sandbox: Sandbox) -> None:
    key = sandbox.key("bybit", "classic")
    connector = connect(sandbox, key)
    assert connector.get_account_info().mode == "classic"
    sandbox.put_key(replace(key, uid=uid(sandbox, "good")))
    assert connector.get_account_info().mode == "unified"


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("bybit", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000


def test_the_limit_of_an_account_says_when_it_begins_anew() -> None:
    reset = {"X-Bapi-Limit-Reset-Timestamp": str(int(NOW.timestamp() * 1000) + 1500)}
    script: Script = {"/v5/account/info": Reply(sample("error_rate_limited_10006"), headers=reset)}
    with scripted(script) as server, pytest.raises(RateLimitedError) as caught:
        make("bybit", hosts={"rest": server.url}, clock=lambda: NOW).get_account_info()
    assert (caught.value.retry_after, caught.value.scope) == (1.5, "uid")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"retCode": 99999, "result": {}}, UnknownExchangeError),
        (200, {"retCode": 0, "result": None}, BadResponseError),
        (403, "403 Forbidden", UnknownExchangeError),
        (502, "", MaintenanceError),
        (200, {"retCode": 10001, "result": None}, BadRequestError),
    ],
)
def test_other_refusals_are_told_apart(status: int, body: object, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        read_one("/v5/account/info", body, status)
