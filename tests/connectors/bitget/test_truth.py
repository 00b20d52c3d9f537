"""Thirty days of a Bitget account: every wallet is its opening plus its ledger, to the last digit, at every row."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from connectors._base import RestConnector
from connectors._reading import Answer, Reading
from connectors.sandbox import Sandbox, SandboxConfig
from connectors.types import LedgerEntry, LedgerKind
from tests.connectors.bitget.calls import NOW, by_name, connect, totals, uid

OPENED_ON = (NOW - timedelta(days=30)).date()
Row = tuple[str, str, int, Decimal]
D = Decimal


def month(opened_on: date = OPENED_ON) -> SandboxConfig:
    return SandboxConfig(opened_on=opened_on, clock=lambda: NOW, exchanges=("bitget",), enforce_limits=False)


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """Serve a month with trades, flows and transfers, and at its end what accounts seldom do."""
    with Sandbox(month()) as running:
        rich, unified, add = uid(running, "good"), uid(running, "unified"), running.world.add_event
        add(rich, LedgerKind.CONVERSION, {"BTC": D("-0.01"), "USDT": D(640)}, wallet="spot")
        add(rich, LedgerKind.DEPOSIT, {"USDT": D(250)}, wallet="spot", note="fait")
        add(rich, LedgerKind.REBATE, {"USDT": D("0.75")}, wallet="spot")
        add(rich, LedgerKind.AIRDROP, {"BGB": D("1.5")}, wallet="spot")
        add(rich, LedgerKind.REALIZED_PNL, {"USDT": D("-80.25")}, wallet="futures_linear", note="burst_long_loss_query")
        add(rich, LedgerKind.REALIZED_PNL, {"USDT": D("12.5")}, wallet="futures_linear", note="adl_close_short")
        add(rich, LedgerKind.INTEREST, {"USDT": D("-0.4")}, wallet="futures_linear")
        add(rich, LedgerKind.BONUS, {"USDT": D(5)}, wallet="futures_linear")
        add(rich, LedgerKind.OTHER, {"USDT": D(100)}, wallet="margin_cross", note="borrow")
        add(rich, LedgerKind.OTHER, {"USDT": D(-40)}, wallet="margin_cross", note="repay")
        add(rich, LedgerKind.TRADE, {"BTC": D("0.002"), "USDT": D(-120)}, wallet="margin_cross", note="deal_in")
        add(rich, LedgerKind.LIQUIDATION_FEE, {"BTC": D("-0.001")}, wallet="margin_isolated")
        add(unified, LedgerKind.CONVERSION, {"BTC": D("-0.01"), "USDT": D(640)}, wallet="unified")
        add(unified, LedgerKind.INTEREST, {"USDT": D("-0.4")}, wallet="unified")
        add(unified, LedgerKind.LIQUIDATION_FEE, {"USDT": D(-3)}, wallet="unified")
        for who, moves in (
            (rich, [("funding", "spot"), ("spot", "margin_cross"), ("margin_cross", "funding")]),
            (unified, [("funding", "unified"), ("unified", "funding")]),
        ):
            for number, (source, target) in enumerate(moves):
                running.world.add_transfer(who, "USDT", D(10 + number), source=source, target=target)
        yield running


def summed(entries: list[LedgerEntry]) -> dict[tuple[str, str], Decimal]:
    found: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        found[entry.wallet, entry.asset] += entry.amount
    return found


def holdings(sandbox: Sandbox, name: str, at: datetime | None) -> dict[tuple[str, str], Decimal]:
    who = uid(sandbox, name)
    wallets = sandbox.world.opening(who) if at is None else sandbox.world.book(who, at).wallets
    return {(wallet, asset): amount for wallet, assets in wallets.items() for asset, amount in assets.items()}


@pytest.mark.parametrize("name", ["good", "spot", "empty", "dust", "one_way", "unified"])
def test_every_wallet_is_its_opening_plus_its_ledger(world: Sandbox, name: str) -> None:
    connector = connect(world, name)
    entries = connector.get_ledger(world.world.opened_at, NOW)
    opening, now, moved = holdings(world, name, None), holdings(world, name, NOW), summed(entries)
    keys = opening.keys() | now.keys() | moved.keys()
    assert {key: opening.get(key, D(0)) + moved.get(key, D(0)) for key in keys} == {
        key: now.get(key, D(0)) for key in keys
    }
    wallets = by_name(connector.get_account_info().wallets)
    for wallet in {wallet for wallet, _asset in now}:
        assert totals(wallets[wallet].balances) == {a: n for (w, a), n in now.items() if w == wallet and n}


@pytest.mark.parametrize("name", ["good", "one_way", "unified"])
def test_after_every_row_the_balance_is_the_sum_so_far(
    world: Sandbox, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = []
    parse = RestConnector.parse

    def keep(connector: RestConnector, answer: Answer) -> Reading:
        rows.extend(balances_told(answer))
        return parse(connector, answer)

    monkeypatch.setattr(RestConnector, "parse", keep)
    entries = connect(world, name).get_ledger(world.world.opened_at, NOW)
    opening = holdings(world, name, None)
    for wallet, asset, identity, balance in rows:
        so_far = (
            entry.amount
            for entry in entries
            if (entry.wallet, entry.asset) == (wallet, asset) and int(entry.id.removesuffix(":fee")) <= identity
        )
        assert opening.get((wallet, asset), D(0)) + sum(so_far) == balance
    assert len(rows) > 40


def balances_told(answer: Answer) -> Iterator[Row]:
    """Yield wallet, asset, id and balance of every row that carries the balance after it."""
    wallet = {
        "/api/v2/spot/account/bills": "spot",
        "/api/v2/mix/account/bill": "futures_inverse"
        if answer.params.get("productType") == "COIN-FUTURES"
        else "futures_linear",
        "/api/v2/margin/crossed/financial-records": "margin_cross",
        "/api/v2/margin/isolated/financial-records": "margin_isolated",
        "/api/v3/account/financial-records": "unified",
        "/api/v3/account/funding-financial-records": "funding",
    }.get(answer.path)
    data = answer.payload["data"]
    listed = (
        data if isinstance(data, list) else next((data[n] for n in ("bills", "list", "resultList") if n in data), [])
    )
    for row in (listed or []) if wallet else []:
        native = next(row[name] for name in ("billId", "marginId", "id") if name in row)
        yield str(wallet), row["coin"], int(native), D(row["balance"])


def test_what_an_account_seldom_does_is_told_by_its_kind(world: Sandbox) -> None:
    told = {
        (entry.wallet, entry.kind, entry.asset, entry.amount)
        for name in ("good", "unified")
        for entry in connect(world, name).get_ledger(NOW - timedelta(seconds=1), NOW)
    }
    kinds = LedgerKind
    assert {
        ("spot", kinds.CONVERSION, "BTC", D("-0.01")),
        ("spot", kinds.DEPOSIT, "USDT", D(250)),
        ("spot", kinds.REBATE, "USDT", D("0.75")),
        ("spot", kinds.AIRDROP, "BGB", D("1.5")),
        ("futures_linear", kinds.REALIZED_PNL, "USDT", D("-80.25")),
        ("futures_linear", kinds.REALIZED_PNL, "USDT", D("12.5")),
        ("futures_linear", kinds.INTEREST, "USDT", D("-0.4")),
        ("futures_linear", kinds.BONUS, "USDT", D(5)),
        ("margin_cross", kinds.TRADE, "BTC", D("0.002")),
        ("margin_cross", kinds.OTHER, "USDT", D(100)),
        ("margin_isolated", kinds.LIQUIDATION_FEE, "BTC", D("-0.001")),
        ("unified", kinds.CONVERSION, "USDT", D(640)),
        ("unified", kinds.INTEREST, "USDT", D("-0.4")),
        ("unified", kinds.LIQUIDATION_FEE, "USDT", D(-3)),
    } <= told
    ends = {(wallet, amount) for wallet, kind, _asset, amount in told if kind.startswith("transfer")}
    assert {("funding", D(-10)), ("spot", D(10)), ("margin_cross", D(11)), ("funding", D(12))} <= ends
    assert {("unified", D(10)), ("unified", D(-11)), ("funding", D(11))} <= ends


def test_what_is_borrowed_is_held_and_owed(world: Sandbox) -> None:
    (wallet,) = connect(world, "good").get_account_info(wallets=["margin_cross"]).wallets
    owed = {balance.asset: (balance.debt, balance.total - balance.debt, balance.equity) for balance in wallet.balances}
    held = world.world.book(uid(world, "good"), NOW).wallets["margin_cross"]["USDT"]
    assert owed["USDT"] == (D(60), held - 60, held - 60)
