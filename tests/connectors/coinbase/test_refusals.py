"""Refused keys, limits and odd clocks at Coinbase become the error that says so."""

from datetime import timedelta

import pytest

from connectors.errors import (
    AuthAmbiguousError,
    CredentialError,
    ExchangeError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox
from tests.connectors.cases import make, secret_for
from tests.connectors.coinbase.calls import (
    ACCOUNTS,
    MINE,
    NOW,
    RIGHTS,
    SUMMARY,
    TIME,
    asked,
    at,
    connect,
    true,
    wallets_of,
)
from tests.connectors.servers import Reply, scripted


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", AuthAmbiguousError),
        ("expired", AuthAmbiguousError),
        ("wrong_ip", AuthAmbiguousError),
        ("blind", PermissionMissingError),
    ],
)
def test_a_refused_key_is_named(quiet: Sandbox, name: str, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        connect(quiet, name).get_account_info()
    with pytest.raises(error):
        connect(quiet, name).get_spot_balances()


def test_a_key_of_another_pair_is_refused_after_the_clock_was_looked_up(sandbox: Sandbox) -> None:
    stranger = sandbox.key("coinbase", "trade").api_secret
    with pytest.raises(AuthAmbiguousError):
        connect(sandbox, "good", api_secret=stranger).get_spot_balances()
    assert (asked(sandbox)[ACCOUNTS], asked(sandbox)[TIME]) == (2, 1)


def test_a_clock_that_is_off_is_corrected(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.SKEW, seconds=600))
    connector = connect(sandbox, "good")
    assert {row.asset: row.total for row in connector.get_spot_balances()} == true(sandbox, "good", "spot")
    assert connector.clock_offset_ms == 600_000
    assert connector.get_server_time() == NOW + timedelta(minutes=10)


def test_one_401_out_of_nowhere_does_no_harm(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.STATUS, status=401, path_prefix=ACCOUNTS, count=1))
    assert connect(sandbox, "good").get_spot_balances() != []


def test_too_many_requests_are_a_limit_of_the_user(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.STATUS, status=429, path_prefix=ACCOUNTS))
    with pytest.raises(RateLimitedError) as caught:
        connect(sandbox, "good").get_account_info()
    assert (caught.value.scope, caught.value.venue_code) == ("uid", "resource_exhausted")


def test_a_vault_that_cannot_be_read_leaves_the_others(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("coinbase", FaultKind.STATUS, status=503, path_prefix="/v2/accounts"))
    wallets = wallets_of(connect(sandbox, "good"))
    assert {name: wallet.reason for name, wallet in wallets.items()} == {
        "spot": None,
        "cfm": None,
        "vault": "maintenance",
    }


@pytest.mark.parametrize(
    "secret",
    [
        "k7Yb2QmZr9PfWc4TxN8vLd3HsJg6Ae1U",
        "AAAA",
        "not base64!",
        "A" * 86 + "==",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
    ],
)
def test_a_secret_that_is_no_private_key_is_refused_at_once(secret: str) -> None:
    with pytest.raises(CredentialError) as caught:
        make("coinbase", api_secret=secret)
    assert caught.value.field == "api_secret"


def test_a_private_key_may_come_on_one_line_and_in_quotes() -> None:
    pem = secret_for("coinbase").strip().replace("\n", "\\n")
    for secret in (pem, f'"{pem}"', f'{{"name": "organizations/x", "privateKey": "{pem}"}}'):
        request = make("coinbase", api_secret=secret).prepare("GET", "https://api.coinbase.com/v2/accounts", now_ms=1)
        assert request.headers["Authorization"].startswith("Bearer ")


def test_a_key_that_may_not_view_is_not_taken_for_an_account_without_derivatives() -> None:
    denied = Reply({"error": "PERMISSION_DENIED", "error_details": "Missing required scopes"}, 403)
    with (
        scripted({RIGHTS: Reply({**MINE, "can_view": False}), SUMMARY: denied}) as server,
        pytest.raises(PermissionMissingError),
    ):
        at(server).get_account_info(wallets=["cfm"])
