"""The Gate.io connector at the sandbox over HTTP reads the truth to the last digit; it reports what it cannot tell."""

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
    BadRequestError,
    BadResponseError,
    BadSignatureError,
    ConnectorError,
    CredentialError,
    ExchangeError,
    IpNotAllowedError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    UnknownExchangeError,
    WrongAccountModeError,
)
from connectors.sandbox import Fault, FaultKind, Sandbox, SandboxConfig, SandboxKey
from connectors.sandbox.limits import Limit
from connectors.sandbox.model import q8
from connectors.types import Balance, LedgerEntry, LedgerKind, Permissions, WalletAccount
from tests.connectors.cases import FIXTURES, make
from tests.connectors.servers import Asked, Reply, Script, ScriptServer, scripted

OPENED_ON = date(2026, 1, 1)
NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
CLASSIC, UNIFIED = ["good", "spot", "empty", "dust", "one_way"], ["unified", "portfolio"]
API = "/api/v4"
MODE, SPOT, UNIFIED_ACCOUNTS = f"{API}/unified/unified_mode", f"{API}/spot/accounts", f"{API}/unified/accounts"
KEYS, DETAIL, EARN = f"{API}/account/main_keys", f"{API}/account/detail", f"{API}/earn/uni/lends"
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
    return SandboxConfig(opened_on=OPENED_ON, clock=lambda: NOW, exchanges=("gateio",), enforce_limits=False)


def connect(sandbox: Sandbox, key: str | SandboxKey, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("gateio", key) if isinstance(key, str) else key
    given = {"api_key": key.api_key, "api_secret": key.api_secret, "testnet": key.testnet, "clock": lambda: NOW}
    connector = make("gateio", hosts=sandbox.hosts()["gateio"], **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def uid(sandbox: Sandbox, name: str) -> str:
    return sandbox.key("gateio", name).uid


def by_name(wallets: Iterable[WalletAccount]) -> dict[str, WalletAccount]:
    return {wallet.wallet: wallet for wallet in wallets}


def totals(balances: Iterable[Balance]) -> dict[str, Decimal]:
    return {balance.asset: balance.total for balance in balances}


def asked(sandbox: Sandbox) -> dict[str, int]:
    counts: defaultdict[str, int] = defaultdict(int)
    for row in sandbox.requests.rows():
        counts[row["path"]] += row["count"]
    return counts


# the truth


@pytest.mark.parametrize("name", CLASSIC)
def test_every_wallet_of_a_classic_account_is_read_exactly(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    wallets, book = by_name(info.wallets), quiet.world.book(uid(quiet, name), NOW)
    assert (info.mode, {wallet.reason for wallet in info.wallets}) == ("classic", {None})
    spot = {item.asset: (item.free, item.locked, item.total) for item in wallets["spot"].balances}
    locked = {asset: book.locked.get(asset, ZERO) for asset in book.amounts("spot")}
    assert spot == {asset: (all - locked[asset], locked[asset], all) for asset, all in book.amounts("spot").items()}
    assert totals(wallets["earn"].balances) == book.amounts("earn")
    for wallet in ("futures_linear", "futures_inverse"):
        pnl, found = book.unrealized(wallet), wallets[wallet].balances
        assert totals(found) == book.amounts(wallet)
        assert {item.asset: item.unrealized_pnl for item in found if item.unrealized_pnl} == pnl
        assert all(item.equity == item.total + pnl.get(item.asset, ZERO) for item in found)
    for wallet in ("delivery_linear", "delivery_inverse", "options", "margin_isolated", "margin_cross"):
        assert wallets[wallet].balances == ()
    assert set(book.wallets) <= set(wallets)


@pytest.mark.parametrize("name", UNIFIED)
def test_a_unified_account_is_read_exactly_and_its_classic_wallets_are_not_added(sandbox: Sandbox, name: str) -> None:
    info = connect(sandbox, name).get_account_info()
    wallets, book = by_name(info.wallets), sandbox.world.book(uid(sandbox, name), NOW)
    assert (info.mode, info.uid) == ("portfolio_margin" if name == "portfolio" else "unified", uid(sandbox, name))
    unified, pnl = wallets["unified"], book.unrealized("unified")
    assert totals(unified.balances) == book.amounts("unified")
    assert {item.asset: item.equity for item in unified.balances} == {
        asset: cash + pnl.get(asset, ZERO) for asset, cash in book.amounts("unified").items()
    }
    equity, _unpriced = sandbox.world.equity(book)
    assert (unified.currency, unified.equity) == ("USD", q8(equity["unified"]))
    assert totals(wallets["earn"].balances) == book.amounts("earn") != {}
    others = [wallet for wallet in info.wallets if wallet.wallet not in ("unified", "earn")]
    assert all(wallet.ok and wallet.balances == () for wallet in others)
    assert SPOT not in asked(sandbox)


@pytest.mark.parametrize("name", [*CLASSIC, *UNIFIED])
def test_the_equity_of_all_wallets_is_the_accounts(quiet: Sandbox, name: str) -> None:
    book = quiet.world.book(uid(quiet, name), NOW)
    worth = ZERO
    for wallet in connect(quiet, name).get_account_info().wallets:
        for row in wallet.balances:
            worth += (row.total if row.equity is None else row.equity) * (quiet.world.price(row.asset, NOW) or ZERO)
    equity, _unpriced = quiet.world.equity(book)
    assert worth == sum(equity.values(), ZERO)


def test_every_wallet_that_is_reported_is_declared(quiet: Sandbox) -> None:
    info = connectors.describe("gateio")
    reported = [w for name in ("good", "portfolio") for w in connect(quiet, name).get_account_info().wallets]
    assert {wallet.wallet: wallet.kind for wallet in reported} == info.wallets
    entries = [entry for name in ("good", "unified") for entry in ledger(quiet, name)]
    assert {entry.wallet for entry in entries} <= set(info.history) <= set(info.wallets)


@pytest.mark.parametrize("name", [*CLASSIC, *UNIFIED])
def test_positions_are_the_ones_held(quiet: Sandbox, name: str) -> None:
    spec, book = quiet.world.account(uid(quiet, name)), quiet.world.book(uid(quiet, name), NOW)
    expected = [
        (
            position.wallet,
            f"{position.base}/{'USD' if position.inverse else 'USDT'}:{position.settle}",
            position.side.value,
            position.held.size if position.inverse else None,
            position.size,
            position.entry,
            position.mark,
            position.unrealized,
            position.liquidation,
            Decimal(position.leverage),
            spec.hedged,
            position.inverse,
        )
        for position in book.positions
    ]
    found = connect(quiet, name).get_futures_positions()
    told = [
        (
            position.wallet,
            position.symbol,
            position.side.value,
            position.contracts if position.inverse else None,
            q8(position.size_base) if position.inverse else position.size_base,
            position.entry_price,
            position.mark_price,
            position.unrealized_pnl,
            position.liquidation_price,
            position.leverage,
            position.hedged,
            position.inverse,
        )
        for position in found
    ]
    assert sorted(told, key=str) == sorted(expected, key=str)
    assert bool(found) is (name in ("good", "one_way", *UNIFIED))
    assert {position.margin_mode for position in found} <= {"cross"}


def test_contract_sizes_are_asked_once_an_hour_and_only_when_something_is_held(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert connector.get_futures_positions() == connector.get_futures_positions() != []
    assert connect(sandbox, "empty").get_futures_positions() == []
    counts = {path: count for path, count in asked(sandbox).items() if path.endswith("/contracts")}
    assert counts == {f"{API}/futures/usdt/contracts": 1, f"{API}/futures/btc/contracts": 1}


def test_reads_can_be_restricted_to_wallets(sandbox: Sandbox) -> None:
    connector = connect(sandbox, "good")
    assert {position.wallet for position in connector.get_futures_positions(wallets=["futures_inverse"])} == {
        "futures_inverse"
    }
    assert [wallet.wallet for wallet in connector.get_account_info(wallets=["earn"]).wallets] == ["earn"]
    entries = connector.get_ledger(NOW - timedelta(days=9), NOW, wallets=["futures_linear"])
    assert {entry.wallet for entry in entries} == {"futures_linear"}
    assert not {f"{API}/spot/account_book", f"{API}/wallet/deposits"} & set(asked(sandbox))


@pytest.mark.parametrize("name", ["good", "unified"])
def test_spot_balances_are_the_wallet_that_is_traded_from(quiet: Sandbox, name: str) -> None:
    spec = quiet.world.account(uid(quiet, name))
    assert totals(connect(quiet, name).get_spot_balances()) == quiet.world.book(spec.uid, NOW).amounts(spec.spot)


READS = Permissions(True, False, False, None, True)


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READS),
        ("spot", READS),
        ("unified", READS),
        ("no_ip", replace(READS, ip_restricted=False)),
        ("trade", replace(READS, trade=True)),
        # no right to withdraw is listed: who may write to the wallet counts as one that may
        ("transfer", replace(READS, transfer=True, withdraw=True)),
        ("withdraw", Permissions(True, True, True, True, True)),
    ],
)
def test_the_rights_of_a_key_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid(quiet, name))


def test_a_key_that_may_not_list_keys_has_unknown_rights(sandbox: Sandbox) -> None:
    sandbox.put_key(replace(sandbox.key("gateio", "good"), denied=(KEYS,)))
    expected = Permissions(None, None, None, None, True, uid=uid(sandbox, "good"))
    assert connect(sandbox, "good").get_permissions() == expected


def test_the_uid_told_with_the_rights_is_kept(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    connector.get_permissions()
    assert connector.get_account_info(wallets=["spot"]).uid == uid(quiet, "good")


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    public = connectors.create_public("gateio", hosts=quiet.hosts()["gateio"], clock=lambda: NOW)
    prices = public.get_prices()
    assert {price.asset: price.value for price in prices} == {
        price.asset: quiet.world.market.pair(price.asset, "USDT", NOW) for price in prices
    }
    assert {"BTC", "ETH", "LTC"} <= {price.asset for price in prices}
    assert {(price.quote, price.source, price.as_of) for price in prices} == {("USDT", "gateio", NOW)}


# the ledger


def ledger(sandbox: Sandbox, name: str, since: datetime | None = None, until: datetime = NOW) -> list[LedgerEntry]:
    return connect(sandbox, name).get_ledger(since or sandbox.world.opened_at, until)


SPANS = [
    (datetime(2026, 1, 1, tzinfo=UTC), NOW),
    (datetime(2026, 1, 20, 3, 4, 5, 6_000, tzinfo=UTC), datetime(2026, 2, 9, 17, 0, 0, 1_000, tzinfo=UTC)),
    (NOW - timedelta(days=2), NOW - timedelta(hours=1)),
]


@pytest.mark.parametrize("name", [*CLASSIC, *UNIFIED])
@pytest.mark.parametrize(("since", "until"), SPANS)
def test_the_ledger_explains_every_change_of_a_wallet(
    quiet: Sandbox, name: str, since: datetime, until: datetime
) -> None:
    world, who = quiet.world, uid(quiet, name)
    moved: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name, since + timedelta(milliseconds=1), until):
        moved[entry.wallet, entry.asset] += entry.amount
    before, after = world.book(who, since).wallets, world.book(who, until).wallets
    explained = {"unified"} if name in UNIFIED else {"spot", "futures_linear", "futures_inverse"}
    for wallet in explained & (before.keys() | after.keys()):
        changes = {
            asset: after.get(wallet, {}).get(asset, ZERO) - before.get(wallet, {}).get(asset, ZERO)
            for asset in after.get(wallet, {}).keys() | before.get(wallet, {}).keys()
        }
        told = {asset: amount for (its_wallet, asset), amount in moved.items() if its_wallet == wallet and amount}
        assert told == {asset: change for asset, change in changes.items() if change}, wallet
    assert {wallet for wallet, _asset in moved} <= explained


@pytest.mark.parametrize("name", ["good", "one_way", *UNIFIED])
def test_each_kind_of_futures_result_adds_up(quiet: Sandbox, name: str) -> None:
    kinds = {LedgerKind.REALIZED_PNL, LedgerKind.FUNDING, LedgerKind.FEE}
    told: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    true: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in ledger(quiet, name):
        if entry.kind in kinds and entry.symbol and ":" in entry.symbol:
            told[entry.kind, entry.asset] += entry.amount
    for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW):
        is_spot_fee = event.kind is LedgerKind.FEE and not event.note.startswith(("open_", "close_"))
        if event.kind in kinds and not is_spot_fee:
            true[event.kind, event.asset] += event.amount
    assert told == true
    assert {kind for kind, _asset in told} == kinds


@pytest.mark.parametrize("name", ["good", "spot", "one_way", *UNIFIED])
def test_money_from_and_to_outside_is_told_once_with_its_transaction(quiet: Sandbox, name: str) -> None:
    events = [event for event in quiet.world.events(uid(quiet, name), quiet.world.opened_at, NOW) if event.counts]
    fees = {event.ref: event.amount for event in events if event.note == "withdrawal"}
    outside = (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL)
    true = [
        (
            event.kind,
            event.wallet,
            event.amount + (fees.get(event.ref, ZERO) if event.kind is LedgerKind.WITHDRAWAL else ZERO),
            event.at.replace(microsecond=event.at.microsecond // 1000 * 1000),
            f"{'d' if event.kind is LedgerKind.DEPOSIT else 'w'}{event.id}",
            f"{event.id:064x}",
        )
        for event in events
        if event.kind in outside
    ]
    told = [entry for entry in ledger(quiet, name) if entry.kind in outside]
    assert [(e.kind, e.wallet, e.amount, e.booked_at, e.id, e.txid) for e in told] == true
    assert {entry.internal for entry in told} == {False}


@pytest.mark.parametrize("name", ["good", "one_way", *UNIFIED])
def test_no_two_entries_share_a_key_and_all_transfers_are_between_own_wallets(quiet: Sandbox, name: str) -> None:
    entries = ledger(quiet, name)
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries) > 100
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)
    moves = [entry for entry in entries if entry.kind in (LedgerKind.TRANSFER_IN, LedgerKind.TRANSFER_OUT)]
    assert {entry.internal for entry in moves} <= {True}
    assert bool(moves) is (name in ("good", "one_way"))


def test_a_key_that_may_not_read_the_records_still_gets_the_whole_ledger(sandbox: Sandbox) -> None:
    whole = ledger(sandbox, "good")
    sandbox.put_key(replace(sandbox.key("gateio", "good"), denied=(f"{API}/wallet",)))
    found = ledger(sandbox, "good")
    assert [(e.dedupe_key, e.amount) for e in found] == [(e.dedupe_key, e.amount) for e in whole]
    assert {e.txid for e in found if e.kind is LedgerKind.DEPOSIT} == {None}


def test_history_is_asked_no_further_back_than_it_is_kept(quiet: Sandbox) -> None:
    connector, long_ago = connect(quiet, "good"), NOW - timedelta(days=400)
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
    told = [
        (
            item.symbol,
            item.side.value,
            item.size_base,
            item.entry_price,
            item.exit_price,
            item.gross_pnl,
            item.fee,
            item.funding,
            item.net_pnl,
            item.closed_at,
        )
        for item in found
    ]
    true = [
        (
            f"{trip.base}/USDT:{trip.settle}",
            trip.side.value,
            trip.size,
            trip.entry,
            trip.exit,
            trip.gross,
            trip.open_fee + trip.close_fee,
            trip.funding,
            trip.gross + trip.open_fee + trip.close_fee + trip.funding,
            trip.closed_at.replace(microsecond=0),
        )
        for trip in trips
    ]
    assert sorted(told, key=str) == sorted(true, key=str)
    assert len({item.id for item in found}) == len(found)


# refusals


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


# single answers


def sample(name: str) -> Reply:
    return Reply(json.loads((FIXTURES / "samples" / "gateio" / f"{name}.json").read_text())["body"])


def refusal(label: str, status: int = 400, message: str = "") -> Reply:
    return Reply({"label": label, "message": message}, status)


def at(server: ScriptServer, **changes: Any) -> connectors.Connector:  # noqa: ANN401 - handed on
    return make("gateio", hosts={"rest": server.url}, clock=lambda: NOW, **changes)


def read_one(path: str, body: Any, status: int = 200, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - a payload
    return make("gateio").read_answer("GET", API + path, status=status, headers={}, body=body, params=params)


def unified_body(mode: str, **changes: object) -> dict[str, Any]:
    body: dict[str, Any] = sample("unified_accounts").body
    return {**body, "mode": mode, **changes}


def test_isolated_money_of_a_multi_currency_account_is_part_of_its_coins() -> None:
    script: Script = {MODE: Reply({"mode": "multi_currency"}), UNIFIED_ACCOUNTS: sample("unified_accounts")}
    with scripted(script) as server:
        (wallet,) = at(server).get_account_info(wallets=["unified"]).wallets
    usdt = next(row for row in wallet.balances if row.asset == "USDT")
    assert (usdt.total, usdt.equity, usdt.locked, usdt.debt) == tuple(map(Decimal, (1000, 825, 100, 200)))
    assert (wallet.equity, wallet.currency) == (Decimal(4825), "USD")
    assert sum((row.equity or ZERO) * {"ETH": 2000, "USDT": 1}[row.asset] for row in wallet.balances) == wallet.equity


def test_isolated_money_of_a_portfolio_account_lies_beside_its_cross_money_with_its_result() -> None:
    held = sample("futures_positions_decimal_size").body
    cross = {**held[0], "contract": "BTC_USDT", "size": "1", "pos_margin_mode": "cross", "unrealised_pnl": "7"}
    account = {**sample("futures_account").body, "isolated_position_margin": "230000"}
    script: Script = {
        MODE: Reply({"mode": "portfolio"}),
        UNIFIED_ACCOUNTS: Reply(unified_body("portfolio")),
        EARN: Reply([]),
        f"{API}/futures/usdt/accounts": Reply(account),
        f"{API}/futures/btc/accounts": refusal("USER_NOT_FOUND"),
        f"{API}/futures/usdt/positions": Reply([*held, cross]),
        f"{API}/futures/btc/positions": refusal("USER_NOT_FOUND"),
        f"{API}/delivery/usdt/positions": refusal("USER_NOT_FOUND"),
        f"{API}/delivery/btc/positions": refusal("USER_NOT_FOUND"),
        f"{API}/futures/usdt/contracts": sample("futures_contracts_usdt"),
    }
    with scripted(script) as server:
        connector = at(server)
        info, positions = connector.get_account_info(), connector.get_futures_positions()
    wallets = by_name(info.wallets)
    assert (info.mode, [wallet.ok for wallet in info.wallets]) == ("portfolio_margin", [True] * 4)
    (row,) = wallets["futures_linear"].balances
    assert (row.asset, row.total, row.unrealized_pnl, row.equity) == (
        "USDT",
        *map(Decimal, (230_000, 432, 230_432)),
    )
    assert totals(wallets["unified"].balances) == {"ETH": 2, "USDT": 950}
    assert wallets["futures_inverse"].balances == ()
    assert [(item.venue_symbol, item.wallet) for item in positions] == [
        ("LAB_USDT", "futures_linear"),
        ("BTC_USDT", "unified"),
    ]


@pytest.mark.parametrize(
    ("uses", "funding", "left"), [(False, "0", "20.999992"), (True, "20.999992", None), (True, "20", "0.999992")]
)
def test_earn_money_that_serves_as_margin_counts_once(uses: bool, funding: str, left: str | None) -> None:
    body = unified_body("multi_currency", use_funding=uses)
    body["balances"]["BTC"] = {**body["balances"]["ETH"], "available": "0", "freeze": "0", "funding": funding}
    script: Script = {
        MODE: Reply({"mode": "multi_currency"}),
        UNIFIED_ACCOUNTS: Reply(body),
        EARN: sample("earn_uni_lends"),
    }
    with scripted(script) as server:
        wallets = by_name(at(server).get_account_info().wallets)
        assert server.paths().count(UNIFIED_ACCOUNTS) == 1
    assert totals(wallets["earn"].balances) == ({"BTC": Decimal(left)} if left else {})


def test_earn_without_the_unified_wallet_it_may_be_part_of_is_not_guessed() -> None:
    script: Script = {
        MODE: Reply({"mode": "single_currency"}),
        UNIFIED_ACCOUNTS: refusal("USER_NOT_FOUND"),
        EARN: sample("earn_uni_lends"),
    }
    with scripted(script) as server, pytest.raises(WrongAccountModeError):
        at(server).get_account_info()


def test_earn_is_read_page_by_page() -> None:
    row = sample("earn_uni_lends").body[0]
    pages = [[{**row, "currency": f"C{number}"} for number in range(100)], [{**row, "lent_amount": "1"}]]

    def answer(request: Asked) -> Reply:
        assert request.params["limit"] == "100"
        return Reply(pages[int(request.params["page"]) - 1])

    with scripted({MODE: Reply({"mode": "classic"}), EARN: answer}) as server:
        (wallet,) = at(server).get_account_info(wallets=["earn"]).wallets
    assert len(wallet.balances) == 101
    assert (wallet.balances[-1].free, wallet.balances[-1].locked) == (Decimal("19.999992"), Decimal(1))


def book_server(rows: list[dict[str, Any]], path: str) -> tuple[Script, list[dict[str, str]]]:
    """Serve one futures ledger, a dated one without offset, and note how it was asked."""
    calls: list[dict[str, str]] = []

    def answer(request: Asked) -> Reply:
        calls.append(request.params)
        start, end = (int(request.params[name]) for name in ("from", "to"))
        fits = [row for row in rows if start <= row["time"] <= end]
        first = 0 if "/delivery/" in path else int(request.params.get("offset", 0))
        return Reply(fits[first : first + int(request.params["limit"])])

    books = [f"{API}/{sort}/{coin}/account_book" for sort in ("futures", "delivery") for coin in ("usdt", "btc")]
    script: Script = dict.fromkeys(books, refusal("USER_NOT_FOUND"))
    return script | {MODE: Reply({"mode": "classic"}), path: answer}, calls


def book_row(second: float, number: int) -> dict[str, Any]:
    return {"time": second, "change": "1", "balance": str(number), "type": "fund", "contract": "BTC_USDT", "id": number}


@pytest.mark.parametrize("sort", ["futures", "delivery"])
def test_a_long_ledger_is_read_whole_by_offset_or_in_smaller_windows(sort: str) -> None:
    end = int(NOW.timestamp())
    rows = [book_row(end - number * 100 - 0.5, 5_000 - number) for number in range(4_321)]
    script, calls = book_server(rows, f"{API}/{sort}/usdt/account_book")
    with scripted(script) as server:
        found = at(server).get_ledger(NOW - timedelta(days=20), NOW, wallets=[f"{sort}_linear"])
    assert [entry.id for entry in found] == [str(5_000 - number) for number in reversed(range(4_321))]
    assert any("offset" in call for call in calls) is (sort == "futures")
    assert all(call["to"] < "2000000000" for call in calls)


def test_equal_times_in_number_beyond_a_page_without_offset_are_an_error_not_a_loss() -> None:
    rows = [book_row(1_771_000_000, number) for number in range(1_500)]
    script, _calls = book_server(rows, f"{API}/delivery/usdt/account_book")
    with scripted(script) as server, pytest.raises(BadResponseError):
        at(server).get_ledger(NOW - timedelta(days=20), NOW, wallets=["delivery_linear"])


def test_a_transfer_from_a_sub_account_to_futures_is_told_from_one_between_own_wallets() -> None:
    second = int(NOW.timestamp()) - 5_000
    rows = [
        {"time": second + 9, "change": "-3", "balance": "5", "type": "dnw", "contract": "", "id": "12"},
        {"time": second, "change": "8", "balance": "8", "type": "dnw", "contract": "", "id": "11"},
        {"time": second - 50, "change": "25", "balance": "0", "type": "dnw", "contract": "", "id": "10"},
    ]
    spot = {**sample("spot_account_book").body[0], "currency": "USDT", "time": (second - 49) * 1000, "change": "-25"}
    move = {
        "sub_account": "9", "timest": str(second + 1), "currency": "USDT", "amount": "8", "direction": "from",
        "client_order_id": "m1", "status": "success",
    }  # fmt: skip
    script, _calls = book_server(rows, f"{API}/futures/usdt/account_book")
    script[f"{API}/spot/account_book"] = Reply([spot])
    script[f"{API}/wallet/sub_account_transfers"] = Reply([move])
    with scripted(script) as server:
        found = at(server).get_ledger(NOW - timedelta(days=1), NOW)
    told = {entry.id: (entry.kind, entry.internal) for entry in found if entry.wallet == "futures_linear"}
    assert told == {
        "10": (LedgerKind.TRANSFER_IN, True),
        "11": (LedgerKind.TRANSFER_IN, False),
        "12": (LedgerKind.TRANSFER_OUT, None),
    }


@pytest.mark.parametrize(
    ("native", "code", "change", "kind", "internal"),
    [
        ("sub_account_transfer", "1401", "-5", LedgerKind.TRANSFER_OUT, False),
        ("", "150201", "5", LedgerKind.TRANSFER_IN, False),
        ("delivery_in", "703", "-5", LedgerKind.TRANSFER_OUT, True),
        ("something", "601", "5", LedgerKind.TRANSFER_IN, True),
        ("redeem", "", "5", LedgerKind.TRANSFER_IN, True),
        ("", "4", "-5", LedgerKind.WITHDRAWAL, False),
        ("order_fill", "", "5", LedgerKind.TRADE, None),
        ("flash_swap_buy", "", "5", LedgerKind.CONVERSION, None),
        ("interest", "", "-5", LedgerKind.INTEREST, None),
        ("interest", "", "5", LedgerKind.REWARD, None),
        ("never_heard_of", "9999", "5", LedgerKind.OTHER, None),
    ],
)
def test_rows_of_the_spot_book_are_told_by_type_or_code_and_directed_by_sign(
    native: str, code: str, change: str, kind: LedgerKind, internal: bool | None
) -> None:
    row = {**sample("spot_account_book").body[0], "type": native, "code": code, "change": change}
    (entry,) = read_one("/spot/account_book", [row])["ledger"]
    assert (entry["kind"], entry["internal"], entry["amount"]) == (kind.value, internal, change)


def test_pushes_to_and_from_other_users_cross_the_border() -> None:
    row = {"id": 7, "currency": "USDT", "amount": "10", "create_time": 1_771_000_000, "status": "SUCCESS"}
    rows = [{**row, "transaction_type": kind} for kind in ("withdraw", "deposit")]
    found = read_one("/wallet/push", [rows[0], {**rows[1], "status": "FAIL"}])["ledger"]
    assert [(entry["kind"], entry["amount"], entry["internal"], entry["status"]) for entry in found] == [
        ("withdrawal", "-10", False, "ok"),
        ("deposit", "10", False, "failed"),
    ]


def test_the_region_chooses_the_host_and_nothing_else() -> None:
    hosts = {region: make("gateio", options={"region": region}) for region in ("global", "eu", "us")}
    bases = {region: connector._settings.hosts["rest"] for region, connector in hosts.items()}  # type: ignore[attr-defined]
    assert bases == {
        "global": "https://api.gateio.ws",
        "eu": "https://api.gateeu.com",
        "us": "https://api.gate.us",
    }
    given = make("gateio", options={"region": "eu"}, hosts={"rest": "http://127.0.0.1:1"})
    assert given._settings.hosts == {"rest": "http://127.0.0.1:1"}  # type: ignore[attr-defined]
    with pytest.raises(CredentialError):
        make("gateio", options={"region": "moon"})


@pytest.mark.parametrize(
    ("writes", "trade", "transfer"),
    [
        ([], False, False),
        (["account"], False, False),
        (["futures"], True, False),
        (["wallet"], False, True),
        (["margin", "custody"], True, True),
        (["brand_new"], None, None),
        (["brand_new", "spot"], True, None),
    ],
)
def test_a_group_that_is_not_known_leaves_open_what_writing_to_it_allows(
    writes: list[str], trade: bool | None, transfer: bool | None
) -> None:
    row = sample("main_keys").body[0]
    row["perms"] += [{"name": name, "read_only": False} for name in writes]
    found = read_one("/account/main_keys", [row])["by_key"]["c5dcfbf1f3a7"]
    assert (found["can_trade"], found["can_transfer"], found["can_withdraw"]) == (trade, transfer, None)


def test_of_two_listed_keys_that_fit_the_wider_rights_count() -> None:
    keys = sample("main_keys").body
    keys[1]["key"] = "c5dcfbf1*****"
    script: Script = {KEYS: Reply(keys), DETAIL: sample("account_detail")}
    with scripted(script) as server:
        found = at(server, api_key="c5dcfbf1f3a7" + "0" * 20).get_permissions()
        other = at(server, api_key="1" * 32).get_permissions()
    assert (found.trade, found.transfer, found.withdraw) == (True, True, True)
    assert (other.read, other.trade, other.transfer, other.withdraw) == (None, None, None, None)


@pytest.mark.parametrize(
    ("status", "body", "error", "retryable"),
    [
        (500, {"label": "NOT_KNOWN", "message": ""}, MaintenanceError, True),
        (500, b"<html></html>", UnknownExchangeError, True),
        (503, b"", MaintenanceError, True),
        (429, b"", RateLimitedError, True),
        (429, {"label": "NOT_KNOWN"}, RateLimitedError, True),
        (403, {"label": "IP_FORBIDDEN"}, IpNotAllowedError, False),
        (400, {"label": "USER_NOT_FOUND"}, UnknownExchangeError, False),
        (400, {"label": "METHOD_NOT_ALLOWED"}, BadRequestError, False),
        (403, b"<html></html>", UnknownExchangeError, False),
    ],
)
def test_the_label_speaks_first_and_then_the_status(
    status: int, body: object, error: type[ExchangeError], retryable: bool
) -> None:
    with pytest.raises(error) as caught:
        read_one("/spot/accounts", body, status)
    assert caught.value.retryable is retryable


def test_a_dated_contract_is_named_by_its_day() -> None:
    row = {**sample("futures_positions").body[0], "contract": "BTC_USDT_20260327"}
    found = make("gateio").read_answer(
        "GET",
        f"{API}/delivery/usdt/positions",
        status=200,
        headers={},
        body=[row],
        context={"contracts": {"BTC_USDT_20260327": {"quanto_multiplier": "0.0001", "type": "direct"}}},
    )["positions"]
    assert [(item["symbol"], item["wallet"]) for item in found] == [("BTC/USDT:USDT-260327", "delivery_linear")]


def test_a_position_in_a_contract_without_metadata_is_no_reading() -> None:
    with pytest.raises(BadResponseError):
        read_one("/futures/usdt/positions", sample("futures_positions").body)
