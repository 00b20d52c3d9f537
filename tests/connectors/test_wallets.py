"""An account is read wallet by wallet: one failing wallet leaves the others, a refused key or a ban stops all."""

from collections.abc import Callable
from decimal import Decimal
from typing import cast

import pytest

from connectors._base import RestConnector
from connectors._wallets import WalletRead, merge_balances, read_wallets
from connectors.errors import (
    AuthAmbiguousError,
    BadResponseError,
    ConnectorError,
    IpBannedError,
    NetworkError,
    PermissionMissingError,
    RateLimitedError,
)
from connectors.types import Balance, WalletAccount, WalletKind
from tests.connectors.cases import make

CONNECTOR = cast(RestConnector, make("binance"))


def reads(*outcomes: ConnectorError | None, hosts: str = "abc") -> tuple[list[WalletRead], list[str]]:
    """Plan one read per outcome, each on its host; also return the log of what was asked."""
    asked: list[str] = []
    names = ["spot", "funding", "usdm"]

    def read(name: str, outcome: ConnectorError | None) -> Callable[[], WalletAccount]:
        def ask() -> WalletAccount:
            asked.append(name)
            if outcome:
                raise outcome
            return WalletAccount(name, WalletKind.SPOT, ok=True)

        return ask

    plan = [
        WalletRead(name, host, read(name, outcome)) for name, host, outcome in zip(names, hosts, outcomes, strict=False)
    ]
    return plan, asked


def test_a_failed_wallet_is_reported_beside_the_others() -> None:
    plan, _asked = reads(None, BadResponseError("shape", "/x"), None)
    results = read_wallets(CONNECTOR, plan)
    assert [(result.wallet, result.ok, result.reason) for result in results] == [
        ("spot", True, None),
        ("funding", False, "bad_response"),
        ("usdm", True, None),
    ]


@pytest.mark.parametrize("error", [AuthAmbiguousError("-2015", "/x"), PermissionMissingError("-1002", "/x")])
def test_a_key_refused_at_the_first_wallet_raises_and_later_fails_only_that_wallet(error: ConnectorError) -> None:
    plan, asked = reads(error, None)
    with pytest.raises(type(error)):
        read_wallets(CONNECTOR, plan)
    assert asked == ["spot"]
    plan, _asked = reads(None, error)
    assert read_wallets(CONNECTOR, plan)[1].reason == error.code


@pytest.mark.parametrize("error", [RateLimitedError("429", "/x"), IpBannedError("418", "/x")])
def test_a_limit_at_any_wallet_stops_all(error: ConnectorError) -> None:
    plan, asked = reads(None, error, None)
    with pytest.raises(type(error)):
        read_wallets(CONNECTOR, plan)
    assert asked == ["spot", "funding"]


def test_a_silent_host_is_not_asked_again() -> None:
    plan, asked = reads(NetworkError("timeout", "/x"), None, None, hosts="aab")
    results = read_wallets(CONNECTOR, plan)
    assert [result.ok for result in results] == [False, False, True]
    assert asked == ["spot", "usdm"]


def test_an_account_of_which_nothing_could_be_read_is_an_error() -> None:
    plan, _asked = reads(NetworkError("timeout", "/x"), BadResponseError("shape", "/x"))
    with pytest.raises(NetworkError):
        read_wallets(CONNECTOR, plan)


def test_rows_of_one_asset_add_up_exactly_and_unknown_parts_stay_unknown() -> None:
    one, tiny = Decimal("99999999999999999999"), Decimal("0.000000000000000001")
    rows = [
        Balance("earn", "ETH", one, None, one),
        Balance("earn", "BTC", tiny, tiny, tiny),
        Balance("earn", "ETH", tiny, tiny, tiny),
    ]
    eth, btc = merge_balances(rows)
    assert (eth.total, eth.free, eth.locked) == (Decimal("99999999999999999999.000000000000000001"), eth.total, None)
    assert btc is rows[1]
