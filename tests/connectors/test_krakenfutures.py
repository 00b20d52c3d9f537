"""The Kraken futures connector against the sandbox's truth, and what only it has: wallets, marks, the account log."""

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
    AuthAmbiguousError,
    BadRequestError,
    BadResponseError,
    CredentialError,
    ExchangeError,
    MaintenanceError,
    PermissionMissingError,
    TimestampSkewError,
    UnknownExchangeError,
)
from connectors.krakenfutures.symbols import contract_symbol, wallet_of
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerKind, Permissions
from tests.connectors.cases import make
from tests.connectors.test_samples import same

NOW = datetime(2026, 2, 14, 15, 30, 20, 250_000, tzinfo=UTC)
OPENED = date(2026, 1, 1)
ACCOUNTS = ["good", "spot", "empty", "dust", "one_way"]
READ_ONLY = Permissions(read=True, trade=False, transfer=False, withdraw=False, ip_restricted=True)
LOG, V3 = "/api/history/v3/account-log", "/derivatives/api/v3/"
ROW = {
    "id": 7, "date": "2026-01-05T10:00:00.000Z", "asset": "xbt", "contract": None, "margin_account": "flex",
    "info": "transfer", "old_balance": 1, "new_balance": 3, "fee": None, "realized_pnl": None, "realized_funding": None,
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_base, "RETRY_SECONDS", 0.0)


@pytest.fixture(scope="module")
def quiet() -> Iterator[Sandbox]:
    config = SandboxConfig(opened_on=OPENED, clock=lambda: NOW, exchanges=("krakenfutures",), enforce_limits=False)
    with Sandbox(config) as running:
        yield running


def connect(sandbox: Sandbox, name: str, **changes: Any) -> RestConnector:  # noqa: ANN401 - handed on
    key = sandbox.key("krakenfutures", name)
    given: dict[str, Any] = {"api_key": key.api_key, "api_secret": key.api_secret}
    given |= {"hosts": sandbox.hosts()["krakenfutures"], "clock": lambda: NOW}
    connector = make("krakenfutures", **{**given, **changes})
    assert isinstance(connector, RestConnector)
    return connector


def ours(wallet: str, asset: str) -> tuple[str, str]:
    """Return our names of a wallet and an asset of the world."""
    names = {"cash": "futures_cash", "futures_linear": "futures_flex"}
    inverse = f"futures_fi_{'xbt' if asset == 'BTC' else asset.lower()}usd"
    return names.get(wallet, inverse), "USD" if asset == "USDT" else asset


def told(wallets: dict[str, dict[str, Decimal]]) -> dict[tuple[str, str], Decimal]:
    return {ours(wallet, asset): amount for wallet, assets in wallets.items() for asset, amount in assets.items()}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_wallets_hold_what_the_world_says_and_profits_once(quiet: Sandbox, name: str) -> None:
    info = connect(quiet, name).get_account_info()
    book = quiet.world.book(quiet.key("krakenfutures", name).uid, NOW)
    rows = [row for wallet in info.wallets for row in wallet.balances]
    assert {(row.wallet, row.asset): row.total for row in rows if row.total} == {
        place: amount for place, amount in told(book.wallets).items() if amount
    }
    profits: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for position in book.positions:
        profits[ours(position.wallet, position.settle)] += position.unrealized
    assert {(row.wallet, row.asset): row.unrealized_pnl for row in rows if row.unrealized_pnl} == profits
    assert all(row.equity == row.total + (row.unrealized_pnl or 0) for row in rows if row.equity is not None)
    assert {wallet.wallet for wallet in info.wallets} >= {"futures_cash", "futures_flex", "futures_fi_xbtusd"}


def test_the_multi_collateral_wallet_is_valued_before_its_haircut(quiet: Sandbox) -> None:
    info = connect(quiet, "good").get_account_info(wallets={"futures_flex"})
    (flex,) = info.wallets
    book = quiet.world.book(quiet.key("krakenfutures", "good").uid, NOW)
    worth = sum((amount * (quiet.world.price(a, NOW) or 0) for a, amount in book.amounts("futures_linear").items()))
    assert (flex.currency, flex.wallet_balance) == ("USD", worth)
    assert flex.equity == worth + sum(book.unrealized("futures_linear").values())


@pytest.mark.parametrize("name", ["good", "one_way"])
def test_positions_are_the_worlds_at_the_marks_of_now(quiet: Sandbox, name: str) -> None:
    found = {row.symbol: row for row in connect(quiet, name).get_futures_positions()}
    held = {
        f"{p.base}/USD:{p.base if p.inverse else 'USD'}": p
        for p in quiet.world.book(quiet.key("krakenfutures", name).uid, NOW).positions
    }
    assert set(found) == set(held) != set()
    for symbol, row in found.items():
        truth = held[symbol]
        assert (row.side, row.contracts, row.entry_price, row.mark_price, row.inverse) == (
            truth.side, truth.held.size, truth.entry, truth.mark, truth.inverse,
        )  # fmt: skip
        assert row.unrealized_pnl is not None
        assert abs(row.unrealized_pnl - truth.unrealized) < Decimal("1e-8")
        assert abs(row.size_base - truth.size) < Decimal("1e-8")
    only = connect(quiet, name).get_futures_positions(wallets={"futures_flex"})
    assert {row.symbol for row in only} == {symbol for symbol, row in held.items() if not row.inverse}


@pytest.mark.parametrize("name", ACCOUNTS)
def test_the_log_explains_every_change_of_every_wallet(quiet: Sandbox, name: str) -> None:
    since = NOW - timedelta(days=30)
    entries = connect(quiet, name).get_ledger(since, NOW)
    changes: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        changes[entry.wallet, entry.asset] += entry.amount
    uid = quiet.key("krakenfutures", name).uid
    before, after = (told(quiet.world.book(uid, at).wallets) for at in (since, NOW))
    for place, amount in after.items():
        assert changes.pop(place, Decimal(0)) == amount - before.get(place, Decimal(0)), place
    assert not any(changes.values())
    assert len({(entry.wallet, entry.dedupe_key) for entry in entries}) == len(entries)
    assert [entry.booked_at for entry in entries] == sorted(entry.booked_at for entry in entries)


@pytest.mark.parametrize("kind", [LedgerKind.FUNDING, LedgerKind.REALIZED_PNL, LedgerKind.FEE])
def test_profit_funding_and_fees_are_told_apart(quiet: Sandbox, kind: LedgerKind) -> None:
    since = NOW - timedelta(days=30)
    entries = connect(quiet, "good").get_ledger(since, NOW)
    events = quiet.world.events(quiet.key("krakenfutures", "good").uid, since, NOW)
    truth = sorted((e.at, e.amount) for e in events if e.kind is kind and e.base)
    assert sorted((e.booked_at, e.amount) for e in entries if e.kind is kind) == truth
    assert truth


def test_a_window_has_both_of_its_ends_and_wallets_narrow_it(quiet: Sandbox) -> None:
    connector = connect(quiet, "good")
    entries = connector.get_ledger(NOW - timedelta(days=9), NOW)
    first, last = entries[0].booked_at, entries[-1].booked_at
    assert connector.get_ledger(first, last) == entries
    some = {"futures_fi_xbtusd"}
    assert connector.get_ledger(first, last, wallets=some) == [row for row in entries if row.wallet in some] != []


@pytest.mark.parametrize(
    ("name", "rights"),
    [
        ("good", READ_ONLY),
        ("trade", replace(READ_ONLY, trade=True)),
        ("transfer", replace(READ_ONLY, transfer=True, withdraw=True)),
        ("withdraw", replace(READ_ONLY, trade=True, transfer=True, withdraw=True)),
        ("no_ip", replace(READ_ONLY, ip_restricted=False)),
    ],
)
def test_rights_and_the_uid_are_told(quiet: Sandbox, name: str, rights: Permissions) -> None:
    uid = quiet.key("krakenfutures", name).uid
    assert connect(quiet, name).get_permissions() == replace(rights, uid=uid)


def test_a_word_that_is_not_known_leaves_open_what_the_key_may_do() -> None:
    body = {"permissions": {"general": "SOME_ACCESS", "transfer": "SOME_ACCESS"}, "allowedCidrBlocks": []}
    path = "/api/auth/v1/api-keys/v3/check"
    found = make("krakenfutures").read_answer("GET", path, status=200, headers={}, body=body)["permissions"]
    assert (found["read"], found["trade"], found["transfer"], found["withdraw"]) == (None, None, None, None)


def test_prices_are_the_spot_indices(quiet: Sandbox) -> None:
    public = connectors.create_public("krakenfutures", hosts=quiet.hosts()["krakenfutures"], clock=lambda: NOW)
    prices = {(price.asset, price.quote): price.value for price in public.get_prices()}
    assert prices["BTC", "USD"] == quiet.world.market.pair("BTC", "USDT", NOW)
    assert prices["DOGE", "USD"] == quiet.world.market.pair("DOGE", "USDT", NOW)
    assert public.get_server_time() == NOW


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("revoked", AuthAmbiguousError),
        ("wrong_ip", AuthAmbiguousError),
        ("expired", AuthAmbiguousError),
        ("blind", PermissionMissingError),
    ],
)
def test_bad_keys_raise_their_class(quiet: Sandbox, name: str, error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        connect(quiet, name).get_account_info()


def test_a_secret_of_another_key_is_refused(quiet: Sandbox) -> None:
    with pytest.raises(AuthAmbiguousError):
        connect(quiet, "good", api_secret=quiet.key("krakenfutures", "second").api_secret).get_spot_balances()


def test_a_secret_that_is_no_base64_is_refused_in_the_form() -> None:
    with pytest.raises(CredentialError) as caught:
        make("krakenfutures", api_secret="no base64!".replace(" ", ""))
    assert (caught.value.field, caught.value.problem) == ("api_secret", "undecodable")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {}, AuthAmbiguousError),
        (200, {"result": "error", "error": "nonceDuplicate"}, TimestampSkewError),
        (200, {"result": "error", "error": "requiredArgumentMissing"}, BadRequestError),
        (200, {"result": "error", "error": "marketUnavailable"}, MaintenanceError),
        (500, {"result": "error", "error": "Server Error"}, MaintenanceError),
        (200, {"result": "error", "error": "brandNew"}, UnknownExchangeError),
        (200, {"result": "error"}, UnknownExchangeError),
        (200, {"result": "success"}, BadResponseError),
    ],
)
def test_errors_have_their_classes(status: int, body: dict[str, Any], error: type[ExchangeError]) -> None:
    with pytest.raises(error):
        make("krakenfutures").read_answer("GET", f"{V3}openpositions", status=status, headers={}, body=body)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        ({}, [("transfer_in", "2", True)]),
        ({"info": "subaccount transfer", "new_balance": 0}, [("transfer_out", "-1", True)]),
        ({"info": "conversion"}, [("conversion", "2", None)]),
        ({"info": "tax"}, [("other", "2", None)]),
        ({"info": "futures trade", "realized_pnl": 3, "fee": 1}, [("realized_pnl", "3", None), ("fee", "-1", None)]),
        ({"info": "futures trade", "realized_pnl": 1.5}, [("realized_pnl", "1.5", None), ("other", "0.5", None)]),
        ({"asset": "pf_xbtusd", "contract": "PF_XBTUSD"}, []),
        ({"asset": None}, []),
    ],
)
def test_kinds_of_the_log(change: dict[str, object], kinds: list[tuple[str, str, bool | None]]) -> None:
    body = {"accountUid": "u", "logs": [ROW | change]}
    answer = make("krakenfutures").read_answer("GET", LOG, status=200, headers={}, body=body)
    assert len(answer["ledger"]) == len(kinds)
    for entry, (kind, amount, internal) in zip(answer["ledger"], kinds, strict=True):
        assert (entry["kind"], entry["internal"]) == (kind, internal)
        assert same(amount, entry["amount"])


@pytest.mark.parametrize(
    ("name", "symbol", "wallet"),
    [
        ("PF_XBTUSD", "BTC/USD:USD", "futures_flex"),
        ("pi_xbtusd", "BTC/USD:BTC", "futures_fi_xbtusd"),
        ("FI_ETHUSD_261225", "ETH/USD:ETH-261225", "futures_fi_ethusd"),
        ("FF_XBTUSD_261225", "BTC/USD:USD-261225", "futures_flex"),
        ("PV_XRPXBT", "PV_XRPXBT", "futures_flex"),
    ],
)
def test_names_of_contracts(name: str, symbol: str, wallet: str) -> None:
    assert (contract_symbol(name), wallet_of(name)) == (symbol, wallet)
