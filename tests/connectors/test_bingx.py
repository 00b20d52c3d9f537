"""The BingX connector reads the sandbox's truth to the last digit, and says what it cannot know."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors import _base, _pace
from connectors._base import RestConnector
from connectors.bingx.pacing import shared_pace
from connectors.errors import (
    BadKeyError,
    BadRequestError,
    BadResponseError,
    BadSignatureError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    NotSupportedError,
    PermissionMissingError,
    RateLimitedError,
    TimestampSkewError,
    UnknownExchangeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig
from connectors.sandbox.model import q8
from connectors.types import Balance, LedgerEntry, LedgerKind, Permissions, WalletAccount
from tests.connectors.cases import make
from tests.connectors.servers import Reply, Script, ScriptServer, scripted

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
NAMES = ["good", "spot", "empty", "dust", "one_way"]
ZERO = Decimal(0)
SPOT, FUNDING, INCOME = (
    "/openApi/spot/v1/account/balance",
    "/openApi/fund/v1/account/balance",
    "/openApi/swap/v2/user/income",
)
RIGHTS, KEYS, UID = "/openApi/v1/account/apiPermissions", "/openApi/account/v1/apiKey/query", "/openApi/account/v1/uid"
USERS, CONTRACTS = "/openApi/wallets/v1/capital/innerTransfer/records", "/openApi/cswap/v1/market/contracts"
COIN_POSITIONS, COIN_MARKS = "/openApi/cswap/v1/user/positions", "/openApi/cswap/v1/market/premiumIndex"
SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=date(2026, 1, 1), clock=lambda: NOW, exchanges=("bingx",), enforce_limits=False)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    """Serve a world at a standstill, that no test changes."""
    with Sandbox(still()) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a world at a standstill, whose keys, events and faults a test may change."""
    with Sandbox(still()) as running:
        yield running


def connect(sandbox: Sandbox, name: str, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("bingx", name)
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "testnet": key.testnet, "clock": lambda: NOW}
    connector = make("bingx", hosts=sandbox.hosts()["bingx"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def at(server: ScriptServer, **changes: Any) -> connectors.Connector:  # noqa: ANN401 - handed on
    return make("bingx", **{"hosts": {"rest": server.url}, "clock": lambda: NOW, **changes})


def ok(data: object) -> Reply:
    return Reply({"code": 0, "msg": "", "data": data})


def refusal(code: int, msg: str = "no") -> Reply:
    return Reply({"code": code, "msg": msg})


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("bingx", name).uid


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


@pytest.mark.parametrize("name", NAMES)
def test_every_wallet_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info, book = connect(quiet, name).get_account_info(), quiet.world.book(uid(quiet, name), NOW)
    wallets = by_name(info.wallets)
    assert (info.mode, info.uid, {wallet.reason for wallet in info.wallets}) == ("classic", uid(quiet, name), {None})
    locked = {asset: book.locked.get(asset, ZERO) for asset in book.amounts("spot")}
    assert {item.asset: (item.free, item.locked, item.total) for item in wallets["spot"].balances} == {
        asset: (total - locked[asset], locked[asset], total) for asset, total in book.amounts("spot").items()
    }
    for wallet in ("funding", "futures_linear", "futures_inverse", "futures_standard"):
        pnl, found = book.unrealized(wallet), wallets[wallet].balances
        assert totals(found) == book.amounts(wallet)
        assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
        assert all(item.equity in (None, item.total + pnl.get(item.asset, ZERO)) for item in found)
    equity, _unpriced = quiet.world.equity(book)
    for wallet in ("earn", "grid", "copy_trading", "c2c"):
        worth = q8(equity.get(wallet, ZERO))
        assert totals(wallets[wallet].balances) == ({"USDT": worth} if worth else {})
    assert {wallet.wallet: wallet.kind for wallet in info.wallets} == connectors.describe("bingx").wallets


@pytest.mark.parametrize("name", NAMES)
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    who = uid(quiet, name)
    hedged = quiet.world.account(who).hedged
    found = connect(quiet, name).get_futures_positions()
    assert {
        (p.wallet, p.symbol, p.side, q8(p.size_base), p.contracts, p.contract_size, p.entry_price, p.mark_price)
        + (p.unrealized_pnl, p.settle_asset, p.liquidation_price, p.leverage, p.hedged, p.inverse)
        for p in found
    } == {
        (p.wallet, f"{p.base}/{'USD' if p.inverse else 'USDT'}:{p.settle}", p.side, p.size, p.contracts)
        + (p.contract_size, p.entry, p.mark, p.unrealized, p.settle, p.liquidation, Decimal(p.leverage))
        + (None if p.inverse else hedged, p.inverse)
        for p in quiet.world.book(who, NOW).positions
    }
    assert bool(found) is (name in ("good", "one_way"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_income_explains_every_change_of_the_usdt_m_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    told: defaultdict[str, Decimal] = defaultdict(Decimal)
    first = since + timedelta(milliseconds=1)
    entries = connect(quiet, name).get_ledger(first, until, wallets=["futures_linear"])
    for entry in entries:
        told[entry.asset] += entry.amount
    before, after = (
        quiet.world.book(uid(quiet, name), when).wallets.get("futures_linear", {}) for when in (since, until)
    )
    changes = {asset: after[asset] - before.get(asset, ZERO) for asset in after}
    assert {a: n for a, n in told.items() if n} == {a: n for a, n in changes.items() if n}
    assert {entry.internal for entry in entries if "transfer" in entry.kind} <= {True}
    assert len({entry.dedupe_key for entry in entries}) == len(entries)


@pytest.mark.parametrize("name", ["good", "spot", "one_way"])
def test_deposits_and_withdrawals_count_once_they_have_happened(quiet: Sandbox, name: str) -> None:
    def total(kind: LedgerKind, rows: Iterable[Any]) -> Decimal:
        return sum((row.amount for row in rows if row.kind is kind), ZERO)

    entries = [e for e in connect(quiet, name).get_ledger(*SPANS[0]) if e.wallet == "funding"]
    true = [e for e in quiet.world.events(uid(quiet, name), *SPANS[0]) if e.counts]
    fees = [e for e in true if e.note == "withdrawal"]
    for kind in (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL):
        assert total(kind, entries) == total(kind, true)
    assert total(LedgerKind.FEE, entries) == total(LedgerKind.FEE, fees)
    assert {(e.asset, e.internal) for e in entries if e.kind is LedgerKind.DEPOSIT} == {("USDT", False)}
    moments = {e.at_ms for e in true if e.kind is LedgerKind.WITHDRAWAL}
    assert {ms(e.booked_at) for e in entries if e.kind is LedgerKind.WITHDRAWAL} == moments


def test_rows_of_one_instant_at_the_edge_of_a_page_are_neither_lost_nor_doubled() -> None:
    rows = [
        {
            "symbol": "BTC-USDT",
            "incomeType": kind,
            "income": "-1",
            "asset": "USDT",
            "time": ms(NOW) - at,
            "tranId": str(n),
        }
        for n, (kind, at) in enumerate([("FUNDING_FEE", 5), ("TRADING_FEE", 9), ("FUNDING_FEE", 9), ("ADL", 9)] * 400)
    ]
    rows.sort(key=lambda row: -int(str(row["time"])))

    def answer(request: Any) -> Reply:  # noqa: ANN401
        kept = [row for row in rows if int(str(row["time"])) <= int(request.params["endTime"])]
        return ok(kept[: int(request.params["limit"])])

    with scripted({INCOME: answer}) as server, pytest.raises(BadResponseError, match="endless-pages"):
        at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["futures_linear"])
    del rows[1_300:]
    with scripted({INCOME: answer}) as server:
        told = at(server).get_ledger(NOW - timedelta(days=1), NOW, wallets=["futures_linear"])
    assert len(told) == 1_300


@pytest.mark.parametrize("days", [0.01, 40])
def test_a_transfer_with_another_user_is_found_and_dated_to_the_hour(sandbox: Sandbox, days: float) -> None:
    sandbox.world.add_event(
        uid(sandbox, "good"), LedgerKind.TRANSFER_OUT, {"USDT": Decimal(-50)}, wallet="funding", note="user"
    )
    entries = connect(sandbox, "good").get_ledger(NOW - timedelta(days=days), NOW)
    (entry,) = [e for e in entries if e.dedupe_key.startswith("user:")]
    assert (entry.kind, entry.wallet, entry.amount, entry.internal) == (
        LedgerKind.TRANSFER_OUT,
        "funding",
        Decimal(-50),
        False,
    )
    assert timedelta() <= NOW - entry.booked_at < timedelta(hours=1)
    assert asked(sandbox)[USERS] <= 30


def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox) -> None:
    connector, long_ago = connect(quiet, "good"), NOW - timedelta(days=400)
    assert connector.get_ledger(long_ago, NOW) == connector.get_ledger(quiet.world.opened_at, NOW) != []
    assert connector.get_ledger(long_ago, long_ago + timedelta(days=1)) == []


@pytest.mark.parametrize("name", ["good", "one_way"])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_closed_positions_are_the_trips_that_ended(quiet: Sandbox, name: str, since: datetime, until: datetime) -> None:
    trips = quiet.world.closed_trips(uid(quiet, name), since, until)
    found = connect(quiet, name).get_closed_positions(since, until)
    assert [
        (c.symbol, c.side, c.size_base, c.entry_price, c.exit_price, c.gross_pnl, c.fee, c.funding, ms(c.closed_at))
        for c in found
    ] == [
        (f"{t.base}/USDT:USDT", t.side, None, t.entry, t.exit, t.gross, t.open_fee + t.close_fee, t.funding)
        + (ms(t.closed_at),)
        for t in sorted(trips, key=lambda t: t.closed_at)
    ]
    assert all(c.net_pnl == round((c.gross_pnl or ZERO) + (c.fee or ZERO) + (c.funding or ZERO), 2) for c in found)
    assert found


READS = Permissions(True, False, False, False, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        ("trade", replace(READS, trade=True)),
        ("transfer", replace(READS, transfer=True)),
        ("withdraw", Permissions(True, True, True, True, True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(sandbox: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(sandbox, name).get_permissions() == replace(rights, uid=uid(sandbox, name))
    assert KEYS not in asked(sandbox)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([2], (False, False, False)),
        ([1, 2, 5], (True, False, True)),
        ([2, 3, 7], (True, True, False)),
        ([2, 99], (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_rights_left_open_are_looked_up_in_the_list_of_keys(
    numbers: list[int] | None, expected: tuple[bool | None, ...]
) -> None:
    def keys(request: Any) -> Reply:  # noqa: ANN401
        row = {"apiKey": request.params["apiKey"], "permissions": numbers, "ipAddresses": [""]}
        return refusal(100004) if numbers is None else ok({"apiInfos": [row]})

    flags = {"enableReading": True, "ipRestrict": True}
    script: Script = {RIGHTS: ok(flags), UID: ok({"uid": 7}), KEYS: keys}
    with scripted(script) as server:
        found = at(server).get_permissions()
    assert (found.trade, found.transfer, found.withdraw) == expected
    assert (found.read, found.ip_restricted, found.uid) == (True, True, "7")


def test_rights_beside_the_code_are_read_as_those_under_data() -> None:
    answer = {"code": 0, "enableReading": True, "enableWithdrawals": True, "enableFutures": True}
    found = make("bingx").read_answer("GET", RIGHTS, status=200, headers={}, body=answer)["permissions"]
    assert (found["read"], found["trade"], found["withdraw"], found["transfer"]) == (True, True, True, None)


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


def test_a_demo_account_shows_its_play_money_at_one_dollar(quiet: Sandbox) -> None:
    connector, book = connect(quiet, "testnet"), quiet.world.book(uid(quiet, "one_way"), NOW)
    (wallet,) = connector.get_account_info().wallets
    assert totals(wallet.balances) == {"VST": book.wallets["futures_linear"]["USDT"]}
    assert {(p.settle_asset, p.symbol.split(":")[1]) for p in connector.get_futures_positions()} == {("VST", "VST")}
    assert {entry.asset for entry in connector.get_ledger(*SPANS[0])} == {"VST"}
    assert {p.asset: p.value for p in connector.get_prices() if p.quote == "USDT"}["VST"] == 1
    assert connector.get_permissions() == Permissions(True, None, None, None, None)
    with pytest.raises(NotSupportedError):
        connector.get_spot_balances()


def test_play_money_is_dropped_on_the_live_host() -> None:
    row = {"asset": "VST", "balance": "9", "equity": "9", "unrealizedProfit": "0", "availableMargin": "9"}
    body = {"code": 0, "data": [{**row, "usedMargin": "0", "freezedMargin": "0"}]}
    read = make("bingx").read_answer
    assert read("GET", "/openApi/swap/v3/user/balance", status=200, headers={}, body=body)["balances"] == []


def test_a_funding_wallet_that_repeats_spot_is_counted_once() -> None:
    rows = [{"asset": "USDT", "free": "5", "locked": "0"}, {"asset": "BTC", "free": "1", "locked": "2"}]
    script: Script = {SPOT: ok({"balances": rows}), FUNDING: ok({"assets": rows[::-1]}), UID: ok({"uid": 7})}
    with scripted(script) as server:
        wallets = by_name(at(server).get_account_info(wallets=["spot", "funding"]).wallets)
    assert (len(wallets["spot"].balances), wallets["funding"].balances) == (2, ())
    assert (wallets["funding"].ok, wallets["funding"].reason) == (True, "same_as_spot")


def test_a_wallet_that_cannot_be_read_is_named_and_the_others_stay(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("bingx", FaultKind.HTML, path_prefix="/openApi/contract"))
    sandbox.fault(Fault("bingx", FaultKind.ERROR_200, status=200, path_prefix="/openApi/account/v1/uid"))
    info = connect(sandbox, "good").get_account_info()
    assert {wallet.wallet: wallet.reason for wallet in info.wallets if not wallet.ok} == {
        "futures_standard": "bad_response"
    }
    assert info.uid is None


def test_sizes_and_missing_marks_of_coin_m_are_asked_for_and_sizes_kept() -> None:
    row = {"symbol": "BTC-USD", "positionSide": "SHORT", "positionAmt": "3", "unrealizedProfit": "0", "avgPrice": "1"}
    script: Script = {
        COIN_POSITIONS: ok([{**row, "leverage": 5, "isolated": True}]),
        CONTRACTS: ok([{"symbol": "BTC-USD", "minTickSize": "10"}]),
        COIN_MARKS: ok([{"symbol": "BTC-USD", "markPrice": "60"}]),
    }
    with scripted(script) as server:
        connector = at(server)
        for _ in range(2):
            (found,) = connector.get_futures_positions(wallets=["futures_inverse"])
        numbers = (found.size_base, found.contract_size, found.mark_price)
        assert (*map(str, filter(None, numbers)), found.side.value) == ("0.5", "10", "60", "short")
        assert server.paths().count(CONTRACTS) == 1
    with scripted({**script, CONTRACTS: ok([])}) as server, pytest.raises(BadResponseError):
        at(server).get_futures_positions(wallets=["futures_inverse"])


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


@pytest.mark.parametrize(
    ("status", "confirmed", "expected"),
    [
        (1, "12/12", "ok"),
        (6, "13/12", "ok"),
        (1, "3/12", "pending"),
        (6, "", "pending"),
        (0, "12/12", "pending"),
        (2, "12/12", "failed"),
    ],
)
def test_a_deposit_counts_when_all_its_confirmations_are_there(status: int, confirmed: str, expected: str) -> None:
    row = {"amount": "1", "coin": "USDTTRC20", "network": "TRC20", "txId": "t", "insertTime": ms(NOW)}
    body = [{**row, "status": status, "confirmTimes": confirmed}]
    path = "/openApi/api/v3/capital/deposit/hisrec"
    (entry,) = make("bingx").read_answer("GET", path, status=200, headers={}, body=body)["ledger"]
    assert (entry["status"], entry["asset"]) == (expected, "USDT")


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    prices = connectors.create_public("bingx", hosts=quiet.hosts()["bingx"], clock=lambda: NOW).get_prices()
    assert {price.asset: price.value for price in prices} == {
        price.asset: quiet.world.market.pair(price.asset, "USDT", NOW) for price in prices
    }
    assert {"BTC", "ETH", "LTC"} <= {price.asset for price in prices}


def test_all_accounts_behind_one_address_share_one_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 10)
    one, other = shared_pace("https://one.test"), shared_pace("https://other.test")
    assert shared_pace("https://one.test") is one is not other
    spot = next(item for item in type(make_rest()).endpoints if item.path == SPOT)
    assert [one.reserve(spot, 50.0), shared_pace("https://one.test").reserve(spot, 50.0)] == [0.0, 1.0]
    assert other.reserve(spot, 50.0) == 0.0


def make_rest() -> RestConnector:
    connector = make("bingx")
    assert isinstance(connector, RestConnector)
    return connector


def test_reads_in_quick_succession_stay_within_the_published_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Sandbox(SandboxConfig(exchanges=("bingx",))) as sandbox:
        for name in ("good", "one_way"):
            connector = connect(sandbox, name, clock=lambda: datetime.now(UTC))
            connector.get_account_info()
            connector.get_futures_positions()
        assert asked(sandbox)[SPOT] == 2
        now = datetime.now(UTC)
        ledger: list[LedgerEntry] = connector.get_ledger(now - timedelta(days=2), now)
        assert ledger


def test_to_wait_for_ones_own_turn_is_no_limit_of_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_given: object) -> bool:
        return False

    monkeypatch.setattr(_pace.Pace, "wait", never)
    read: Callable[[], object] = make_rest().get_spot_balances
    with pytest.raises(RateLimitedError) as caught:
        read()
    assert (caught.value.venue_code, caught.value.scope) == ("own-pace", "key")
