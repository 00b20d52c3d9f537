"""What OKX refuses is told for what it is; sites and demo trading are kept apart."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import connectors
from connectors.errors import (
    BadKeyError,
    BadPassphraseError,
    BadSignatureError,
    CredentialError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    NotSupportedError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox
from connectors.types import WalletAccount
from tests.connectors.cases import make
from tests.connectors.okx.calls import NOW, connect


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"passphrase": "not the word"}, BadPassphraseError),
        ("good", {"api_secret": "0" * 32}, BadSignatureError),
        ("good", {"api_key": "0" * 32}, BadKeyError),
        ("good", {"api_key": "no-such-key"}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
        ("wrong_ip", {}, IpNotAllowedError),
        ("blind", {}, PermissionMissingError),
        ("testnet", {"testnet": False}, BadKeyError),
        ("good", {"testnet": True}, BadKeyError),
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


def test_a_key_without_passphrase_is_not_even_made() -> None:
    with pytest.raises(CredentialError) as caught:
        make("okx", passphrase=None)
    assert caught.value.field == "passphrase"


def test_a_key_that_loses_its_rights_is_refused_from_then_on(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert connector.get_account_info().wallets
    sandbox.put_key(replace(sandbox.key("okx", "good"), revoked=True))
    with pytest.raises(BadKeyError):
        connector.get_account_info()


def test_a_wallet_that_fails_leaves_the_others(sandbox: Sandbox) -> None:
    sandbox.put_key(replace(sandbox.key("okx", "good"), denied=("/api/v5/finance/",)))
    found: dict[str, WalletAccount] = {w.wallet: w for w in connect(sandbox, "good").get_account_info().wallets}
    assert {name: wallet.reason for name, wallet in found.items()} == {
        "trading": None,
        "funding": None,
        "earn": "permission_missing",
    }


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("okx", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("okx", FaultKind.STATUS, status=503), MaintenanceError),
        (Fault("okx", FaultKind.ERROR_200, status=503), MaintenanceError),
        (Fault("okx", FaultKind.STATUS, status=429), RateLimitedError),
        (Fault("okx", FaultKind.ERROR_200, status=429), RateLimitedError),
    ],
    ids=["503", "maintenance in a 200", "429", "limit in a 200"],
)
def test_a_failure_is_known_with_any_status(sandbox: Sandbox, fault: Fault, error: type[ExchangeError]) -> None:
    sandbox.fault(fault)
    with pytest.raises(error) as caught:
        connect(sandbox, "good").get_spot_balances()
    assert caught.value.retryable


@pytest.mark.parametrize(("site", "host"), [("global", "rest"), ("eea", "eea"), ("us", "us")])
def test_a_key_is_used_on_the_site_it_belongs_to(quiet: Sandbox, site: str, host: str) -> None:
    only = {host: quiet.hosts()["okx"]["rest"]}
    assert connect(quiet, "good", hosts=only, options={"site": site}).get_spot_balances()
    elsewhere = {"us" if host == "rest" else "rest": quiet.hosts()["okx"]["rest"]}
    with pytest.raises(NotSupportedError):
        connect(quiet, "good", hosts=elsewhere, options={"site": site}).get_spot_balances()


def test_a_site_that_does_not_exist_is_refused() -> None:
    with pytest.raises(CredentialError) as caught:
        make("okx", options={"site": "mars"})
    assert caught.value.field == "site"


def test_demo_trading_reads_what_there_is_and_values_nothing_by_its_made_up_dollars(quiet: Sandbox) -> None:
    connector = connect(quiet, "testnet")
    info = connector.get_account_info()
    assert [(wallet.wallet, wallet.ok, wallet.equity) for wallet in info.wallets] == [
        ("trading", True, None),
        ("funding", True, None),
    ]
    assert {entry.wallet for entry in connector.get_ledger(quiet.world.opened_at, NOW)} == {"trading"}
