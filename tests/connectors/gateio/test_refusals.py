"""Gate.io refuses: keys, clocks, modes that cannot be asked, wallets that fail, limits, labels."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import connectors
from connectors.errors import (
    BadKeyError,
    BadResponseError,
    BadSignatureError,
    ConnectorError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from connectors.sandbox.limits import Limit
from tests.connectors.gateio.calls import (
    API,
    EARN,
    MODE,
    NOW,
    OPENED_ON,
    asked,
    by_name,
    connect,
    uid,
)


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"api_secret": "0" * 64}, BadSignatureError),
        ("good", {"api_key": "0" * 32}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
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


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("gateio", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000
    assert asked(sandbox)[f"{API}/spot/time"] == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("gateio", FaultKind.STATUS, status=503), MaintenanceError),
        (Fault("gateio", FaultKind.ERROR_200, status=200), MaintenanceError),
        (Fault("gateio", FaultKind.STATUS, status=429), RateLimitedError),
        (Fault("gateio", FaultKind.HTML), BadResponseError),
        (Fault("gateio", FaultKind.TRUNCATE), ConnectorError),
    ],
    ids=["5xx", "maintenance", "limit", "html", "truncated"],
)
def test_an_account_whose_mode_cannot_be_asked_is_not_taken_for_classic(
    sandbox: Sandbox, fault: Fault, error: type[ConnectorError]
) -> None:
    sandbox.fault(replace(fault, path_prefix=MODE))
    for read in (connect(sandbox, "good").get_account_info, connect(sandbox, "good").get_spot_balances):
        with pytest.raises(error):
            read()
    assert set(asked(sandbox)) == {MODE}


def test_a_wallet_that_fails_is_reported_and_the_others_stay(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("gateio", FaultKind.STATUS, status=500, path_prefix=EARN))
    wallets = by_name(connect(sandbox, "good").get_account_info().wallets)
    assert {name: wallet.reason for name, wallet in wallets.items() if not wallet.ok} == {"earn": "maintenance"}


def test_an_account_that_changes_its_mode_is_read_in_the_new_one(sandbox: Sandbox) -> None:
    key, other = sandbox.key("gateio", "good"), sandbox.key("gateio", "unified")
    connector = connect(sandbox, key)
    assert connector.get_account_info().mode == "classic"
    sandbox.put_key(replace(key, uid=other.uid))
    assert connector.get_account_info().mode == "unified"
    assert {position.wallet for position in connector.get_futures_positions()} == {"unified"}
    sandbox.put_key(key)
    assert connector.get_account_info().mode == "classic"


def test_a_rate_limit_waits_for_the_reset_that_the_headers_name() -> None:
    config = SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("gateio",))
    with Sandbox(config) as sandbox:
        connector = connect(sandbox, "spot")
        for _ in range(150):
            sandbox.site("gateio").limiter.count(
                f"gateio:{MODE}:uid:{uid(sandbox, 'spot')}", 1, limit=Limit(150, window=10), now=NOW
            )
        with pytest.raises(RateLimitedError) as caught:
            connector.get_spot_balances()
    assert caught.value.retry_after == pytest.approx(9.75)
    assert caught.value.scope == "uid"
