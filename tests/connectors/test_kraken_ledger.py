"""Kraken's ledger in pieces that the call counter has room for, and row by row against the balances it tells."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from weakref import WeakValueDictionary

import pytest

from connectors import _base
from connectors._base import RestConnector
from connectors.errors import RateLimitedError, TimestampSkewError
from connectors.kraken import endpoints, turn
from connectors.kraken.assets import asset_of, wallet_of
from connectors.kraken.turn import Turn
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerEntry, LedgerKind, LedgerPart
from tests.connectors.cases import make
from tests.connectors.servers import Asked, Reply, scripted

OPENED = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
SINCE = NOW - timedelta(days=44)
LEDGERS = "/0/private/Ledgers"
SLOT = timedelta(seconds=30)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture(autouse=True)
def first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what connectors of other tests, not collected yet, have asked with the same keys at other times."""
    monkeypatch.setattr(turn, "_turns", WeakValueDictionary())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def strict(clock: Clock) -> Iterator[Sandbox]:
    """Serve a world that counts calls and nonces."""
    with Sandbox(SandboxConfig(opened_on=OPENED, clock=clock, exchanges=("kraken",))) as running:
        yield running


def connect(sandbox: Sandbox, name: str, clock: Clock) -> RestConnector:
    key = sandbox.key("kraken", name)
    hosts = sandbox.hosts()["kraken"]
    connector = make("kraken", api_key=key.api_key, api_secret=key.api_secret, hosts=hosts, clock=clock)
    assert isinstance(connector, RestConnector)
    return connector


def whole(sandbox: Sandbox, name: str) -> list[LedgerEntry]:
    """Return the ledger as one reads it whom nobody counts."""
    config = SandboxConfig(opened_on=OPENED, clock=lambda: NOW, exchanges=("kraken",), enforce_limits=False)
    with Sandbox(config) as quiet:
        return connect(quiet, name, Clock()).get_ledger(SINCE, NOW)


def caught_up(connector: RestConnector, clock: Clock, *, fresh: bool, sandbox: Sandbox) -> list[LedgerPart]:
    """Read part after part, two minutes and balances between them; with `fresh` each by a connector of its own."""
    parts: list[LedgerPart] = []
    since = SINCE
    while not parts or not parts[-1].complete:
        assert len(parts) < 60
        connector = connect(sandbox, "good", clock) if fresh else connector
        connector.get_account_info()
        parts.append(connector.get_ledger_part(since, clock.now))
        since = parts[-1].read_to
        clock.now += SLOT
    return parts


@pytest.mark.parametrize("fresh", [False, True])
def test_a_long_ledger_is_caught_up_in_pieces_that_the_counter_has_room_for(
    strict: Sandbox, clock: Clock, fresh: bool
) -> None:
    expected = whole(strict, "good")
    assert len(expected) > 200
    seen: dict[str, LedgerEntry] = {}
    parts = caught_up(connect(strict, "good", clock), clock, fresh=fresh, sandbox=strict)
    for part in parts:
        seen |= {entry.dedupe_key: entry for entry in part.entries}
        known = {key: entry for key, entry in seen.items() if entry.booked_at < min(part.read_to, NOW)}
        assert known == {row.dedupe_key: row for row in expected if row.booked_at < min(part.read_to, NOW)}
    assert [part.read_to for part in parts] == sorted(part.read_to for part in parts)
    assert len(parts) > 2
    assert {row.dedupe_key for row in expected} <= seen.keys()


def test_a_short_ledger_is_one_piece_of_one_call(strict: Sandbox, clock: Clock) -> None:
    since = NOW - timedelta(hours=8)
    part = connect(strict, "good", clock).get_ledger_part(since, NOW)
    assert (part.complete, part.read_to) == (True, NOW)
    assert [told["count"] for told in strict.requests.rows()] == [1]
    assert part.entries == tuple(connect(strict, "good", clock).get_ledger(since, NOW)) != ()


def test_without_room_nothing_is_asked_and_nothing_is_claimed(strict: Sandbox, clock: Clock) -> None:
    connector = connect(strict, "good", clock)
    for _ in range(10):
        connector.get_spot_balances()
    strict.requests.clear()
    assert connector.get_ledger_part(SINCE, NOW) == LedgerPart((), SINCE, complete=False)
    assert strict.requests.rows() == []


def row(number: int, time: float) -> dict[str, object]:
    return {"refid": "R", "time": time, "type": "trade", "asset": "ZUSD", "amount": "1", "fee": "0", "n": number}


def paged(rows: list[dict[str, object]], planned: list[int]) -> Callable[[Asked], Reply]:
    """Serve rows, newest first, at the offsets that a reader must ask for one after another; -1 refuses."""
    offsets = iter(planned)

    def answer(asked: Asked) -> Reply:
        offset = next(offsets)
        if offset < 0:
            return Reply({"error": ["EAPI:Rate limit exceeded"]})
        found = rows[offset : offset + 50]
        return Reply({"error": [], "result": {"ledger": {f"L{item['n']}": item for item in found}, "count": len(rows)}})

    return answer


def test_more_rows_of_one_instant_than_a_page_holds_are_got_through(clock: Clock) -> None:
    rows = [row(number, NOW.timestamp() - 3_600) for number in range(220, 0, -1)]
    with scripted({LEDGERS: paged(rows, [0, 170, 120, 70, 20, 0])}) as server:
        connector = make("kraken", api_key="a" * 56, hosts={"rest": server.url}, clock=clock)
        first = connector.get_ledger_part(SINCE, NOW)
        assert (first.complete, len(first.entries)) == (False, 150)
        clock.now += timedelta(minutes=2)
        rest = connector.get_ledger_part(first.read_to, clock.now)
        assert len({entry.id for part in (first, rest) for entry in part.entries}) == 220


def test_a_refusal_in_the_middle_keeps_what_was_read(clock: Clock) -> None:
    rows = [row(number, NOW.timestamp() - 3_600 + number) for number in range(120, 0, -1)]
    with scripted({LEDGERS: paged(rows, [0, -1, -1])}) as server:
        connector = make("kraken", api_key="b" * 56, hosts={"rest": server.url}, clock=clock)
        part = connector.get_ledger_part(SINCE, NOW)
        assert (part.complete, part.read_to, len(part.entries)) == (False, SINCE, 50)
        clock.now += timedelta(minutes=2)
        with pytest.raises(RateLimitedError):
            connector.get_ledger_part(SINCE, clock.now)


def test_each_row_changes_the_balance_to_the_one_that_it_tells(clock: Clock) -> None:
    config = SandboxConfig(opened_on=OPENED, clock=clock, exchanges=("kraken",), enforce_limits=False)
    with Sandbox(config) as quiet:
        uid = quiet.key("kraken", "good").uid
        quiet.world.add_event(uid, LedgerKind.CONVERSION, {"ETH": Decimal("0.5"), "USDT": Decimal("-1200.5")})
        quiet.world.add_event(uid, LedgerKind.BONUS, {"USDT": Decimal(10)})
        connector, balances = connect(quiet, "good", clock), quiet.world.opening(uid)
        payloads = []
        for offset in range(0, 10_000, 50):
            answer = connector.fetch(endpoints.LEDGERS, {"ofs": offset})
            payloads.append((answer, connector.parse(answer).ledger or ()))
            if not answer.payload["result"]["ledger"]:
                break
    rows = {name: told for answer, _ in payloads for name, told in answer.payload["result"]["ledger"].items()}
    changes: defaultdict[str, Decimal] = defaultdict(Decimal)
    kinds = set()
    for entry in (entry for _, page in payloads for entry in page):
        changes[entry.id.removesuffix(":fee")] += entry.amount
        kinds.add(entry.kind)
    held: dict[tuple[str, str], Decimal] = {
        (wallet, asset): amount for wallet, assets in balances.items() for asset, amount in assets.items()
    }
    for name, told in reversed(list(rows.items())):
        place = wallet_of(told["asset"]), asset_of(told["asset"])
        held[place] = held.get(place, Decimal(0)) + changes[name]
        assert held[place] == Decimal(told["balance"]), (name, told)
    assert kinds >= {
        LedgerKind.TRADE, LedgerKind.FEE, LedgerKind.REALIZED_PNL, LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL,
        LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT, LedgerKind.REWARD, LedgerKind.BONUS,
    }  # fmt: skip


def elsewhere(sandbox: Sandbox, clock: Clock) -> RestConnector:
    """Make a connector as another process has it: with the same key, but nonces and a counter of its own."""
    connector = connect(sandbox, "good", clock)
    connector._turn = Turn()  # type: ignore[attr-defined]
    connector._lock = connector._turn.lock  # type: ignore[attr-defined]
    return connector


def test_two_processes_with_one_key_both_get_through(strict: Sandbox, clock: Clock) -> None:
    one, other = elsewhere(strict, clock), elsewhere(strict, clock)
    for connector in (one, other, one, other):
        clock.now += SLOT
        assert connector.get_spot_balances()
        assert connector.get_spot_balances()


def test_a_key_that_was_used_with_finer_times_is_asked_with_finer_ones(strict: Sandbox, clock: Clock) -> None:
    before = elsewhere(strict, clock)
    before._turn.last_nonce = int(NOW.timestamp() * 1_000_000)  # type: ignore[attr-defined]
    assert before.get_spot_balances()
    clock.now += SLOT
    assert elsewhere(strict, clock).get_spot_balances()


def test_nonces_that_nothing_is_higher_than_are_an_error_of_time() -> None:
    low = Reply({"error": ["EAPI:Invalid nonce"]})
    time = {"/0/public/Time": Reply({"error": [], "result": {"unixtime": int(NOW.timestamp())}})}
    with scripted({"/0/private/BalanceEx": low, **time}) as server:
        connector = make("kraken", api_key="c" * 56, hosts={"rest": server.url}, clock=lambda: NOW)
        for _ in range(3):
            with pytest.raises(TimestampSkewError):
                connector.get_spot_balances()
