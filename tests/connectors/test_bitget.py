"""The Bitget connector at the sandbox over HTTP reads the truth to the last digit; it reports what it cannot tell."""

import json
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
from connectors.errors import (
    BadKeyError,
    BadPassphraseError,
    BadResponseError,
    BadSignatureError,
    ConnectorError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    UnknownExchangeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig, SandboxKey
from connectors.sandbox.model import q8
from connectors.types import Balance, LedgerEntry, LedgerKind, Permissions, WalletAccount
from tests.connectors.cases import FIXTURES, make
from tests.connectors.servers import Reply, Script, ScriptServer, scripted

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
CLASSIC = ["good", "spot", "empty", "dust", "one_way"]
SETTINGS, ASSETS, OVERVIEW = (
    "/api/v3/account/settings",
    "/api/v2/spot/account/assets",
    "/api/v2/account/all-account-balance",
)
ZERO = Decimal(0)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(_pace, "LONGEST_WINDOW_SECONDS", 0)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    """Serve a world at a standstill, that no test changes."""
    with Sandbox(still()) as running:
        yield running


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Serve a world at a standstill, whose keys and faults a test may change."""
    with Sandbox(still()) as running:
        yield running


def still() -> SandboxConfig:
    return SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("bitget",), enforce_limits=False)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("bitget", key) if isinstance(key, str) else key
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "passphrase": key.passphrase, "testnet": key.testnet}
    connector = make("bitget", hosts=sandbox.hosts()["bitget"], **{**given, "clock": lambda: NOW, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("bitget", name).uid


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


# the truth


@pytest.mark.parametrize("name", CLASSIC)
def test_every_wallet_of_a_classic_account_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    wallets, book = by_name(info.wallets), quiet.world.book(uid(quiet, name), NOW)
    assert (info.mode, {wallet.reason for wallet in info.wallets}) == ("classic", {None})
    spot = {item.asset: (item.free, item.locked, item.total) for item in wallets["spot"].balances}
    locked = {asset: book.locked.get(asset, ZERO) for asset in book.amounts("spot")}
    assert spot == {asset: (all - locked[asset], locked[asset], all) for asset, all in book.amounts("spot").items()}
    assert totals(wallets["funding"].balances) == book.amounts("funding")
    for wallet in ("futures_linear", "futures_inverse"):
        pnl, found = book.unrealized(wallet), wallets[wallet].balances
        assert totals(found) == book.amounts(wallet)
        assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
        assert all(item.equity == item.total + pnl.get(item.asset, ZERO) for item in found)
    for wallet in ("margin_cross", "margin_isolated", "bots"):
        assert wallets[wallet].balances == ()


@pytest.mark.parametrize("name", CLASSIC)
def test_earn_is_known_by_its_worth_in_the_overview(quiet: Sandbox, name: str) -> None:
    earn = by_name(connect(quiet, name).get_account_info(wallets=["earn"]).wallets)["earn"]
    equity, _unpriced = quiet.world.equity(quiet.world.book(uid(quiet, name), NOW))
    worth = q8(equity.get("earn", ZERO))
    assert totals(earn.balances) == ({"USDT": worth} if worth else {})
    assert bool(worth) is (name == "good")


def test_a_unified_account_is_read_exactly_and_its_classic_wallets_are_not_asked(sandbox: Sandbox) -> None:
    info = connect(sandbox, "unified").get_account_info()
    wallets, book = by_name(info.wallets), sandbox.world.book(uid(sandbox, "unified"), NOW)
    assert (info.mode, info.uid) == ("unified", uid(sandbox, "unified"))
    unified, pnl = wallets["unified"], book.unrealized("unified")
    assert totals(unified.balances) == book.amounts("unified")
    assert {item.asset: item.equity for item in unified.balances} == {
        asset: cash + pnl.get(asset, ZERO) for asset, cash in book.amounts("unified").items()
    }
    equity, _unpriced = sandbox.world.equity(book)
    assert (unified.currency, unified.equity) == ("USD", q8(equity["unified"]))
    assert unified.unrealized_pnl == sum(pnl.values()) != 0
    assert totals(wallets["funding"].balances) == book.amounts("funding")
    assert {path for path in asked(sandbox) if path.startswith("/api/v2/")} == {OVERVIEW}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


def test_an_overview_that_is_refused_is_asked_once_and_leaves_earn_and_bots_unreadable(sandbox: Sandbox) -> None:
    wallets = by_name(connect(sandbox, "unified").get_account_info().wallets)
    failed = {name: wallet.reason for name, wallet in wallets.items() if not wallet.ok}
    assert failed == {"earn": "wrong_account_mode", "bots": "wrong_account_mode"}
    assert asked(sandbox)[OVERVIEW] == 1


def test_every_wallet_that_is_reported_is_declared(quiet: Sandbox) -> None:
    info = connectors.describe("bitget")
    reported = [w for name in ("good", "unified") for w in connect(quiet, name).get_account_info().wallets]
    assert {wallet.wallet: wallet.kind for wallet in reported} == info.wallets
    entries = [entry for name in ("good", "unified") for entry in ledger(quiet, name)]
    assert {entry.wallet for entry in entries} == set(info.history) <= set(info.wallets)


@pytest.mark.parametrize("name", [*CLASSIC, "unified"])
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    spec, book = quiet.world.account(uid(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    expected = {
        (
            position.wallet,
            f"{position.base}/{'USD' if position.inverse else 'USDT'}:{position.settle}",
            position.side,
            position.size,
            position.entry,
            position.mark,
            position.unrealized,
            position.settle,
            position.liquidation,
            Decimal(position.leverage),
            spec.hedged,
            position.inverse,
        )
        for position in book.positions
    }
    found = connect(quiet, name).get_futures_positions()
    assert {
        (
            position.wallet,
            position.symbol,
            position.side,
            position.size_base,
            position.entry_price,
            position.mark_price,
            position.unrealized_pnl,
            position.settle_asset,
            position.liquidation_price,
            position.leverage,
            position.hedged,
            position.inverse,
        )
        for position in found
    } == expected
    assert len(found) == len(expected)
    assert bool(found) is (name in ("good", "one_way", "unified"))


def test_reads_can_be_restricted_to_wallets(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert {position.wallet for position in connector.get_futures_positions(wallets=["futures_inverse"])} == {
        "futures_inverse"
    }
    assert [wallet.wallet for wallet in connector.get_account_info(wallets=["funding"]).wallets] == ["funding"]
    entries = connector.get_ledger(NOW - timedelta(days=9), NOW, wallets=["futures_linear"])
    assert {entry.wallet for entry in entries} == {"futures_linear"}
    assert not {"/api/v2/spot/account/bills", "/api/v2/spot/wallet/deposit-records"} & set(asked(sandbox))


@pytest.mark.parametrize("name", ["good", "unified"])
def test_spot_balances_are_the_wallet_that_is_traded_from(quiet: Sandbox, name: str) -> None:
    spec = quiet.world.account(uid(quiet, name))
    found = connect(quiet, name).get_spot_balances()
    assert totals(found) == quiet.world.book(spec.uid, NOW).amounts(spec.spot)


READS = Permissions(True, False, False, False, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("spot", READS),
        ("unified", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        # what a classic code does not say stays unknown
        ("trade", Permissions(True, True, None, None, True)),
        ("transfer", Permissions(True, None, None, None, True)),
        ("withdraw", Permissions(True, True, None, True, True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid(quiet, name))


@pytest.mark.parametrize("withdraw", [False, True])
def test_the_scopes_of_a_unified_key_that_writes_are_told(sandbox: Sandbox, withdraw: bool) -> None:
    key = sandbox.key("bitget", "unified")
    sandbox.put_key(replace(key, permissions=replace(key.permissions, trade=True, withdraw=withdraw)))
    found = connect(sandbox, "unified").get_permissions()
    assert (found.trade, found.transfer, found.withdraw) == (True, True, withdraw)


def test_spot_trades_of_a_unified_account_carry_the_symbol_of_the_pair(quiet: Sandbox) -> None:
    symbols = {entry.symbol for entry in ledger(quiet, "unified") if entry.kind is LedgerKind.TRADE}
    assert symbols == {"BTC/USDT", "ETH/USDT", "SOL/USDT"}


def test_the_uid_told_with_the_rights_is_kept(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    assert connector.get_account_info(wallets=["spot"]).uid is None
    connector.get_permissions()
    assert connector.get_account_info(wallets=["spot"]).uid == uid(quiet, "good")


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    public = connectors.create_public("bitget", hosts=quiet.hosts()["bitget"], clock=lambda: NOW)
    prices = public.get_prices()
    assert {price.asset: price.value for price in prices if price.quote == "USDT"} == {
        price.asset: quiet.world.market.pair(price.asset, "USDT", NOW) for price in prices
    }
    assert {"BTC", "ETH", "BGB"} <= {price.asset for price in prices}
    assert {(price.source, price.as_of) for price in prices} == {("bitget", NOW)}


# the ledger


def ledger(sandbox: Sandbox, name: str, since: datetime | None = None, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since or sandbox.world.opened_at, until)


SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
    (NOW - timedelta(days=2), NOW - timedelta(hours=1)),
]


@pytest.mark.parametrize("name", [*CLASSIC, "unified"])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_a_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    world, who = quiet.world, uid(quiet, name)
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name, since + timedelta(milliseconds=1), until):
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = world.book(who, since).wallets, world.book(who, until).wallets
    explained = {"unified"} if name == "unified" else {"spot", "futures_linear", "futures_inverse"}
    for wallet in explained & (before.keys() | after.keys()):
        changes = {
            asset: after.get(wallet, {}).get(asset, ZERO) - before.get(wallet, {}).get(asset, ZERO)
            for asset in after.get(wallet, {}).keys() | before.get(wallet, {}).keys()
        }
        told = {asset: amount for (its_wallet, asset), amount in moved.items() if its_wallet == wallet and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert {wallet for wallet, _asset in moved} <= explained


@pytest.mark.parametrize("name", ["good", "one_way", "unified"])
def test_each_kind_of_futures_result_adds_up(quiet: Sandbox, name: str) -> None:
    kinds = {LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE}
    spec = quiet.world.account(uid(quiet, name))
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name):
        if entry.kind in kinds and entry.wallet != "spot" and entry.symbol and ":" in entry.symbol:
            told[entry.kind, entry.asset] += entry.amount
    for event in quiet.world.events(spec.uid, quiet.world.opened_at, NOW):
        is_spot_fee = event.kind is LedgerKind.FEE and not event.note.startswith(("open_", "close_"))
        if event.kind in kinds and not is_spot_fee:
            true[event.kind, event.asset] += event.amount
    assert told == true
    assert {kind for kind, _asset in told} == kinds


@pytest.mark.parametrize("name", ["good", "spot", "one_way", "unified"])
def test_money_from_and_to_outside_is_told_exactly_once(quiet: Sandbox, name: str) -> None:
    events = [event for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW) if event.counts]
    fees = {event.ref: event.amount for event in events if event.note == "withdrawal"}
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    true = [
        (
            event.kind,
            event.wallet,
            event.amount + (fees.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO),
            event.at,
        )
        for event in events
        if event.kind in outside
    ]
    told = [entry for entry in ledger(quiet, name) if entry.kind in outside]
    assert [(entry.kind, entry.wallet, entry.amount, entry.booked_at) for entry in told] == [
        (kind, wallet, amount, at.replace(microsecond=at.microsecond // 1000 * 1000))
        for kind, wallet, amount, at in true
    ]
    assert {entry.internal for entry in told} == {False}
    assert len({(entry.wallet, entry.dedupe_key) for entry in told}) == len(told) > 0


def test_a_bill_of_a_unified_account_that_repeats_a_deposit_counts_once() -> None:
    record = {"coin": "USDT", "type": "deposit", "size": "5", "status": "success", "dest": "on_chain", "cTime": ms(NOW)}
    bill = {"category": "OTHER", "symbol": "", "coin": "USDT", "fee": "0", "balance": "5", "ts": ms(NOW)}
    rows = [
        {**bill, "id": "1", "type": "DEPOSIT", "amount": "5"},
        {**bill, "id": "2", "type": "TRANSFER_IN", "amount": "3"},
        {**bill, "id": "3", "type": "WITHDRAW", "amount": "-1"},
    ]
    script: Script = {
        SETTINGS: sample("uta_settings"),
        "/api/v3/account/financial-records": lambda request: ok(
            {"list": rows if request.params["category"] == "OTHER" else None, "cursor": None}
        ),
        "/api/v3/account/deposit-records": ok([{**record, "orderId": "77", "tradeId": "t"}]),
        "/api/v3/account/withdrawal-records": ok([]),
    }
    with scripted(script) as server:
        told = at(server).get_ledger(NOW - timedelta(days=1), NOW)
    assert sorted((entry.kind, entry.wallet, entry.amount, entry.internal) for entry in told) == [
        (LedgerKind.DEPOSIT, "unified", Decimal(5), False),
        (LedgerKind.TRANSFER_IN, "unified", Decimal(3), True),
    ]
    categories = [request.params["category"] for request in server.asked if "category" in request.params]
    assert categories == ["SPOT", "MARGIN", "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES", "OTHER"]


@pytest.mark.parametrize("name", ["good", "unified"])
def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox, name: str) -> None:
    connector, long_ago = connect(quiet, name), NOW - timedelta(days=400)
    assert connector.get_ledger(long_ago, NOW) == connector.get_ledger(quiet.world.opened_at, NOW) != []
    closed = connector.get_closed_positions(long_ago, NOW)
    assert closed == connector.get_closed_positions(quiet.world.opened_at, NOW) != []
    assert connector.get_ledger(long_ago, long_ago + timedelta(days=1)) == []
    assert connector.get_closed_positions(long_ago, long_ago + timedelta(days=1)) == []


@pytest.mark.parametrize("name", ["good", "one_way", "unified"])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_closed_positions_are_the_trips_that_ended(quiet: Sandbox, name: str, since: datetime, until: datetime) -> None:
    trips = quiet.world.closed_trips(uid(quiet, name), since, until)
    found = connect(quiet, name).get_closed_positions(since, until)
    assert [
        (
            item.symbol,
            item.side,
            item.size_base,
            item.entry_price,
            item.exit_price,
            item.gross_pnl,
            item.fee,
            item.funding,
            item.net_pnl,
            ms(item.closed_at),
        )
        for item in found
    ] == [
        (
            f"{trip.base}/USDT:{trip.settle}",
            trip.side,
            trip.size,
            trip.entry,
            trip.exit,
            trip.gross,
            trip.open_fee + trip.close_fee,
            trip.funding,
            trip.gross + trip.open_fee + trip.close_fee + trip.funding,
            ms(trip.closed_at),
        )
        for trip in sorted(trips, key=lambda trip: trip.closed_at)
    ]
    assert len({item.id for item in found}) == len(found)


def ms(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


# refusals


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("good", {"passphrase": "not the word"}, BadPassphraseError),
        ("good", {"api_secret": "0" * 64}, BadSignatureError),
        ("good", {"api_key": "bg_" + "0" * 32}, BadKeyError),
        ("revoked", {}, BadKeyError),
        ("expired", {}, BadKeyError),
        ("wrong_ip", {}, IpNotAllowedError),
        ("blind", {}, PermissionMissingError),
        ("testnet", {"testnet": False}, UnknownExchangeError),
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


def test_a_demo_key_reads_its_demo_account(quiet: Sandbox) -> None:
    found = connect(quiet, "testnet").get_account_info(wallets=["spot"])
    assert totals(found.wallets[0].balances) == quiet.world.book(uid(quiet, "one_way"), NOW).amounts("spot")


def test_a_clock_that_is_wrong_is_set_by_the_exchanges_and_the_read_repeated(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("bitget", FaultKind.SKEW, seconds=120))
    connector = connect(sandbox, "spot")
    assert connector.get_spot_balances()
    assert connector.clock_offset_ms == 120_000
    assert asked(sandbox)["/api/v2/public/time"] == 1


# classic or unified


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


@pytest.mark.parametrize("code", ["40084", "99999", "40034"])
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


# limits


def test_reads_in_quick_succession_stay_within_the_published_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with Sandbox(SandboxConfig(exchanges=("bitget",))) as sandbox:
        connector = connect(sandbox, "good", clock=lambda: datetime.now(UTC))
        for _ in range(2):
            connector.get_permissions()
            connector.get_account_info()
            connector.get_futures_positions()
        connector.get_ledger(datetime.now(UTC) - timedelta(days=40), datetime.now(UTC))
        assert {row["status"] for row in sandbox.requests.rows()} == {200, 400}
        assert {row["path"] for row in sandbox.requests.rows() if row["status"] == 400} == {SETTINGS}


def test_the_reads_that_are_allowed_once_a_second_are_declared_so() -> None:
    limits = {limit.name: (limit.limit, limit.window_seconds, limit.scope) for limit in make("bitget").info.rate_limits}
    connector = make("bitget")
    assert isinstance(connector, RestConnector)
    once = [item.path for item in connector.endpoints if limits[item.limit] == (1, 1, "uid")]
    assert once == ["/api/v2/spot/account/info", OVERVIEW]


# single answers


def ok(data: object) -> Reply:
    return Reply({"code": "00000", "msg": "success", "requestTime": 1, "data": data})


def refusal(code: str) -> Reply:
    return Reply({"code": code, "msg": "no", "requestTime": 1, "data": None}, 400)


def sample(name: str) -> Reply:
    return Reply(json.loads((FIXTURES / "samples" / "bitget" / f"{name}.json").read_text())["body"])


def at(server: ScriptServer) -> connectors.Connector:
    return make("bitget", hosts={"rest": server.url}, clock=lambda: NOW)


def read_one(path: str, body: Any, status: int = 200, **params: str) -> dict[str, Any]:  # noqa: ANN401 - a payload
    return make("bitget").read_answer("GET", path, status=status, headers={}, body=body, params=params)


@pytest.mark.parametrize(
    ("kind", "rights"),
    [
        ("read-only", (False, False, False)),
        ("Read_Only", (False, False, False)),
        ("read-and-write", (True, True, True)),
        ("something_new", (None, None, None)),
    ],
)
def test_a_permission_type_that_is_not_known_is_never_taken_for_read_only(
    kind: str, rights: tuple[bool | None, ...]
) -> None:
    body = sample("uta_account_info_dangerous").body
    body["data"] |= {"permType": kind, "permissions": ["uta_mgt", "uta_trade", "withdraw_crypto"]}
    found = read_one("/api/v3/account/info", body)["permissions"]
    assert (found["trade"], found["transfer"], found["withdraw"]) == rights


@pytest.mark.parametrize(
    ("codes", "trade", "withdraw"),
    [
        (["readonly"], False, False),
        (["READONLY", "read"], False, False),
        (["readonly", "trade"], True, None),
        (["readonly", "coor"], None, None),
        (["readonly", "wwow"], None, True),
        (["readonly", "Withdraw"], None, True),
        ([], None, None),
    ],
)
def test_classic_codes_are_safe_only_when_all_are_known_to_read(
    codes: list[str], trade: bool | None, withdraw: bool | None
) -> None:
    body = sample("classic_account_info").body
    body["data"]["authorities"] = codes
    found = read_one("/api/v2/spot/account/info", body)["permissions"]
    assert (found["trade"], found["withdraw"]) == (trade, withdraw)


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable"),
    [
        (500, {"code": "40725", "msg": "service return an error"}, MaintenanceError, True),
        (500, b"<html></html>", MaintenanceError, True),
        (503, b"", MaintenanceError, True),
        (429, {"code": "40725"}, RateLimitedError, True),
        (429, b"", RateLimitedError, True),
        (500, {"code": "40037"}, BadKeyError, False),
        (400, {"code": "40725"}, UnknownExchangeError, False),
        (403, b"<html></html>", UnknownExchangeError, False),
        (400, {"code": "40009", "message": "Request URL NOT FOUND"}, ExchangeError, False),
    ],
)
def test_the_status_speaks_where_the_code_says_nothing(
    status: int, body: object, error: type[ExchangeError], retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        read_one(ASSETS, body, status)
    assert caught.value.retryable is retryable


def test_a_position_in_a_contract_of_unknown_name_is_shown_under_that_name() -> None:
    body = sample("futures_positions_coin").body
    body["data"][0] |= {"symbol": "BTCUSDZ26", "marginCoin": "BTC"}
    (found, *_rest) = read_one("/api/v2/mix/position/all-position", body, productType="COIN-FUTURES")["positions"]
    assert (found["symbol"], found["wallet"], found["inverse"]) == ("BTCUSDZ26", "futures_inverse", True)
