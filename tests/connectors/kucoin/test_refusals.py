"""The KuCoin connector tells what is wrong with a key, a clock or an answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import connectors
from connectors.errors import (
    BadKeyError,
    BadPassphraseError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    NotSupportedError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.kucoin import endpoints as api
from connectors.sandbox import Fault, FaultKind, Sandbox
from tests.connectors.cases import make
from tests.connectors.kucoin.calls import NOW, asked, connect, still


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"passphrase": "not the word"}, BadPassphraseError),
        (
            "good",
            {"api_secret": "0" * 36},
            BadPassphraseError,
        ),  # the secret signs the passphrase, which is checked first
        ("good", {"api_key": "0" * 24}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
        ("testnet", {}, BadKeyError),
        ("wrong_ip", {}, IpNotAllowedError),
        ("blind", {}, PermissionMissingError),
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


def test_a_signature_of_another_request_is_refused(quiet: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    connector = connect(quiet, "good")
    prepare = connector.prepare
    monkeypatch.setattr(connector, "prepare", lambda method, url, **more: _moved(prepare(method, url, **more)))
    with pytest.raises(BadSignatureError):
        connector.get_permissions()


def _moved(request: Any) -> Any:  # noqa: ANN401 - a prepared request
    request.url += "?changed=1"
    return request


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("kucoin", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000
    assert asked(sandbox)[api.TIME.path] == 1


def test_a_futures_right_that_is_missing_fails_these_wallets_only(sandbox: Sandbox) -> None:
    sandbox.put_key(replace(sandbox.key("kucoin", "good"), denied=(api.FUTURES.path, api.POSITIONS.path)))
    found = {wallet.wallet: wallet for wallet in connect(sandbox, "good").get_account_info().wallets}
    assert {name for name, wallet in found.items() if not wallet.ok} == {"futures_linear", "futures_inverse"}
    assert found["futures_linear"].reason == "permission_missing"
    with pytest.raises(PermissionMissingError):
        connect(sandbox, "good").get_futures_positions()


def test_a_spent_pool_tells_how_long_to_wait() -> None:
    with Sandbox(still(enforce_limits=True)) as sandbox:
        connector = connect(sandbox, "good")
        for _ in range(100):
            connector.get_permissions()
        assert connector.usage["gw-ratelimit-remaining"] == 0
        with pytest.raises(RateLimitedError) as caught:
            connector.get_permissions()
        wait = 30 - NOW.timestamp() % 30
        assert caught.value.retry_after == pytest.approx(wait)
        assert caught.value.scope == "uid"
        assert connector.get_server_time() == NOW


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable"),
    [
        (500, {"code": "299999", "msg": "no"}, MaintenanceError, True),
        (503, b"<html></html>", MaintenanceError, True),
        (429, {"code": "1"}, RateLimitedError, True),
        (429, b"", RateLimitedError, True),
        (403, {"code": "400007"}, PermissionMissingError, False),
        (500, {"code": "400003"}, BadKeyError, False),
    ],
)
def test_the_status_speaks_where_the_code_says_nothing(
    status: int, body: object, error: type[ExchangeError], retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        make("kucoin").read_answer("GET", api.ACCOUNTS.path, status=status, headers={}, body=body)
    assert caught.value.retryable is retryable


def test_there_is_no_testnet(quiet: Sandbox) -> None:
    with pytest.raises(NotSupportedError):
        connect(quiet, "good", testnet=True)


def test_a_time_outside_the_window_is_refused_without_a_second_clock(quiet: Sandbox) -> None:
    late = connect(quiet, "good", clock=lambda: NOW - timedelta(seconds=6))
    assert late.get_permissions().read
    assert late.clock_offset_ms == 6_000
