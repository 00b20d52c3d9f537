"""The Bitget connector finds out whether an account is classic or unified, and never guesses."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

import connectors
from connectors.errors import (
    BadResponseError,
    ConnectorError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    UnknownExchangeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox
from tests.connectors.bitget.calls import ASSETS, NOW, OVERVIEW, SETTINGS, asked, at, connect, refusal, sample, totals
from tests.connectors.servers import Reply, Script, scripted


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("bitget", FaultKind.STATUS, status=503), MaintenanceError),
        (Fault("bitget", FaultKind.ERROR_200, status=200), MaintenanceError),
        (Fault("bitget", FaultKind.STATUS, status=429), RateLimitedError),
        (Fault("bitget", FaultKind.HTML), BadResponseError),
        (Fault("bitget", FaultKind.TRUNCATE), ConnectorError),
    ],
    ids=["5xx", "maintenance", "limit", "html", "truncated"],
)
def test_an_account_whose_mode_cannot_be_asked_is_not_taken_for_classic(
    sandbox: Sandbox, fault: Fault, error: type[ConnectorError]
) -> None:
    sandbox.fault(replace(fault, path_prefix=SETTINGS))
    for read in (connect(sandbox, "good").get_account_info, connect(sandbox, "good").get_spot_balances):
        with pytest.raises(error):
            read()
    assert set(asked(sandbox)) == {SETTINGS}


def test_a_key_that_may_not_ask_for_the_mode_is_told_so(sandbox: Sandbox) -> None:
    sandbox.put_key(replace(sandbox.key("bitget", "good"), denied=(SETTINGS,)))
    with pytest.raises(PermissionMissingError):
        connect(sandbox, "good").get_account_info()
    assert set(asked(sandbox)) == {SETTINGS}


def test_a_refusal_in_plain_http_leaves_the_mode_undecided() -> None:
    with scripted({SETTINGS: Reply(b"<html>", 403), ASSETS: sample("spot_assets")}) as server:
        with pytest.raises(UnknownExchangeError):
            at(server).get_account_info()
        assert set(server.paths()) == {SETTINGS}


@pytest.mark.parametrize("code", ["40084", "25245", "99999", "40034"])
def test_after_a_code_that_does_not_name_the_mode_a_classic_read_decides(code: str) -> None:
    script: Script = {SETTINGS: refusal(code), ASSETS: sample("spot_assets")}
    with scripted(script) as server:
        assert at(server).get_account_info(wallets=["spot"]).mode == "classic"
    script = {SETTINGS: refusal(code), ASSETS: refusal("40085"), "/api/v3/account/assets": sample("uta_assets")}
    with scripted(script) as server:
        assert at(server).get_account_info(wallets=["unified"]).mode == "unified"
    with scripted({SETTINGS: refusal(code), ASSETS: refusal("40014")}) as server, pytest.raises(PermissionMissingError):
        at(server).get_account_info()


MOVES: list[Callable[[connectors.Connector], object]] = [
    lambda connector: connector.get_account_info().mode,
    lambda connector: totals(connector.get_spot_balances()),
    lambda connector: [position.wallet for position in connector.get_futures_positions()],
    lambda connector: len(connector.get_ledger(NOW - timedelta(days=20), NOW)),
    lambda connector: len(connector.get_closed_positions(NOW - timedelta(days=20), NOW)),
    lambda connector: connector.get_permissions().uid,
]


@pytest.mark.parametrize("read", MOVES)
def test_an_account_that_changes_its_mode_is_read_in_the_new_one_at_once(
    sandbox: Sandbox, read: Callable[[connectors.Connector], object]
) -> None:
    key, other = sandbox.key("bitget", "good"), sandbox.key("bitget", "unified")
    connector = connect(sandbox, key)
    classic, unified = read(connector), read(connect(sandbox, other))
    assert classic != unified
    sandbox.put_key(replace(key, uid=other.uid))
    assert read(connector) == unified
    sandbox.put_key(key)
    assert read(connector) == classic


def test_an_account_upgraded_while_some_classic_wallets_still_answer_is_read_anew() -> None:
    paths = [
        "/api/v2/account/funding-assets",
        "/api/v2/mix/account/accounts",
        "/api/v2/margin/crossed/account/assets",
        "/api/v2/margin/isolated/account/assets",
    ]
    script: Script = {
        SETTINGS: refusal("40084"),
        ASSETS: [sample("spot_assets"), refusal("40085")],
        **dict.fromkeys(paths, refusal("40085")),
        OVERVIEW: sample("all_account_balance"),
        "/api/v3/account/assets": sample("uta_assets"),
        "/api/v3/account/funding-assets": sample("uta_funding_assets"),
    }
    with scripted(script) as server:
        info = at(server).get_account_info()
    assert (info.mode, [wallet.wallet for wallet in info.wallets if wallet.ok]) == (
        "unified",
        ["unified", "funding", "earn", "bots"],
    )
