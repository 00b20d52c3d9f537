"""The Kraken connector against the sandbox's truth, and what only Kraken has: suffixes, nonces, codes."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

import connectors
from connectors import _base
from connectors._base import RestConnector
from connectors.errors import (
    BadKeyError,
    BadRequestError,
    BadSignatureError,
    CredentialError,
    ExchangeError,
    MaintenanceError,
    PermissionMissingError,
    RateLimitedError,
    UnknownExchangeError,
)
from connectors.kraken.assets import asset_of, pair_of, wallet_of
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerKind, Permissions
from core.domain.valuation import value_wallet
from tests.connectors.cases import make
from tests.connectors.servers import Reply, scripted
from tests.core.sync.worlds import account

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
OPENED = date(2026, 1, 1)
ACCOUNTS = ["good", "spot", "empty", "dust", "one_way"]
PRIVATE = "/0/private/"
TIME = {"/0/public/Time": Reply({"error": [], "result": {"unixtime": int(NOW.timestamp())}})}
READ_ONLY = Permissions(read=True, trade=False, transfer=False, withdraw=False, ip_restricted=True)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    config = SandboxConfig(opened_on=OPENED, clock=lambda: NOW, exchanges=("kraken",), enforce_limits=False)
    with Sandbox(config) as running:
        yield running


@pytest.fixture
def strict() -> Iterator[Sandbox]:
    """Serve a world that counts calls and nonces."""
    with Sandbox(SandboxConfig(opened_on=OPENED, clock=lambda: NOW, exchanges=("kraken",))) as running:
        yield running


def connect(sandbox: Sandbox, name: str, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("kraken", name)
    given: dict[str, Any] = {"api_key": key.api_key, "api_secret": key.api_secret, "hosts": sandbox.hosts()["kraken"]}
    connector = make("kraken", **{**given, "clock": lambda: NOW, **changes})
    assert isinstance(connector, RestConnector)
    return connector


@pytest.mark.parametrize("name", ACCOUNTS)
def test_wallets_hold_what_the_world_says_and_nothing_twice(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    book = quiet.world.book(quiet.key("kraken", name).uid, NOW)
    held = {wallet.wallet: {row.asset: row.total for row in wallet.balances} for wallet in info.wallets}
    assert all(wallet.ok for wallet in info.wallets)
    assert held["spot"] == book.amounts("spot")
    assert held["earn"] == book.amounts("earn")
    assert held["hold"] == {}
    (margin,) = (wallet for wallet in info.wallets if wallet.wallet == "margin")
    profit = sum(book.unrealized("spot").values(), Decimal(0))
    assert (margin.equity, margin.currency) == (profit, "USD")
    assert sum((row.equity or Decimal(0) for row in margin.balances), Decimal(0)) == profit


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_the_open_result_of_margin_positions_is_valued_once(quiet: Sandbox, name: str) -> None:
    connector, held = connect(quiet, name), quiet.world.book(quiet.key("kraken", name).uid, NOW)
    profit = sum((position.unrealized for position in held.positions), Decimal(0))
    positions = connector.get_futures_positions()
    (margin,) = connector.get_account_info(wallets={"margin"}).wallets
    valued = value_wallet(account(), margin, positions, price_of=lambda asset: Decimal(1), at=NOW)
    assert [valued.equity, valued.unrealized_pnl] == pytest.approx([float(profit)] * 2)
    assert profit


def test_what_is_used_of_a_credit_line_is_owed() -> None:
    row = {"balance": "10", "hold_trade": "4", "credit": "500", "credit_used": "120"}
    body = {"error": [], "result": {"ZUSD": row}}
    answer = make("kraken").read_answer("POST", f"{PRIVATE}BalanceEx", status=200, headers={}, body=body)
    (held,) = answer["balances"]
    assert [held[name] for name in ("total", "free", "locked", "debt")] == ["10", "6", "4", "120"]


def test_what_orders_hold_is_locked(quiet: Sandbox) -> None:
    book = quiet.world.book(quiet.key("kraken", "good").uid, NOW)
    rows = {row.asset: row for row in connect(quiet, "good").get_spot_balances()}
    assert {asset: rows[asset].locked for asset in ("USDT", "BTC")} == {"USDT": Decimal(250), "BTC": Decimal("0.01")}
    assert rows["USDT"].free == book.wallets["spot"]["USDT"] - 250
    assert rows["ETH"].locked == 0


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_margin_positions_are_the_worlds(quiet: Sandbox, name: str) -> None:
    found = {
        (row.symbol, row.side, row.size_base, row.entry_price, row.mark_price, row.unrealized_pnl, row.leverage)
        for row in connect(quiet, name).get_futures_positions()
    }
    held = quiet.world.book(quiet.key("kraken", name).uid, NOW).positions
    assert found == {
        (f"{p.base}/USDT", p.side, p.size, p.entry, p.mark, p.unrealized, Decimal(p.leverage)) for p in held
    }
    assert found
    assert connect(quiet, name).get_futures_positions(wallets={"spot"}) == []


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_ledger_explains_every_change_of_every_wallet(quiet: Sandbox, name: str) -> None:
    since = NOW - timedelta(days=30)
    entries = connect(quiet, name).get_ledger(since, NOW)
    changes: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        changes[entry.wallet, entry.asset] += entry.amount
    uid = quiet.key("kraken", name).uid
    before, after = quiet.world.book(uid, since).wallets, quiet.world.book(uid, NOW).wallets
    for wallet, assets in after.items():
        for asset, amount in assets.items():
            assert changes.pop((wallet, asset), Decimal(0)) == amount - before[wallet].get(asset, 0), (wallet, asset)
    assert not any(changes.values())
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)


def test_deposits_and_withdrawals_come_from_the_ledger_once(quiet: Sandbox) -> None:
    since = NOW - timedelta(days=30)
    entries = connect(quiet, "good").get_ledger(since, NOW)
    events = quiet.world.events(quiet.key("kraken", "good").uid, since, NOW)
    for kind in (LedgerKind.DEPOSIT, LedgerKind.WITHDRAWAL):
        truth = [(event.at, event.amount) for event in events if event.kind is kind and event.counts]
        assert [(entry.booked_at, entry.amount) for entry in entries if entry.kind is kind] == truth
        assert truth


def test_a_window_has_both_of_its_ends_and_wallets_narrow_it(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    entries = connector.get_ledger(NOW - timedelta(days=9), NOW)
    first, last = entries[0].booked_at, entries[-1].booked_at
    assert connector.get_ledger(first, last) == entries
    assert connector.get_ledger(first, last, wallets={"earn"}) == [row for row in entries if row.wallet == "earn"]
    assert connector.get_ledger(first, last, wallets={"margin"}) == []


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READ_ONLY),
        ("trade", replace(READ_ONLY, trade=True)),
        ("withdraw", replace(READ_ONLY, trade=True, transfer=True, withdraw=True)),
        ("no_ip", replace(READ_ONLY, ip_restricted=False)),
        ("blind", replace(READ_ONLY, read=False)),
    ],
)
def test_rights_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    uid = quiet.key("kraken", name).uid
    assert connect(quiet, name).get_permissions() == replace(rights, uid=f"AA{uid}")


@pytest.mark.parametrize(
    ("right", "trade", "withdraw"),
    [
        ("export-data", False, False),
        ("earn-funds", True, False),
        ("add-withdraw-address", False, True),
        ("update-withdraw-address", False, True),
        ("swap-anything", None, None),
        ("instant-withdraw", None, True),
    ],
)
def test_a_right_that_is_not_known_leaves_open_what_the_key_may_do(
    right: str, trade: bool | None, withdraw: bool | None
) -> None:
    body = {"error": [], "result": {"permissions": ["query-funds", right], "validUntil": "1798761600"}}
    path = f"{PRIVATE}GetApiKeyInfo"
    found = make("kraken").read_answer("POST", path, status=200, headers={}, body=body)["permissions"]
    assert (found["trade"], found["transfer"], found["withdraw"]) == (trade, withdraw, withdraw)
    assert found["expires_at"] == "2027-01-01T00:00:00Z"


def test_prices_are_the_markets(quiet: Sandbox) -> None:
    public = connectors.create_public("kraken", hosts=quiet.hosts()["kraken"], clock=lambda: NOW)
    prices = {(price.asset, price.quote): price.value for price in public.get_prices()}
    assert prices["BTC", "USD"] == prices["BTC", "USDT"] == quiet.world.market.pair("BTC", "USDT", NOW)
    assert prices["DOGE", "USDT"] == quiet.world.market.pair("DOGE", "USDT", NOW)
    assert prices["USDT", "USD"] == 1
    assert public.get_server_time() == NOW.replace(microsecond=0)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", BadKeyError),
        ("wrong_ip", BadKeyError),
        ("expired", BadKeyError),
        ("blind", PermissionMissingError),
    ],
)
def test_bad_keys_raise_their_class(quiet: Sandbox, name: str, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        connect(quiet, name).get_account_info()


def test_a_secret_of_another_key_is_a_bad_signature(quiet: Sandbox) -> None:
    with pytest.raises(BadSignatureError):
        connect(quiet, "good", api_secret=quiet.key("kraken", "second").api_secret).get_spot_balances()


@pytest.mark.parametrize("secret", ["notbase64!", "YWJ", "===="])
def test_a_secret_that_is_no_base64_is_refused_in_the_form(secret: str) -> None:
    with pytest.raises(CredentialError) as caught:
        make("kraken", api_secret=secret)
    assert (caught.value.field, caught.value.problem) == ("api_secret", "undecodable")


def test_connectors_that_share_a_key_never_send_a_nonce_twice(strict: Sandbox) -> None:
    both = [connect(strict, "good"), connect(strict, "good")]
    problems: list[ExchangeError] = []

    def ask(connector: RestConnector) -> None:
        try:
            for _ in range(3):
                connector.get_spot_balances()
        except ExchangeError as e:
            problems.append(e)

    threads = [threading.Thread(target=ask, args=(connector,)) for connector in (*both, *both)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_the_call_counter_is_a_limit_of_the_key(strict: Sandbox) -> None:
    with pytest.raises(RateLimitedError) as caught:
        connect(strict, "good").get_ledger(NOW - timedelta(days=40), NOW)
    assert caught.value.scope == "key"


@pytest.mark.parametrize("times", [1, 2])
def test_a_nonce_that_is_too_low_is_tried_again_with_higher_ones(times: int) -> None:
    low, good = Reply({"error": ["EAPI:Invalid nonce"]}), Reply({"error": [], "result": {"XXBT": {"balance": "1"}}})
    good.body["result"]["XXBT"]["hold_trade"] = "0"
    with scripted({f"{PRIVATE}BalanceEx": [low] * times + [good], **TIME}) as server:
        connector = make("kraken", hosts={"rest": server.url}, clock=lambda: NOW)
        assert connector.get_spot_balances()[0].asset == "BTC"
        path = f"{PRIVATE}BalanceEx"
        assert server.paths() == [path, "/0/public/Time", path, path][: times + 2]


@pytest.mark.parametrize(
    ("text", "error", "wait"),
    [
        ("EService:Market in cancel_only mode", MaintenanceError, None),
        (f"EService:Throttled: {int(NOW.timestamp()) + 30}", RateLimitedError, 29.75),
        ("EService:Throttled: soon", RateLimitedError, None),
        ("EGeneral:Unknown method", BadRequestError, None),
        ("EFunding:Unknown", UnknownExchangeError, None),
    ],
)
def test_errors_have_their_classes(text: str, error: type[ExchangeError], wait: float | None) -> None:
    connector = make("kraken", clock=lambda: NOW)
    with pytest.raises(error) as caught:
        connector.read_answer("POST", f"{PRIVATE}BalanceEx", status=200, headers={}, body={"error": [text]})
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("code", "asset", "wallet"),
    [
        ("XXBT", "BTC", "spot"),
        ("XBT.M", "BTC", "earn"),
        ("ZRX", "ZRX", "spot"),
        ("XTZ", "XTZ", "spot"),
        ("ZEC", "ZEC", "spot"),
        ("XZEC", "ZEC", "spot"),
        ("DOT28.S", "DOT", "earn"),
        ("LUNA2.S", "LUNA2", "earn"),
        ("ETH2", "ETH", "earn"),
        ("ETH2.S", "ETH", "earn"),
        ("ZUSD.HOLD", "USD", "hold"),
        ("AAPLx.T", "AAPLx.T", "spot"),
        ("KSM.P", "KSM", "earn"),
    ],
)
def test_codes_are_read_by_a_table_and_not_by_cutting(code: str, asset: str, wallet: str) -> None:
    assert (asset_of(code), wallet_of(code)) == (asset, wallet)


def test_a_pair_is_read_by_the_list_before_its_text() -> None:
    assert pair_of("XXBTZUSD", {}) == ("BTC", "USD")
    assert pair_of("XTZUSD", {"XTZUSD": ("XTZ", "USD")}) == ("XTZ", "USD")
    assert pair_of("NOPE", {}) is None


@pytest.mark.parametrize(
    ("kind", "subtype", "amount", "expected", "internal"),
    [
        ("transfer", "spottofutures", "-5", LedgerKind.TRANSFER_OUT, True),
        ("transfer", "", "5", LedgerKind.TRANSFER_IN, None),
        ("earn", "allocation", "-5", LedgerKind.TRANSFER_OUT, True),
        ("staking", "", "5", LedgerKind.REWARD, None),
        ("settled", "", "5", LedgerKind.TRADE, None),
        ("withdrawal", "", "5", LedgerKind.WITHDRAWAL, False),
        ("something", "new", "5", LedgerKind.OTHER, None),
    ],
)
def test_kinds_of_the_ledger(kind: str, subtype: str, amount: str, expected: LedgerKind, internal: bool | None) -> None:
    row = {"refid": "R", "time": 1688464484.1787, "type": kind, "subtype": subtype, "asset": "ZUSD", "amount": amount}
    row["fee"] = "0"
    body = {"error": [], "result": {"ledger": {"L1": row}, "count": 1}}
    answer = make("kraken").read_answer("POST", f"{PRIVATE}Ledgers", status=200, headers={}, body=body)
    (entry,) = answer["ledger"]
    assert (entry["kind"], entry["internal"], entry["time_ms"]) == (expected.value, internal, 1688464484178)
