"""The BingX connector tells what is wrong with a key, a clock or an answer, and keeps within the limits."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import _pace
from connectors.bingx.pacing import shared_pace
from connectors.errors import (
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from connectors.types import LedgerEntry
from tests.connectors.bingx.calls import NOW, SPOT, asked, connect, make_rest, ms
from tests.connectors.cases import make


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"api_secret": "0" * 86}, BadSignatureError),
        ("good", {"api_key": "0" * 86}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
        ("wrong_ip", {}, IpNotAllowedError),
        ("blind", {}, PermissionMissingError),
    ],
)
@pytest.mark.parametrize("read", ["get_permissions", "get_account_info", "get_spot_balances"])
def test_a_bad_key_is_refused_for_what_is_wrong_with_it(
    quiet: Sandbox, name: str, changes: dict[str, Any], error: type[ExchangeError], read: str
) -> None:
    with pytest.raises(error) as caught:
        getattr(connect(quiet, name, **changes), read)()
    assert not caught.value.retryable


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("bingx", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable"),
    [
        (200, {"code": 80014, "msg": "timestamp is invalid"}, TimestampSkewError, True),
        (200, {"code": "80014", "msg": "Invalid parameters"}, BadRequestError, False),
        (200, {"code": 109429, "msg": ""}, RateLimitedError, True),
        (200, {"code": "100503"}, MaintenanceError, True),
        (200, {"code": None}, UnknownExchangeError, False),
        (429, b"", RateLimitedError, True),
        (418, b"<html>", RateLimitedError, True),
        (503, b"", MaintenanceError, True),
        (500, {"code": 77}, MaintenanceError, True),
        (500, {"code": 100413}, BadKeyError, False),
        (403, b"<html>", UnknownExchangeError, False),
    ],
)
def test_the_code_speaks_first_and_then_the_status(
    status: int, body: object, error: type[ExchangeError], retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        make("bingx").read_answer("GET", SPOT, status=status, headers={}, body=body)
    assert caught.value.retryable is retryable


def test_how_long_a_block_lasts_is_read_from_the_text() -> None:
    body = {"code": 100410, "msg": f"code:100410: will be unblocked after {ms(NOW) + 90_000}"}
    with pytest.raises(RateLimitedError) as caught:
        make("bingx", clock=lambda: NOW).read_answer("GET", SPOT, status=200, headers={}, body=body)
    assert caught.value.retry_after == 90


def test_all_accounts_behind_one_address_share_one_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 10)
    one, other = shared_pace("https://one.test"), shared_pace("https://other.test")
    assert shared_pace("https://one.test") is one is not other
    spot = next(item for item in type(make_rest()).endpoints if item.path == SPOT)
    assert [one.reserve(spot, 50.0), shared_pace("https://one.test").reserve(spot, 50.0)] == [0.0, 1.0]
    assert other.reserve(spot, 50.0) == 0.0


def test_reads_in_quick_succession_stay_within_the_published_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Sandbox(SandboxConfig(exchanges=("bingx",))) as sandbox:
        for name in ("good", "one_way"):
            connector = connect(sandbox, name, clock=lambda: datetime.now(UTC))
            connector.get_account_info()
            connector.get_futures_positions()
        assert asked(sandbox)[SPOT] == 2
        now = datetime.now(UTC)
        ledger: list[LedgerEntry] = connector.get_ledger(now - timedelta(days=2), now, wallets=["futures_linear"])
        assert ledger


def test_to_wait_for_ones_own_turn_is_no_limit_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_given: object) -> bool:
        return False

    monkeypatch.setattr(_pace.Pace, "wait", never)
    read: Callable[[], object] = make_rest().get_spot_balances
    with pytest.raises(RateLimitedError) as caught:
        read()
    assert (caught.value.venue_code, caught.value.scope) == ("own-pace", "key")
