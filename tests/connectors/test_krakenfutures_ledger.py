"""Kraken futures' account log: in pieces that its tokens last for, and row by row against the balances it tells."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors import _base
from connectors._base import RestConnector
from connectors.errors import NotSupportedError, RateLimitedError
from connectors.krakenfutures import endpoints, ledger
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.sandbox.krakenfutures import HISTORY
from connectors.types import LedgerEntry, LedgerKind
from tests.connectors.cases import make
from tests.connectors.test_samples import same

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
SINCE = NOW - timedelta(days=30)
LOG = "/api/history/v3/account-log"
ROW: dict[str, object] = {
    "id": 7, "date": "2026-01-05T10:00:00.000Z", "asset": "usd", "contract": "pf_xbtusd", "margin_account": "flex",
    "info": "futures trade", "old_balance": 100, "new_balance": 90, "fee": 4, "realized_pnl": -3,
    "realized_funding": None, "liquidation_fee": None, "execution": "e", "booking_uid": "b",
}  # fmt: skip


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def strict(clock: Clock) -> Iterator[Sandbox]:
    """Serve a world that counts tokens."""
    config = SandboxConfig(opened_on=date(2026, 1, 1), clock=clock, exchanges=("krakenfutures",))
    with Sandbox(config) as running:
        yield running


def connect(sandbox: Sandbox, clock: Clock) -> RestConnector:
    key, hosts = sandbox.key("krakenfutures", "good"), sandbox.hosts()["krakenfutures"]
    connector = make("krakenfutures", api_key=key.api_key, api_secret=key.api_secret, hosts=hosts, clock=clock)
    assert isinstance(connector, RestConnector)
    return connector


def test_a_long_log_is_caught_up_in_pieces_that_the_tokens_last_for(
    strict: Sandbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    connector, (tokens, seconds) = connect(strict, clock), (HISTORY.units, HISTORY.window)
    expected = {entry.dedupe_key: entry for entry in connector.get_ledger(SINCE, NOW)}
    monkeypatch.setattr(ledger, "MOST", 7)  # rows of a page, so that the world is long
    clock.now += timedelta(seconds=seconds)
    seen: dict[str, LedgerEntry] = {}
    since, parts = SINCE, 0
    while True:
        part = connect(strict, clock).get_ledger_part(since, NOW)
        parts += 1
        assert part.read_to > since
        seen |= {entry.dedupe_key: entry for entry in part.entries}
        known = {key for key, entry in expected.items() if entry.booked_at < part.read_to}
        assert known <= seen.keys()
        if part.complete:
            break
        since = part.read_to
        with pytest.raises(RateLimitedError) as caught:
            connect(strict, clock).get_ledger_part(since, NOW)
        assert (caught.value.scope, (caught.value.retry_after or 0) > 0) == ("uid", True)
        clock.now += timedelta(seconds=seconds)
    assert (parts > 1, tokens) == (True, 100)
    assert seen == expected


def test_each_row_changes_the_balance_to_the_one_that_it_tells(strict: Sandbox, clock: Clock) -> None:
    connector, uid = connect(strict, clock), strict.key("krakenfutures", "good").uid
    strict.world.add_event(uid, LedgerKind.INTEREST, {"USDT": Decimal("-0.75")}, wallet="futures_linear")
    strict.world.add_transfer(uid, "USDT", Decimal(12), source="futures_linear", target="cash")
    answer = connector.fetch(endpoints.LOG, {"count": 500, "sort": "desc"})
    changes: defaultdict[str, Decimal] = defaultdict(Decimal)
    entries = list(connector.parse(answer).ledger or ())
    for entry in entries:
        changes[entry.id.partition(":")[0]] += entry.amount
    last: dict[tuple[str, str], Decimal] = {}
    rows = [row for row in reversed(answer.payload["logs"]) if row["asset"] != row["contract"]]
    assert len(rows) > 100
    for row in rows:
        place = row["margin_account"], row["asset"]
        assert last.get(place, row["old_balance"]) == row["old_balance"]
        assert row["old_balance"] + changes.pop(str(row["id"])) == row["new_balance"]
        last[place] = row["new_balance"]
    assert not changes
    assert {entry.kind for entry in entries} >= {
        LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE, LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT,
        LedgerKind.OTHER,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"liquidation_fee": 3}, {"realized_pnl": "-3", "fee": "-4", "liquidation_fee": "-3"}),
        ({"liquidation_fee": 3, "new_balance": 93}, {"realized_pnl": "-3", "fee": "-4"}),
        ({"fee": -4, "new_balance": 101}, {"realized_pnl": "-3", "rebate": "4"}),
        ({"info": "futures partial liquidation", "new_balance": 93}, {"realized_pnl": "-3", "fee": "-4"}),
    ],
)
def test_fees_of_a_liquidation_and_paid_to_makers_are_told_apart(
    change: dict[str, object], expected: dict[str, str]
) -> None:
    body = {"accountUid": "u", "logs": [ROW | change]}
    entries = make("krakenfutures").read_answer("GET", LOG, status=200, headers={}, body=body)["ledger"]
    assert {entry["kind"]: same(expected[entry["kind"]], entry["amount"]) for entry in entries} == dict.fromkeys(
        expected, True
    )
    marked = {entry.get("subtype") for entry in entries if entry["kind"] == "realized_pnl"}
    assert marked == ({"liquidation"} if "info" in change else {None})


def test_the_demo_site_keeps_no_log_and_no_empty_one_is_claimed() -> None:
    connector = make("krakenfutures", testnet=True)
    for read in (connector.get_ledger, connector.get_ledger_part):
        with pytest.raises(NotSupportedError):
            read(SINCE, NOW)
